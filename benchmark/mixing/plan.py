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

from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import overload

import numpy as np
import pyarrow as pa

from benchmark.errors import CorpusError, RecipeError
from benchmark.mixing.deal import deal
from benchmark.mixing.manifest import PLANNED
from benchmark.mixing.noise_index import Stretch, Talker, samples_at_16k
from benchmark.mixing.packed_pieces import PackedPieces
from benchmark.mixing.recipe import Babble, NoiseKind, OtherNoise, Recipe
from benchmark.mixing.rows import Piece, PlanRow
from benchmark.mixing.sources import Sources
from benchmark.randomness import Randomness
from benchmark.types import RATE_HZ, SPLITS, Utterance

#: The category of babble, whether it was added up from talkers or recorded.
BABBLE = "babble"
_GAINS_PER_DB = 10
#: A source has enough voices for babble if none of them has to be heard more often than this at once.
_MOST_USES = 3
#: So many utterances are turned into columns together.
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class _Noise:
    """What the noise of one utterance is made of; see the columns of the plan."""

    category: str
    source: str
    talkers: int | None
    voices: int | None
    pieces: PackedPieces
    looped: bool


@dataclass(frozen=True, slots=True)
class _Group:
    """The utterances of one speaker in one split, and what hashes of theirs start with."""

    speaker: str
    split: str
    utterances: Sequence[Utterance]
    lengths: Mapping[str, int]
    recipe: tuple[str, int, int]

    def dealing(self, table: str, what: str) -> Randomness:
        """Of a deal over the utterances of the group."""
        return Randomness((*self.recipe, self.speaker, self.split, table, what))

    def drawing(self, table: str, utterance_id: str) -> Randomness:
        """Randomness of one utterance, shared by its SNRs and numbers of talkers: conditions are paired."""
        return Randomness((*self.recipe, utterance_id, table))


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
        noise: Mapping[tuple[str, str], _Noise],
        seen: set[str],
    ) -> None:
        self._utterances, self._conditions = utterances, conditions
        self._noise, self._seen = noise, seen
        self._last: tuple[_Noise | None, list[Piece]] = None, []

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
    noise: dict[tuple[str, str], _Noise] = {}
    for group in _groups(recipe, utterances):
        for kind in recipe.noises:
            noise.update({(key, kind.name): found for key, found in _noise_of(kind, group, sources).items()})
    return Plan(utterances, list(_conditions(recipe)), noise, categories_in_training(recipe, sources))


def plan(recipe: Recipe, sources: Sources, wanted: Collection[str]) -> Plan:
    """The rows of the `wanted` utterances, the same as in the plan of all; see `plan_mixtures`."""
    groups = {(item.speaker, item.split) for item in sources.targets if item.id in wanted}
    dealt_over = [item for item in sources.targets if (item.speaker, item.split) in groups]
    return plan_mixtures(recipe, dealt_over, sources).of(wanted)


def categories_in_training(recipe: Recipe, sources: Sources) -> set[str]:
    """The categories of noise that mixtures of the train split may have."""
    found: set[str] = set()
    for kind in recipe.noises:
        found |= (
            {BABBLE}
            if isinstance(kind.noise, Babble)
            else _at_hand(kind, kind.noise, "train", sources).keys()
        )
    return found


def _groups(recipe: Recipe, utterances: Sequence[Utterance]) -> Iterator[_Group]:
    def whose(utterance: Utterance) -> tuple[str, str]:
        return utterance.speaker, str(utterance.split)

    for (speaker, split), members in groupby(sorted(utterances, key=whose), key=whose):
        own = list(members)
        lengths = {utterance.id: samples_at_16k(utterance.duration_s) for utterance in own}
        if empty := [key for key, length in lengths.items() if length == 0]:
            raise CorpusError(f"{empty[0]}: the recording is empty; remove it or get a whole copy")
        yield _Group(speaker, split, own, lengths, (recipe.name, recipe.version, recipe.seed))


def _conditions(recipe: Recipe) -> Iterator[tuple[str, float | None]]:
    if recipe.mixing.clean:
        yield "clean", None
    for kind in recipe.noises:
        for snr_db in kind.snr_db:
            yield kind.name, float(snr_db)


