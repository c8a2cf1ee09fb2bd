"""What the models of the ablation cost: parameters, time, memory and training."""

from __future__ import annotations

from collections.abc import Mapping

from benchmark.ablation.variants import ENHANCER, Found, runs_of
from benchmark.ranking.markdown import table
from benchmark.ranking.standings import Standing
from benchmark.scoring.results import Card

#: What stands in tables for a model that was not run, and for what is not known.
NOT_RUN, NOTHING = "not run", "–"


def costs(found: Found, strong: Found, by_measure: Mapping[str, Standing]) -> str:
    """The section on costs, of every model on the page.

    Args:
        found: Results of the variants on PPMC.
        strong: Of those on a strong encoder.
        by_measure: Standings by name of measure, for the enhancer.
    """
    heard = by_measure.get("SISDR")
    alone = {ENHANCER: runs_of(heard, ENHANCER.model) if heard else None}
    everything = {**found, **alone, **{variant: runs for variant, runs in strong.items() if runs}}
    rows = [
        [f"`{variant.model}`", *(_cost(runs.card()) if runs else [NOT_RUN, *[NOTHING] * 5])]
        for variant, runs in everything.items()
    ]
    head = [
        *("model", "encoder, and where its weights came from before training"),
        *("million parameters", "real-time factor", "memory (MB)", "training (minutes)", "epochs"),
    ]
    return (
        "## What it costs\n\n"
        "Of the first seed; of a pair, both parts together. Real-time factor: seconds of computing for a "
        "second of speech; a model\n"
        "that does both is asked for one after the other. Memory: what the process holds at most while it "
        "hears ten seconds, less\n"
        "what it holds before the model is loaded. Training: with that of a model that it began with, "
        "without the pretraining of an\n"
        "encoder, which is done once for all; an epoch is one new mixture of every recording.\n\n"
        + table(head, rows)
    )


def _cost(card: Card) -> list[str]:
    parameters, memory, seconds = (
        _summed(card, name) for name in ("parameters", "memory_mb", "training_seconds")
    )
    devices = ", ".join(dict.fromkeys(_values(card, "training_device")))
    return [
        "; ".join(dict.fromkeys(_values(card, "encoder"))) or NOTHING,
        NOTHING if parameters is None else f"{parameters / 1e6:.2f}",
        f"{card.real_time_factor:.4f}" if card.real_time_factor else NOTHING,
        NOTHING if memory is None else f"{memory:.0f}",
        NOTHING if seconds is None else f"{seconds / 60:.1f} ({devices})",
        " + ".join(_values(card, "training_epochs")) or NOTHING,
    ]


def _values(card: Card, name: str) -> list[str]:
    """What a card says of a model, or of each part of a pair."""
    return [card.arguments[key] for key in (name, f"1.{name}", f"2.{name}") if key in card.arguments]


def _summed(card: Card, name: str) -> float | None:
    values = _values(card, name)
    return sum(map(float, values)) if values else None
