"""`python -m maintenance.real_voices`: real voices with what their clean sound says about the tract.

What real people did with their mouths is at hand nowhere under a free licence. This set has the next best
thing for comparing models in noise: recordings of two roles in two languages, and as targets the areas of the
acoustic tube that fits their clean speech (Wakita, IEEE Trans. Audio Electroacoust. 21:417-427, 1973). Such
areas are computed from sound, not measured in a mouth: correlations with them say how well a model looks
through noise, and little about inversion of clean speech.

The recordings are the dialogues of Fish Fillets in Czech and Dutch, the Debian packages `fillets-ng-data-cs`
and `fillets-ng-data-nl` (GPL-2.0-only; their file `copyright` names the authors). They are read where they
were unpacked; none is part of this project.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import soundfile
from numpy.typing import NDArray
from scipy.ndimage import percentile_filter
from scipy.signal import butter, resample_poly, sosfiltfilt

from benchmark import cli
from benchmark.errors import CorpusError
from benchmark.files import write_text
from benchmark.randomness import Randomness
from maintenance.folder_corpus import description, tell

_EXAMPLE = """  apt-get download fillets-ng-data-cs fillets-ng-data-nl ktuberling-data klettres-data
  for package in *.deb; do dpkg-deb -x $package unpacked; done
  python -m maintenance.real_voices --sound unpacked --out real_voices
  python -m benchmark.prepare --recipe real_voices/recipe.toml --speech-root real_voices \\
      --noise-root kde_voices=unpacked --out prepared/real_voices"""
#: Both fish in both languages: part of the folder's name, part of the file's name.
_ACTORS = {"CM": ("cs", "m"), "CV": ("cs", "v"), "NM": ("nl", "m"), "NV": ("nl", "v")}
_SHORTEST_S, _LONGEST_S = 2.0, 7.0
_SECONDS = {"train": 180.0, "dev": 40.0, "test": 60.0}
RATE_HZ = 100.0
_LPC_RATE_HZ = 10_000
_ORDER = 10
_WINDOW_S = 0.03
_SMOOTH_HZ = 10.0
#: A frame that is so much weaker than the loud ones is no speech.
_FLOOR_DB = 35.0
_SILENCE_DBFS = -90.0
#: Ten areas as five pellets: a reader of articulation knows nothing else. The scale keeps them as near to
#: each other as pellets are.
_SENSORS = {"upper_lip": "UL", "lower_lip": "LL", "tongue_tip": "T1", "tongue_mid": "T2", "tongue_back": "T3"}
_MM = 3.0
_ABOUT = """title = "Real voices and the tube that fits their sound"
licence = "GPL-2.0-only"
citation = "Fish Fillets Next Generation, fillets.sourceforge.net\""""
_RECIPE = """name = "real_voices"
version = 1
seed = 2601
title = "Real voices and the tube that fits their sound"

[speech]
corpus = "folder"
splits = "corpus"
targets = "pellets"
level_dbfs = -26.0
on_damage = "skip"

[mixing]
snr_db = [-5.0, 0.0, 5.0, 10.0, 15.0, 20.0]
snr_reference = "p56"

[babble]
talkers = 8
sources = ["kde_voices"]

[nonbabble]
sources = ["synthetic"]
categories = ["white", "pink", "speech_shaped", "modulated", "machine", "rain"]
"""


def tube(sound: NDArray[np.float64], rate_hz: int) -> NDArray[np.float64]:
    """Areas of the lossless tube whose resonances are those of the speech.

    Args:
        sound: Clean speech, shape (samples,).
        rate_hz: Its rate.

    Returns:
        Natural logarithm of areas over their geometric mean, which sound does not tell: of the sections that
        follow that of the lips, up to the end at the glottis. Shape (frames, 10) at 100 frames a second; not
        a number where nobody speaks.
    """
    slow = resample_poly(sound, _LPC_RATE_HZ, rate_hz)
    # Lips and glottis together let a spectrum fall by 6 dB an octave, which is no property of the tube.
    flat = np.append(slow[0], slow[1:] - 0.95 * slow[:-1])
    frames = _frames(flat)
    reflection = _reflection(frames)
    level_db = 10.0 * np.log10(np.mean(_frames(slow) ** 2, axis=1) + 1e-12)
    spoken = level_db > max(np.percentile(level_db, 95) - _FLOOR_DB, _SILENCE_DBFS)
    # A click that gets through the floor is no speech, nor is a single weak frame the end of it.
    spoken = percentile_filter(spoken.astype(np.int8), 50, 5).astype(bool)
    if np.count_nonzero(spoken) < 2:
        return np.full((len(frames), _ORDER), np.nan)
    # From one section to the next towards the glottis the area changes by (1 - k) / (1 + k).
    areas = np.cumsum(-2.0 * np.arctanh(reflection), axis=1)
    areas -= areas.mean(axis=1, keepdims=True)
    here = np.flatnonzero(spoken)
    filled = np.stack([np.interp(np.arange(len(areas)), here, areas[here, i]) for i in range(_ORDER)], 1)
    smooth = sosfiltfilt(butter(2, _SMOOTH_HZ, fs=RATE_HZ, output="sos"), filled, axis=0)
    smooth[~spoken] = np.nan
    return np.asarray(smooth, np.float64)


