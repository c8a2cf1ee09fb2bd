import numpy as np
import pesq
import pystoi
import pytest
import torch
from scipy import stats
from torchmetrics.functional import audio as torch_audio

from benchmark.metrics import ESTOI, PPMC, STOI, PESQLike, Scorer, active_speech_level
from tests.metrics.signals import noisy, pair, speech

RATE = 16_000
CLEAN = speech(4.0)
ESTIMATES = [noisy(CLEAN, snr) for snr in range(-10, 29, 3)]
ESTIMATE = ESTIMATES[5]
PAIRS = [pair(400, f"speed {k}") for k in range(20)]
INTELLIGIBILITY = [STOI(), ESTOI()]
WARM = Scorer(INTELLIGIBILITY, CLEAN, RATE)
WARM_QUALITY = PESQLike().reference(CLEAN, RATE)


def pystoi_twice():
    return pystoi.stoi(CLEAN, ESTIMATE, RATE), pystoi.stoi(CLEAN, ESTIMATE, RATE, extended=True)


def torchmetrics_twice():
    estimate, clean = torch.from_numpy(ESTIMATE), torch.from_numpy(CLEAN)
    return [
        torch_audio.short_time_objective_intelligibility(estimate, clean, RATE, extended=extended)
        for extended in (False, True)
    ]


def torchmetrics_pesq():
    estimate, clean = torch.from_numpy(ESTIMATE), torch.from_numpy(CLEAN)
    return torch_audio.perceptual_evaluation_speech_quality(estimate, clean, RATE, "wb")


def scipy_loop(target, estimate):
    return [
        stats.pearsonr(
            target.values[:, c].astype(np.float64), estimate.values[:, c].astype(np.float64)
        ).statistic
        for c in range(len(target.names))
    ]


COMPARISONS = {
    "STOI + ESTOI, 4-s clip (two calls of pystoi)": (
        5,
        lambda: Scorer(INTELLIGIBILITY, CLEAN, RATE).score(ESTIMATE),
        pystoi_twice,
    ),
    "STOI + ESTOI, 4-s clip, clean side known (two calls of pystoi)": (
        8,
        lambda: WARM.score(ESTIMATE),
        pystoi_twice,
    ),
    "PESQLike, 4-s clip (pesq)": (
        6,
        lambda: PESQLike()(CLEAN, ESTIMATE, RATE),
        lambda: pesq.pesq(RATE, CLEAN, ESTIMATE, "wb"),
    ),
    "PESQLike, 4-s clip, clean side known (pesq)": (
        6,
        lambda: PESQLike().score(WARM_QUALITY, ESTIMATE),
        lambda: pesq.pesq(RATE, CLEAN, ESTIMATE, "wb"),
    ),
    "STOI + ESTOI, 4-s clip (two calls of torchmetrics)": (
        5,
        lambda: Scorer(INTELLIGIBILITY, CLEAN, RATE).score(ESTIMATE),
        torchmetrics_twice,
    ),
    "PESQLike, 4-s clip (torchmetrics)": (
        6,
        lambda: PESQLike()(CLEAN, ESTIMATE, RATE),
        torchmetrics_pesq,
    ),
    "PPMC, 20 utterances of 4 s, 9 parameters (loop over scipy)": (
        30,
        lambda: PPMC().batch(PAIRS),
        lambda: [scipy_loop(*p) for p in PAIRS],
    ),
    "PPMC, 1 utterance of 4 s, 9 parameters (loop over scipy)": (
        10,
        lambda: PPMC()(*PAIRS[0]),
        lambda: scipy_loop(*PAIRS[0]),
    ),
    "STOI of 13 conditions in a batch (13 single calls)": (
        1.2,
        lambda: STOI().batch(CLEAN, ESTIMATES, RATE),
        lambda: [STOI()(CLEAN, e, RATE) for e in ESTIMATES],
    ),
    "PESQLike of 13 conditions in a batch (13 single calls)": (
        1.2,
        lambda: PESQLike().batch(CLEAN, ESTIMATES, RATE),
        lambda: [PESQLike()(CLEAN, e, RATE) for e in ESTIMATES],
    ),
}


@pytest.mark.parametrize("role", ["ours", "peer"])
@pytest.mark.parametrize("what", list(COMPARISONS))
def test_against_a_peer(benchmark, what, role):
    goal, ours, peer = COMPARISONS[what]
    benchmark.group = what
    benchmark.extra_info.update(what=what, role=role, goal=goal)
    benchmark.pedantic(ours if role == "ours" else peer, rounds=25, iterations=1, warmup_rounds=2)


def test_active_level_against_real_time(benchmark):
    benchmark.group = "P.56, 4-s clip"
    benchmark.extra_info.update(what="P.56 active level, 4-s clip", role="ours", goal=300, audio_s=4.0)
    benchmark.pedantic(active_speech_level, (CLEAN, RATE), rounds=30, iterations=1, warmup_rounds=2)
