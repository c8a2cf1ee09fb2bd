"""Non-negative matrix factorisation with the enrolled speaker's spectra: a classical enhancer."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.signal import istft, stft

from benchmark.models.contract import Audio
from benchmark.randomness import uniform

Array = NDArray[np.float64]

#: Windows of 64 ms every 16 ms: harmonics of a voice have to be told apart.
_SIZE, _HOP = 1024, 256
_SPEAKER, _NOISE, _ROUNDS = 40, 20, 60
#: No bin is brought down further, which would be heard as musical noise.
_FLOOR = 0.1


class EnrolledNmf:
    """Explains a noisy spectrogram by spectra that the enrolment taught, and by others that the noise needs.

    Semi-supervised: the spectra of the speaker are learnt from the enrolment and stay; those of the noise are
    learnt from the recording itself. Both by the Kullback-Leibler divergence. The speech is what is left by a
    Wiener filter.

    Attributes:
        sample_rate: 16000.
    """

    sample_rate = 16000

    def enhance(self, noisy: Audio, enrolment: Audio) -> Audio:
        """Enhanced speech.

        Args:
            noisy: float32, shape (samples,).
            enrolment: Clean speech of the speaker, another sentence, at the same rate.

        Returns:
            Same shape as `noisy`.
        """
        own, _ = _factorised(np.abs(_spectrum(enrolment)), _start("speaker", _SPEAKER))
        spectrum = _spectrum(noisy)
        both, gains = _factorised(np.abs(spectrum), np.hstack([own, _start("noise", _NOISE)]), fixed=_SPEAKER)
        speech = (both[:, :_SPEAKER] @ gains[:_SPEAKER]) ** 2
        noise = (both[:, _SPEAKER:] @ gains[_SPEAKER:]) ** 2
        mask = np.maximum(speech / np.maximum(speech + noise, 1e-20), _FLOOR)
        _, samples = istft(mask * spectrum, nperseg=_SIZE, noverlap=_SIZE - _HOP)
        out = np.zeros(len(noisy), np.float32)
        count = min(len(noisy), len(samples))
        out[:count] = samples[:count]
        return out


def _spectrum(samples: Audio) -> NDArray[np.complex128]:
    padded = np.pad(np.asarray(samples, np.float64), (0, max(0, _SIZE - len(samples))))
    _, _, found = stft(padded, nperseg=_SIZE, noverlap=_SIZE - _HOP)
    return np.asarray(found)


def _start(what: str, count: int) -> Array:
    """Spectra to begin with, the same for every recording, shape (bins, count)."""
    bins = _SIZE // 2 + 1
    return 0.1 + uniform(f"enrolled_nmf/{what}", bins * count).reshape(bins, count)


def _factorised(magnitudes: Array, spectra: Array, fixed: int = 0) -> tuple[Array, Array]:
    """Spectra and gains whose product is near the magnitudes (Lee & Seung, NIPS 2000).

    The first `fixed` spectra stay as they are.
    """
    target = magnitudes + 1e-9
    spectra = spectra / spectra.sum(axis=0)
    gains = np.repeat(target.sum(axis=0, keepdims=True) / spectra.shape[1], spectra.shape[1], axis=0)
    for _ in range(_ROUNDS):
        gains *= spectra.T @ (target / (spectra @ gains))
        learnt = spectra[:, fixed:] * ((target / (spectra @ gains)) @ gains[fixed:].T)
        learnt /= np.maximum(learnt.sum(axis=0), 1e-20)
        spectra = np.hstack([spectra[:, :fixed], learnt])
    return spectra, gains