def _noise_of(kind: NoiseKind, group: _Group, sources: Sources) -> dict[str, _Noise]:
    """The noise of each utterance of a group, by utterance id."""
    if isinstance(kind.noise, Babble):
        return _babble(kind, kind.noise, group, sources)
    return _other_noise(kind, kind.noise, group, sources)


# Babble


def _babble(kind: NoiseKind, wanted: Babble, group: _Group, sources: Sources) -> dict[str, _Noise]:
    # By the largest number that the table lists, so that the talkers of few are among those of many.
    most = wanted.talkers if isinstance(wanted.talkers, int) else max(wanted.talkers)
    pools: dict[str, list[Talker]] = {}
    for source in wanted.sources:
        found = sources.talkers.get((source, group.split), ())
        pools[source] = [talker for talker in found if talker.name != group.speaker]
        if len(pools[source]) * _MOST_USES >= most:
            return _talking(kind, wanted, pools[source], source, group)
        if crowds := [item for item in sources.stretches.get((source, group.split), ()) if item.crowd]:
            return _dealt(crowds, kind, group, BABBLE, loop=False)
    source = max(pools, key=lambda name: len(pools[name]))
    if not pools[source]:
        raise CorpusError(
            f"{group.utterances[0].id}: {kind.name} needs talkers of the split '{group.split}' "
            f"who are not {group.speaker}, and {', '.join(pools)} has none; add 'shipped_voices' "
            f"to {kind.table}.sources"
        )
    return _talking(kind, wanted, pools[source], source, group)


def _talking(
    kind: NoiseKind, wanted: Babble, voices: Sequence[Talker], source: str, group: _Group
) -> dict[str, _Noise]:
    spread = round(wanted.spread_db * _GAINS_PER_DB)
    count = min(kind.talkers, len(voices))
    noise = {}
    for utterance in group.utterances:
        randomness, length = group.drawing(kind.table, utterance.id), group.lengths[utterance.id]
        talking = randomness.sample("talkers", voices, count)
        pieces: list[Piece] = []
        looped = False
        for i in range(kind.talkers):
            gain_db = randomness.integer(f"gain/{i}", -spread, spread + 1) / _GAINS_PER_DB
            again, which = divmod(i, count)
            total = talking[which].ends[-1]
            start = randomness.integer(f"start/{which}", 0, total) + _spread_out(again, total)
            pieces += _covered(talking[which], start % total, length, gain_db)
            looped |= length > total
        noise[utterance.id] = _Noise(BABBLE, source, kind.talkers, count, PackedPieces(pieces), looped)
    return noise


def _spread_out(again: int, total: int) -> int:
    """How much later a voice starts that is heard several times at once: 1/2, 1/4, 3/4 ... of it all.

    (The van der Corput sequence.) All play at one speed, so that the same samples are never heard at the same
    time.
    """
    bits = f"{again:b}"
    return total * int(bits[::-1], 2) // (1 << len(bits))


def _covered(talker: Talker, start: int, length: int, gain_db: float) -> list[Piece]:
    """Pieces that follow one another from `start` until `length` is covered.

    All the speech is laid end to end for this, and its end is followed by its start.
    """
    speech = talker.speech
    index = bisect_right(talker.ends, start)
    start -= talker.ends[index] - speech[index].samples
    pieces = []
    at = 0
    while at < length:
        stretch = speech[index % len(speech)]
        frames = min(stretch.samples - start, length - at)
        offset = stretch.start + start
        pieces.append(Piece(noise_id=stretch.noise_id, offset=offset, at=at, frames=frames, gain_db=gain_db))
        at, index, start = at + frames, index + 1, 0
    return pieces


# Other noise


def _other_noise(kind: NoiseKind, wanted: OtherNoise, group: _Group, sources: Sources) -> dict[str, _Noise]:
    by_category = _at_hand(kind, wanted, group.split, sources)
    if not by_category:
        raise CorpusError(
            f"{kind.name}: no recording of {', '.join(wanted.categories or wanted.sources)} belongs to the "
            f"split '{group.split}'; name a further source in {kind.table}.sources, or widen "
            f"{kind.table}.categories"
        )
    categories = sorted(by_category)
    longest = [max(stretch.samples for stretch in by_category[name]) for name in categories]
    dealt = _even(kind, group, categories, longest, "category", loop=wanted.loop)
    noise: dict[str, _Noise] = {}
    for name in categories:
        members = [item for item in group.utterances if dealt[item.id] == name]
        part = _Group(group.speaker, group.split, members, group.lengths, group.recipe)
        noise |= _dealt(by_category[name], kind, part, name, loop=wanted.loop) if members else {}
    return noise


