"""Whether a model gives the channels that a corpus is scored by."""

from __future__ import annotations

from collections.abc import Sequence

from benchmark.errors import ModelError


def refuse_other_channels(model: str, given: Sequence[str], wanted: Sequence[str]) -> None:
    """Refuses a model that does not give every target; what it gives besides is not looked at.

    Args:
        model: Its name.
        given: Names of the channels that it gives.
        wanted: Names of the targets.

    Raises:
        ModelError: A target is not among them.
    """
    if fault := channel_fault(given, wanted):
        raise ModelError(f"{model}: {fault}")


def channel_fault(given: Sequence[str], wanted: Sequence[str]) -> str:
    """What is wrong with the channels of a model, or "" if every target is among them."""
    lacking = [name for name in wanted if name not in given]
    if not lacking:
        return ""
    which = "none of them" if len(lacking) == len(wanted) else f"not {', '.join(lacking)}"
    return (
        f"gives the channels {', '.join(given) or '(none)'}; the targets of the corpus are {', '.join(wanted)}: {which}. "
        "A model has to give all targets under these names; rename its channels, or score it on a corpus that was prepared "
        "with the targets that it gives"
    )
