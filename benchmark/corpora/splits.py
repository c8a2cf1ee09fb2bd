"""Published divisions of corpora into train, dev and test.

Each corpus states its own in the module that reads it (`Corpus.splits`), made of the parts that stand here:

| corpus | name | disjoint in | rule |
|---|---|---|---|
| xrmb | standard | speakers | 36/5/5 speakers of a table (`maintenance.xrmb_split_rule`) |
| xrmb | strict | speakers and prompts | the same speakers; prompts that share no three words in a row |
| mngu0 | standard | prompts | own file sets: of the numbers in 0 those after an odd digit dev, others test |
| mocha | standard | prompts | sentence numbers that end in 2 dev, in 6 test |
| mocha, hprc, usc_timit | leave_SPEAKER_out | speakers | SPEAKER test, the next in order dev, others train |
| mocha, hprc, usc_timit | leave_SPEAKER_out_strict | speakers and prompts | and prompts 70/10/20 by hash |
| spire | standard | speakers | 30/4/4 speakers in the order of a hash |
| spire | strict | speakers and prompts | and prompts 70/10/20 by hash |

What the rules of mocha, spire, usc_timit and hprc give is committed too, as
`manifests/CORPUS/splits.parquet`: by utterance, or by speaker and sentence, as far as names are known without
the corpus (`maintenance.split_tables`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

from benchmark.errors import ManifestError
from benchmark.files import manifests_folder
from benchmark.randomness import Randomness

#: Part of every hash by which speakers or prompts are divided.
SEED = 2601

#: Utterance id to its split; None if the utterance takes no part.
Rule = Callable[[str], str | None]


def _unknown(_: Iterable[Path]) -> Mapping[str, str] | None:
    return None


@dataclass(frozen=True)
class Division:
    """One way to divide a corpus; answers for an utterance id as a dict does.

    Attributes:
        rule: Gives the split of an utterance.
        members: Lists all utterances that the division counts on, with their splits, given the corpus' files
            on disk (which may bring lists with them). None where this is unknown without the corpus.
    """

    rule: Rule
    members: Callable[[Iterable[Path]], Mapping[str, str] | None] = _unknown

    def __getitem__(self, utterance_id: str, /) -> str:
        """The split of an utterance.

        Raises:
            KeyError: It takes no part.
        """
        split = self.rule(utterance_id)
        if split is None:
            raise KeyError(utterance_id)
        return split

    def get(self, utterance_id: str, /) -> str | None:
        """The split of an utterance, or None if it takes no part."""
        return self.rule(utterance_id)


def from_table(corpus: str, name: str) -> Division:
    """The division in column `name` of `manifests/CORPUS/splits.parquet`, read at first use."""
    return Division(partial(_look_up, corpus, name), lambda _: _table(corpus, name))


def leave_one_out(
    corpus: str, speakers: Sequence[str], prompt_of: Callable[[str], str]
) -> dict[str, Division]:
    """A division for each speaker: they are tested, the next in order is dev, all others train.

    Args:
        corpus: Name of the corpus, part of the hash that divides prompts.
        speakers: All of them, in order.
        prompt_of: What was read, by the name of a recording.

    Returns:
        "leave_SPEAKER_out" for each, then "leave_SPEAKER_out_strict", in which no prompt is in two splits
        either.
    """
    folds: dict[str, Rule] = {
        f"leave_{speaker}_out": partial(_fold, tuple(speakers), speaker) for speaker in speakers
    }
    strict = {f"{name}_strict": prompts_apart(corpus, rule, prompt_of) for name, rule in folds.items()}
    return {name: Division(rule) for name, rule in (folds | strict).items()}


def prompts_apart(corpus: str, rule: Rule, prompt_of: Callable[[str], str]) -> Rule:
    """Makes a rule stricter: the hash of an utterance's prompt must put it into the same split."""

    def split_of(utterance_id: str) -> str | None:
        split = rule(utterance_id)
        prompt = prompt_of(utterance_id.rpartition("/")[2])
        return split if split == prompt_split(corpus, prompt) else None

    return split_of


def prompt_split(corpus: str, prompt: str) -> str:
    """Prompts by hash: of ten, seven train, one dev, two test."""
    lot = Randomness((corpus, "prompts", SEED, prompt)).integer("split", 0, 10)
    return "train" if lot < 7 else "dev" if lot == 7 else "test"


def _fold(speakers: tuple[str, ...], test: str, utterance_id: str) -> str | None:
    speaker = utterance_id.rpartition("/")[0]
    if speaker not in speakers:
        return None
    place = (speakers.index(speaker) - speakers.index(test)) % len(speakers)
    return ("test", "dev")[place] if place < 2 else "train"


def _look_up(corpus: str, name: str, utterance_id: str) -> str | None:
    return _table(corpus, name).get(utterance_id)


@cache
def _table(corpus: str, name: str) -> Mapping[str, str]:
    import pyarrow as pa  # late: who only asks for the names of corpora need not wait for it
    import pyarrow.parquet as pq

    path = manifests_folder() / corpus / "splits.parquet"
    try:
        table = pq.read_table(path, columns=["utterance_id", name])
    except (OSError, pa.ArrowException, KeyError) as error:
        raise ManifestError(
            f"{path}: not a table of splits with a column '{name}' ({error}); restore it"
        ) from error
    pairs = zip(table["utterance_id"].to_pylist(), table[name].to_pylist(), strict=True)
    return {utterance: split for utterance, split in pairs if split is not None}
