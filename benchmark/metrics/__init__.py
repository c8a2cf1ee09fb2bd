"""Measures of speech inversion and enhancement: arrays in, numbers out, usable alone.

Example:
    >>> import numpy as np
    >>> from benchmark.metrics import SISDR
    >>> clean = np.sin(np.arange(16000) / 9)
    >>> round(SISDR(clean, clean + 0.1 * np.cos(np.arange(16000) / 5), 16000), 1)
    20.0

The measures here are objects, ready to be called with signals. Called with parameters instead, they give the
measure with these:

    >>> from benchmark.metrics import PPMC
    >>> PPMC(pool="corpus")
    PPMC(pool='corpus')

`PESQ`, `DNSMOS` and `ViSQOL` wrap optional packages; they are classes, and making one says what is missing.
"""

from typing import Any

from benchmark.metrics.active_level import ActiveLevel, SpeechEnvelope, active_speech_level
from benchmark.metrics.checks import UnscorableReference
from benchmark.metrics.lag import BestLag, best_lag
from benchmark.metrics.measure import (
    AudioMeasure,
    Measure,
    ParameterScore,
    ParameterScores,
    TrajectoryMeasure,
    mean_over,
    mean_scores,
)
from benchmark.metrics.parameters import TV6, TV9, TV10
from benchmark.metrics.registry import available, exported, parse
from benchmark.metrics.scorer import Scorer

__all__ = [
    "TV6",
    "TV9",
    "TV10",
    "ActiveLevel",
    "AudioMeasure",
    "BestLag",
    "Measure",
    "ParameterScore",
    "ParameterScores",
    "Scorer",
    "SpeechEnvelope",
    "TrajectoryMeasure",
    "UnscorableReference",
    "active_speech_level",
    "available",
    "best_lag",
    "mean_over",
    "mean_scores",
    "parse",
]


def __getattr__(name: str) -> Any:
    """Every measure by its name: a module of this package that defines one is all that it takes."""
    return exported(name)
