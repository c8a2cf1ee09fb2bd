"""The plan: one row a mixture, with every draw in it. Needs headers only, no decoding."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from benchmark.errors import CorpusError, RecipeError
from benchmark.mixing.noise_index import Material, Supply, Talker, by_length, samples_at_16k
from benchmark.mixing.recipe import Babble, NonBabble, Recipe
from benchmark.mixing.rows import Piece, PlanRow
from benchmark.noises.synthetic import SYNTHETIC
from benchmark.randomness import Randomness
from benchmark.types import RATE_HZ, Utterance


@dataclass(frozen=True, slots=True)
class _Noise:
    """What one mixture's noise is made of."""

    category: str
    source: str
    talkers: int | None
    pieces: list[Piece]
    looped: bool


def mixture_id(utterance_id: str, kind: str, snr_db: float | None) -> str:
    """The path of a mixture below `audio/`, without its suffix: "clean/F01/U001", "babble/-5/F01/U001"."""
    return f"clean/{utterance_id}" if snr_db is None else f"{kind}/{snr_db:g}/{utterance_id}"


def plan_mixtures(recipe: Recipe, utterances: Sequence[Utterance], supply: Supply) -> list[PlanRow]:
    """Draws the mixtures of every utterance, in the order of utterances, then conditions.

    Args:
        recipe: What to mix.
        utterances: Targets, each with its split set.
        supply: All noise at hand.

    Returns:
        Rows with the planned columns of `benchmark.mixing.manifest.PLANNED`.

    Raises:
        RecipeError: The recipe names a source or category that is not there.
        CorpusError: The noise at hand does not suffice.
    """
    rows = []
    in_training = _in_training(recipe, supply)
    for utterance in utterances:
        length = samples_at_16k(utterance.duration_s)
        if length == 0:
            raise CorpusError(f"{utterance.id}: the recording is empty; remove it or get a whole copy")
        for kind, snr_db in _conditions(recipe):
            identity = (
                recipe.name,
                recipe.version,
                recipe.seed,
                utterance.id,
                kind,
                f"{snr_db:g}" if snr_db is not None else "",
            )
            noise = _noise(recipe, kind, utterance, length, supply, Randomness(identity))
            rows.append(
                PlanRow(
                    mixture_id=mixture_id(utterance.id, kind, snr_db),
                    utterance_id=utterance.id,
                    speaker=utterance.speaker,
                    split=str(utterance.split),
                    noise_kind=kind,
                    noise_category=noise.category,
                    noise_source=noise.source,
                    noise_seen=noise.category in in_training if noise.category else None,
                    talkers=noise.talkers,
                    voices=noise.talkers,
                    snr_db=snr_db,
                    samples=length,
                    looped=noise.looped,
                    pieces=noise.pieces,
                )
            )
    return rows


def _in_training(recipe: Recipe, supply: Supply) -> set[str]:
    """The categories of noise that mixtures of the train split may have."""
    found = {"babble"} if recipe.babble is not None else set()
    if recipe.nonbabble is not None:
        for source in recipe.nonbabble.sources:
            found.update(_there(recipe.nonbabble, source, "train", supply))
    return found


def _conditions(recipe: Recipe) -> Iterator[tuple[str, float | None]]:
    if recipe.mixing.clean:
        yield "clean", None
    for kind in recipe.noise_kinds:
        for snr_db in recipe.mixing.snr_db:
            yield kind, float(snr_db)


def _noise(
    recipe: Recipe, kind: str, utterance: Utterance, length: int, supply: Supply, draws: Randomness
) -> _Noise:
    if kind == "babble" and recipe.babble is not None:
        return _babble(recipe.babble, utterance, length, supply, draws)
    if kind == "nonbabble" and recipe.nonbabble is not None:
        return _nonbabble(recipe.nonbabble, utterance, length, supply, draws)
    return _Noise("", "", None, [], False)


def _babble(wanted: Babble, utterance: Utterance, length: int, supply: Supply, draws: Randomness) -> _Noise:
    split = str(utterance.split)
    seen = []
    for source in wanted.sources:
        talkers = [
            talker
            for talker in supply.talkers.get(source, {}).get(split, ())
            if talker.name != utterance.speaker
        ]
        if len(talkers) >= wanted.talkers:
            return _talking(wanted, talkers, source, length, draws)
        crowd = supply.recordings.get(source, {}).get(split, {}).get("babble", {})
        if crowd:
            found = by_length(material for category in crowd.values() for material in category)
            return _cut(found, "babble", source, length, loop=False, draws=draws, why=utterance.id)
        seen.append(f"{source}: {len(talkers)}")
    raise CorpusError(
        f"{utterance.id}: babble needs {wanted.talkers} talkers of the split '{split}' who are not {utterance.speaker}, "
        f"found {', '.join(seen)}; add 'shipped_voices' to babble.sources or lower babble.talkers"
    )


