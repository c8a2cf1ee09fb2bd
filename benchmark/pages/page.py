"""The leaderboard as one HTML file with data, style, script and sounds; it needs no network."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Mapping, Sequence
from importlib import resources
from itertools import combinations
from typing import Any

import numpy as np

from benchmark import __version__
from benchmark.errors import MissingExtraError
from benchmark.metrics.parameters import unit_of
from benchmark.ranking.audit import KeptOut
from benchmark.ranking.averages import NOISY, Key, with_averages
from benchmark.ranking.bootstrap import identity, speaker_means
from benchmark.ranking.breakdown import by_talkers, phone_means
from benchmark.ranking.compare import difference
from benchmark.ranking.followed import Followed
from benchmark.ranking.markdown import printable
from benchmark.ranking.recordings import MIME, Recordings
from benchmark.ranking.rounding import settled
from benchmark.ranking.speaker_verification import Verified, verification_head, verification_rows
from benchmark.ranking.speaker_verification import rests_on as verification_rests_on
from benchmark.ranking.standings import Standing
from benchmark.ranking.tables import digits, followed_head, followed_rows, rests_on, title
from benchmark.ranking.trust import Trust, pareto
from benchmark.scoring.rerun import Rerun
from benchmark.scoring.results import Card

#: How results are cited; the same as CITATION.cff says.
BIBTEX = f"""@software{{sinbad,
  title   = {{SINBAD: Speech INversion Benchmark And Data}},
  author  = {{{{The SINBAD team}}}},
  version = {{{__version__}}},
  license = {{MIT}}
}}"""


def page(
    recipes: Mapping[str, Sequence[Standing]],
    kept_out: Sequence[KeptOut] = (),
    recordings: Mapping[str, Recordings] | None = None,
    followed: Mapping[str, Mapping[str, tuple[Followed, ...]]] | None = None,
    *,
    trust: Mapping[str, Mapping[str, Trust]] | None = None,
    speakers: Mapping[str, Sequence[Verified]] | None = None,
    docs: str = "",
) -> str:
    """The text of the page; the same bytes for the same standings.

    Args:
        recipes: Recipe name to its standings.
        kept_out: Results that do not enter the tables.
        recordings: Recordings to listen to, by recipe.
        followed: Whom models followed in babble, by recipe and model.
        trust: What is known of models beside their scores, by recipe and model.
        speakers: Speaker verification, by recipe.
        docs: Where the guides lie as seen from the page; "" for no links.

    Raises:
        MissingExtraError: jinja2 is not installed.
    """
    try:
        from jinja2 import Environment, StrictUndefined
        from markupsafe import Markup
    except ImportError as error:
        raise MissingExtraError("jinja2", "page", "the page index.html") from error
    templates = resources.files(__package__) / "templates"
    environment = Environment(autoescape=True, undefined=StrictUndefined, keep_trailing_newline=True)
    template = environment.from_string((templates / "page.html.j2").read_text(encoding="utf-8"))
    shown = {recipe: found for recipe, found in recipes.items() if found}
    data = {
        "recipes": [
            {
                **_recipe(recipe, found, (recordings or {}).get(recipe), (trust or {}).get(recipe, {})),
                "followed": followed_rows(found, (followed or {}).get(recipe, {})),
                "speakers": _speakers((speakers or {}).get(recipe, ())),
            }
            for recipe, found in shown.items()
        ],
        "followed_head": followed_head(),
        "kept_out": [[printable(what), printable(why)] for what, why in kept_out],
    }
    return template.render(
        style=Markup((templates / "page.css").read_text(encoding="utf-8")),
        script=Markup((templates / "page.js").read_text(encoding="utf-8")),
        data=Markup(_embedded(data)),
        docs=docs,
        bibtex=BIBTEX,
    )


def _embedded(data: Any) -> str:
    """JSON that cannot end the script element that holds it, whatever a model calls itself."""
    text = json.dumps(data, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def _speakers(found: Sequence[Verified]) -> dict[str, Any] | None:
    """The table of speaker verification: text, as README.md has it."""
    if not found:
        return None
    rows = [[printable(cell) for cell in row] for row in verification_rows(found)]
    return {"head": verification_head(found), "rows": rows, "rests_on": verification_rests_on(found)}


def _recipe(
    recipe: str,
    found: Sequence[Standing],
    recordings: Recordings | None,
    trust: Mapping[str, Trust],
) -> dict[str, Any]:
    cards = {line.card.model: line.card for standing in found for line in standing.lines}
    first = next(iter(cards.values()))
    place = {model: i for i, model in enumerate(cards)}
    return {
        "name": recipe,
        "title": first.recipe_title,
        "version": first.recipe_version,
        "split": first.split,
        "corpus": first.corpus_sha256[:12],
        "rests_on": rests_on(found[0]),
        "units": _units(found, recordings),
        "models": [_model(card, trust.get(card.model)) for card in cards.values()],
        "measures": [_measure(standing, place, trust) for standing in found],
        "items": _listening(recordings) if recordings is not None else None,
    }


def _units(found: Sequence[Standing], recordings: Recordings | None) -> dict[str, str]:
    """The unit of every parameter that has one."""
    names = {name for standing in found for name in standing.scores.parameters if name}
    if recordings is not None:
        names |= {name for item in recordings.description["items"] for name in item["parameters"]}
    words = {"1": "no unit"}
    return {name: words.get(unit_of(name), unit_of(name)) for name in sorted(names)}


def _model(card: Card, known: Trust | None) -> dict[str, Any]:
    return {
        "name": card.model,
        "title": card.title,
        "source": card.source,
        "version": card.version,
        "licence": card.licence,
        "oracle": card.hears == "clean",
        "speed": _rounded(1 / card.real_time_factor, 3) if card.real_time_factor > 0 else None,
        "partial": bool(card.lacks),
        "expected": card.expected,
        "failed": card.failed,
        "left_out": card.left_out,
        "reasons": card.reasons,
        "when": card.when,
        "training": known.training if known else "not stated",
        "stated": bool(known and known.stated),
        "flag": known.flag if known else "",
        "parameters": known.parameters if known else None,
        "submitter": known.submitter if known else "",
        "entries": known.entries if known else 0,
        "rerun": _rerun(known.rerun) if known and known.rerun else "",
        "seeds": list(known.seeds.runs) if known and known.seeds else [],
    }


def _rerun(record: Rerun) -> str:
    """Who made a result again, on what, and how exactly it had to come out, in one line."""
    return printable(
        f"by {record.by} on {record.when}, {record.machine}; {record.compared} scores "
        f"within {record.tolerance:g}"
    )


def _measure(standing: Standing, place: Mapping[str, int], trust: Mapping[str, Trust]) -> dict[str, Any]:
    measure = standing.measure
    fronts = _fronts(standing, trust)
    return {
        "name": standing.name,
        "unit": "" if measure.unit in ("1", "own") else measure.unit,
        "averaged": measure.unit != "own",
        "relative": measure.unit != "dB",
        "higher": measure.higher_is_better,
        "ranked": measure.ranked,
        "version": measure.version,
        "source": measure.source,
        "digits": digits(measure),
        "columns": [_column(key) for key in standing.columns],
        "headline": standing.column(standing.headline),
        "lines": [
            {
                "model": place[line.card.model],
                "rank": line.rank,
                "lacking": line.lacking,
                "failed": sum(line.failed.values()),
                "estimates": [
                    _numbers(line.estimates[key]) if key in line.estimates else None
                    for key in standing.columns
                ],
                "spread": _spread(standing, trust.get(line.card.model)),
                "fronts": [name for name, front in fronts.items() if line.card.model in front],
            }
            for line in standing.lines
        ],
        "pairs": _pairs(standing),
        "heat": _heat(standing) if measure.kind == "trajectories" else None,
        "talkers": _talkers(standing, place),
        "phones": _phones(standing) if standing.phones and measure.unit != "own" else None,
    }


def _spread(standing: Standing, known: Trust | None) -> float | None:
    """Standard deviation of the headline over the seeds behind a line."""
    spread = (
        known.seeds.spread.get((standing.measure.name, standing.headline)) if known and known.seeds else None
    )
    return None if spread is None or not math.isfinite(spread) else settled(spread)


def _fronts(standing: Standing, trust: Mapping[str, Trust]) -> dict[str, frozenset[str]]:
    """Ranked models that no other beats in both the headline and speed, or in both the headline and size."""
    sign = 1.0 if standing.measure.higher_is_better else -1.0
    speed: dict[str, tuple[float, float]] = {}
    size: dict[str, tuple[float, float]] = {}
    for line in standing.lines:
        model, known = line.card.model, trust.get(line.card.model)
        if line.rank is None or standing.headline not in line.estimates or standing.measure.unit == "own":
            continue
        quality = sign * line.estimates[standing.headline].value
        if line.card.real_time_factor > 0:
            speed[model] = (quality, -line.card.real_time_factor)
        if known and known.parameters is not None:
            size[model] = (quality, -float(known.parameters))
    return {"speed": pareto(speed), "size": pareto(size)}


def _column(key: Key) -> dict[str, Any]:
    if isinstance(key, str):
        short = title(key) if key == NOISY else title(key).removesuffix(" mean")
        return {"title": short, "kind": key, "snr": None, "average": True}
    return {"title": title(key), "kind": key[0], "snr": key[1], "average": False}


def _pairs(standing: Standing) -> list[list[float | None]]:
    """Difference in the headline, half width of its interval, and p, for every pair of lines in order."""
    column = standing.column(standing.headline)
    point, spread = standing.compared_point[:, column], standing.compared_replicates[:, :, column]
    found: list[list[float | None]] = []
    for a, b in combinations(range(len(standing.lines)), 2):
        apart = difference(point[a] - point[b], spread[:, a] - spread[:, b], standing.speakers)
        found.append(_numbers([float(apart.value), float(apart.high - apart.value), float(apart.p)]))
    return found


def _heat(standing: Standing) -> dict[str, Any]:
    """Values by line, parameter and average column."""
    grid = standing.scores
    columns, values = with_averages(speaker_means(grid.values, identity(grid.units))[0], grid.conditions)
    averages = _averages(standing, columns)
    shown = values[..., [columns.index(key) for key in averages]]
    return {
        "groups": list(grid.parameters),
        "columns": [title(key) for key in averages],
        "values": [[_numbers(row) for row in model] for model in shown.tolist()],
    }


def _talkers(standing: Standing, place: Mapping[str, int]) -> list[dict[str, Any]] | None:
    """Values by number of talkers for each model and SNR; None if there is only one number."""
    talkers = standing.scores.facts["talkers"]
    # Noise without talkers has none, and no place on this axis.
    if standing.measure.unit == "own" or len(np.unique(talkers[talkers > 0])) < 2:
        return None
    return [
        {
            "model": place[row.model],
            "snr": row.column[1],
            "talkers": int(row.group.partition(" ")[0]),
            "estimate": _numbers(row.estimate),
        }
        for row in by_talkers(standing)
        if isinstance(row.column, tuple) and not row.group.startswith("0 ")
    ]


def _phones(standing: Standing) -> dict[str, Any]:
    """The same by class of phone."""
    columns, means = phone_means(standing)
    averages = _averages(standing, columns)
    shown = np.stack(list(means.values()), axis=1)[..., [columns.index(key) for key in averages]]
    return {
        "groups": list(means),
        "columns": [title(key) for key in averages],
        "values": [[_numbers(row) for row in model] for model in shown.tolist()],
    }


def _averages(standing: Standing, columns: Sequence[Key]) -> list[Key]:
    return [key for key in columns if key in (*standing.kinds, NOISY, ("clean", None))]


def _listening(recordings: Recordings) -> dict[str, Any]:
    sounds = {
        name: f"data:{MIME};base64,{base64.b64encode(content).decode()}"
        for name, content in sorted(recordings.sounds.items())
    }
    return {
        "rate_hz": recordings.description["rate_hz"],
        "items": recordings.description["items"],
        "sounds": sounds,
    }


def _numbers(estimate: Sequence[float]) -> list[float | None]:
    return [settled(value) if math.isfinite(value) else None for value in estimate]


def _rounded(value: float, places: int) -> float | None:
    return round(value, places) if math.isfinite(value) else None
