"""What holds and what does not, in plain words, from the verdicts."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Callable, Iterable, Sequence

from benchmark.ablation.targets_to_reach import TargetToReach
from benchmark.ablation.variants import Variant
from benchmark.ranking.rounding import as_text

_WIDTH = 125


def summary(joint: Variant, aims: Sequence[TargetToReach]) -> str:
    """A paragraph on one of the joint models.

    Args:
        joint: Which.
        aims: What it had to reach.
    """
    run = [aim for aim in aims if aim.found is not None]
    reached = [aim for aim in run if aim.verdict == "reached"]
    missed = [aim for aim in run if aim.verdict != "reached"]
    not_run = [aim for aim in aims if aim.found is None]
    parts = [
        f"**`{joint.model}`** reaches {len(reached)} of {len(aims)} things that were wanted.",
        f"**Holds:** {_by_subject(reached, _reached)}." if reached else "",
        f"**Does not hold, or is not shown:** {_by_subject(missed, _missed)}." if missed else "",
        f"**Not run:** {_by_subject(not_run, _condition)}." if not_run else "",
    ]
    return textwrap.fill(
        " ".join(filter(None, parts)), _WIDTH, break_long_words=False, break_on_hyphens=False
    )


def _by_subject(aims: Iterable[TargetToReach], told: Callable[[TargetToReach], str]) -> str:
    """Each subject once, with what is told of each condition."""
    by_subject: dict[str, list[str]] = {}
    for aim in aims:
        by_subject.setdefault(aim.claim.partition(", ")[0], []).append(told(aim))
    return "; ".join(f"{subject} ({'; '.join(each)})" for subject, each in by_subject.items())


def _condition(aim: TargetToReach) -> str:
    return f"in {aim.claim.partition(', ')[2]}"


def _reached(aim: TargetToReach) -> str:
    return f"{_figure(aim)} {_condition(aim)}"


def _missed(aim: TargetToReach) -> str:
    """The figure, and why it is not enough: for want of certainty, or because more was wanted."""
    reason = aim.verdict.partition(": ")[2] or f"{aim.wanted} was wanted"
    return f"{_reached(aim)}, but {reason}"


def _figure(aim: TargetToReach) -> str:
    if aim.found is None or math.isnan(aim.found.value):
        return "no score"
    if aim.kind == "gain":
        return f"{as_text(aim.found.value, 1, sign=True)} %"
    return as_text(aim.found.value, 3, sign=aim.kind == "difference")
