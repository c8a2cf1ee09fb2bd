"""What a leaderboard shows: standings of all recipes, results kept out, and recordings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmark.errors import StandingsError
from benchmark.ranking.audit import EVERYTHING, KeptOut, Wanted, admit
from benchmark.ranking.followed import Followed
from benchmark.ranking.recordings import Recordings, read_recordings
from benchmark.ranking.seeds import with_seeds_together
from benchmark.ranking.speaker_verification import Verified, verified
from benchmark.ranking.standings import Standing, stand
from benchmark.ranking.trust import Trust, trust


@dataclass(frozen=True, slots=True)
class Leaderboard:
    """All that a leaderboard shows.

    Attributes:
        recipes: Standings by recipe, those of the most utterances first, for they say most.
        kept_out: Results that may not enter the tables, and why.
        recordings: Recordings to listen to, by recipe.
        followed: Whom models followed in babble, by recipe and model, where that is known.
        shown: As `recipes`, but the training runs of one model that differ in their seed share a line.
        trust: What is known of every line of `shown` beside its score, by recipe and model.
        speakers: Speaker verification, by recipe.
    """

    recipes: Mapping[str, list[Standing]]
    kept_out: tuple[KeptOut, ...]
    recordings: Mapping[str, Recordings]
    followed: Mapping[str, Mapping[str, tuple[Followed, ...]]]
    shown: Mapping[str, list[Standing]]
    trust: Mapping[str, Mapping[str, Trust]]
    speakers: Mapping[str, list[Verified]]


def collect(
    results: Path, manifests: Path, recordings: Path | None = None, wanted: Wanted = EVERYTHING
) -> Leaderboard:
    """Standings of every recipe that has results.

    Args:
        results: Folder of results.
        manifests: Folder of the committed manifests, which results have to agree with.
        recordings: Folder of recordings to listen to, if there is one.
        wanted: What of the results is read.

    Raises:
        StandingsError: There is nothing that may be ranked.
    """
    admitted = admit(results, manifests, wanted)
    kept_out = [what for item in admitted.values() for what in item.kept_out]
    found = [(recipe, stand(item.results, item.planned)) for recipe, item in admitted.items() if item.results]
    recipes = dict(sorted(found, key=lambda item: (-len(item[1][0].scores.units), item[0])))
    if not recipes:
        raise StandingsError(
            "no result may enter the tables; " + "; ".join(f"{what}: {why}" for what, why in kept_out)
        )
    heard: dict[str, Recordings] = {}
    for recipe, standings in recipes.items():
        corpus_sha256 = standings[0].lines[0].card.corpus_sha256
        read = read_recordings(recordings / recipe, corpus_sha256) if recordings is not None else None
        if isinstance(read, KeptOut):
            kept_out.append(read)
        elif read is not None:
            heard[recipe] = read
    followed = {recipe: admitted[recipe].followed for recipe in recipes if admitted[recipe].followed}
    shown: dict[str, list[Standing]] = {}
    known: dict[str, Mapping[str, Trust]] = {}
    for recipe, standings in recipes.items():
        item = admitted[recipe]
        shown[recipe], seeds = with_seeds_together(item.results, item.planned, standings)
        cards = [result.card for result in item.results]
        known[recipe] = trust(recipe, shown[recipe], cards, item.reruns, seeds)
    speakers = {
        recipe: [line for trials in admitted[recipe].speakers.values() for line in verified(trials)]
        for recipe in recipes
        if admitted[recipe].speakers
    }
    return Leaderboard(recipes, tuple(kept_out), heard, followed, shown, known, speakers)