def _at_hand(kind: NoiseKind, wanted: OtherNoise, split: str, sources: Sources) -> dict[str, list[Stretch]]:
    """What may be used in a split, by category."""

    def there(splits: Iterable[str]) -> dict[str, list[Stretch]]:
        found: dict[str, list[Stretch]] = {}
        for source in wanted.sources:
            for one in splits:
                for stretch in sources.stretches.get((source, one), ()):
                    if stretch.category in (wanted.categories or ()) or not (
                        wanted.categories or stretch.crowd
                    ):
                        found.setdefault(stretch.category, []).append(stretch)
        return found

    named = {*(wanted.categories or ()), *(wanted.test_only or ())}
    if named and (unknown := sorted(named - there(SPLITS).keys())):
        every = {
            item.category
            for source in wanted.sources
            for one in SPLITS
            for item in sources.stretches.get((source, one), ())
        }
        raise RecipeError(
            f"{kind.table}: {', '.join(wanted.sources)} has no category {', '.join(unknown)}; there are "
            f"{', '.join(sorted(every))}"
        )
    kept_back = set() if split == "test" else {*(wanted.test_only or ())}
    return {name: found for name, found in there([split]).items() if name not in kept_back}


def _dealt(
    stretches: Sequence[Stretch], kind: NoiseKind, group: _Group, category: str, *, loop: bool
) -> dict[str, _Noise]:
    """Deals recordings over the utterances of a group and cuts a piece from each."""
    by_name = {f"{stretch.noise_id}@{stretch.start}": stretch for stretch in stretches}
    lengths = [stretch.samples for stretch in by_name.values()]
    dealt = _even(kind, group, list(by_name), lengths, f"recording of {category}", loop=loop)
    return {
        utterance.id: _cut(by_name[dealt[utterance.id]], kind, group, utterance.id, category)
        for utterance in group.utterances
    }


def _cut(stretch: Stretch, kind: NoiseKind, group: _Group, utterance_id: str, category: str) -> _Noise:
    randomness, length = group.drawing(kind.table, utterance_id), group.lengths[utterance_id]
    source = stretch.noise_id.partition(":")[0]
    talkers = None if stretch.crowd else 0
    if source == "synthetic":
        noise_id = f"{stretch.noise_id}:{randomness.token('noise')}"
        pieces = [Piece(noise_id=noise_id, offset=0, at=0, frames=length, gain_db=0.0)]
        return _Noise(category, source, talkers, talkers, PackedPieces(pieces), False)
    looped = stretch.samples < length
    start = randomness.integer("offset", 0, stretch.samples - (0 if looped else length - 1))
    pieces = _covered(Talker("", (stretch,)), start, length, 0.0)
    return _Noise(category, source, talkers, talkers, PackedPieces(pieces), looped)


def _even(
    kind: NoiseKind, group: _Group, names: Sequence[str], samples: Sequence[int], what: str, *, loop: bool
) -> dict[str, str]:
    """By utterance id one of `names`, dealt evenly among those that have `samples` enough."""
    wanted = np.array([group.lengths[utterance.id] for utterance in group.utterances])
    fits = np.array(samples)[None, :] >= wanted[:, None]
    if loop:
        fits[~fits.any(axis=1)] = True
    if not fits.any(axis=1).all():
        key = group.utterances[int(np.argmin(fits.any(axis=1)))].id
        advice = (
            f"name longer recordings in {kind.table}.sources"
            if isinstance(kind.noise, Babble)
            else f"set {kind.table}.loop = true to let one start again"
        )
        raise CorpusError(
            f"{key}: lasts {group.lengths[key] / RATE_HZ:.1f} s, but no {kind.name} recording of the split "
            f"'{group.split}' is longer than {max(samples) / RATE_HZ:.1f} s; {advice}"
        )
    dealt = deal([item.id for item in group.utterances], names, group.dealing(kind.table, what), fits)
    return {item.id: names[i] for item, i in zip(group.utterances, dealt, strict=True)}
