"""The reproduction page of a recipe: the reference paper's figures as reported, and ours beside them.

Paper: Tabatabaee & Espy-Wilson, ICASSP 2026 (arXiv 2601.14516).
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator, Mapping, Sequence

from benchmark.ablation import variants
from benchmark.ablation.costs import NOT_RUN, NOTHING, costs
from benchmark.ablation.headings import heading, standing_of
from benchmark.ablation.summary import summary
from benchmark.ablation.targets_to_reach import ENHANCEMENT, targets_to_reach
from benchmark.ablation.variants import (
    BABBLE,
    CLEAN_SPEECH,
    ENHANCER,
    HARDEST,
    JOINT,
    NONBABBLE,
    STAGED,
    STRONG_JOINT,
    Found,
    Runs,
    Variant,
    runs_of,
)
from benchmark.ranking.averages import NOISY, Key
from benchmark.ranking.markdown import code, table
from benchmark.ranking.rounding import as_text
from benchmark.ranking.standings import Estimate, Standing
from benchmark.ranking.tables import digits, number, rests_on, with_interval

#: How every page begins, whatever recipe it is of.
HEADING = "# Reproduction"
RENDERED = "Rendered by `python -m benchmark.leaderboard` from `results/`; do not edit."

_NO_PAIR = "no seed in common"

#: The paper's relative gain over its baseline in per cent; the correlations before and after that its rounded
#: table allows; and what these retain of .855, the mean of two figures reported for WavLM on clean speech.
_REPORTED = {BABBLE: (80.95, 0.42, 0.76, 0.89), NONBABBLE: (38.98, 0.59, 0.82, 0.96)}
#: Correlations on clean speech that have been reported for other corpora.
_ANCHORS = (
    (
        "XRMB, 6 tract variables, HuBERT-large and a BiGRU",
        "0.806",
        "LA .889, LP .650, TBCL .879, TBCD .761, TTCL .729, TTCD .926",
    ),
    ("XRMB, 9 parameters, WavLM", "0.85, 0.86", "two models"),
    ("HPRC, other speakers than in training", "0.784", "one split"),
    ("HPRC, leaving one speaker out", "0.717", "all speakers"),
)
_OF_VIRTUAL_SPEAKERS = (
    "Virtual speakers are not XRMB: gains can be set beside the paper's, correlations cannot."
)
_OF_OTHERS = (
    "That data and budget were the same is for those to see to who trained the variants; epochs are below."
)


def reproduction(standings: Sequence[Standing], notes: str = "") -> str:
    """The page as Markdown.

    Args:
        standings: Of one recipe that the variants were trained on, one for each measure.
        notes: What people have to say about it; goes to the end of the page.
    """
    # A readout of a variant, or one that is told whom to follow, is another model.
    by_measure = {standing.measure.name: standing for standing in standings if not standing.track}
    found = variants.results_by_variant(by_measure.get("PPMC"))
    strong = variants.results_by_variant(by_measure.get("PPMC"), variants.STRONG)
    sections = [
        _introduction(by_measure.get("PPMC", standings[0])),
        _left_out(standings),
        _what_holds(found, by_measure),
        _reported(found),
        f"## The ablation\n\n{_levels(found)}",
        _gains(found, JOINT),
        _gains(found, STAGED),
        _enhanced(found, by_measure),
        _verdicts(found, by_measure),
        _on_a_strong_encoder(strong),
        _seeds({**found, **strong}),
        costs(found, strong, by_measure),
        f"## Notes\n\n{notes.strip()}" if notes.strip() else "",
    ]
    return "\n\n".join(filter(None, sections)) + "\n"


def _introduction(standing: Standing) -> str:
    card = standing.lines[0].card
    ours = card.recipe == variants.RECIPE
    return (
        f"{HEADING}{'' if ours else f' on {card.recipe}'}\n\n"
        f"{RENDERED} The paper (Tabatabaee & Espy-Wilson, ICASSP 2026,\n"
        "arXiv 2601.14516) trains speech enhancement and speech inversion together on one encoder. Its code, "
        "noise, SNR grid and\n"
        "baseline are not published, so the joint model stands here beside an ablation: models with the same "
        "data and seeds, each of\n"
        "which lacks one thing; pairs, `joint_staged` and `si_noisy_long` have the budget of two. Before it, "
        "training on noisy speech\n"
        "brought 10 % over training on clean speech on XRMB (Seneviratne 2018), and joint training of an "
        "enhancer and an inverter 15 %\n"
        "over noisy training at 0 dB on HPRC (Shahrebabaki et al., IEEE/ACM TASLP 30:135-147, 2022).\n\n"
        f"Ours: `{card.recipe}` version {card.recipe_version}, split `{card.split}`, corpus "
        f"`{card.corpus_sha256[:12]}`. {rests_on(standing)}\n"
        f"{_OF_VIRTUAL_SPEAKERS if ours else _OF_OTHERS} Where a variant was trained with\n"
        "several seeds, the mean over seeds is shown. Intervals are 95 % and over speakers: of means by the "
        "bootstrap of the\n"
        "leaderboard, of gains and differences paired, by Student's t on the same bootstrap."
    )


def _left_out(standings: Sequence[Standing]) -> str:
    names = ", ".join(code(name) for name in variants.trained_elsewhere(standings))
    recipe = standings[0].lines[0].card.recipe
    why = f"because their cards do not say that they were trained on {recipe}"
    return f"Not in the tables, {why}: {names}." if names else ""


def _joints(found: Found) -> list[Variant]:
    """The joint models that are judged: those that were run, or the usual one if none was."""
    return [joint for joint in (STAGED, JOINT) if found[joint] is not None] or [JOINT]


def _what_holds(found: Found, by_measure: Mapping[str, Standing]) -> str:
    told = [summary(joint, targets_to_reach(found, by_measure, joint)) for joint in _joints(found)]
    return "\n\n".join(["## What holds, and what does not", *told])


def _reported(found: Found) -> str:
    judged = _joints(found)[0]
    joint, base = found[judged], found[variants.CLEAN]
    ours = (joint, base) if joint and base else None
    talkers = heading(standing_of(found), BABBLE).partition(", ")[2]
    of_talkers = f" (babble of {talkers})" if talkers else ""
    rows = [
        [
            "gain over its baseline: reported, not run here; how many talkers is not published",
            *(f"+{_REPORTED[key][0]:.2f} %" for key in HARDEST),
        ],
        [
            "before and after, as its rounded table implies: not run here",
            *(f"{_REPORTED[key][1]:.2f}, {_REPORTED[key][2]:.2f}" for key in HARDEST),
        ],
        [
            "retention of the clean-speech figure, implied: not run here",
            *(f"about {_REPORTED[key][3]:.2f}" for key in HARDEST),
        ],
        [
            f"ours: gain of `{judged.model}` over `{variants.CLEAN.model}`{of_talkers}",
            *(_gain(*ours, key) if ours else NOT_RUN for key in HARDEST),
        ],
        [
            f"ours: before and after{of_talkers}",
            *(_before_and_after(*ours, key) if ours else NOT_RUN for key in HARDEST),
        ],
    ]
    return (
        "## The paper at -5 dB\n\n"
        + table(["mean PPMC over all parameters", "babble", "non-babble"], rows, words=1)
        + "\n\nFor scale, PPMC on clean speech as reported for other corpora, not run here:\n\n"
        + table(["corpus and model", "PPMC", "of which"], [list(row) for row in _ANCHORS], words=1)
    )


def _levels(found: Found) -> str:
    best, standing = variants.best_on_clean(found), standing_of(found)
    columns = (CLEAN_SPEECH, *HARDEST)
    rows = []
    for variant, runs in found.items():
        row = [f"`{variant.model}`", variant.title]
        if runs is None:
            rows.append([*row, NOT_RUN, *[NOTHING] * 5])
            continue
        row += [_mean(runs, key) for key in columns]
        row += [_rounded(variants.retention(runs, best, key).value) if best else NOTHING for key in HARDEST]
        rows.append([*row, str(len(runs.seeds))])
    head = [
        "model",
        "what it is",
        *(heading(standing, key) for key in columns),
        *(f"retention, {heading(standing, key)}" for key in HARDEST),
        "seeds",
    ]
    of_whom = f" (`{best.card().model}`)" if best else ""
    return (
        "Mean PPMC [95 %]. Retention: PPMC at -5 dB over the best clean-speech PPMC of any "
        f"variant{of_whom}.\n\n{table(head, rows)}"
    )


def _gains(found: Found, of: Variant) -> str:
    joint = found[of]
    if joint is None:
        return ""
    columns = (*HARDEST, CLEAN_SPEECH)
    rows = []
    for variant, runs in found.items():
        if runs is joint:
            continue
        shown = [NOT_RUN, *[NOTHING] * 3]
        if runs is not None:
            gains = [_gain(joint, runs, key) for key in columns]
            shown = [*gains, str(len(variants.shared_seeds(joint, runs)))]
        rows.append([f"`{variant.model}`", variant.title, *shown])
    return (
        f"### What `{of.model}` gains over each variant\n\n"
        "Relative gain in PPMC [95 %], over the seeds that both were trained with.\n\n"
        + table(["over", "what it is", *(heading(joint.standing, key) for key in columns), "seeds"], rows)
    )


def _on_a_strong_encoder(found: Found) -> str:
    if found[STRONG_JOINT] is None:
        return ""
    return (
        "## On a strong encoder\n\n"
        "The same heads and losses on the encoder of Whisper tiny.en, which has learnt from transcribed "
        "speech (supervised); with\n"
        "one another these models share data, epochs and seeds, with those above only the data.\n\n"
        f"{_levels(found)}\n\n{_gains(found, STRONG_JOINT)}"
    )


def _enhanced(found: Found, by_measure: Mapping[str, Standing]) -> str:
    joints = _joints(found)
    rows = [row for name in ENHANCEMENT for row in _enhanced_rows(name, by_measure.get(name), joints)]
    head = ["measure", "condition", "noisy speech", f"`{ENHANCER.model}`"]
    for joint in joints:
        head += [f"`{joint.model}`", "difference [95 %]"]
    return f"## Enhanced speech\n\n{table(head, rows)}"


def _enhanced_rows(name: str, standing: Standing | None, joints: Sequence[Variant]) -> Iterator[list[str]]:
    if standing is None:
        yield [name, "", NOTHING, NOTHING, *[NOTHING, NOT_RUN] * len(joints)]
        return

    def shown(runs: Runs | None, key: Key) -> str:
        return number(runs.estimate(key).value, standing.measure) if runs else NOTHING

    noisy, alone = (runs_of(standing, model) for model in ("noisy", ENHANCER.model))
    for key in (NOISY, *HARDEST):
        row = [name, heading(standing, key), shown(noisy, key), shown(alone, key)]
        for joint in joints:
            runs = runs_of(standing, joint.model)
            above = variants.difference_of(runs, alone, key) if runs and alone else None
            row += [shown(runs, key), _signed(above, digits(standing.measure)) if above else NOT_RUN]
        yield row


def _verdicts(found: Found, by_measure: Mapping[str, Standing]) -> str:
    tables = [_verdicts_on(joint, found, by_measure) for joint in _joints(found)]
    return "\n\n".join(["## What was to be reached", *tables])


def _verdicts_on(joint: Variant, found: Found, by_measure: Mapping[str, Standing]) -> str:
    rows = []
    for aim in targets_to_reach(found, by_measure, joint):
        shown = NOTHING
        if aim.found is not None and aim.kind == "ratio":
            # One digit more than what is wanted, or .846 would read as the .85 that it falls short of.
            value, low, high = (_rounded(one, 3) for one in aim.found)
            shown = value if value == NOTHING else f"{value} [{low}, {high}]"
        elif aim.found is not None:
            shown = _per_cent(aim.found) if aim.kind == "gain" else _signed(aim.found, 3)
        rows.append([aim.claim, aim.wanted, aim.verdict, shown])
    return table([f"`{joint.model}`", "wanted", "verdict", "found [95 %]"], rows, words=3)


def _seeds(found: Found) -> str:
    rows = []
    for variant, runs in found.items():
        if runs is None or len(runs.seeds) < 2:
            continue
        for key in filter(runs.has, (CLEAN_SPEECH, *HARDEST)):
            values = runs.by_seed(key)
            each = ", ".join(
                f"{seed}: {as_text(value, 3)}" for seed, value in zip(runs.seeds, values, strict=True)
            )
            spread = [as_text(statistics.mean(values), 3), as_text(statistics.stdev(values), 3)]
            rows.append([f"`{variant.model}`", heading(runs.standing, key), each, *spread])
    head = ["model", "condition", "PPMC by seed", "mean", "standard deviation"]
    return f"## Seeds\n\n{table(head, rows, words=3)}" if rows else ""


def _gain(first: Runs, second: Runs, key: Key) -> str:
    gain = variants.gain(first, second, key)
    return _per_cent(gain) if gain else _NO_PAIR


def _before_and_after(joint: Runs, base: Runs, key: Key) -> str:
    """The figures that the gain is of: over the seeds that both were trained with."""
    seeds = variants.shared_seeds(joint, base)
    if not seeds:
        return _NO_PAIR
    if not joint.has(key):
        return NOTHING
    return ", ".join(
        _rounded(float(runs.mean(seeds)[0][runs.standing.column(key)])) for runs in (base, joint)
    )


def _mean(runs: Runs, key: Key) -> str:
    estimate = runs.estimate(key)
    return NOTHING if math.isnan(estimate.value) else with_interval(estimate, runs.standing.measure)


def _rounded(value: float, places: int = 2) -> str:
    return NOTHING if math.isnan(value) else as_text(value, places)


def _per_cent(estimate: Estimate) -> str:
    return _signed(estimate, 1, " %")


def _signed(estimate: Estimate, places: int, unit: str = "") -> str:
    if math.isnan(estimate.value):
        return NOTHING
    text = as_text(estimate.value, places, sign=True) + unit
    if math.isnan(estimate.low):
        return f"{text} [{NOTHING}, {NOTHING}]"
    return f"{text} [{as_text(estimate.low, places, sign=True)}, {as_text(estimate.high, places, sign=True)}]"
