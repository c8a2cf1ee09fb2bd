"""Published divisions of corpora into train, dev and test, by name.

| corpus | name | disjoint in | rule |
|---|---|---|---|
| xrmb | standard | speakers | table `manifests/xrmb/splits.parquet`: 36/5/5 speakers (`maintenance.xrmb_split_rule`) |
| xrmb | strict | speakers and prompts | the same speakers; prompts that share no three words in a row |
| mngu0 | standard | prompts | as in the corpus' own file sets: last digit 0 after an odd digit dev, after an even digit test |
| mocha | standard | prompts | sentence numbers that end in 2 dev, in 6 test |
| mocha, hprc, usc_timit | leave_SPEAKER_out | speakers | that speaker test, the next in order dev, the others train |
| mocha, hprc, usc_timit | leave_SPEAKER_out_strict | speakers and prompts | and prompts 70/10/20 by hash |
| spire | standard | speakers | 30/4/4 speakers in the order of a hash |
| spire | strict | speakers and prompts | and prompts 70/10/20 by hash |

What the rules of mocha, spire, usc_timit and hprc give is committed too, as `manifests/CORPUS/splits.parquet`: by utterance, or by
speaker and sentence, as far as names are known without the corpus (`maintenance.split_tables`).

For mngu0 the rule itself is what is published, because releases and papers keep different recordings: it makes 1219/68/67 of all 1,354
that are numbered, 1137/63/63 of 1,263 of them, 1069/60/60 of 1,189. Where the file sets lie among the corpus' files
(`trainfiles.txt`, `validationfiles.txt`, `testfiles.txt`), the recordings that they list take part, where they put them, and no others.

    >>> from benchmark.corpora.splits import load_splits
    >>> load_splits("mngu0", "standard").get("s1/mngu0_s1_0010")
    'dev'
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Protocol

import pyarrow as pa
import pyarrow.parquet as pq

from benchmark.corpora.splits import file_sets, rules
from benchmark.errors import ManifestError
from benchmark.files import manifests_folder

__all__ = ["Splits", "expected", "load_splits", "split_names"]

_TABLES = {"xrmb": ("standard", "strict")}


class Splits(Protocol):
    """What answers for an utterance id; a plain dict does."""

    def __getitem__(self, utterance_id: str, /) -> str:
        """The split of an utterance that has one."""
        ...

    def get(self, utterance_id: str, /) -> str | None:
        """The split of an utterance: "train", "dev" or "test"; None if it takes no part."""
        ...


def split_names(corpus: str) -> tuple[str, ...]:
    """Names under which a corpus is divided; empty if there is no published division."""
    if corpus in _TABLES:
        return _TABLES[corpus]
    return rules.names(corpus)


def load_splits(corpus: str, name: str) -> Splits:
    """The division `name` of a corpus.

    Args:
        corpus: Registered name of the corpus.
        name: One of `split_names(corpus)`.

    Returns:
        Utterance id to "train", "dev" or "test". Utterances that take no part have no entry.

    Raises:
        ManifestError: There is no such division, or its table is missing or damaged.
    """
    if name not in split_names(corpus):
        known = ", ".join(split_names(corpus)) or "none"
        raise ManifestError(f"no split of '{corpus}' is called '{name}'; there are: {known}")
    if corpus in _TABLES:
        return _read_table(manifests_folder() / corpus / "splits.parquet", name)
    return rules.ByRule(partial(rules.split_of, corpus, name))


def expected(corpus: str, name: str, files: Iterable[Path]) -> Mapping[str, str] | None:
    """All utterances that the division `name` counts on; None where only the corpus itself could tell.

    Args:
        corpus: Registered name of the corpus.
        name: One of `split_names(corpus)`.
        files: The corpus' files on disk; MNGU0 brings lists with it.

    Returns:
        Utterance id to "train", "dev" or "test".

    Raises:
        ManifestError: As `load_splits`.
        CorpusError: The lists are damaged.
    """
    if corpus == "mngu0":
        found = file_sets.find(files)
        return found.members if found else None
    splits = load_splits(corpus, name)
    return splits if isinstance(splits, dict) else None


def _read_table(path: Path, name: str) -> dict[str, str]:
    try:
        table = pq.read_table(path, columns=["utterance_id", name])
    except (OSError, pa.ArrowException, KeyError) as error:
        raise ManifestError(
            f"{path}: not a table of splits with a column '{name}' ({error}); restore it"
        ) from error
    pairs = zip(table["utterance_id"].to_pylist(), table[name].to_pylist(), strict=True)
    return {utterance: split for utterance, split in pairs if split is not None}
