"""A leaderboard as large as one will be: 50 models, 13 conditions, 10 measures."""

from __future__ import annotations

import hashlib

from benchmark.metrics import TV6, parse
from benchmark.scoring.results import Result, write_result
from tests.ranking.results import card, score

CONDITIONS = [
    ("clean", None),
    *((kind, float(snr)) for kind in ("babble", "nonbabble") for snr in range(-5, 21, 5)),
]
MEASURES = (
    "PPMC",
    "RMSE(scale='sd')",
    "RMSE",
    "STOI",
    "ESTOI",
    "PESQLike",
    "SISDR",
    "SegSNR",
    "LSD",
    "LagPPMC",
)
_LEVELS = {"RMSE": 4.0, "RMSE(scale='sd')": 1.0, "PESQLike": 2.0, "SISDR": 8.0, "SegSNR": 5.0, "LSD": 6.0}


def many(root, models=50, speakers=6, utterances=6, measures=MEASURES, recipe="large"):
    """Stores results below `root`: values by model, condition and utterance, with hashed scatter."""
    for number in range(models):
        name = f"model_{number:02d}" if number else "clean_oracle"
        scores = [
            score(f"S{s}", u, kind, snr, measure, parameter, _value(number, s, u, snr, measure, parameter))
            for measure in measures
            for parameter in (TV6 if parse(measure).kind == "trajectories" else ("",))
            for kind, snr in CONDITIONS
            for s in range(speakers)
            for u in range(utterances)
        ]
        made = card(name, scores, recipe=recipe, hears="noisy" if number else "clean", measures=measures)
        write_result(root, Result(made, scores))


def _value(model, speaker, utterance, snr, measure, parameter):
    digest = hashlib.blake2b(
        f"{model}/{speaker}/{utterance}/{snr}/{measure}/{parameter}".encode(), digest_size=4
    )
    scatter = int.from_bytes(digest.digest(), "big") / 2**32 - 0.5
    quality = 0.2 + 0.006 * model + (0.3 if snr is None else 0.012 * snr) + 0.02 * speaker + 0.1 * scatter
    if model == 0:
        quality = 0.95
    sign = -1 if not parse(measure).higher_is_better else 1
    level = _LEVELS.get(measure, 1.0)
    return level * (quality if sign > 0 else 1.3 - quality) + (1.0 if measure == "PESQLike" else 0.0)
