"""The reproduction page: the reference paper's figures as reported, and ours beside them.

Paper: Tabatabaee & Espy-Wilson, ICASSP 2026 (arXiv 2601.14516). Its code, noise, SNR grid and baseline are not published, so the whole
ladder stands beside the joint model. Every verdict is computed from the results.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence
from typing import NamedTuple

from benchmark.standings import ladder
from benchmark.standings.aggregate import NOISY as NOISY_MEAN
from benchmark.standings.aggregate import Estimate, Key, Standing
from benchmark.standings.ladder import JOINT, RUNGS, Rung, Runs, runs_of
from benchmark.standings.tables import digits, markdown_table, number, rests_on, title, with_interval

BABBLE: Key = ("babble", -5.0)
NONBABBLE: Key = ("nonbabble", -5.0)
CLEAN: Key = ("clean", None)
_HARD = (BABBLE, NONBABBLE)
_ENHANCEMENT = ("SISDR", "STOI", "PESQLike")
_NOT_RUN = "not run"

#: The paper's figures: relative gain at -5 dB over its baseline in per cent; the correlations that its rounded table allows, before
#: and after; and what these retain of .855, the mean of the two clean-speech figures for WavLM.
_REPORTED = {BABBLE: (80.95, 0.42, 0.76, 0.89), NONBABBLE: (38.98, 0.59, 0.82, 0.96)}
#: Correlations on clean speech that have been reported for other corpora.
_ANCHORS = (
    (
        "XRMB, 6 tract variables, HuBERT-large and a BiGRU",
        "0.806",
        "LA .889, LP .650, TBCL .879, TBCD .761, TTCL .729, TTCD .926",
    ),
    ("XRMB, 9 parameters, WavLM", "0.85 and 0.86", "two models"),
    ("HPRC, speakers disjoint", "0.784", "one split"),
    ("HPRC, leave one speaker out", "0.717", "mean over speakers"),
)


class Bar(NamedTuple):
    """Something that the joint model has to reach.

    Attributes:
        claim: In words.
        wanted: In words.
        found: What was found; None if a model it takes was not run.
        unit: Of what was found: "%" or "".
        least: What has to be reached.
        sure: Whether the interval has to leave zero out as well.
    """

    claim: str
    wanted: str
    found: Estimate | None
    unit: str
    least: float
    sure: bool = False

    @property
    def verdict(self) -> str:
        """In words; computed, never typed."""
        if self.found is None:
            return _NOT_RUN
        if not self.found.value >= self.least:
            return "not reached"
        if self.sure and not self.found.low > 0:
            return "not reached: the interval includes zero"
        return "reached"


def reproduction(standings: Sequence[Standing], notes: str = "") -> str:
    """The page as Markdown.

    Args:
        standings: Of the recipe that the ladder is compared on, one for each measure.
        notes: Text of people, which goes to the end of the page.
    """
    by_measure = {standing.measure.name: standing for standing in standings}
    moved = by_measure.get("PPMC")
    runs = {rung: runs_of(moved, rung.model) if moved else None for rung in RUNGS}
    parts = [_introduction(standings[0], moved), _reported(runs), *_ladder(runs), *_enhancement(by_measure)]
    parts += [*_bars(runs, by_measure), *_seeds(runs), *_costs(runs, by_measure)]
    return "\n".join([*parts, *(["## Notes\n", notes.strip() + "\n"] if notes.strip() else [])])


def _introduction(first: Standing, moved: Standing | None) -> str:
    card = first.lines[0].card
    return (
        "# Reproduction\n\n"
        "Rendered by `python -m benchmark.leaderboard` from `results/`; do not edit. The paper (Tabatabaee & Espy-Wilson, ICASSP 2026,\n"
        "arXiv 2601.14516) trains speech enhancement (SE) and speech inversion (SI) together on one encoder. Its code, noise, SNR grid and\n"  # noqa: E501
        "baseline are not published. So the joint model stands here beside a ladder of models with the same data, the same budget and the\n"
        "same seeds, each of which lacks one thing.\n\n"
        f"Ours: `{card.recipe}` version {card.recipe_version}, split `{card.split}`, corpus `{card.corpus_sha256[:12]}`. "
        f"{rests_on(moved or first)} Virtual speakers\nare not XRMB: gains can be compared with the paper's, correlations cannot. "
        "Where a rung was trained with several seeds, the mean over seeds\nis shown. Intervals are 95 %: of means by a bootstrap over "
        "speakers and utterances; of gains and differences paired, by Student's t on the\nsame bootstrap, clustered by speaker.\n"
    )


def _reported(runs: dict[Rung, Runs | None]) -> str:
    joint, base = runs[JOINT], runs[ladder.CLEAN]
    rows = [
        ["gain over the baseline, reported, not run here", *(f"+{_REPORTED[key][0]:.2f} %" for key in _HARD)],
        [
            "correlation before and after, as its rounded table implies, not run here",
            *(f"{_REPORTED[key][1]:.2f}, {_REPORTED[key][2]:.2f}" for key in _HARD),
        ],
        [
            "retention of clean-speech correlation, implied, not run here",
            *(f"about {_REPORTED[key][3]:.2f}" for key in _HARD),
        ],
        [
            f"ours: gain of `{JOINT.model}` over `{ladder.CLEAN.model}`",
            *(_per_cent(ladder.gain(joint, base, key)) if joint and base else _NOT_RUN for key in _HARD),
        ],
        [
            "ours: correlation before and after",
            *(
                f"{base.estimate(key).value:.3f}, {joint.estimate(key).value:.3f}"
                if joint and base
                else _NOT_RUN
                for key in _HARD
            ),
        ],
    ]
    anchors = markdown_table(["corpus and model", "PPMC", ""], [list(row) for row in _ANCHORS], text=1)
    return (
        "## The paper at -5 dB\n\n"
        + markdown_table(["mean PPMC over all parameters", "babble", "non-babble"], rows, text=1)
        + "\n\nReported for clean speech, for scale; not run here, and on other corpora than ours:\n\n"
        + anchors
        + "\n"
    )


def _ladder(runs: dict[Rung, Runs | None]) -> list[str]:
    best, joint = _best_clean(runs), runs[JOINT]
    columns = (CLEAN, *_HARD)
    levels, gains = [], []
    for rung, own in runs.items():
        head = [f"`{rung.model}`", rung.title]
        if own is None:
            levels.append([*head, _NOT_RUN, *["–"] * 5])
            gains += [] if rung == JOINT else [[*head, *[_NOT_RUN] * 3, "–"]]
            continue
        kept = [f"{ladder.retention(own, best, key).value:.2f}" if best else "–" for key in _HARD]
        values = [with_interval(own.estimate(key), own.standing.measure) for key in columns]
        levels.append([*head, *values, *kept, str(len(own.seeds))])
        if rung != JOINT and joint is not None:
            compared = len(ladder.shared(joint, own)[1])
            gains.append(
                [*head, *(_per_cent(ladder.gain(joint, own, key)) for key in (*_HARD, CLEAN)), str(compared)]
            )
    names = [title(key) for key in columns]
    text = [
        "## The ladder\n",
        "Mean PPMC [95 %], and retention: PPMC at -5 dB over the best clean-speech PPMC of any rung"
        + (f" (`{best.card().model}`)" if best else "")
        + ".\n",
        markdown_table(
            ["model", "what it is", *names, "retention babble", "retention non-babble", "seeds"], levels
        )
        + "\n",
    ]
    if joint is None:
        return text
    return [
        *text,
        f"### What `{JOINT.model}` gains over each rung\n",
        "In per cent of the rung [95 %], over the seeds that both were trained with.\n",
        markdown_table(["over", "what it is", *(title(key) for key in (*_HARD, CLEAN)), "seeds"], gains)
        + "\n",
    ]


def _enhancement(by_measure: dict[str, Standing]) -> list[str]:
    rows = []
    for name in _ENHANCEMENT:
        standing = by_measure.get(name)
        joint, alone, heard = (
            runs_of(standing, model) if standing else None
            for model in (JOINT.model, ladder.ENHANCER.model, "noisy")
        )
        if standing is None or joint is None or alone is None:
            rows.append([name, "", *["–"] * 3, _NOT_RUN])
            continue
        for key in (NOISY_MEAN, *_HARD):
            shown = [
                number(own.estimate(key).value, standing.measure) if own else "–"
                for own in (heard, alone, joint)
            ]
            rows.append(
                [name, title(key), *shown, _signed(ladder.apart(joint, alone, key), digits(standing.measure))]
            )
    head = [
        "measure",
        "condition",
        "noisy speech",
        f"`{ladder.ENHANCER.model}`",
        f"`{JOINT.model}`",
        "difference [95 %]",
    ]
    return ["## Enhanced speech\n", markdown_table(head, rows) + "\n"]


def _bars(runs: dict[Rung, Runs | None], by_measure: dict[str, Standing]) -> list[str]:
    bars = [*_gain_bars(runs), *_retention_bars(runs), *_enhancement_bars(by_measure)]
    rows = []
    for bar in bars:
        shown = (
            "–" if bar.found is None else _per_cent(bar.found) if bar.unit == "%" else _signed(bar.found, 3)
        )
        rows.append([bar.claim, bar.wanted, shown, bar.verdict])
    return [
        "## What was to be reached\n",
        markdown_table(["claim", "wanted", "found [95 %]", "verdict"], rows, text=2) + "\n",
    ]


def _gain_bars(runs: dict[Rung, Runs | None]) -> list[Bar]:
    wanted: list[tuple[Rung, dict[Key, float], bool]] = [
        (ladder.CLEAN, {BABBLE: 80.95, NONBABBLE: 38.98}, False),
        (ladder.NOISY, {BABBLE: 10.0, NONBABBLE: 6.0}, True),
        *(
            (rung, {BABBLE: 0.0, NONBABBLE: 0.0}, True)
            for rung in (ladder.APART, ladder.APART_NOISY, ladder.RETRAINED)
        ),
    ]
    bars = []
    for rung, levels, sure in wanted:
        for key, least in levels.items():
            text = f"at least {least:g} %" if least else "above it"
            bars.append(
                Bar(
                    f"gain over `{rung.model}`, {title(key)}",
                    f"{text}, interval above zero" if sure else text,
                    _of_both(ladder.gain, runs[JOINT], runs[rung], key),
                    "%",
                    least,
                    sure,
                )
            )
    return bars


def _retention_bars(runs: dict[Rung, Runs | None]) -> list[Bar]:
    return [
        Bar(
            f"retention, {title(key)}",
            f"at least {least:.2f}",
            _of_both(ladder.retention, runs[JOINT], _best_clean(runs), key),
            "",
            least,
        )
        for key, least in ((BABBLE, 0.75), (NONBABBLE, 0.85))
    ]


def _enhancement_bars(by_measure: dict[str, Standing]) -> list[Bar]:
    bars = []
    for name in _ENHANCEMENT:
        standing = by_measure.get(name)
        joint, alone = (
            runs_of(standing, model) if standing else None for model in (JOINT.model, ladder.ENHANCER.model)
        )
        found = _of_both(ladder.apart, joint, alone, NOISY_MEAN)
        bars.append(
            Bar(f"{name} beside `{ladder.ENHANCER.model}`, {title(NOISY_MEAN)}", "not below", found, "", 0.0)
        )
    return bars


def _seeds(runs: dict[Rung, Runs | None]) -> list[str]:
    rows = []
    for rung, own in runs.items():
        if own is None or len(own.seeds) < 2:
            continue
        for key in (CLEAN, *_HARD):
            values = own.by_seed(key)
            each = ", ".join(f"{seed}: {value:.3f}" for seed, value in zip(own.seeds, values, strict=True))
            spread = f"{statistics.stdev(values):.3f}"
            rows.append([f"`{rung.model}`", title(key), each, f"{statistics.mean(values):.3f}", spread])
    if not rows:
        return []
    head = ["model", "condition", "PPMC by seed", "mean", "standard deviation"]
    return ["## Seeds\n", markdown_table(head, rows, text=3) + "\n"]


def _costs(runs: dict[Rung, Runs | None], by_measure: dict[str, Standing]) -> list[str]:
    heard = by_measure.get("SISDR") or by_measure.get("STOI")
    alone = runs_of(heard, ladder.ENHANCER.model) if heard else None
    rows = []
    for rung, own in {**runs, ladder.ENHANCER: alone}.items():
        if own is None:
            rows.append([f"`{rung.model}`", _NOT_RUN, *["–"] * 4])
            continue
        card = own.card()
        parameters, memory, seconds = (
            _summed(card.arguments, name) for name in ("parameters", "memory_mb", "training_seconds")
        )
        devices = dict.fromkeys(_values(card.arguments, "training_device"))
        rows.append(
            [
                f"`{rung.model}`",
                "; ".join(dict.fromkeys(_values(card.arguments, "encoder"))) or "–",
                "–" if parameters is None else f"{parameters / 1e6:.2f}",
                f"{card.real_time_factor:.4f}" if card.real_time_factor else "–",
                "–" if memory is None else f"{memory:.0f}",
                "–" if seconds is None else f"{seconds / 60:.1f} ({', '.join(devices)})",
            ]
        )
    head = [
        "model",
        "encoder, and its weights before training",
        "million parameters",
        "real-time factor",
        "memory, MB",
        "training, minutes",
    ]
    return [
        "## What it costs\n",
        "Of the first seed; of a pair, both parts together. Real-time factor: seconds of computing for a second of speech, both tasks one after\n"  # noqa: E501
        "the other. Memory: what the process holds at most while it hears ten seconds, less what it holds before the model is loaded.\n",
        markdown_table(head, rows) + "\n",
    ]


def _best_clean(runs: dict[Rung, Runs | None]) -> Runs | None:
    """The rung with the highest mean on clean speech."""
    having = [own for own in runs.values() if own is not None]
    return max(having, key=lambda own: own.estimate(CLEAN).value, default=None)


def _of_both(
    how: Callable[[Runs, Runs, Key], Estimate], first: Runs | None, second: Runs | None, column: Key
) -> Estimate | None:
    return None if first is None or second is None else how(first, second, column)


def _values(arguments: dict[str, str], name: str) -> list[str]:
    """Of a model, or of the parts of a pair."""
    return [arguments[key] for key in (name, f"1.{name}", f"2.{name}") if key in arguments]


def _summed(arguments: dict[str, str], name: str) -> float | None:
    values = _values(arguments, name)
    return sum(map(float, values)) if values else None


def _per_cent(estimate: Estimate) -> str:
    return _signed(estimate, 1, " %")


def _signed(estimate: Estimate, places: int, unit: str = "") -> str:
    text = f"{estimate.value:+z.{places}f}{unit}"
    if math.isnan(estimate.low):
        return text
    return f"{text} [{estimate.low:+z.{places}f}, {estimate.high:+z.{places}f}]"
