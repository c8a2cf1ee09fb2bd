"""Generated noise corpora in their makers' layouts, with all quirks that readers must cope with."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path

import numpy as np
import soundfile

from benchmark.noises.catalogue import load_table
from benchmark.randomness import gaussian
from tests.speechlike import speech


def write(path: Path, seconds: float = 2.0, rate_hz: int = 16000, channels: int = 1) -> Path:
    """Noise whose first channel differs from the others."""
    frames = round(seconds * rate_hz)
    # A prime number of draws, repeated: as good as noise here, and quick.
    drawn = [gaussian(f"{path.name}/{c}", min(frames, 7919)) for c in range(channels)]
    samples = np.stack([0.1 * np.resize(once, frames) for once in drawn], axis=1)
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(str(path), samples.astype(np.float32), rate_hz, subtype="PCM_16")
    return path


def write_talker(path: Path, seconds: float = 4.0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    samples = np.roll(np.resize(_second(), round(seconds * 16000)), 97 * sum(map(ord, path.stem)))
    soundfile.write(str(path), samples, 16000, subtype="VORBIS" if path.suffix == ".ogg" else "PCM_16")
    return path


@cache
def _second() -> np.ndarray:
    return speech("a talker", 1.0).samples


def musan(root: Path, readings: int = 100, noises: int = 12, seconds: float = 4.0) -> Path:
    for number in range(readings):
        write_talker(root / f"speech/librivox/speech-librivox-{number:04d}.wav", seconds)
    for number in range(3):
        write(root / f"speech/us-gov/speech-us-gov-{number:04d}.wav")
    for number in range(noises):
        write(root / f"noise/free-sound/noise-free-sound-{number:04d}.wav", 0.5 + number % 4)
        write(root / f"music/fma/music-fma-{number:04d}.wav", seconds)
    (root / "noise/free-sound/ANNOTATIONS").write_text("text beside the audio\n")
    return root


def demand(root: Path, seconds: float = 4.0, rate_hz: int = 48000) -> Path:
    for rule in load_table("demand"):
        name = rule.pattern.partition("/")[0]
        for channel in ("ch01", "ch02"):
            write(root / name / f"{channel}.wav", seconds, rate_hz)
    return root


def noisex92(root: Path, rate_hz: int = 19980, seconds: float = 12.0) -> Path:
    for rule in load_table("noisex92"):
        if "another name" not in rule.note:
            write(root / rule.pattern.replace(".*", ".wav"), seconds, rate_hz)
    return root


def kde_voices(root: Path) -> Path:
    for rule in load_table("kde_voices"):
        folder = rule.pattern.removesuffix("/*") + ("/alpha" if rule.pattern.startswith("klettres") else "")
        for number in range(3):
            write_talker(root / folder / f"{number}.ogg", 1.5)
    return root


def wham(root: Path) -> Path:
    for split in ("tr", "cv", "tt"):
        for number in range(3):
            write(root / split / f"01{split}{number}_0.9_{number}.wav", channels=2)
    (root / "metadata").mkdir()
    return root


def qut_noise(root: Path) -> Path:
    for rule in load_table("qut_noise"):
        write(root / rule.pattern.replace(".*", ".wav"), rate_hz=48000, channels=2)
    return root


def dns(root: Path) -> Path:
    for source in range(20):
        for piece in range(2):
            write(root / f"door_Freesound_validated_{source}_{piece}.wav", rate_hz=48000)
        write(root / f"-A{source}bcdefgh.wav", rate_hz=48000)
    write(root / "crowd_Freesound_validated_7_1.wav", rate_hz=48000)
    write(root / "laughter_Freesound_validated_8_1.wav", rate_hz=48000)
    return root


def pointsource(root: Path) -> Path:
    for number in range(12):
        write(root / f"noise-free-sound-{number:04d}.wav")
    return root


def folder(root: Path) -> Path:
    for number in range(12):
        write(root / f"traffic/bridge {number}.flac", rate_hz=44100, channels=2)
        write(root / f"babble/pub/{number}.wav", rate_hz=8000)
        for part in range(2):
            write_talker(root / f"talkers/T{number}/{part}.wav")
    write(root / "loose.wav")
    return root


#: Name of each noise corpus to what lays it out, and the name of its own folder.
LAYOUTS = {
    "musan": (musan, "musan"),
    "demand": (demand, "DEMAND"),
    "noisex92": (noisex92, "NoiseX-92"),
    "wham": (wham, "wham_noise"),
    "qut_noise": (qut_noise, "QUT-NOISE"),
    "dns": (dns, "noise_fullband"),
    "pointsource": (pointsource, "pointsource_noises"),
    "kde_voices": (kde_voices, "share"),
    "folder": (folder, "my_noise"),
}


def everywhere(root: Path, names: Iterable[str]) -> dict[str, Path]:
    """Each of the corpora below `root`, by name."""
    found = {}
    for name in names:
        make, own = LAYOUTS[name]
        found[name] = make(root / own)
    return found
