"""Trials of speaker verification in noise for a prepared corpus, chosen by a fixed rule.

1. A speaker takes part if their sex is known, they have recordings of at least four sentences, and another
   speaker of their sex does too. Fewer than `FEWEST_SPEAKERS` speakers give no number.
2. Each is tested on up to `TESTS` sentences: the first in an order that the hash of the sentence alone
   decides, so that speakers who read the same text are tested on the same sentences.
3. For each test sentence the speaker is enrolled with the *clean* recordings of three other sentences of
   theirs, drawn by hash.
4. To each enrolment belong one target trial (the test sentence) and, for every other speaker of the same sex,
   up to two impostor trials: *matched*, in which the impostor says the very test sentence, so that words tell
   nothing, and *crossed*, in which they say another one that is not among the enrolled either.

The recording that is tested is a mixture, in each condition of the corpus, as it is or enhanced. The draws
depend on the recipe and the identity of the utterance alone (`benchmark.randomness`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Literal, NamedTuple

from benchmark.errors import CorpusError
from benchmark.mixing.rows import UtteranceRow
from benchmark.randomness import Randomness

#: Raised when the rule changes: trials of different versions are not compared.
RULE_VERSION = 1
#: Fewer speakers say nothing of others: with eight, four of a sex, a speaker has three impostors.
FEWEST_SPEAKERS = 8
#: Sentences that a speaker is enrolled with, and at most tested on.
ENROLLED, TESTS = 3, 6

Kind = Literal["target", "matched", "crossed"]


class Trial(NamedTuple):
    """Is the test utterance of the speaker who was enrolled?

    Attributes:
        speaker: Who was enrolled.
        enrolled: Utterances that they were enrolled with.
        kind: "target": it is; "matched" or "crossed": it is of another speaker, who says the same sentence as
            in the target trial, or another one.
        test: Utterance that is tested.
        tested: Who speaks in it.
    """

    speaker: str
    enrolled: tuple[str, ...]
    kind: Kind
    test: str
    tested: str


def make_trials(
    recipe: str, seed: int, utterances: Iterable[UtteranceRow], sex: Callable[[str], str]
) -> list[Trial]:
    """All trials of some utterances, by enrolled speaker and test sentence.

    Args:
        recipe: Name of the recipe, part of every draw.
        seed: Of the recipe.
        utterances: Those that may be used.
        sex: "F" or "M" for a speaker, "" where it is not known.

    Raises:
        CorpusError: Too few speakers can take part; says how many and why.
    """
    own: dict[str, dict[str, str]] = defaultdict(dict)
    for row in sorted(utterances, key=lambda row: row["utterance_id"]):
        # Of repetitions of a sentence the first; a recording without a prompt is a sentence of its own.
        own[row["speaker"]].setdefault(row["prompt"] or row["utterance_id"], row["utterance_id"])
    groups = _groups(own, sex)
    tests = {
        speaker: sorted(own[speaker], key=lambda prompt: (_lot(recipe, seed, prompt), prompt))[:TESTS]
        for group in groups
        for speaker in group
    }
    trials: list[Trial] = []
    for group in groups:
        for speaker in group:
            for prompt in tests[speaker]:
                trials += _of_sentence(recipe, seed, speaker, prompt, own, tests, group)
    return trials


def _groups(own: Mapping[str, Mapping[str, str]], sex: Callable[[str], str]) -> list[list[str]]:
    """The speakers who take part, those of one sex together."""
    groups: dict[str, list[str]] = defaultdict(list)
    short, unknown = 0, 0
    for speaker, prompts in sorted(own.items()):
        if len(prompts) <= ENROLLED:
            short += 1
        elif not sex(speaker):
            unknown += 1
        else:
            groups[sex(speaker)].append(speaker)
    alone = sum(len(group) for group in groups.values() if len(group) == 1)
    found = [group for _, group in sorted(groups.items()) if len(group) > 1]
    there = sum(map(len, found))
    if there < FEWEST_SPEAKERS:
        reasons = [
            f"{count} {what}"
            for count, what in (
                (short, f"with fewer than {ENROLLED + 1} sentences"),
                (unknown, "whose sex is not known"),
                (alone, "alone of their sex"),
            )
            if count
        ]
        left = f" ({', '.join(reasons)} left out)" if reasons else ""
        raise CorpusError(
            f"speaker verification needs at least {FEWEST_SPEAKERS} speakers; {there} of "
            f"{len(own)} can take part{left}, so there is no number. Take more splits, or prepare "
            "the corpus without --limit"
        )
    return found


def _of_sentence(
    recipe: str,
    seed: int,
    speaker: str,
    prompt: str,
    own: Mapping[str, Mapping[str, str]],
    tests: Mapping[str, Sequence[str]],
    group: Sequence[str],
) -> list[Trial]:
    draws = Randomness((recipe, seed, "speaker verification", own[speaker][prompt]))
    enrolled = draws.sample("enrolment", sorted(set(own[speaker]) - {prompt}), ENROLLED)
    enrolment = tuple(own[speaker][other] for other in enrolled)
    found = [Trial(speaker, enrolment, "target", own[speaker][prompt], speaker)]
    for impostor in group:
        if impostor == speaker:
            continue
        if prompt in tests[impostor]:
            found.append(Trial(speaker, enrolment, "matched", own[impostor][prompt], impostor))
        others = [other for other in tests[impostor] if other != prompt and other not in enrolled]
        if others:
            crossed = draws.choice(f"crossed/{impostor}", others)
            found.append(Trial(speaker, enrolment, "crossed", own[impostor][crossed], impostor))
    return found


def _lot(recipe: str, seed: int, prompt: str) -> str:
    return Randomness((recipe, seed, "speaker verification", "sentence", prompt)).token("order")
