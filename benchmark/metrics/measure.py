"""What a measure is: its facts, its name, and the two shapes it comes in (audio, trajectories).

A measure is a frozen dataclass without state. Its `repr` is its one name: the column of a table, the word on
a command line, the key of the registry. Parameters stand in the name unless they have their default:
``PPMC``, ``PPMC(pool='corpus')``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, ClassVar, Literal, NamedTuple, Self, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from benchmark.errors import MeasureError
from benchmark.metrics.checks import check_estimate, check_rate, check_reference
from benchmark.types import Trajectories

Kind = Literal["audio", "trajectories"]
Status = Literal["ok", "failed", "left_out"]


@dataclass(frozen=True, repr=False)
class Measure(ABC):
    """Facts that every measure states about itself.

    Attributes:
        unit: Unit of the value, "1" where it has none.
        range: Least and greatest value that can be returned.
        higher_is_better: Direction of quality.
        source: Citation of the definition.
        version: Changes whenever the value of an answer could change; scores of different versions are never
            ranked together.
        variants: Parameters that lists show besides the defaults, as they stand in the name.
        place: Where lists show it, smaller first, equal ones by name.
        kind: "audio" or "trajectories": what is compared.
        ranked: Whether standings may rank by it; otherwise it is a diagnostic.
    """

    range: ClassVar[tuple[float, float]]
    higher_is_better: ClassVar[bool] = True
    source: ClassVar[str]
    version: ClassVar[str] = "1"
    variants: ClassVar[tuple[str, ...]] = ()
    place: ClassVar[int] = 50
    kind: ClassVar[Kind]

    def __repr__(self) -> str:
        changed = [
            f"{f.name}={value!r}" for f in fields(self) if (value := getattr(self, f.name)) != f.default
        ]
        return type(self).__name__ + (f"({', '.join(changed)})" if changed else "")

    @property
    def name(self) -> str:
        """The one name of this measure, equal to its repr."""
        return repr(self)

    @property
    @abstractmethod
    def unit(self) -> str:
        """Unit of the value, "1" where it has none."""

    @property
    def worst(self) -> float:
        """The value that a failure is charged: the bad end of the range, unless the measure has another."""
        return self.range[0 if self.higher_is_better else 1]

    @property
    def ranked(self) -> bool:
        """Whether standings may rank by this measure."""
        return True

    def with_parameters(self, **parameters: Any) -> Self:
        """The same measure with other parameters.

        Raises:
            MeasureError: It has no such parameter, or not with such a value.
        """
        known = [f.name for f in fields(self)]
        wrong = [name for name in parameters if name not in known]
        if wrong:
            word = type(self).__name__
            raise MeasureError(
                f"{word} has no parameter {', '.join(wrong)}; it has {', '.join(known) or 'none'}"
            )
        return replace(self, **parameters)


@dataclass(frozen=True, repr=False)
class AudioMeasure(Measure):
    """Compares an estimate with the clean signal.

    The work is cut in three so that nothing is done twice: `reference` analyses the clean signal once,
    `analyse` an estimate, `compare` turns the two analyses into the value. Measures with equal `shares` have
    the same first two steps.
    """

    kind: ClassVar[Kind] = "audio"

    @property
    def shares(self) -> Hashable:
        """Key of the analysis: measures with the same key may exchange references and analysed estimates."""
        return self

    @abstractmethod
    def reference(self, clean: ArrayLike, rate_hz: int) -> Any:
        """Analysis of the clean signal, to be handed to `score` any number of times, from any thread.

        Args:
            clean: One channel, shape (samples,); floats with full scale 1.0, or int16/int32.
            rate_hz: Sampling rate of the clean signal and of every estimate.

        Raises:
            UnscorableReference: The clean signal is empty, not finite, silent, too short or has an unsuitable
                rate.
        """

    @abstractmethod
    def analyse(self, reference: Any, estimate: ArrayLike) -> Any:
        """Analysis of one estimate.

        An estimate that is up to 50 ms longer or shorter than the clean signal is cut, or filled up with
        zeros, at its end.

        Raises:
            MeasureError: The estimate is empty, not finite, of several channels or of another length.
        """

    @abstractmethod
    def compare(self, reference: Any, analysed: Any) -> float:
        """The value, from the two analyses.

        Raises:
            MeasureError: The measure is not defined for this pair.
        """

    def score(self, reference: Any, estimate: ArrayLike) -> float:
        """The value for one estimate against a reference made by `reference`."""
        return self.compare(reference, self.analyse(reference, estimate))

    def batch(self, clean: ArrayLike, estimates: Iterable[ArrayLike], rate_hz: int) -> list[float]:
        """Values of several estimates of one clean signal, which is analysed once."""
        reference = self.reference(clean, rate_hz)
        return [self.score(reference, estimate) for estimate in estimates]

    @overload
    def __call__(self, clean: ArrayLike, estimate: ArrayLike, rate_hz: int) -> float: ...

    @overload
    def __call__(self, **parameters: Any) -> Self: ...

    def __call__(self, *signals: Any, **parameters: Any) -> Any:
        """The value for one pair of signals; without signals, this measure with other parameters.

        Args:
            signals: The clean signal, the estimate and their sampling rate, in this order or by name.
            parameters: As in the name of a measure, e.g. `zero_mean=True`.

        Raises:
            MeasureError: The measure is not defined for this pair; `UnscorableReference` if the clean signal
                is the cause.
        """
        if not signals and not parameters.keys() & {"clean", "estimate"}:
            return self.with_parameters(**parameters)
        return self._value(*signals, **parameters)

    def _value(self, clean: ArrayLike, estimate: ArrayLike, rate_hz: int) -> float:
        return self.score(self.reference(clean, rate_hz), estimate)


class Waveforms(NamedTuple):
    """The analysis of measures that work on samples: the checked clean signal."""

    samples: NDArray[np.float64]
    rate_hz: int


@dataclass(frozen=True, repr=False)
class WaveformMeasure(AudioMeasure):
    """An audio measure whose analysis is nothing but the check of its input."""

    @property
    def shares(self) -> Hashable:
        """All waveform measures take the same checked signals."""
        return "waveform"

    def reference(self, clean: ArrayLike, rate_hz: int) -> Waveforms:
        """The clean signal, checked."""
        return Waveforms(check_reference(clean), check_rate(rate_hz))

    def analyse(self, reference: Waveforms, estimate: ArrayLike) -> NDArray[np.float64]:
        """The estimate, checked and brought to the length of the clean signal."""
        return check_estimate(estimate, len(reference.samples), reference.rate_hz)


class ParameterScore(NamedTuple):
    """What a trajectory measure says about one parameter (LA, LP, ...).

    Attributes:
        value: The value; the measure's worst value if the prediction failed; NaN if the parameter was left
            out.
        status: "ok", "failed" (the model's fault: counts with the worst value) or "left_out" (the target's
            fault: does not count).
        reason: Why, unless "ok".
    """

    value: float
    status: Status = "ok"
    reason: str = ""


ParameterScores = dict[str, ParameterScore]
TrajectoryPair = tuple[Trajectories, Trajectories | None]


@dataclass(frozen=True, repr=False)
class TrajectoryMeasure(Measure):
    """Compares predicted trajectories with the measured ones, parameter by parameter."""

    kind: ClassVar[Kind] = "trajectories"

    @property
    def pooled(self) -> bool:
        """Whether the value belongs to a set of utterances (`aggregate`): it is no average of single ones."""
        return False

    @abstractmethod
    def batch(self, pairs: Sequence[TrajectoryPair]) -> list[ParameterScores]:
        """Scores of each (target, estimate) pair by itself; a missing estimate is None and fails.

        Raises:
            MeasureError: Names or rates of a pair differ, or its lengths differ by more than 50 ms.
        """

    @overload
    def __call__(self, target: Trajectories, estimate: Trajectories | None) -> ParameterScores: ...

    @overload
    def __call__(self, **parameters: Any) -> Self: ...

    def __call__(self, *pair: Any, **parameters: Any) -> Any:
        """Scores of one utterance by parameter; without trajectories, this measure with other parameters.

        Args:
            pair: Target and estimate, in this order or by name; all scores failed if the estimate is None.
            parameters: As in the name of a measure, e.g. `pool="corpus"`.

        Raises:
            MeasureError: Names or rates differ, or lengths differ by more than 50 ms.
        """
        if not pair and not parameters.keys() & {"target", "estimate"}:
            return self.with_parameters(**parameters)
        return self._value(*pair, **parameters)

    def _value(self, target: Trajectories, estimate: Trajectories | None) -> ParameterScores:
        return self.batch([(target, estimate)])[0]

    def aggregate(self, items: Iterable[TrajectoryPair]) -> ParameterScores:
        """One score a parameter for a set of pairs; by default the mean over pairs, failures included."""
        return mean_scores(self.batch(list(items)))


def mean_scores(scores: Sequence[Mapping[str, ParameterScore]]) -> ParameterScores:
    """Mean value of each parameter over utterances.

    Failed utterances count with their value, left-out ones do not count; a parameter left out everywhere
    stays left out.
    """
    names = list(dict.fromkeys(name for row in scores for name in row))
    return {name: _mean([row[name] for row in scores if name in row]) for name in names}


def mean_over(scores: Mapping[str, ParameterScore], names: Sequence[str]) -> float:
    """Mean over the parameters `names` (a group such as `TV6`), left-out ones aside.

    Raises:
        MeasureError: A parameter is absent, or all were left out.
    """
    absent = [name for name in names if name not in scores]
    if absent:
        raise MeasureError(f"no score for {', '.join(absent)}; there are {', '.join(scores)}")
    mean = _mean([scores[name] for name in names])
    if mean.status == "left_out":
        raise MeasureError(f"all of {', '.join(names)} were left out: {mean.reason}")
    return mean.value


def _mean(scores: Sequence[ParameterScore]) -> ParameterScore:
    counted = [score for score in scores if score.status != "left_out"]
    if not counted:
        return ParameterScore(float("nan"), "left_out", scores[0].reason if scores else "no parameters")
    value = float(np.mean([score.value for score in counted]))
    failures = [score for score in counted if score.status == "failed"]
    if len(failures) == len(counted):
        return ParameterScore(value, "failed", failures[0].reason)
    return ParameterScore(value, "ok", f"{len(failures)} of {len(counted)} failed" if failures else "")