def _talking(wanted: Babble, talkers: list[Talker], source: str, length: int, draws: Randomness) -> _Noise:
    pieces, looped = [], False
    step = 10  # gains are drawn in tenths of a decibel
    for i, talker in enumerate(draws.sample("talkers", talkers, wanted.talkers)):
        gain_db = (
            draws.integer(f"gain/{i}", round(-wanted.spread_db * step), round(wanted.spread_db * step) + 1)
            / step
        )
        start = draws.integer(f"recording/{i}", 0, len(talker.material))
        order = talker.material[start:] + talker.material[:start]
        offset = draws.integer(f"offset/{i}", 0, order[0].samples)
        found, again = _cover(order, offset, length, gain_db)
        pieces += found
        looped |= again
    return _Noise("babble", source, wanted.talkers, pieces, looped)


def _cover(order: Sequence[Material], offset: int, length: int, gain_db: float) -> tuple[list[Piece], bool]:
    """Pieces that follow one another until `length` is covered; True if the material had to start again."""
    pieces: list[Piece] = []
    at, index, used = 0, 0, 0
    total = sum(material.samples for material in order)
    while at < length:
        material = order[index % len(order)]
        frames = min(material.samples - offset, length - at)
        pieces.append(Piece(noise_id=material.noise_id, offset=offset, at=at, frames=frames, gain_db=gain_db))
        at, used, index, offset = at + frames, used + frames, index + 1, 0
    return pieces, used > total


def _nonbabble(
    wanted: NonBabble, utterance: Utterance, length: int, supply: Supply, draws: Randomness
) -> _Noise:
    split = str(utterance.split)
    there = {source: _there(wanted, source, split, supply) for source in wanted.sources}
    # A corpus with few files may have none for this split; the others take its place, and the plan names the source.
    source = draws.choice("source", [source for source in wanted.sources if there[source]] or wanted.sources)
    if source == "synthetic":
        category = draws.choice("category", there[source])
        token = draws.token("noise")
        piece = Piece(noise_id=f"synthetic:{category}:{token}", offset=0, at=0, frames=length, gain_db=0.0)
        return _Noise(category, source, 0, [piece], False)
    found = _nonbabble_of(source, split, supply)
    if not there[source]:
        raise CorpusError(
            f"{source}: none of its non-babble recordings{_of(wanted)} belongs to the split '{split}'; name a further source in "
            f"nonbabble.sources, or widen nonbabble.categories"
        )
    usable = [name for name in there[source] if wanted.loop or found[name][-1].samples >= length]
    category = draws.choice("category", usable or there[source])
    return _cut(found[category], category, source, length, loop=wanted.loop, draws=draws, why=utterance.id)


def _nonbabble_of(source: str, split: str, supply: Supply) -> Mapping[str, tuple[Material, ...]]:
    return supply.recordings.get(source, {}).get(split, {}).get("nonbabble", {})


def _of(wanted: NonBabble) -> str:
    return f" of {', '.join(wanted.categories)}" if wanted.categories is not None else ""


def _there(wanted: NonBabble, source: str, split: str, supply: Supply) -> list[str]:
    """Categories that may be drawn of a source in a split; none where it has nothing for that split."""
    here = list(SYNTHETIC) if source == "synthetic" else list(_nonbabble_of(source, split, supply))
    if wanted.categories is None:
        return here
    chosen = [category for category in wanted.categories if category in here]
    if not chosen:
        others = (_nonbabble_of(source, other, supply) for other in supply.recordings.get(source, {}))
        anywhere = list(dict.fromkeys([*here, *(category for found in others for category in found)]))
        if not set(anywhere) & set(wanted.categories):
            raise RecipeError(
                f"nonbabble.categories: {source} has none of {', '.join(wanted.categories)}; it has {', '.join(anywhere)}"
            )
    return chosen


def _cut(
    found: Sequence[Material],
    category: str,
    source: str,
    length: int,
    *,
    loop: bool,
    draws: Randomness,
    why: str,
) -> _Noise:
    """A stretch of one recording (of `found`, sorted by length), started again only where the recipe allows it."""
    first = bisect_left(found, length, key=lambda material: material.samples)
    if first < len(found):
        material = found[draws.integer("recording", first, len(found))]
        offset = draws.integer("offset", 0, material.samples - length + 1)
    elif loop:
        material = draws.choice("recording", found)
        offset = draws.integer("offset", 0, material.samples)
    else:
        longest = found[-1].samples
        advice = (
            "name longer recordings in babble.sources"
            if category == "babble"
            else "set nonbabble.loop = true to let it start again"
        )
        raise CorpusError(
            f"{why}: lasts {length / RATE_HZ:.1f} s, but no '{category}' recording of {source} is longer than "
            f"{longest / RATE_HZ:.1f} s; {advice}"
        )
    pieces, looped = _cover([material], offset, length, 0.0)
    return _Noise(category, source, None if category == "babble" else 0, pieces, looped)
