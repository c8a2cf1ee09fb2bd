"""All that a leaderboard shows: the standings of every recipe, what was kept out, and what can be listened to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmark.errors import StandingsError
from benchmark.ranking.audit import EVERYTHING, KeptOut, Wanted, admit
from benchmark.ranking.followed import Followed
from benchmark.ranking.recordings import Recordings, read_recordings
from benchmark.ranking.standings import Standing, stand


@dataclass(frozen=True, slots=True)
class Leaderboard:
    """All that a leaderboard shows.

    Attributes:
        recipes: Standings by recipe, those of the most utterances first, for they say most.
        kept_out: Results that may not enter the tables, and why.
        recordings: Recordings to listen to, by recipe.
        followed: Whom models followed in babble, by recipe and model, where that is known.
    """

    recipes: Mapping[str, list[Standing]]
    kept_out: tuple[KeptOut, ...]
    recordings: Mapping[str, Recordings]
    followed: Mapping[str, Mapping[str, tuple[Followed, ...]]]


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
    return Leaderboard(recipes, tuple(kept_out), heard, followed)
