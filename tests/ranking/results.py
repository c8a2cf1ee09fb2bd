"""Made-up results for tests of standings."""

from __future__ import annotations

import json
from dataclasses import replace

from benchmark.metrics import parse
from benchmark.scoring.phone_scores import PhoneScores
from benchmark.scoring.results import Card, Result, card_hash
from benchmark.scoring.score_rows import as_table, scores_hash

CONDITIONS = [("clean", None), ("babble", -5.0), ("babble", 5.0), ("nonbabble", -5.0), ("nonbabble", 5.0)]


def score(speaker, number, kind, snr_db, measure, parameter, value, status="ok", reason=""):
    key = f"{speaker}/U{number:03d}"
    prefix = "clean" if snr_db is None else f"{kind}/{snr_db:g}"
    return {
        "mixture_id": f"{prefix}/{key}",
        "utterance_id": key,
        "speaker": speaker,
        "noise_kind": kind,
        "noise_category": "" if snr_db is None else "white",
        "snr_db": snr_db,
        "measure": measure,
        "parameter": parameter,
        "value": value,
        "status": status,
        "reason": reason,
    }


def result(
    model, level, *, measure="PPMC", corpus="c" * 64, version="", hears="noisy", recipe="toy", speakers=3
):
    scores = [
        score(f"S{s}", u, kind, snr, measure, parameter, level + 0.01 * s - (0.1 if snr == -5.0 else 0.0))
        for s in range(speakers)
        for u in range(2)
        for kind, snr in CONDITIONS
        for parameter in ("LA", "TTCD")
    ]
    return Result(card(model, scores, measure, corpus, version, hears, recipe), scores)


def with_phones(item, levels=None, labels="l" * 64, keep=lambda row: True):
    """The same result with scores by class of phone: the whole utterance's, plus a term for the class."""
    levels = {"vowel": 0.05, "plosive": -0.1} if levels is None else levels
    rows = [
        {
            "mixture_id": row["mixture_id"],
            "phone_class": name,
            "measure": row["measure"],
            "parameter": row["parameter"],
            "value": row["value"] + level,
            "status": "ok",
            "reason": "",
        }
        for row in item.scores
        for name, level in levels.items()
        if row["parameter"]
    ]
    versions = {row["measure"]: item.card.measures[row["measure"]] for row in rows}
    return replace(item, phones=PhoneScores.of(list(filter(keep, rows)), versions, labels))


def edited(path, **changes):
    """Changes a stored card and computes its hash again, as someone would who knows how."""
    content = {**json.loads(path.read_text()), **changes}
    path.write_text(json.dumps({**content, "card_sha256": card_hash(content)}))


def card(
    model, scores, measure="PPMC", corpus="c" * 64, version="", hears="noisy", recipe="toy", measures=()
):
    return Card(
        model=model,
        title=f"the model {model}",
        version="1",
        source="made up",
        source_sha256="a" * 64,
        arguments={},
        hears=hears,
        recipe=recipe,
        recipe_version=1,
        recipe_title="Toy",
        split="test",
        corpus_sha256=corpus,
        measures={name: version or parse(name).version for name in measures or [measure]},
        expected=len(scores),
        ok=len(scores),
        failed=0,
        left_out=0,
        reasons={},
        audio_seconds=100.0,
        seconds=1.0,
        real_time_factor=speed(model),
        when="2026-01-01",
        environment={},
        scores_sha256=scores_hash(as_table(scores)),
    )


def speed(model):
    """Some real-time factor, different for most models."""
    return 0.01 * (1 + sum(map(ord, model)) % 50)