def _frames(sound: NDArray[np.float64]) -> NDArray[np.float64]:
    """Windows around k / 100 s, shape (frames, samples)."""
    length = round(_WINDOW_S * _LPC_RATE_HZ)
    step = round(_LPC_RATE_HZ / RATE_HZ)
    padded = np.pad(sound, (length // 2, length))
    return np.lib.stride_tricks.sliding_window_view(padded, length)[: len(sound) : step]


def _reflection(frames: NDArray[np.float64]) -> NDArray[np.float64]:
    """Reflection coefficients by Levinson and Durbin's recursion, shape (frames, order), between -1 and 1."""
    windowed = frames * np.hamming(frames.shape[1])
    spectrum = np.fft.rfft(windowed, 2 * frames.shape[1], axis=1)
    correlation = np.fft.irfft(np.abs(spectrum) ** 2, axis=1)[:, : _ORDER + 1]
    correlation[:, 0] = correlation[:, 0] * (1.0 + 1e-4) + 1e-9
    predictor = np.zeros((len(frames), _ORDER + 1))
    predictor[:, 0] = 1.0
    error = correlation[:, 0].copy()
    reflection = np.zeros((len(frames), _ORDER))
    for order in range(1, _ORDER + 1):
        backwards = correlation[:, order:0:-1]
        k = -np.sum(predictor[:, :order] * backwards, axis=1) / error
        predictor[:, : order + 1] += k[:, None] * predictor[:, order::-1]
        error *= 1.0 - k**2
        reflection[:, order - 1] = k
    return reflection


def write(sound: Path, target: Path) -> dict[str, list[str]]:
    """Writes the corpus and a recipe for it.

    Args:
        sound: Folder where the packages were unpacked.
        target: Folder to write to.

    Returns:
        Recordings of each split.

    Raises:
        CorpusError: An actor has too few recordings there.
    """
    splits: dict[str, list[str]] = {split: [] for split in _SECONDS}
    for actor, (language, fish) in _ACTORS.items():
        files = sorted(sound.rglob(f"sound/**/{language}/*-{fish}-*.ogg"))
        found = iter(_usable(files, Randomness(("real voices", actor))))
        for split, wanted_s in _SECONDS.items():
            seconds = 0.0
            while seconds < wanted_s:
                if (path := next(found, None)) is None:
                    raise CorpusError(
                        f"{sound}: too few recordings of {actor} ({len(files)} files called "
                        f"{language}/*-{fish}-*.ogg); unpack fillets-ng-data-{language} there"
                    )
                seconds += _write_recording(path, target, actor)
                splits[split].append(f"{actor}/{path.stem}")
    write_text(target / "corpus.toml", description(_ABOUT, "tube", RATE_HZ, _SENSORS, splits, palate=False))
    write_text(target / "recipe.toml", _RECIPE)
    return splits


def _usable(files: Sequence[Path], order: Randomness) -> Iterator[Path]:
    """Recordings of a sentence's length, each name once, in an order of chance."""
    seen: set[str] = set()
    for path in sorted(files, key=lambda path: order.token(path.stem)):
        if path.stem not in seen and _SHORTEST_S <= soundfile.info(path).duration <= _LONGEST_S:
            seen.add(path.stem)
            yield path


def _write_recording(path: Path, target: Path, actor: str) -> float:
    samples, rate_hz = soundfile.read(path, always_2d=True)
    mono = samples.mean(axis=1)
    for folder in ("wav", "tube"):
        (target / folder / actor).mkdir(parents=True, exist_ok=True)
    soundfile.write(target / "wav" / actor / f"{path.stem}.wav", mono, rate_hz, subtype="PCM_16")
    places = np.repeat(-15.0 * np.arange(len(_SENSORS)), 2)
    values = places + _MM * tube(mono, rate_hz)
    names = [f"{sensor}_{axis}" for sensor in _SENSORS.values() for axis in "xy"]
    table = pd.DataFrame(values, columns=names)
    table.to_csv(target / "tube" / actor / f"{path.stem}.csv", index=False, float_format="%.4f")
    return float(len(mono) / rate_hz)


def main(argv: Sequence[str] | None = None) -> int:
    """Parses the command line and writes the corpus."""
    parser = cli.parser(
        "real_voices",
        "Writes real voices with the tube that fits their sound.",
        _EXAMPLE,
        package="maintenance",
    )
    parser.add_argument("--sound", required=True, type=Path, metavar="DIR", help="the unpacked packages")
    parser.add_argument("--out", required=True, type=Path, metavar="DIR", help="where to")
    cli.add_json(parser)
    return cli.guarded(_write, parser.parse_args(argv))


def _write(arguments: argparse.Namespace) -> int:
    tell(arguments, write(arguments.sound, arguments.out))
    return 0


if __name__ == "__main__":
    sys.exit(main())
