"""A trained model as the benchmark wants it: arrays in, arrays out, recordings of any length."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from benchmark.joint.encoders.contract import HOP, frames_of
from benchmark.joint.model import JointModel, Output, context_s, level
from benchmark.types import RATE_HZ, Trajectories

Audio = NDArray[np.float32]
FRAME_RATE_HZ = 100.0
#: Recordings longer than this are taken in pieces, so that memory does not grow with their length.
PIECE_S = 30.0
#: What a piece hears to either side where the encoder would hear everything: what it gives then differs a
#: little from the whole.
_GLOBAL_CONTEXT_S = 5.0


class Listener:
    """Runs a trained model on whole recordings.

    A model whose encoder hears only so far gives the same in pieces as at once, but for rounding (1e-4 of the
    largest value); one that hears everything (WavLM, Whisper) does not, and is given 5 s of context.
    """

    def __init__(self, model: JointModel, piece_s: float = PIECE_S) -> None:
        self._model = model.eval()
        reach = context_s(model)
        context = reach if math.isfinite(reach) else _GLOBAL_CONTEXT_S
        self._context = math.ceil(context * RATE_HZ / HOP) * HOP
        self._piece = max(1, round(piece_s * RATE_HZ / HOP)) * HOP
        self.names = model.names
        self._mean = model.target_mean.numpy()
        self._deviation = model.target_deviation.numpy()

    def enhanced(self, noisy: Audio, enrolment: Audio | None = None) -> Audio:
        """Enhanced speech, of the same length and level of scale as `noisy`, float32, 16 kHz."""
        if len(noisy) == 0:
            return noisy.copy()
        scale, parts = self._heard(noisy, self._model.cleaned, enrolment)
        pieces = [
            part.output.enhanced[0, part.skip : part.skip + part.samples]  # type: ignore[index]
            for part in parts
        ]
        return (torch.cat(pieces) * scale).numpy().astype(np.float32)

    def trajectories(self, noisy: Audio, enrolment: Audio | None = None) -> Trajectories:
        """Trajectories at 100 Hz, in the units of the corpus that the model was trained on."""
        _, parts = self._heard(noisy, self._model.levelled, enrolment)
        pieces = []
        for part in parts:
            after_context = part.output.trajectories[0, 2 * (part.skip // HOP) :]  # type: ignore[index]
            pieces.append(after_context[: 2 * frames_of(part.samples)])
        values = (torch.cat(pieces).numpy() * self._deviation + self._mean).astype(np.float32)
        return Trajectories(values, FRAME_RATE_HZ, self.names, np.ones(values.shape, bool))

    def _heard(
        self, noisy: Audio, hear: Callable[..., Output], enrolment: Audio | None
    ) -> tuple[Tensor, Iterator[_Part]]:
        wave = torch.from_numpy(np.ascontiguousarray(noisy, np.float32))[None]
        scale = level(wave, None) if wave.shape[-1] else torch.ones(1)
        known = None if enrolment is None else torch.from_numpy(np.ascontiguousarray(enrolment, np.float32))
        with torch.inference_mode():
            films = self._model.films_of(None if known is None else known[None])
        return scale, self._parts(wave / scale, partial(hear, films=films))

    @torch.inference_mode()
    def _parts(self, wave: Tensor, hear: Callable[[Tensor], Output]) -> Iterator[_Part]:
        total = max(wave.shape[-1], 1)
        for start in range(0, total, self._piece):
            end = min(start + self._piece, total)
            first = max(0, start - self._context)
            piece = wave[:, first : end + self._context]
            if piece.shape[-1] == 0:
                piece = torch.zeros(1, 1)
            yield _Part(hear(piece), start - first, end - start)


@dataclass(frozen=True, slots=True)
class _Part:
    """Output for a piece with its surroundings; the piece is `samples` long and starts at `skip`."""

    output: Output
    skip: int
    samples: int


class JointEnhancer:
    """A trained model that enhances; see `benchmark.models.contract.Enhancer`.

    Attributes:
        sample_rate: 16000.
    """

    sample_rate = RATE_HZ

    def __init__(self, model: JointModel) -> None:
        self._listener = Listener(model)

    def enhance(self, noisy: Audio) -> Audio:
        """Cleans one recording."""
        return self._listener.enhanced(noisy)


class JointInverter:
    """A trained model that inverts; see `benchmark.models.contract.Inverter`.

    Attributes:
        sample_rate: 16000.
    """

    sample_rate = RATE_HZ

    def __init__(self, model: JointModel) -> None:
        self._listener = Listener(model)

    def invert(self, noisy: Audio) -> Trajectories:
        """Estimates the trajectories behind one recording."""
        return self._listener.trajectories(noisy)


class JointEnhancerInverter(JointEnhancer):
    """A trained model that does both."""

    def invert(self, noisy: Audio) -> Trajectories:
        """Estimates the trajectories behind one recording."""
        return self._listener.trajectories(noisy)


class EnrolledEnhancer:
    """A trained model that enhances the speaker whom an enrolment tells; see `benchmark.models.enrolled`.

    Attributes:
        sample_rate: 16000.
    """

    sample_rate = RATE_HZ

    def __init__(self, model: JointModel) -> None:
        self._listener = Listener(model)

    def enhance(self, noisy: Audio, enrolment: Audio) -> Audio:
        """Cleans one recording."""
        return self._listener.enhanced(noisy, enrolment)


class EnrolledInverter:
    """A trained model that inverts the speaker whom an enrolment tells.

    Attributes:
        sample_rate: 16000.
    """

    sample_rate = RATE_HZ

    def __init__(self, model: JointModel) -> None:
        self._listener = Listener(model)

    def invert(self, noisy: Audio, enrolment: Audio) -> Trajectories:
        """Estimates the trajectories behind one recording."""
        return self._listener.trajectories(noisy, enrolment)


class EnrolledEnhancerInverter(EnrolledEnhancer, EnrolledInverter):
    """A trained model that does both for the speaker whom an enrolment tells."""


def wrapped(model: JointModel) -> JointEnhancer | JointInverter | EnrolledEnhancer | EnrolledInverter:
    """A trained model with the methods that it can serve, and no others."""
    if model.enrolment is not None:
        if model.enhancer is None:
            return EnrolledInverter(model)
        return EnrolledEnhancer(model) if model.inverter is None else EnrolledEnhancerInverter(model)
    if model.enhancer is None:
        return JointInverter(model)
    return JointEnhancer(model) if model.inverter is None else JointEnhancerInverter(model)
