"""What the joint model has to reach in the ablation, with verdicts computed from the results."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Literal, NamedTuple

from benchmark.ablation import variants
from benchmark.ablation.headings import heading, standing_of
from benchmark.ablation.variants import BABBLE, ENHANCER, JOINT, NONBABBLE, Found, Runs, Variant, runs_of
from benchmark.ranking.averages import NOISY, Key
from benchmark.ranking.standings import Estimate, Standing
from benchmark.ranking.tables import title

#: Measures of enhanced speech.
ENHANCEMENT = ("SISDR", "STOI", "PESQLike")

#: Over a variant: relative gain in babble and in other noise at -5 dB, in per cent, and whether its interval
#: must lie above zero. The first are the paper's own figures; its baseline is weak or strong, nobody knows,
#: so the others count for more.
_GAINS: tuple[tuple[Variant, float, float, bool], ...] = (
    (variants.CLEAN, 80.95, 38.98, False),
    (variants.NOISY, 10.0, 6.0, True),
    (variants.CASCADE, 0.0, 0.0, True),
    (variants.CASCADE_NOISY, 0.0, 0.0, True),
    (variants.RETRAINED, 0.0, 0.0, True),
)
#: What one of the joint models has to reach beside: two stages take twice the time, and so may their rival.
_AT_EQUAL_COST: Mapping[Variant, tuple[tuple[Variant, float, float, bool], ...]] = {
    variants.STAGED: ((variants.NOISY_LONG, 10.0, 6.0, True),)
}
_RETAINED = {BABBLE: 0.75, NONBABBLE: 0.85}


class TargetToReach(NamedTuple):
    """Something to be reached.

    Attributes:
        claim: In words.
        wanted: In words.
        found: What was found; None if a model that it takes was not run, or not with a seed of the other.
        kind: Of what was found: a relative gain in per cent, a ratio or a difference.
        least: What has to be reached.
        sure: Whether the interval has to lie above zero as well.
    """

    claim: str
    wanted: str
    found: Estimate | None
    kind: Literal["gain", "ratio", "difference"]
    least: float
    sure: bool = False

    @property
    def verdict(self) -> str:
        """In words."""
        if self.found is None:
            return "not run"
        if math.isnan(self.found.value):
            return "no score"
        # Written so that NaN reaches nothing.
        if not self.found.value >= self.least:
            return "not reached"
        if self.sure and math.isnan(self.found.low):
            return "not reached: there is no interval"
        if self.sure and not self.found.low > 0:
            return "not reached: the interval includes zero"
        return "reached"


def targets_to_reach(
    found: Found, by_measure: Mapping[str, Standing], joint: Variant = JOINT
) -> list[TargetToReach]:
    """All of them.

    Args:
        found: Results of the variants on PPMC.
        by_measure: Standings by name of measure, for enhanced speech.
        joint: Which of the joint models has to reach them.
    """
    return [*_gains(found, joint), *_retained(found, joint), *_enhanced(by_measure, joint)]


def _gains(found: Found, joint: Variant) -> list[TargetToReach]:
    made = []
    for variant, in_babble, in_nonbabble, sure in (*_GAINS, *_AT_EQUAL_COST.get(joint, ())):
        for key, least in ((BABBLE, in_babble), (NONBABBLE, in_nonbabble)):
            wanted = f"at least {least:g} %" if least else "above it"
            wanted += ", interval above zero" if sure else ""
            gain = _of_both(variants.gain, found[joint], found[variant], key)
            made.append(
                TargetToReach(
                    f"PPMC over `{variant.model}`, {heading(standing_of(found), key)}",
                    wanted,
                    gain,
                    "gain",
                    least,
                    sure,
                )
            )
    return made


def _retained(found: Found, joint: Variant) -> list[TargetToReach]:
    best = variants.best_on_clean(found)
    made = []
    for key, least in _RETAINED.items():
        kept = _of_both(variants.retention, found[joint], best, key)
        made.append(
            TargetToReach(
                f"retention, {heading(standing_of(found), key)}",
                f"at least {least:.2f}",
                kept,
                "ratio",
                least,
            )
        )
    return made


def _enhanced(by_measure: Mapping[str, Standing], joint: Variant) -> list[TargetToReach]:
    made = []
    for name in ENHANCEMENT:
        standing = by_measure.get(name)
        both, alone = (
            runs_of(standing, variant.model) if standing else None for variant in (joint, ENHANCER)
        )
        above = _of_both(variants.difference_of, both, alone, NOISY)
        claim = f"{name} beside `{ENHANCER.model}`, {title(NOISY)}"
        made.append(TargetToReach(claim, "not below", above, "difference", 0.0))
    return made


def _of_both(
    how: Callable[[Runs, Runs, Key], Estimate | None], first: Runs | None, second: Runs | None, column: Key
) -> Estimate | None:
    return None if first is None or second is None else how(first, second, column)
