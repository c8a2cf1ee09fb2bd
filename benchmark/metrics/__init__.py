"""Measures of speech inversion and enhancement: arrays in, numbers out, usable alone.

Example:
    >>> import numpy as np
    >>> from benchmark.metrics import SISDR
    >>> clean = np.sin(np.arange(16000) / 9)
    >>> round(SISDR(clean, clean + 0.1 * np.cos(np.arange(16000) / 5), 16000), 1)
    20.0

The measures here are objects, ready to be called with signals. Called with parameters instead, they give the measure with these:

    >>> from benchmark.metrics import PPMC
    >>> PPMC(pool="corpus")
    PPMC(pool='corpus')

`PESQ`, `DNSMOS` and `ViSQOL` wrap optional packages; they are classes, and making one says what is missing.
"""

from benchmark.metrics import lag as _lag
from benchmark.metrics import lsd, pesqlike, ppmc, rmse, segsnr, sisdr, stoi
from benchmark.metrics.active_level import ActiveLevel, active_speech_level
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
from benchmark.metrics.providers import DNSMOS, PESQ, ViSQOL
from benchmark.metrics.registry import available, parse
from benchmark.metrics.scorer import Scorer

LagPPMC = _lag.LagPPMC()
LSD = lsd.LSD()
PESQLike = pesqlike.PESQLike()
PPMC = ppmc.PPMC()
RMSE = rmse.RMSE()
SegSNR = segsnr.SegSNR()
SISDR = sisdr.SISDR()
ESTOI = stoi.ESTOI()
STOI = stoi.STOI()

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
