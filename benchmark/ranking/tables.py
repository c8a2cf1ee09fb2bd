"""Standings as Markdown for people and CSV for programs."""

from __future__ import annotations

import csv
import io
import math
from collections import Counter
from collections.abc import Mapping, Sequence

from benchmark.metrics import Measure
from benchmark.ranking.audit import KeptOut
from benchmark.ranking.averages import DROP, NOISY, Key
from benchmark.ranking.breakdown import by_condition, by_parameter, headline_rows, phone_means
from benchmark.ranking.followed import Followed
from benchmark.ranking.markdown import code, formula_free, plain, table
from benchmark.ranking.rounding import as_text
from benchmark.ranking.standings import FEW_SPEAKERS, Estimate, Line, Standing
from benchmark.ranking.trust import Trust
from benchmark.scoring.results import Card

_TITLES = {
    "clean": "clean",
    "babble": "babble",
    "nonbabble": "non-babble",
    NOISY: "noisy mean",
    DROP: "clean to noisy",
}
_DIGITS = {"dB": 1, "mm": 2, "own": 2}
_NOTHING = Estimate(math.nan, math.nan, math.nan)


def markdown(
    recipes: Mapping[str, Sequence[Standing]],
    plots: Mapping[str, Sequence[str]],
    kept_out: Sequence[KeptOut] = (),
    ablations: Mapping[str, str] | None = None,
    followed: Mapping[str, Mapping[str, tuple[Followed, ...]]] | None = None,
    trust: Mapping[str, Mapping[str, Trust]] | None = None,
    sections: Mapping[str, str] | None = None,
) -> str:
    """The leaderboard page: for each recipe its models, plots, and its tables a measure.

    Args:
        recipes: Recipe name to its standings.
        plots: Recipe name to the file names of its plots.
        kept_out: Results that do not enter the tables.
        ablations: Recipe name to the file name of its reproduction page, of recipes that have one.
        followed: Whom models followed in babble, by recipe and model.
        trust: What is known of models beside their scores, by recipe and model.
        sections: Further text for a recipe, behind its measures.
    """
    parts = [
        "# Leaderboard\n",
        "Rendered by `python -m benchmark.leaderboard` from `results/`; do not edit. `index.html` beside "
        "this file shows the same\n"
        "standings with plots, pairwise comparisons and sounds: open it in a browser.\n",
        "Every value is the mean over the utterances of a speaker, then over speakers, then over "
        "parameters; what a model failed on\n"
        "counts with the measure's worst value, and for ranks no better than the poorest answer that "
        "a ranked model gave to the same\n"
        "item. The noisy mean gives every kind of noise equal weight. Intervals [low, high] are 95 %\n"
        "intervals of a bootstrap over speakers and over utterances within them. A model shares its "
        "rank (`=`) with the best of its\n"
        "group where the paired 95 % interval of their difference includes zero. An incomplete model "
        "is shown without a rank; so are\n"
        "oracles, which hear the clean speech. What a model was trained on is what its maker "
        "declared; behind who handed it in stands\n"
        "how many results of theirs are here. *Re-run* means that somebody else made the result again "
        "and signed it.\n",
    ]
    for recipe, found in recipes.items():
        if found:
            whom, known = (followed or {}).get(recipe, {}), (trust or {}).get(recipe, {})
            ablation, more = (ablations or {}).get(recipe), (sections or {}).get(recipe, "")
            parts.append(_recipe_section(recipe, found, plots.get(recipe, ()), ablation, whom, known, more))
    if kept_out:
        parts.append(
            "## Not in the tables\n\n"
            + "\n".join(f"- {code(what)}: {plain(why)}" for what, why in kept_out)
            + "\n"
        )
    return "\n".join(parts)


