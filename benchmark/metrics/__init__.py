"""Measures of speech inversion and enhancement: arrays in, numbers out, usable alone.

Example:
    >>> import numpy as np
    >>> from benchmark.metrics import SISDR
    >>> clean = np.sin(np.arange(16000) / 9)
    >>> round(SISDR()(clean, clean + 0.1 * np.cos(np.arange(16000) / 5), 16000), 1)
    20.0
"""

from benchmark.metrics.active_level import ActiveLevel, active_speech_level
from benchmark.metrics.checks import UnscorableReference
from benchmark.metrics.lag import BestLag, LagPPMC, best_lag
from benchmark.metrics.lsd import LSD
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
from benchmark.metrics.pesqlike import PESQLike
from benchmark.metrics.ppmc import PPMC
from benchmark.metrics.providers import DNSMOS, PESQ, ViSQOL
from benchmark.metrics.registry import available, parse
from benchmark.metrics.rmse import RMSE
from benchmark.metrics.scorer import Scorer
from benchmark.metrics.segsnr import SegSNR
from benchmark.metrics.sisdr import SISDR
from benchmark.metrics.stoi import ESTOI, STOI

__all__ = [
    "DNSMOS",
    "ESTOI",
    "LSD",
    "PESQ",
    "PPMC",
    "RMSE",
    "SISDR",
    "STOI",
    "TV6",
    "TV9",
    "TV10",
    "ActiveLevel",
    "AudioMeasure",
    "BestLag",
    "LagPPMC",
    "Measure",
    "PESQLike",
    "ParameterScore",
    "ParameterScores",
    "Scorer",
    "SegSNR",
    "TrajectoryMeasure",
    "UnscorableReference",
    "ViSQOL",
    "active_speech_level",
    "available",
    "best_lag",
    "mean_over",
    "mean_scores",
    "parse",
]
