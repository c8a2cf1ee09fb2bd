"""Chooses the enrolment recording of each utterance by a rule, so that everybody has the same.

It is a clean recording of another sentence of the same speaker and split, drawn by the hash of the recipe and
the utterance. It stands in no table, so that the content of a prepared corpus is what it was.
"""

from __future__ import annotations

from benchmark.errors import CorpusError
from benchmark.prepared.corpus import PreparedCorpus
from benchmark.randomness import Randomness


def enrolment_of(corpus: PreparedCorpus, utterance_id: str) -> str:
    """The utterance whose clean recording goes with the mixtures of another.

    Args:
        corpus: The prepared corpus.
        utterance_id: Of the mixture.

    Raises:
        CorpusError: The speaker says nothing else in this split.
    """
    own = corpus.utterances[utterance_id]
    others = sorted(
        row["utterance_id"]
        for row in corpus.utterances.values()
        if (row["speaker"], row["split"]) == (own["speaker"], own["split"])
        and row["utterance_id"] != utterance_id
        and (row["prompt"] != own["prompt"] or not own["prompt"])
    )
    if not others:
        raise CorpusError(
            f"{own['speaker']} says nothing but {utterance_id} in the split '{own['split']}', so there is "
            "no enrolment; prepare more of the corpus"
        )
    draws = Randomness((corpus.recipe.name, corpus.recipe.seed, "enrolment", utterance_id))
    return draws.choice("recording", others)
