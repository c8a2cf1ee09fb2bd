"""Gathers what planner and renderer need, from a recipe and folders; reads headers only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from benchmark import corpora, noises
from benchmark.corpora.contract import Corpus
from benchmark.errors import CorpusError, RecipeError
from benchmark.files import cache_folder, demo_corpus, mirrored
from benchmark.mixing.noise_index import (
    Talker,
    generated_noise,
    recorded_noise,
    recorded_talkers,
    talkers_of,
)
from benchmark.mixing.recipe import Recipe
from benchmark.mixing.sources import Sources
from benchmark.randomness import Randomness
from benchmark.types import SPLITS, Utterance


@dataclass(frozen=True, slots=True)
class Roots:
    """Folders that the user names.

    Attributes:
        speech: Root of the articulatory corpus, or None to use the recipe's own.
        noises: Name of a noise corpus to its root.
    """

    speech: Path | None = None
    noises: Mapping[str, Path] = field(default_factory=dict)


def gather(recipe: Recipe, roots: Roots) -> Sources:
    """Finds the speech and noise of a recipe.

    Raises:
        RecipeError: The recipe names a corpus or source that does not exist.
        CorpusError: A folder is missing, empty or holds something else; the message says what is expected
            where.
    """
    roots = _here(roots)
    for name in roots.noises:
        noises.get(name)  # a misspelt name is told, not passed over
    corpus = corpora.get(recipe.speech.corpus)
    everything, damaged, remarks = _listed(recipe, speech_root(recipe, corpus, roots.speech))
    targets = assign_splits(recipe, everything)
    remarks += _unnamed(recipe, everything)
    if not targets:
        raise CorpusError(
            f"none of the {len(everything)} utterances found belongs to a split of '{recipe.speech.splits}'; "
            f"is this the whole corpus? expected layout: {corpus.layout}"
        )
    noise = gather_noise(recipe, targets, everything, roots)
    return replace(
        noise,
        speech={utterance.id: utterance for utterance in targets},
        corpus=corpus,
        damaged=damaged,
        unassigned=len(everything) - len(targets),
        remarks=[*remarks, *noise.remarks],
    )


def _here(roots: Roots) -> Roots:
    """The same roots on this machine; what lies at an address is copied to the cache folder first."""
    speech = None if roots.speech is None else mirrored(roots.speech)
    return Roots(speech, {name: mirrored(root) for name, root in roots.noises.items()})


def describe(corpus: Corpus, recipe: Recipe) -> str:
    """What the speech corpus of a recipe is, who gives it and which files are expected where."""
    return (
        f"the recipe '{recipe.name}' needs {corpus.title}, which may not be redistributed and is not part "
        "of this package.\n"
        f"  get it from: {corpus.home}\n"
        f"  licence:     {corpus.licence}\n"
        f"  cite:        {corpus.citation}\n"
        f"  expected:    {corpus.layout}\n"
        f"then run: python -m benchmark.prepare --recipe {recipe.name} --speech-root DIR"
    )


def speech_root(recipe: Recipe, corpus: Corpus, given: Path | None) -> Path:
    """The folder of a recipe's speech: the given one, or where the recipe says that it lies.

    Raises:
        CorpusError: There is none; says what the corpus is and how to get or make it.
        RecipeError: The recipe's own root is not of a known form.
    """
    if given is not None:
        return given
    place, _, name = (recipe.speech.root or "").partition(":")
    if place == "shipped" and name == "demo":
        return demo_corpus()
    if place == "cache" and name:
        root = cache_folder() / name
        if not root.is_dir():
            raise CorpusError(
                f"{root}: not there yet; make it with `python -m benchmark.synthesise {name}` "
                "(needs the extra 'virtual')"
            )
        from benchmark.virtual.store import read_info

        # A part that was made for a trial must not be taken for the corpus that others are scored on.
        if not read_info(root)["complete"]:
            raise CorpusError(
                f"{root}: holds a part of the corpus; complete it with `python -m "
                f"benchmark.synthesise {name}`"
            )
        return root
    if recipe.speech.root:
        raise RecipeError(
            f"'speech.root' = '{recipe.speech.root}': use 'shipped:demo' or 'cache:NAME', or leave it out"
        )
    raise CorpusError(describe(corpus, recipe))


def _listed(recipe: Recipe, root: Path) -> tuple[list[Utterance], list[str], list[str]]:
    """Sound utterances, damaged recordings that the recipe lets out, and remarks (a line each)."""
    found = corpora.scan(recipe.speech.corpus, root)
    if found.problems and recipe.speech.on_damage == "stop":
        raise CorpusError(corpora.refusal(found.problems))
    if not found.utterances:
        raise CorpusError(f"{found.problems[0]} (and no other recording is sound)")
    remarks = []
    if found.ignored:
        remarks.append(
            f"{root}: {len(found.ignored)} files look like recordings and are not read, e.g. "
            f"{found.ignored[0].path} ({found.ignored[0].why}); `python -m benchmark.inspect` lists them"
        )
    return found.utterances, found.problems, remarks


def assign_splits(recipe: Recipe, found: Sequence[Utterance]) -> list[Utterance]:
    """Those of `found` that the recipe's division puts into a split, with `split` set.

    Raises:
        RecipeError: The recipe takes the splits of the corpus, and the corpus states none at all.
    """
    if recipe.speech.splits == "corpus":
        if found and all(utterance.split is None for utterance in found):
            raise RecipeError(
                f"'speech.splits' = 'corpus', but the corpus states no split for {found[0].id} or any "
                "other recording; name a committed split, or list speakers or recordings in [splits] of "
                "corpus.toml where there is one"
            )
        return [utterance for utterance in found if utterance.split in SPLITS]
    table = corpora.load_splits(recipe.speech.corpus, recipe.speech.splits)
    # What the corpus' own lists say goes before the rule that they were made by.
    divided = (replace(utterance, split=utterance.split or table.get(utterance.id)) for utterance in found)
    return [utterance for utterance in divided if utterance.split in SPLITS]


def _unnamed(recipe: Recipe, found: Sequence[Utterance]) -> list[str]:
    """A remark on recordings that the corpus puts into no split."""
    unnamed = [utterance.id for utterance in found if utterance.split is None]
    if recipe.speech.splits != "corpus" or not unnamed:
        return []
    return [
        f"{len(unnamed)} recordings are in no split of the corpus and take no part, e.g. {unnamed[0]}; if "
        "they should, name them or their speakers in its splits"
    ]


def gather_noise(
    recipe: Recipe, targets: Sequence[Utterance], found: Sequence[Utterance], roots: Roots
) -> Sources:
    """Finds the noise of a recipe.

    Args:
        recipe: Names the sources of noise.
        targets: Utterances of a split.
        found: All utterances of the corpus, voices that only babble among them.
        roots: Where noise corpora lie.

    Raises:
        CorpusError: A noise corpus is not known, its folder is not given, or it holds something else.
    """
    wanted = list(dict.fromkeys(source for kind in recipe.noises for source in kind.noise.sources))
    pairs: dict[str, list[tuple[str, Utterance]]] = {}
    if "corpus" in wanted:
        pairs["corpus"] = _own_talkers(targets)
    if "corpus_voices" in wanted:
        pairs["corpus_voices"] = _babble_voices(found)
    if "shipped_voices" in wanted:
        pairs["shipped_voices"] = _babble_voices(corpora.read("virtual", demo_corpus()))
    talkers: dict[tuple[str, str], tuple[Talker, ...]] = {}
    for source, spoken in pairs.items():
        talkers |= talkers_of(source, spoken)
    stretches = generated_noise() if "synthetic" in wanted else {}
    readers, remarks = {}, []
    for name in wanted:
        if name in pairs or name == "synthetic":
            continue
        listed = _noise_listing(recipe, name, roots)
        remarks += [f"{name}: left out, {problem}" for problem in listed.problems]
        remarks += [f"{name}: {line}" for line in noises.remarks(listed.recordings)]
        talkers |= recorded_talkers(name, listed.recordings)
        stretches |= recorded_noise(name, listed.recordings)
        readers[name] = noises.reader(name, roots.noises[name])
    voices = {
        source: {utterance.id: utterance for _, utterance in spoken} for source, spoken in pairs.items()
    }
    return Sources(talkers=talkers, stretches=stretches, voices=voices, readers=readers, remarks=remarks)


def _own_talkers(targets: Sequence[Utterance]) -> list[tuple[str, Utterance]]:
    """Speakers of the corpus who may babble: of one split only, so that test voices stay unheard."""
    splits: dict[str, set[str]] = defaultdict(set)
    for utterance in targets:
        splits[utterance.speaker].add(str(utterance.split))
    return [(str(utterance.split), utterance) for utterance in targets if len(splits[utterance.speaker]) == 1]


def _babble_voices(found: Sequence[Utterance]) -> list[tuple[str, Utterance]]:
    """Voices that only babble, each with its split: as the corpus says, else as `_dealt`."""
    voices = [utterance for utterance in found if utterance.split == "babble"]
    dealt = _dealt({utterance.speaker for utterance in voices if not utterance.extra.get("babble_split")})
    pairs = []
    for utterance in voices:
        split = str(utterance.extra.get("babble_split") or dealt[utterance.speaker])
        pairs.append((split, replace(utterance, extra={**utterance.extra, "babble_split": split})))
    return pairs


def _dealt(speakers: Iterable[str]) -> dict[str, str]:
    """Deals speakers to splits in turn, in the order of a hash.

    A hash of each speaker alone would leave splits of a small corpus empty.
    """
    order = sorted(speakers, key=lambda speaker: (Randomness(("babble", speaker)).token("order"), speaker))
    return {speaker: SPLITS[i % len(SPLITS)] for i, speaker in enumerate(order)}


def _noise_listing(recipe: Recipe, name: str, roots: Roots) -> noises.Listing:
    corpus = noises.get(name)
    root = roots.noises.get(name)
    if root is None:
        raise CorpusError(
            f"the recipe needs the noise corpus {corpus.title} ({corpus.licence}), to be had from "
            f"{corpus.home}; expected: {corpus.layout}; then add --noise-root {name}=DIR"
        )
    listed = noises.scan(name, root)
    if listed.problems and recipe.speech.on_damage == "stop":
        raise CorpusError(corpora.refusal(listed.problems))
    return listed
