"""The joint model: one encoder, shared by speech enhancement and speech inversion."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import torch
from torch import Tensor, nn

from benchmark.joint.encoders.contract import HOP, Encoder, present_frames
from benchmark.joint.enhancer import Enhanced, Enhancer
from benchmark.joint.enrolment import Enrolment
from benchmark.joint.inverter import Inverter
from benchmark.types import RATE_HZ

_SOURCE = ("aperiodicity", "periodicity", "pitch")
_QUIETEST = 1e-5
#: What an inverter hears; see `benchmark.joint.config.InverterConfig`.
Hears = Literal["encoder", "bottleneck", "enhanced"]


@dataclass(frozen=True, slots=True)
class Output:
    """What the model makes of a batch.

    Attributes:
        enhanced: Shape (batch, samples), at the level of the input; None if the model does not enhance.
        trajectories: Shape (batch, 2 * frames_of(samples), targets), 100 Hz, in units of a speaker's standard
            deviation; None if the model does not invert.
        mask: Factors of compressed magnitudes, see `benchmark.joint.enhancer.Enhanced`; None where there is
            no mask.
        features: What the inverter heard of the encoder, shape (batch, frames_of(samples), encoder width);
            None if it does not invert.
    """

    enhanced: Tensor | None
    trajectories: Tensor | None
    mask: Tensor | None = None
    features: Tensor | None = None


class WeightedSum(nn.Module):
    """A learned weighted sum of hidden states, each normalised first (as in SUPERB, Yang et al. 2021)."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self.weights = nn.Parameter(torch.zeros(count))

    def forward(self, hidden: Sequence[Tensor]) -> Tensor:
        """One sequence of the shape of each."""
        shares = torch.softmax(self.weights, dim=0)
        stacked = torch.stack([nn.functional.layer_norm(states, states.shape[-1:]) for states in hidden])
        return (shares[:, None, None, None] * stacked).sum(dim=0)


