"""Averages scores the way the benchmark defines it, and refuses to compare what cannot be compared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from benchmark.errors import StandingsError
from benchmark.harness.results import Card, Result
from benchmark.metrics import Measure, parse

Condition = tuple[str, float | None]


@dataclass(frozen=True, slots=True)
class Line:
    """One model and one measure.

    Attributes:
        card: The card of the result.
        values: Mean by condition (noise kind and SNR; ("clean", None)); NaN where nothing could be scored.
        failed: Failed scores by condition.
    """

    card: Card
    values: Mapping[Condition, float]
    failed: Mapping[Condition, int]

    @property
    def noisy_mean(self) -> float:
        """Mean over the noisy conditions, babble and non-babble with equal weight."""
        by_kind: dict[str, list[float]] = {}
        for (kind, _), value in self.values.items():
            if kind != "clean":
                by_kind.setdefault(kind, []).append(value)
        return float(np.mean([np.mean(values) for values in by_kind.values()])) if by_kind else float("nan")

    def kind_mean(self, kind: str) -> float:
        """Mean over the SNRs of one kind of noise."""
        values = [value for (name, _), value in self.values.items() if name == kind]
        return float(np.mean(values)) if values else float("nan")


@dataclass(frozen=True, slots=True)
class Standing:
    """All models on one measure of one recipe.

    Attributes:
        measure: What was measured.
        conditions: In the order of columns: clean, then each kind by rising SNR.
        lines: Best first by the mean over noisy conditions; oracles last.
    """

    measure: Measure
    conditions: tuple[Condition, ...]
    lines: tuple[Line, ...]


def standings(results: Sequence[Result], corpus_sha256: str | None = None) -> list[Standing]:
    """Standings of one recipe, a list over its measures.

    Args:
        results: All of the same recipe.
        corpus_sha256: Hash of the committed corpus that results have to be made from, if there is one.

    Raises:
        StandingsError: Results were made from different corpora, splits or versions of a measure.
    """
    _refuse_mixture([result.card for result in results], corpus_sha256)
    names = dict.fromkeys(name for result in results for name in result.card.measures)
    measures = [parse(name) for name in names]
    # Articulation is what the benchmark is about, so its measures come first; otherwise in the order of the cards.
    measures.sort(key=lambda measure: measure.kind != "trajectories")
    return [_standing(measure, results) for measure in measures]


def means(scores: Iterable[Mapping[str, Any]]) -> dict[Condition, float]:
    """Mean by condition: over the utterances of a speaker, then speakers, then parameters. Left-out scores do not count."""
    frame = pd.DataFrame(list(scores))
    frame["snr_db"] = frame["snr_db"].astype(float)
    counted = frame[frame["status"] != "left_out"]
    by_speaker = counted.groupby(["noise_kind", "snr_db", "parameter", "speaker"], dropna=False, sort=True)[
        "value"
    ].mean()
    by_parameter = by_speaker.groupby(level=["noise_kind", "snr_db", "parameter"], dropna=False).mean()
    by_condition = by_parameter.groupby(level=["noise_kind", "snr_db"], dropna=False).mean()
    flat = by_condition.reset_index()
    return {
        (str(kind), None if np.isnan(snr) else float(snr)): float(value)
        for kind, snr, value in zip(flat["noise_kind"], flat["snr_db"], flat["value"], strict=True)
    }


def _refuse_mixture(cards: Sequence[Card], corpus_sha256: str | None) -> None:
    wanted = corpus_sha256 or cards[0].corpus_sha256
    origin = "the committed manifest" if corpus_sha256 else cards[0].model
    for card in cards:
        if card.corpus_sha256 != wanted:
            raise StandingsError(
                f"{card.recipe}/{card.model}: was scored on another corpus ({card.corpus_sha256[:12]}) than {origin} ({wanted[:12]}); "
                "prepare the corpus again and score the model on it"
            )
    versions: dict[str, tuple[str, str]] = {}
    for card in cards:
        for name, version in card.measures.items():
            other, model = versions.setdefault(name, (version, card.model))
            if other != version:
                raise StandingsError(
                    f"{card.recipe}: {name} is version {version} for {card.model} but {other} for {model}; score both with one version"
                )


def _standing(measure: Measure, results: Sequence[Result]) -> Standing:
    lines = []
    for result in results:
        scores = [row for row in result.scores if row["measure"] == measure.name]
        if not scores:
            continue
        failed: dict[Condition, int] = {}
        for row in scores:
            condition = (row["noise_kind"], row["snr_db"])
            failed[condition] = failed.get(condition, 0) + (row["status"] == "failed")
        lines.append(Line(result.card, means(scores), failed))
    direction = -1.0 if measure.higher_is_better else 1.0
    lines.sort(key=lambda line: (line.card.hears == "clean", direction * line.noisy_mean, line.card.model))
    conditions = {condition for line in lines for condition in line.values}
    return Standing(measure, tuple(sorted(conditions, key=_column)), tuple(lines))


def _column(condition: Condition) -> tuple[int, str, float]:
    kind, snr_db = condition
    return (0 if kind == "clean" else 1, kind, snr_db if snr_db is not None else 0.0)
