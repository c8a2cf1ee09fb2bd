"""Scores of one utterance on disk, so that a measure is computed once for what a model gave.

FOLDER/KEY.json     KEY: hash of the predictions for all conditions of an utterance, its clean
                        speech and its targets
                    {"PPMC@1": [[mixture, parameter, value, status, reason], ...], ...}
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from benchmark.files import write_text
from benchmark.metrics import Measure
from benchmark.mixing.trajectory_table import targets_sha256
from benchmark.runners.prediction import Item, Prediction
from benchmark.scoring.score_rows import ScoreRow, described
from benchmark.scoring.scores import Plan, score_utterance
from benchmark.types import Clip, Trajectories

#: Changes whenever scores could change though no measure did (resampling, alignment).
VERSION = "2"
Row = Mapping[str, Any]


def score_or_recall(
    folder: Path,
    plan: Plan,
    rows: Sequence[Row],
    clean: Clip,
    targets: Trajectories,
    predictions: Sequence[Prediction],
) -> list[ScoreRow]:
    """Scores of all conditions of one utterance; only those measures are computed that are not known."""
    path = folder / f"{_key(rows, clean, targets, predictions)}.json"
    known = _read(path, len(rows))
    missing = _without(plan, known)
    if missing.audio or missing.trajectories:
        for score in score_utterance(missing, rows, clean, targets, predictions):
            label = _label(score["measure"], plan)
            kept = [score["mixture_id"], score["parameter"], score["value"], score["status"], score["reason"]]
            known.setdefault(label, []).append(kept)
        write_text(path, json.dumps(known))
    about = {row["mixture_id"]: described(row) for row in rows}
    return [
        cast(
            ScoreRow,
            {
                **about[mixture],
                "measure": measure.name,
                "parameter": parameter,
                "value": value,
                "status": status,
                "reason": reason,
            },
        )
        for measure in (*plan.audio, *plan.trajectories)
        for mixture, parameter, value, status, reason in known[f"{measure.name}@{measure.version}"]
    ]


def _key(rows: Sequence[Row], clean: Clip, targets: Trajectories, predictions: Sequence[Prediction]) -> str:
    parts = [VERSION, Item("", clean).sha256, targets_sha256(targets)]
    parts += [f"{row['mixture_id']}:{given.sha256()}" for row, given in zip(rows, predictions, strict=True)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:40]


def _read(path: Path, mixtures: int) -> dict[str, list[list[Any]]]:
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
        whole = {
            label: scores
            for label, scores in known.items()
            if len({score[0] for score in scores}) == mixtures and all(len(score) == 5 for score in scores)
        }
    except (OSError, ValueError, TypeError, AttributeError, IndexError):
        return {}
    return whole


def _without(plan: Plan, known: Mapping[str, Any]) -> Plan:
    def missing(measure: Measure) -> bool:
        return f"{measure.name}@{measure.version}" not in known

    return Plan(tuple(filter(missing, plan.audio)), tuple(filter(missing, plan.trajectories)), ())


def _label(name: str, plan: Plan) -> str:
    version = next(measure.version for measure in (*plan.audio, *plan.trajectories) if measure.name == name)
    return f"{name}@{version}"