def tidy_csv(found: Sequence[Standing]) -> str:
    """One row for each measure, model and column, or parameter where units differ."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    head = "measure unit model hears rank lacking parameter noise_kind snr_db value low high failed"
    writer.writerow(head.split())
    for standing in found:
        lines = {line.card.model: line for line in standing.lines}
        rows = by_parameter(standing) if standing.measure.unit == "own" else by_condition(standing)
        for row in rows:
            line = lines[row.model]
            kind, snr_db = row.column if isinstance(row.column, tuple) else (f"{row.column} (mean)", None)
            kind = row.column if row.column == DROP else kind
            failed = (
                line.failed.get(row.column, 0) if isinstance(row.column, tuple) else sum(line.failed.values())
            )
            writer.writerow(
                [
                    standing.measure.name,
                    standing.measure.unit,
                    formula_free(row.model),
                    formula_free(line.card.hears),
                    line.rank or "",
                    line.lacking,
                    formula_free(row.group),
                    kind,
                    "" if snr_db is None else f"{snr_db:g}",
                    *("" if math.isnan(value) else as_text(value, 6) for value in row.estimate),
                    failed,
                ]
            )
    return stream.getvalue()


def summary_table(standing: Standing) -> str:
    """One measure: rows are models, columns averages, the headline with its interval."""
    keys: list[Key] = [*standing.kinds]
    keys += [key for key in (("clean", None), DROP) if key in standing.columns and key != standing.headline]
    head = ["rank", "model", f"{title(standing.headline)} [95 %]", *(title(key) for key in keys), "failed"]
    ranks = Counter(line.rank for line in standing.lines)
    rows = []
    for line in standing.lines:
        marks = [_marked(standing, line, key) for key in keys]
        first = with_interval(line.estimates.get(standing.headline, _NOTHING), standing.measure)
        rows.append([_rank(line, ranks), code(line.card.model), first, *marks, _failures(line)])
    return table(head, rows)


def measure_table(standing: Standing) -> str:
    """One measure: rows are models, columns conditions, then averages and failures."""
    keys: list[Key] = [*standing.conditions, *standing.kinds]
    keys += [NOISY] if NOISY in standing.columns else []
    ranks = Counter(line.rank for line in standing.lines)
    rows = [
        [
            _rank(line, ranks),
            code(line.card.model),
            *(_marked(standing, line, key) for key in keys),
            _failures(line),
        ]
        for line in standing.lines
    ]
    return table(["rank", "model", *(title(key) for key in keys), "failed"], rows)


def parameter_table(standing: Standing) -> str:
    """One measure: rows are models, columns parameters, values those of the headline column."""
    found = headline_rows(standing, list(by_parameter(standing)))
    rows = [
        [
            code(line.card.model),
            *(
                number(values.get(line.card.model, _NOTHING).value, standing.measure)
                for values in found.values()
            ),
            _failures(line),
        ]
        for line in standing.lines
    ]
    return table(["model", *map(plain, found), "failed"], rows, words=1)


def phone_table(standing: Standing) -> str:
    """Table of one measure in the headline column: models by class of phone.

    Rows are the models that were scored by class of phone.
    """
    columns, means = phone_means(standing)
    headline = columns.index(standing.headline)
    rows = [
        [
            code(line.card.model),
            *(number(values[row, headline], standing.measure) for values in means.values()),
        ]
        for row, line in enumerate(standing.lines)
        if any(not math.isnan(values[row, headline]) for values in means.values())
    ]
    return table(["model", *map(plain, means)], rows, words=1)


def title(key: Key) -> str:
    """Heading of a column."""
    if isinstance(key, str):
        return f"{_TITLES.get(key, key)} mean" if key not in (NOISY, DROP) else _TITLES[key]
    kind, snr_db = key
    return _TITLES.get(kind, kind) if snr_db is None else f"{_TITLES.get(kind, kind)} {snr_db:g}"


def number(value: float, measure: Measure) -> str:
    """A value with the digits that its unit deserves."""
    return "–" if math.isnan(value) else as_text(value, digits(measure))


def digits(measure: Measure) -> int:
    """Digits after the point."""
    return _DIGITS.get(measure.unit, 3)


def with_interval(estimate: Estimate, measure: Measure) -> str:
    """A value and its interval, if it has one."""
    if math.isnan(estimate.low):
        return number(estimate.value, measure)
    low, high = (number(value, measure) for value in (estimate.low, estimate.high))
    return f"{number(estimate.value, measure)} [{low}, {high}]"


def rests_on(standing: Standing) -> str:
    """One sentence on how much speech stands behind a standing, with a warning where it is little."""
    count = standing.speakers
    utterances = len(standing.scores.units)
    text = (
        f"{count} speaker{'s' * (count != 1)}, {utterances} utterance{'s' * (utterances != 1)} a condition."
    )
    if count == 1:
        return f"{text} With one speaker nothing can be said about others: no ranks are told apart."
    if count < FEW_SPEAKERS:
        return f"{text} With so few speakers intervals are rough, and tend to be too narrow."
    return text


def _rank(line: Line, ranks: Mapping[int | None, int]) -> str:
    if line.oracle:
        return "oracle"
    if line.lacking:
        return "partial" if line.card.lacks else "incomplete"
    if line.rank is None:
        return "–"
    return f"{line.rank}{'=' * (ranks[line.rank] > 1)}"


def _failures(line: Line) -> str:
    failed = str(sum(line.failed.values()))
    if line.lacking and line.card.lacks:
        return f"{failed}, lacks {plain(', '.join(line.card.lacks))}"
    return f"{failed}, lacks {line.lacking}" if line.lacking else failed


def _marked(standing: Standing, line: Line, key: Key) -> str:
    text = number(line.estimates.get(key, _NOTHING).value, standing.measure)
    return f"**{text}**" if line.rank and key != DROP and text == _best(standing, key) else text


def _best(standing: Standing, key: Key) -> str:
    """The best value of a column among ranked models."""
    choose = max if standing.measure.higher_is_better else min
    values = [line.estimates[key].value for line in standing.lines if line.rank and key in line.estimates]
    return number(choose(values), standing.measure) if values else ""


def _recipe_section(
    recipe: str,
    found: Sequence[Standing],
    plots: Sequence[str],
    ablation: str | None,
    followed: Mapping[str, tuple[Followed, ...]],
    trust: Mapping[str, Trust],
    more: str,
) -> str:
    cards = {line.card.model: line.card for standing in found for line in standing.lines}
    first = next(iter(cards.values()))
    parts = [
        f"## {recipe}: {plain(first.recipe_title)}\n",
        (
            f"Version {first.recipe_version}, split {code(first.split)}, corpus "
            f"`{first.corpus_sha256[:12]}`. {rests_on(found[0])}\n"
        ),
        *(
            [f"The joint model beside models that lack one thing each: [{ablation}]({ablation}).\n"]
            if ablation
            else []
        ),
        *(f"![{name}]({name})\n" for name in plots),
    ]
    for standing in found:
        parts += _measure_section(standing)
    if followed:
        parts.append(_followed_section(found, followed))
    if more:
        parts.append(more)
    parts.append("### Models\n\n" + _models_table(list(cards.values()), trust) + "\n")
    return "\n".join(parts)


def _measure_section(standing: Standing) -> list[str]:
    measure = standing.measure
    direction = "higher is better" if measure.higher_is_better else "lower is better"
    unit = "" if measure.unit in ("1", "own") else f", {measure.unit}"
    heading = f"### {standing.name} ({direction}{unit}; version {measure.version})\n"
    if measure.unit == "own":
        note = (
            f"Each parameter in its own unit, {title(standing.headline)}; not averaged over "
            "parameters, so not ranked.\n"
        )
        return [heading, note, parameter_table(standing) + "\n"]
    folded = {"in every condition": measure_table(standing)}
    if standing.phones:
        folded[f"by phone class, {title(standing.headline)}"] = phone_table(standing)
    return [
        heading,
        summary_table(standing) + "\n",
        *(
            f"<details><summary>{standing.name} {what}</summary>\n\n{table}\n\n</details>\n"
            for what, table in folded.items()
        ),
    ]


def followed_head() -> list[str]:
    """Headings of the table of whom models followed."""
    return [
        "model",
        "noise",
        "talkers",
        "PPMC",
        "on the target",
        "on another",
        "on none",
        "switches a second",
        "on anyone by chance",
    ]


def followed_rows(found: Sequence[Standing], followed: Mapping[str, tuple[Followed, ...]]) -> list[list[str]]:
    """Text rows, track by track in the order of PPMC: whom models followed at the lowest SNR."""
    ppmc = (standing for standing in found if standing.measure.name == "PPMC")
    lines = {line.card.model: line for standing in ppmc for line in standing.lines}
    rows = []
    for model in sorted(
        followed, key=lambda name: (list(lines).index(name) if name in lines else len(lines), name)
    ):
        for item in followed[model]:
            key = (item.noise_kind, item.snr_db)
            estimate = lines[model].estimates.get(key, _NOTHING) if model in lines else _NOTHING
            shares = [
                as_text(100 * share, 0) + " %" for share in (item.on_target, item.on_another, item.on_none)
            ]
            rows.append(
                [
                    model,
                    f"{title(key)} dB",
                    str(item.talkers),
                    "–" if math.isnan(estimate.value) else as_text(estimate.value, 3),
                    *shares,
                    as_text(item.switches_per_s, 2),
                    as_text(100 * item.control_share, 0) + " %",
                ]
            )
    return rows


def _followed_section(found: Sequence[Standing], followed: Mapping[str, tuple[Followed, ...]]) -> str:
    rows = [[code(model), plain(noise), *rest] for model, noise, *rest in followed_rows(found, followed)]
    return (
        "### Whom models followed in babble\n\n"
        "Share of the time in which a prediction moves with the target, with another talker, or with "
        "nobody. A diagnostic, not ranked.\n"
        "\n"
        f"{table(followed_head(), rows)}\n"
    )


def _models_table(cards: Sequence[Card], trust: Mapping[str, Trust]) -> str:
    rows = []
    for card in sorted(cards, key=lambda card: card.model):
        speed = f"{1 / card.real_time_factor:.0f}" if card.real_time_factor > 0 else "–"
        counts = [str(card.expected), str(card.failed), str(card.left_out)]
        rows.append(
            [
                code(card.model),
                plain(card.title),
                plain(card.source),
                plain(card.licence) or "–",
                *counts,
                speed,
            ]
        )
        rows[-1][4:4] = _trust_cells(trust.get(card.model))
    head = ["model", "what it is", "source", "licence", "trained on", "handed in by", "re-run", "parameters"]
    return table([*head, "scores", "failed", "left out", "x real time"], rows, words=7)


def _trust_cells(known: Trust | None) -> list[str]:
    if known is None:
        return ["not stated", "–", "–", "–"]
    training = plain(known.training) + (f" (**{plain(known.flag)}**)" if known.flag else "")
    submitter = f"{plain(known.submitter)} ({known.entries})" if known.submitter else "–"
    record = known.rerun
    rerun = f"by {plain(record.by)}, {record.when}, within {record.tolerance:g}" if record else "–"
    return [training, submitter, rerun, "–" if known.parameters is None else f"{known.parameters:,}"]
