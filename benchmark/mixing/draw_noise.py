"""The noise of utterances, drawn by hashes of their ids: voices, recordings, and the stretches of them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from benchmark.errors import CorpusError, RecipeError
from benchmark.mixing.deal import deal
from benchmark.mixing.noise_index import Stretch, Talker
from benchmark.mixing.packed_pieces import PackedPieces
from benchmark.mixing.recipe import Babble, NoiseKind, OtherNoise, Recipe
from benchmark.mixing.rows import Piece
from benchmark.mixing.sources import Sources
from benchmark.randomness import Randomness
from benchmark.types import RATE_HZ, SPLITS, Utterance

#: The category of babble, whether it was added up from talkers or recorded.
BABBLE = "babble"
_GAINS_PER_DB = 10
#: A source has enough voices for babble if none of them has to be heard more often than this at once.
_MOST_USES = 3


@dataclass(frozen=True, slots=True)
class Noise:
    """What the noise of one utterance is made of, as in the columns of the plan (`PLANNED`).

    Attributes:
        category: "babble", or the category of its recording.
        source: Name of the noise corpus.
        talkers: How many voices are heard at once; None for a recorded crowd, 0 for other noise.
        voices: How many different ones.
        pieces: Which stretches, how loud, and where they begin.
        looped: Whether anything is heard twice because it is shorter than the utterance.
    """

    category: str
    source: str
    talkers: int | None
    voices: int | None
    pieces: PackedPieces
    looped: bool


@dataclass(frozen=True, slots=True)
class Group:
    """The utterances of one speaker in one split, and what hashes of theirs start with.

    Attributes:
        speaker: Whose they are.
        split: "train", "dev" or "test".
        utterances: Over which noise is dealt.
        lengths: Samples at 16 kHz, by utterance id.
        recipe: Its name, version and seed.
    """

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


def noise_of(kind: NoiseKind, group: Group, sources: Sources) -> dict[str, Noise]:
    """The noise of each utterance of a group, by utterance id.

    Args:
        kind: One of the recipe's kinds of noise.
        group: Utterances over which categories and recordings are dealt evenly.
        sources: All noise at hand.

    Raises:
        RecipeError: The recipe names a category that is not there.
        CorpusError: The noise at hand does not suffice.
    """
    if isinstance(kind.noise, Babble):
        return _babble(kind, kind.noise, group, sources)
    return _other_noise(kind, kind.noise, group, sources)


# Babble


def _babble(kind: NoiseKind, wanted: Babble, group: Group, sources: Sources) -> dict[str, Noise]:
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
    kind: NoiseKind, wanted: Babble, voices: Sequence[Talker], source: str, group: Group
) -> dict[str, Noise]:
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
        noise[utterance.id] = Noise(BABBLE, source, kind.talkers, count, PackedPieces(pieces), looped)
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


def _other_noise(kind: NoiseKind, wanted: OtherNoise, group: Group, sources: Sources) -> dict[str, Noise]:
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
    noise: dict[str, Noise] = {}
    for name in categories:
        members = [item for item in group.utterances if dealt[item.id] == name]
        part = Group(group.speaker, group.split, members, group.lengths, group.recipe)
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
    stretches: Sequence[Stretch], kind: NoiseKind, group: Group, category: str, *, loop: bool
) -> dict[str, Noise]:
    """Deals recordings over the utterances of a group and cuts a piece from each."""
    by_name = {f"{stretch.noise_id}@{stretch.start}": stretch for stretch in stretches}
    lengths = [stretch.samples for stretch in by_name.values()]
    dealt = _even(kind, group, list(by_name), lengths, f"recording of {category}", loop=loop)
    return {
        utterance.id: _cut(by_name[dealt[utterance.id]], kind, group, utterance.id, category)
        for utterance in group.utterances
    }


def _cut(stretch: Stretch, kind: NoiseKind, group: Group, utterance_id: str, category: str) -> Noise:
    randomness, length = group.drawing(kind.table, utterance_id), group.lengths[utterance_id]
    source = stretch.noise_id.partition(":")[0]
    talkers = None if stretch.crowd else 0
    if source == "synthetic":
        noise_id = f"{stretch.noise_id}:{randomness.token('noise')}"
        pieces = [Piece(noise_id=noise_id, offset=0, at=0, frames=length, gain_db=0.0)]
        return Noise(category, source, talkers, talkers, PackedPieces(pieces), False)
    looped = stretch.samples < length
    start = randomness.integer("offset", 0, stretch.samples - (0 if looped else length - 1))
    pieces = _covered(Talker("", (stretch,)), start, length, 0.0)
    return Noise(category, source, talkers, talkers, PackedPieces(pieces), looped)


def _even(
    kind: NoiseKind, group: Group, names: Sequence[str], samples: Sequence[int], what: str, *, loop: bool
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
