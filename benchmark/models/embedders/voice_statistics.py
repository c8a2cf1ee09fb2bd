"""A small speaker embedder of our own: mean and spread of cepstra, without a trained network.

It is there so that a second opinion costs nothing: what it says of an enhancer is about the long-term
spectrum of a voice, not about what a network has learnt to hear.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from benchmark.audio import read_clip
from benchmark.files import demo_corpus
from benchmark.models.contract import Audio
from benchmark.models.features import mel_power
from benchmark.types import RATE_HZ

_BANDS, _CEPSTRA = 40, 20
#: Frames further below the loudest are pauses.
_SPEECH_DB = 35.0
#: The voices that scale the statistics are cut into pieces of so many samples.
_PIECE = RATE_HZ


class VoiceStatistics:
    """Mean and standard deviation over speech frames of 19 mel cepstra.

    They are centred on the mean of the 24 voices of the embedded corpus that only babble, and scaled by how
    much one such voice varies from second to second; no voice that is tested on is among them.

    Attributes:
        sample_rate: 16000.
    """

    sample_rate = RATE_HZ

    def __init__(self) -> None:
        voices = [
            np.array([_statistics(piece) for piece in _pieces(read_clip(path).samples)])
            for path in sorted((demo_corpus() / "audio").glob("B*/*.flac"))
        ]
        means = np.array([voice.mean(axis=0) for voice in voices])
        within = np.concatenate([voice - voice.mean(axis=0) for voice in voices])
        self._centre, self._scale = means.mean(axis=0), within.std(axis=0)

    def embed(self, noisy: Audio) -> NDArray[np.float32]:
        """The voice of a recording: float32, shape (38,)."""
        return np.asarray((_statistics(noisy) - self._centre) / self._scale, np.float32)


def _pieces(samples: NDArray[np.floating]) -> list[NDArray[np.floating]]:
    return [samples[at : at + _PIECE] for at in range(0, max(1, len(samples) - _PIECE + 1), _PIECE)]


def _statistics(samples: NDArray[np.floating]) -> NDArray[np.float64]:
    from scipy.fft import dct

    power = mel_power(samples, fft=512, window=400, bands=_BANDS, lowest_hz=50.0)
    loud = power.sum(axis=0)
    speech = power[:, loud >= loud.max() * 10 ** (-_SPEECH_DB / 10)]
    logs = np.log(np.maximum(speech, max(1e-12, 1e-7 * float(power.max()))))
    cepstra = dct(logs, axis=0, norm="ortho")[1:_CEPSTRA]
    return np.concatenate([cepstra.mean(axis=1), cepstra.std(axis=1)])
