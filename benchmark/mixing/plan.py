"""The plan: one row a mixture, with everything in it that is left to chance. Needs headers only, no decoding.

The noise of an utterance is chosen once for each kind of noise and is the same stretch at every SNR, where
only its gain differs; babble of few talkers is part of the babble of many. Categories of noise are dealt
evenly over the utterances of a speaker in a split, and recordings evenly over those utterances that have
their category (`benchmark.mixing.deal`). Everything depends on hashes of ids.

What changes when one recording is missing on disk: if it is speech, its own mixtures go, and of the other
utterances of the same speaker in the same split one to four on average get other noise. If it is noise, the
mixtures that used it get other noise, and some few of the same speaker and split change with them, so that
counts stay even. If it is a talker's, babble of its split is drawn anew where that voice would have been
drawn or its speech would have been longer. Mixtures of other splits never change, and clean speech never
does.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import groupby
from typing import overload

import pyarrow as pa

from benchmark.errors import CorpusError
from benchmark.mixing.draw_noise import Group, Noise, categories_in_training, noise_of
from benchmark.mixing.manifest import PLANNED
from benchmark.mixing.noise_index import samples_at_16k
from benchmark.mixing.recipe import Recipe
from benchmark.mixing.rows import Piece, PlanRow
from benchmark.mixing.sources import Sources
from benchmark.types import Utterance

#: So many utterances are turned into columns together.
_AT_ONCE = 500


def mixture_id(utterance_id: str, kind: str, snr_db: float | None) -> str:
    """The path of a mixture below `audio/`, without its suffix: "clean/F01/U001", "babble/-5/F01/U001"."""
    return f"clean/{utterance_id}" if snr_db is None else f"{kind}/{snr_db:g}/{utterance_id}"


class Plan(Sequence[PlanRow]):
    """The planned mixtures of utterances, in the order of utterances, then conditions.

    A row is made when it is looked at, so that a million of them need no memory; `parts` has them as
    columns.
    """

    def __init__(
        self,
        utterances: Sequence[Utterance],
        conditions: Sequence[tuple[str, float | None]],
        noise: Mapping[tuple[str, str], Noise],
        seen: set[str],
    ) -> None:
        self._utterances, self._conditions = utterances, conditions
        self._noise, self._seen = noise, seen
        self._last: tuple[Noise | None, list[Piece]] = None, []

    def __len__(self) -> int:
        return len(self._utterances) * len(self._conditions)

    @overload
    def __getitem__(self, index: int) -> PlanRow: ...
    @overload
    def __getitem__(self, index: slice) -> list[PlanRow]: ...
    def __getitem__(self, index: int | slice) -> PlanRow | list[PlanRow]:
        if isinstance(index, slice):
            return [self[i] for i in range(len(self))[index]]
        which, condition = divmod(range(len(self))[index], len(self._conditions))
        utterance, (kind, snr_db) = self._utterances[which], self._conditions[condition]
        return self._row(utterance, kind, snr_db)

    def of(self, ids: Collection[str]) -> Plan:
        """The rows of some utterances."""
        chosen = [utterance for utterance in self._utterances if utterance.id in ids]
        return Plan(chosen, self._conditions, self._noise, self._seen)

    def parts(self) -> Iterator[pa.Table]:
        """All rows in the order of their ids, some at a time, as columns, see `PLANNED`.

        None of the parts is empty.
        """
        utterances = sorted(self._utterances, key=lambda utterance: utterance.id)
        blocks = [utterances[start : start + _AT_ONCE] for start in range(0, len(utterances), _AT_ONCE)]
        conditions = sorted(self._conditions, key=lambda condition: mixture_id("", *condition))
        for kind, members in groupby(conditions, key=lambda condition: condition[0]):
            # Conditions of one kind differ in nothing but the SNR, so that the rest is turned into columns
            # once.
            shared = [
                pa.Table.from_pylist(
                    [self._row(item, kind, None) for item in some],
                    PLANNED,
                )
                for some in blocks
            ]
            for _, snr_db in members:
                for some, rows in zip(blocks, shared, strict=True):
                    ids = [mixture_id(item.id, kind, snr_db) for item in some]
                    yield _with(_with(rows, "mixture_id", ids), "snr_db", [snr_db] * len(some))

    def _row(self, utterance: Utterance, kind: str, snr_db: float | None) -> PlanRow:
        noise = self._noise.get((utterance.id, kind))
        if noise is not self._last[0]:  # conditions of one kind follow one another and share their pieces
            self._last = noise, noise.pieces.unpacked() if noise else []
        return PlanRow(
            mixture_id=mixture_id(utterance.id, kind, snr_db),
            utterance_id=utterance.id,
            speaker=utterance.speaker,
            split=str(utterance.split),
            noise_kind=kind,
            noise_category=noise.category if noise else "",
            noise_source=noise.source if noise else "",
            noise_seen=noise.category in self._seen if noise else None,
            talkers=noise.talkers if noise else None,
            voices=noise.voices if noise else None,
            snr_db=snr_db,
            samples=samples_at_16k(utterance.duration_s),
            looped=noise.looped if noise else False,
            pieces=self._last[1],
        )


def _with(rows: pa.Table, name: str, values: Sequence[str] | Sequence[float | None]) -> pa.Table:
    field = PLANNED.field(name)
    return rows.set_column(PLANNED.get_field_index(name), field, pa.array(values, field.type))


def plan_mixtures(recipe: Recipe, utterances: Sequence[Utterance], sources: Sources) -> Plan:
    """Plans the mixtures of every utterance.

    Args:
        recipe: What to mix.
        utterances: Targets, each with its split set. Noise is dealt over the utterances of a speaker and
            split: give all of them, and take those rows that are wanted.
        sources: All noise at hand.

    Returns:
        Rows with the planned columns of `benchmark.mixing.manifest.PLANNED`.

    Raises:
        RecipeError: The recipe names a category that is not there.
        CorpusError: The noise at hand does not suffice.
    """
    noise: dict[tuple[str, str], Noise] = {}
    for group in _groups(recipe, utterances):
        for kind in recipe.noises:
            noise.update({(key, kind.name): found for key, found in noise_of(kind, group, sources).items()})
    return Plan(utterances, list(_conditions(recipe)), noise, categories_in_training(recipe, sources))


def plan(recipe: Recipe, sources: Sources, wanted: Collection[str]) -> Plan:
    """The rows of the `wanted` utterances, the same as in the plan of all; see `plan_mixtures`."""
    groups = {(item.speaker, item.split) for item in sources.targets if item.id in wanted}
    dealt_over = [item for item in sources.targets if (item.speaker, item.split) in groups]
    return plan_mixtures(recipe, dealt_over, sources).of(wanted)


def _groups(recipe: Recipe, utterances: Sequence[Utterance]) -> Iterator[Group]:
    def whose(utterance: Utterance) -> tuple[str, str]:
        return utterance.speaker, str(utterance.split)

    for (speaker, split), members in groupby(sorted(utterances, key=whose), key=whose):
        own = list(members)
        lengths = {utterance.id: samples_at_16k(utterance.duration_s) for utterance in own}
        if empty := [key for key, length in lengths.items() if length == 0]:
            raise CorpusError(f"{empty[0]}: the recording is empty; remove it or get a whole copy")
        yield Group(speaker, split, own, lengths, (recipe.name, recipe.version, recipe.seed))


def _conditions(recipe: Recipe) -> Iterator[tuple[str, float | None]]:
    if recipe.mixing.clean:
        yield "clean", None
    for kind in recipe.noises:
        for snr_db in kind.snr_db:
            yield kind.name, float(snr_db)
