"""Admits those trials of speaker verification that the rule gives for the committed manifest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from benchmark.corpora import CORPORA
from benchmark.errors import SinbadError
from benchmark.mixing.recipe_files import load_recipe
from benchmark.ranking.committed import Committed
from benchmark.scoring.speaker_trials import RULE_VERSION, make_trials
from benchmark.scoring.speaker_verification import SpeakerTrials

_Identity = tuple[int, tuple[str, ...], tuple[str, ...], int]
_Place = tuple[str, float | None, str, str, str, str]


def admit_trials(
    recipe: str, found: Mapping[str, SpeakerTrials], corpus: Committed | None
) -> tuple[dict[str, SpeakerTrials], dict[str, str]]:
    """Trials that may stand in one table, and why others may not, by model.

    Where no manifest is committed, the majority decides which corpus and splits are compared, as for scores.

    Args:
        recipe: Name of the recipe.
        found: Trials by model.
        corpus: The committed manifest, if there is one.
    """
    if not found:
        return {}, {}
    identities = Counter(_identity(trials) for trials in found.values())
    # Of those that are equally frequent the one of more speakers, so that the order of files decides nothing.
    allowed = max(identities, key=lambda item: (identities[item], len(item[1]), item))
    admitted: dict[str, SpeakerTrials] = {}
    refused: dict[str, str] = {}
    for model, trials in found.items():
        if trials.facts.rule_version != RULE_VERSION:
            refused[model] = (
                f"its trials are of version {trials.facts.rule_version} of the rule, not {RULE_VERSION}"
            )
        elif why := _other_corpus(trials, corpus):
            refused[model] = why
        elif _identity(trials) != allowed:
            refused[model] = "its trials are of another corpus, or other splits, than those of most others"
        elif not _complete(recipe, trials, corpus):
            refused[model] = "its trials are not those of the rule"
        else:
            admitted[model] = trials
    return admitted, refused


def _identity(trials: SpeakerTrials) -> _Identity:
    facts = trials.facts
    return facts.recipe_version, tuple(facts.splits), tuple(facts.corpus_sha256), facts.rule_version


def _other_corpus(trials: SpeakerTrials, corpus: Committed | None) -> str:
    if corpus is None:
        return ""
    facts = trials.facts
    if [corpus.split_hash(split) for split in facts.splits] != facts.corpus_sha256:
        return "its trials are of another corpus than the committed manifest"
    return ""


def _complete(recipe: str, trials: SpeakerTrials, corpus: Committed | None) -> bool:
    """Whether every trial of the rule is there in every condition, for each embedder, and no other.

    A recording may be tested twice against one speaker, who was enrolled with other sentences the second
    time.
    """
    columns = ("noise_kind", "snr_db", "kind", "speaker", "tested", "test")
    rows = trials.table.select(["embedder", *columns]).to_pylist()
    by_embedder: dict[str, list[_Place]] = {}
    for row in rows:
        by_embedder.setdefault(row["embedder"], []).append(tuple(row[name] for name in columns))
    right = _by_rule(recipe, trials, corpus) if corpus else None
    wanted = right or Counter(next(iter(by_embedder.values())))
    return all(Counter(places) == wanted for places in by_embedder.values())


def _by_rule(recipe: str, trials: SpeakerTrials, corpus: Committed) -> Counter[_Place] | None:
    """Every trial in every condition; None for a recipe that is not shipped."""
    try:
        known = load_recipe(recipe)
        utterances = [row for row in corpus.utterances if row["split"] in trials.facts.splits]
        rule = make_trials(recipe, known.seed, utterances, CORPORA[known.speech.corpus].sex)
    except SinbadError:
        return None
    conditions: dict[str, list[tuple[str, float | None]]] = {}
    for split in trials.facts.splits:
        for row in corpus.mixtures(split).values():
            conditions.setdefault(row["utterance_id"], []).append((row["noise_kind"], row["snr_db"]))
    return Counter(
        (*condition, trial.kind, trial.speaker, trial.tested, trial.test)
        for trial in rule
        for condition in conditions[trial.test]
    )
