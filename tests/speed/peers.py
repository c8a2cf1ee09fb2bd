"""How others mix the same files, each over clean files and noise at 48 kHz to mixtures at 16 kHz.

Every function takes clean files, noise files by kind, SNRs and a folder, and writes a mixture of each clean
file with noise of each kind at each SNR. The scripts of LibriMix and of the DNS Challenge are written here
from what their authors publish of them; sources are named.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import librosa
import numpy as np
import scipy
import soundfile

RATE_HZ = 16_000
Noises = Mapping[str, Sequence[Path]]


def bare_loop(clean: Sequence[Path], noises: Noises, snrs: Sequence[float], out: Path) -> None:
    """What anybody would write: decode, resample, seek noise, add, hash, encode; speech is read once."""
    for number, path in enumerate(clean):
        speech, rate_hz = soundfile.read(path, dtype="float32")
        speech = scipy.signal.resample_poly(speech.astype(np.float64), RATE_HZ, rate_hz)
        for kind, files in noises.items():
            for snr_db in snrs:
                with soundfile.SoundFile(files[number % len(files)]) as noise_file:
                    wanted = -(-len(speech) * noise_file.samplerate // RATE_HZ)
                    noise_file.seek(number * 997 % (noise_file.frames - wanted))
                    noise = noise_file.read(wanted, dtype="float32")
                    noise = scipy.signal.resample_poly(
                        noise.astype(np.float64), RATE_HZ, noise_file.samplerate
                    )
                noise = noise[: len(speech)]
                gain = np.sqrt(np.mean(speech**2) / np.mean(noise**2) / 10 ** (snr_db / 10))
                mixture = speech + gain * noise
                mixture *= min(1.0, 0.9 / np.abs(mixture).max())
                pcm = np.rint(mixture * 32767).astype(np.int16)
                hashlib.sha256(pcm.tobytes()).hexdigest()
                target = out / kind / f"{snr_db:g}" / f"{path.parent.name}_{path.stem}.flac"
                target.parent.mkdir(parents=True, exist_ok=True)
                soundfile.write(target, pcm, RATE_HZ, subtype="PCM_16")


def lhotse(clean: Sequence[Path], noises: Noises, snrs: Sequence[float], out: Path) -> None:
    """Cuts of lhotse: resampled lazily, mixed at an SNR, saved."""
    from lhotse import Recording

    for number, path in enumerate(clean):
        cut = Recording.from_file(path).resample(RATE_HZ).to_cut()
        for kind, files in noises.items():
            noise = Recording.from_file(files[number % len(files)]).resample(RATE_HZ).to_cut()
            start = number * 997 / 48_000 % (noise.duration - cut.duration)
            stretch = noise.truncate(offset=start, duration=cut.duration)
            for snr_db in snrs:
                target = out / kind / f"{snr_db:g}" / f"{path.parent.name}_{path.stem}.flac"
                target.parent.mkdir(parents=True, exist_ok=True)
                cut.mix(stretch, snr=snr_db).save_audio(target)


def librimix(clean: Sequence[Path], noises: Noises, snrs: Sequence[float], out: Path) -> None:
    """LibriMix (Cosentino et al., arXiv 2005.11262).

    Each mixture reads its sources whole, applies the gains of its row, resamples each source by a polyphase
    filter, cuts or pads them to one length and writes the sum, the speech and the noise as WAV.
    """
    for number, path in enumerate(clean):
        for kind, files in noises.items():
            for snr_db in snrs:
                sources = []
                for source, gain_db in ((path, 0.0), (files[number % len(files)], -snr_db)):
                    samples, rate_hz = soundfile.read(source, dtype="float32")
                    samples = samples * 10 ** (gain_db / 20)
                    sources.append(scipy.signal.resample_poly(samples, RATE_HZ, rate_hz))
                length = len(sources[0])
                sources = [np.pad(one[:length], (0, length - len(one[:length]))) for one in sources]
                mixture = np.sum(sources, axis=0)
                scale = 0.9 / max(0.9, np.abs(mixture).max())
                for name, samples in (("mix", mixture), ("s1", sources[0]), ("noise", sources[1])):
                    target = out / name / f"{kind}_{snr_db:g}_{path.parent.name}_{path.stem}.wav"
                    target.parent.mkdir(parents=True, exist_ok=True)
                    soundfile.write(target, scale * samples, RATE_HZ, subtype="PCM_16")


def dns_challenge(clean: Sequence[Path], noises: Noises, snrs: Sequence[float], out: Path) -> None:
    """The synthesiser of the DNS Challenge (Reddy et al., Interspeech 2020).

    Each mixture loads whole files at the rate wanted (librosa), normalises clean speech and noise to -25
    dBFS, sets the SNR by RMS where both are active, scales the sum to a level and writes noisy, clean and
    noise as WAV.
    """
    for number, path in enumerate(clean):
        for kind, files in noises.items():
            for snr_db in snrs:
                speech, _ = librosa.load(path, sr=RATE_HZ)
                noise, _ = librosa.load(files[number % len(files)], sr=RATE_HZ)
                noise = noise[: len(speech)]
                speech, noise = (
                    _normalised(one / (np.abs(one).max() + 1e-12), -25.0) for one in (speech, noise)
                )
                noise = noise * (_active_rms(speech) / 10 ** (snr_db / 20) / (_active_rms(noise) + 1e-12))
                noisy = speech + noise
                level = _normalised(noisy, -26.0)
                scale = np.sqrt(np.mean(level**2) / (np.mean(noisy**2) + 1e-12))
                scale /= max(1.0, np.abs(noisy * scale).max() / 0.99)
                for name, samples in (("noisy", noisy), ("clean", speech), ("noise", noise)):
                    target = out / name / f"{kind}_{snr_db:g}_{path.parent.name}_{path.stem}.wav"
                    target.parent.mkdir(parents=True, exist_ok=True)
                    soundfile.write(target, scale * samples, RATE_HZ)


def _normalised(samples: np.ndarray, level_db: float) -> np.ndarray:
    return samples * 10 ** (level_db / 20) / (np.sqrt(np.mean(samples**2)) + 1e-12)


def _active_rms(samples: np.ndarray, threshold_db: float = -50.0) -> float:
    """RMS over stretches of 100 ms that are louder than a threshold."""
    frames = samples[: len(samples) // 1600 * 1600].reshape(-1, 1600)
    power = np.mean(frames**2, axis=1)
    loud = power[10 * np.log10(power + 1e-12) > threshold_db]
    return float(np.sqrt(loud.mean())) if len(loud) else 1e-6
