"""What every measure does with every awkward input: a table to read, to print and to test."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import MeasureError
from benchmark.metrics.measure import AudioMeasure, Measure, ParameterScores, TrajectoryMeasure
from benchmark.types import Trajectories

RATE_HZ = 16_000
FRAME_RATE_HZ = 100.0

Array = NDArray[np.float64]


class AudioCase(NamedTuple):
    """An input of an audio measure; by default two seconds at 16 kHz.

    The default is a speech-like signal and a noisy copy of it.
    """

    clean: Any
    estimate: Any
    rate_hz: Any = RATE_HZ


class Outcome(NamedTuple):
    """What came of one case.

    Attributes:
        measure: Name of the measure.
        case: Name of the input.
        value: The value, if there is one; for trajectories of the first parameter.
        verdict: "value", "failed" or "left out" (trajectories), or the name of the error.
        message: The text of the error, or the reason.
    """

    measure: str
    case: str
    value: float | None
    verdict: str
    message: str = ""


def speech_like(seconds: float = 2.0) -> Array:
    """A voiced sound with gliding pitch and syllables, by a formula: it is the same everywhere."""
    t = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    phase = 2 * np.pi * (120 * t + 10 * np.sin(2 * np.pi * 0.7 * t))
    formant = 1 + 0.5 * np.sin(2 * np.pi * 1.3 * t)
    voice = np.sum(
        [np.sin(k * phase) * np.exp(-(((k * 120 - 700 * formant) / 900) ** 2)) for k in range(1, 40)], axis=0
    )
    samples: Array = 0.05 * voice * np.sin(2 * np.pi * 2.0 * t) ** 2
    return samples


def _noisy(clean: Array) -> Array:
    n = np.arange(len(clean), dtype=np.float64)
    return clean + 0.02 * np.sin(0.7 * n**1.3)


def audio_cases() -> Mapping[str, AudioCase]:
    """All awkward inputs of audio measures by name."""
    clean = speech_like()
    noisy = _noisy(clean)
    tenth, second = RATE_HZ // 10, RATE_HZ
    spoilt = {name: noisy.copy() for name in ("nan", "inf")}
    spoilt["nan"][100], spoilt["inf"][100] = np.nan, np.inf
    bad_clean = clean.copy()
    bad_clean[100] = np.nan
    return MappingProxyType(
        {
            "regular": AudioCase(clean, noisy),
            "estimate equals clean": AudioCase(clean, clean),
            "both empty": AudioCase(clean[:0], noisy[:0]),
            "empty estimate": AudioCase(clean, noisy[:0]),
            "one sample": AudioCase(clean[999:1000], noisy[999:1000]),
            "0.1 s": AudioCase(clean[tenth : 2 * tenth], noisy[tenth : 2 * tenth]),
            "silent estimate": AudioCase(clean, 0 * clean),
            "silent clean": AudioCase(0 * clean, noisy),
            "both silent": AudioCase(0 * clean, 0 * clean),
            "DC estimate": AudioCase(clean, np.full(len(clean), 0.1)),
            "DC clean": AudioCase(np.full(len(clean), 0.1), noisy),
            "DC added": AudioCase(clean, noisy + 0.1),
            "NaN in estimate": AudioCase(clean, spoilt["nan"]),
            "NaN in clean": AudioCase(bad_clean, noisy),
            "inf in estimate": AudioCase(clean, spoilt["inf"]),
            "int16": AudioCase(*(np.round(s * 32768).astype(np.int16) for s in (clean, noisy))),
            "float32": AudioCase(clean.astype(np.float32), noisy.astype(np.float32)),
            "uint8": AudioCase(*(np.round(s * 100 + 128).astype(np.uint8) for s in (clean, noisy))),
            "stereo": AudioCase(np.stack([clean, clean], 1), np.stack([noisy, noisy], 1)),
            "rate 0": AudioCase(clean, noisy, 0),
            "rate -16000": AudioCase(clean, noisy, -RATE_HZ),
            "rate 16000.5": AudioCase(clean, noisy, RATE_HZ + 0.5),
            "rate 8000": AudioCase(clean, noisy, RATE_HZ // 2),
            "1 sample longer": AudioCase(clean, np.append(noisy, 0.01)),
            "1 sample shorter": AudioCase(clean, noisy[:-1]),
            "1 s shorter": AudioCase(clean, noisy[:-second]),
            "tiny": AudioCase(clean * 1e-9, noisy * 1e-9),
            "huge": AudioCase(clean * 1e9, noisy * 1e9),
        }
    )


def trajectory_cases() -> Mapping[str, tuple[Trajectories, Trajectories | None]]:
    """All awkward inputs of trajectory measures by name."""
    t = np.arange(200)[:, None] / FRAME_RATE_HZ
    moving = np.sin(2 * np.pi * (t + np.array([0.0, 0.2]))) * np.array([3.0, 8.0]) + 20
    target = _tracks(moving)
    close = moving + 0.5 * np.cos(9 * t)
    still = _tracks(np.full_like(moving, 5.0))
    invalid = Trajectories(target.values, FRAME_RATE_HZ, target.names, np.zeros_like(target.valid))
    half = Trajectories(
        target.values, FRAME_RATE_HZ, target.names, np.broadcast_to(t < 1, moving.shape).copy()
    )
    spoilt = {name: close.copy() for name in ("nan", "inf")}
    spoilt["nan"][50], spoilt["inf"][50] = np.nan, np.inf
    estimate = _tracks(close)
    return MappingProxyType(
        {
            "regular": (target, estimate),
            "estimate equals target": (target, target),
            "no prediction": (target, None),
            "empty": (_tracks(moving[:0]), _tracks(close[:0])),
            "one frame": (_tracks(moving[:1]), _tracks(close[:1])),
            "0.1 s": (_tracks(moving[:10]), _tracks(close[:10])),
            "still target": (still, estimate),
            "still estimate": (target, still),
            "both still": (still, still),
            "NaN in estimate": (target, _tracks(spoilt["nan"])),
            "inf in estimate": (target, _tracks(spoilt["inf"])),
            "NaN in target": (_tracks(spoilt["nan"]), estimate),
            "target never valid": (invalid, estimate),
            "target half valid": (half, estimate),
            "estimate never valid": (target, invalid),
            "estimate half valid": (target, half),
            "channels in other order": (target, estimate.select(("LP", "LA"))),
            "other channels": (
                target,
                Trajectories(estimate.values, FRAME_RATE_HZ, ("LA", "TTCD"), estimate.valid),
            ),
            "other rate": (target, Trajectories(estimate.values, 50.0, estimate.names, estimate.valid)),
            "1 frame longer": (target, _tracks(np.vstack([close, close[-1:]]))),
            "1 frame shorter": (target, _tracks(close[:-1])),
            "1 s shorter": (target, _tracks(close[:-100])),
        }
    )


def _tracks(values: Array) -> Trajectories:
    return Trajectories(
        values.astype(np.float32), FRAME_RATE_HZ, ("LA", "LP"), np.ones(values.shape, dtype=np.bool_)
    )


def edge_table(measures: Sequence[Measure]) -> list[Outcome]:
    """Applies every measure to each of its cases and returns the outcomes.

    Anything but a value or a `MeasureError` is a defect and is raised.
    """
    outcomes = []
    for measure in measures:
        if isinstance(measure, AudioMeasure):
            outcomes += [_audio_outcome(measure, name, case) for name, case in audio_cases().items()]
        elif isinstance(measure, TrajectoryMeasure):
            outcomes += [
                _trajectory_outcome(measure, name, pair) for name, pair in trajectory_cases().items()
            ]
    return outcomes


def _audio_outcome(measure: AudioMeasure, name: str, case: AudioCase) -> Outcome:
    return _outcome(
        measure.name, name, lambda: (measure(case.clean, case.estimate, case.rate_hz), "value", "")
    )


def _trajectory_outcome(
    measure: TrajectoryMeasure, name: str, pair: tuple[Trajectories, Trajectories | None]
) -> Outcome:
    return _outcome(measure.name, name, lambda: _first(measure(*pair)))


def _first(scores: ParameterScores) -> tuple[float, str, str]:
    score = scores["LA"]
    return (
        score.value,
        {"ok": "value", "failed": "failed", "left_out": "left out"}[score.status],
        score.reason,
    )


def _outcome(measure: str, case: str, compute: Callable[[], tuple[float, str, str]]) -> Outcome:
    try:
        value, verdict, message = compute()
    except MeasureError as error:
        return Outcome(measure, case, None, type(error).__name__, str(error))
    return Outcome(measure, case, None if verdict == "left out" else value, verdict, message)