class JointModel(nn.Module):
    """Encoder, and an enhancer or an inverter or both on weighted sums of all its layers.

    The inverter may hear more than the encoder: the hidden states of the enhancer, which know what is speech
    and what is noise, or what the same encoder makes of the enhanced speech when it listens once more.

    Attributes:
        encoder: The shared encoder.
        enhancer: None if it does not enhance.
        inverter: None if it does not invert.
        enrolment: None if it is not told whom to follow.
        names: The targets.
        target_mean: float32, shape (targets,): mean over the speakers of training, in the units of the
            corpus.
        target_deviation: float32, shape (targets,): likewise the standard deviation within a speaker.
    """

    target_mean: Tensor
    target_deviation: Tensor

    def __init__(
        self,
        encoder: Encoder,
        names: tuple[str, ...],
        enhancer: Enhancer | None,
        inverter: Inverter | None,
        *,
        hears: Hears = "encoder",
    ) -> None:
        """Puts a model together.

        Args:
            encoder: The shared encoder.
            names: The targets.
            enhancer: None if it does not enhance.
            inverter: None if it does not invert; it takes as many channels as `hears` gives.
            hears: What the inverter hears; see `benchmark.joint.config.InverterConfig`.

        Raises:
            ValueError: It is to hear an enhancer, or to tell an inverter, that is not there.
        """
        super().__init__()
        if hears != "encoder" and (enhancer is None or inverter is None):
            raise ValueError(f"hears = '{hears}' needs an enhancer and an inverter")
        self.encoder, self.names = encoder, names
        self.enhancer, self.inverter, self.hears = enhancer, inverter, hears
        self.enrolment: Enrolment | None = None
        self.for_enhancer = WeightedSum(encoder.layers) if enhancer is not None else None
        self.for_inverter = WeightedSum(encoder.layers) if inverter is not None else None
        self.for_inverter_again = WeightedSum(encoder.layers) if hears == "enhanced" else None
        self.register_buffer("target_mean", torch.zeros(len(names)))
        self.register_buffer("target_deviation", torch.ones(len(names)))

    def forward(
        self, noisy: Tensor, lengths: Tensor | None = None, enrolment: Tensor | None = None
    ) -> Output:
        """Hears a batch of whole recordings.

        Args:
            noisy: float32, shape (batch, samples), 16 kHz; shorter recordings are padded with zeros at the
                end.
            lengths: int64, shape (batch,): samples before padding. None: all are whole.
            enrolment: Clean speech of each speaker, shape (batch, other samples); None: a model that is not
                told.
        """
        scale = level(noisy, lengths)[:, None]
        output = self.levelled(noisy / scale, lengths, self.films_of(enrolment))
        enhanced = None if output.enhanced is None else output.enhanced * scale
        return replace(output, enhanced=enhanced)

    def films_of(self, enrolment: Tensor | None) -> list[Tensor] | None:
        """What enrolments tell, for `levelled` and `cleaned`.

        Raises:
            ValueError: The model is to be told and is not, or the other way round.
        """
        if (enrolment is None) != (self.enrolment is None):
            raise ValueError("needs an enrolment" if enrolment is None else "takes no enrolment")
        if enrolment is None or self.enrolment is None:
            return None
        told: list[Tensor] = self.enrolment(enrolment / level(enrolment, None)[:, None])
        return told

    def levelled(
        self, noisy: Tensor, lengths: Tensor | None = None, films: Sequence[Tensor] | None = None
    ) -> Output:
        """As `forward`, for recordings (or pieces of one) that were brought to an RMS of 1 before."""
        hidden, present, speech = self._listened(noisy, lengths, films)
        waves, mask = (None, None) if speech is None else (speech.waves, speech.mask)
        if self.inverter is None or self.for_inverter is None:
            return Output(waves, None, mask)
        features = heard = self.for_inverter(hidden)
        if speech is not None and self.hears == "bottleneck":
            heard = torch.cat([features, speech.states], dim=-1)
        elif speech is not None and self.for_inverter_again is not None:
            again = self._encoded(without_padding(speech.waves, lengths).float(), lengths, films)
            heard = torch.cat([features, self.for_inverter_again(again)], dim=-1)
        return Output(waves, self.inverter(heard, present), mask, features)

    def cleaned(
        self, noisy: Tensor, lengths: Tensor | None = None, films: Sequence[Tensor] | None = None
    ) -> Output:
        """As `levelled`, without the work of inversion."""
        speech = self._listened(noisy, lengths, films)[-1]
        return Output(None if speech is None else speech.waves, None)

    @torch.no_grad()
    def features_of(
        self, clean: Tensor, lengths: Tensor | None = None, enrolment: Tensor | None = None
    ) -> Tensor:
        """What the inverter would hear of the encoder if it heard this; of the shape of `Output.features`.

        Dropout is off, and there is no gradient.

        Raises:
            ValueError: The model does not invert.
        """
        if self.for_inverter is None:
            raise ValueError("a model that does not invert has no such features")
        learning = self.encoder.training
        self.encoder.eval()
        heard = clean / level(clean, lengths)[:, None]
        found: Tensor = self.for_inverter(self._encoded(heard, lengths, self.films_of(enrolment)))
        self.encoder.train(learning)
        return found

    def _encoded(self, waves: Tensor, lengths: Tensor | None, films: Sequence[Tensor] | None) -> list[Tensor]:
        """Hidden states; only the small encoder can be told whom to follow."""
        if films is None:
            hidden: list[Tensor] = self.encoder(waves, lengths)
        else:
            hidden = self.encoder(waves, lengths, films[: len(films) - self._blocks_of_enhancer])
        return hidden

    @property
    def _blocks_of_enhancer(self) -> int:
        return 0 if self.enhancer is None else len(self.enhancer.blocks)

    def _listened(
        self, noisy: Tensor, lengths: Tensor | None, films: Sequence[Tensor] | None
    ) -> tuple[list[Tensor], Tensor | None, Enhanced | None]:
        """Hidden states, which of them are present, and the enhanced speech."""
        hidden = self._encoded(noisy, lengths, films)
        present = present_frames(hidden[0].shape[1], lengths, noisy.device)
        if self.enhancer is None or self.for_enhancer is None:
            return hidden, present, None
        own = None if films is None else films[len(films) - self._blocks_of_enhancer :]
        return hidden, present, self.enhancer(noisy, self.for_enhancer(hidden), present, own)


def without_padding(waves: Tensor, lengths: Tensor | None) -> Tensor:
    """Silences recordings of a batch beyond their end, where an enhancer's output means nothing."""
    if lengths is None:
        return waves
    return waves * (torch.arange(waves.shape[-1], device=waves.device)[None, :] < lengths[:, None])


def level(waves: Tensor, lengths: Tensor | None) -> Tensor:
    """RMS of each recording of a batch, shape (batch,); never 0."""
    energy = waves.square().sum(dim=-1)
    count = waves.shape[-1] if lengths is None else lengths
    return torch.sqrt(energy / count).clamp(min=_QUIETEST)


def target_groups(names: Sequence[str]) -> dict[str, int]:
    """Sizes of the groups of targets that have a head each, in their order: articulation, source, velum.

    Consecutive targets of one kind form a group, so that the groups one after the other are the targets.
    """
    groups: dict[str, int] = {}
    for name in names:
        kind = (
            "source" if name in _SOURCE else "velum" if name.lower().startswith(("vel", "nas")) else "tract"
        )
        groups[kind] = groups.get(kind, 0) + 1
    return groups


def parameters_of(model: nn.Module) -> int:
    """How many numbers a model has learnt or holds, all told."""
    return sum(parameter.numel() for parameter in model.parameters())


def context_s(model: JointModel) -> float:
    """How far the model hears to either side, in seconds; infinite if the encoder hears all."""
    reach = getattr(model.encoder, "reach_s", None)
    if reach is None:
        return float("inf")
    heads = [part.reach_s for part in (model.enhancer, model.inverter) if part is not None]
    # One after the other (with the encoder before each where it listens twice), or side by side.
    again = {"encoder": None, "bottleneck": 0.0, "enhanced": reach}[model.hears]
    total = max(heads, default=0.0) if again is None else sum(heads) + again
    return float(reach) + total + HOP / RATE_HZ
