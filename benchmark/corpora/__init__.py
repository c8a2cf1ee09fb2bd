"""Articulatory corpora, one a module: its reader, sensors, splits and citation in a `CORPUS`.

A module of this package that defines a `CORPUS` is registered under its own name; nothing else has to be told
of it.

>>> from benchmark import corpora
>>> sorted(corpora.CORPORA)[:3]
['ag50x', 'folder', 'hprc']
>>> corpora.get("xrmb").sensors["tongue_tip"]
'T1'
>>> corpora.load_splits("mngu0", "standard")["s1/mngu0_s1_0010"]
'dev'
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from benchmark.corpora.contract import Corpus, Ignored
from benchmark.corpora.splits import Division
from benchmark.errors import CorpusError, ManifestError
from benchmark.files import modules_defining
from benchmark.types import Utterance

__all__ = ["CORPORA", "Corpus", "Ignored", "Scan", "get", "load_splits", "read", "scan"]


class _Registry(Mapping[str, Corpus]):
    """Name to corpus; a reader's module is imported when it is first asked for."""

    def __getitem__(self, name: str) -> Corpus:
        if name not in list(self):
            raise KeyError(name)
        corpus: Corpus = import_module(f"{__name__}.{name}").CORPUS
        return corpus

    def __iter__(self) -> Iterator[str]:
        return iter(modules_defining("CORPUS", tuple(__path__)))

    def __len__(self) -> int:
        return len(list(iter(self)))


CORPORA: Mapping[str, Corpus] = _Registry()


class Scan(NamedTuple):
    """What lies below a root.

    Attributes:
        utterances: Those that are sound as far as their headers tell, sorted by id.
        problems: One line for each damaged recording, naming its file.
        ignored: Files that resemble recordings and are not read, sorted by path.
    """

    utterances: list[Utterance]
    problems: list[str]
    ignored: list[Ignored]


def get(name: str) -> Corpus:
    """The corpus called `name`.

    Raises:
        CorpusError: There is none of that name.
    """
    if name not in CORPORA:
        raise CorpusError(f"no corpus is called '{name}'; there are {', '.join(CORPORA)}")
    return CORPORA[name]


def load_splits(corpus: str, name: str) -> Division:
    """The published division `name` of a corpus.

    Args:
        corpus: Registered name of the corpus.
        name: One of its `Corpus.splits`.

    Returns:
        Utterance id to "train", "dev" or "test". Utterances that take no part have no entry.

    Raises:
        CorpusError: The corpus is not known.
        ManifestError: There is no such division.
    """
    splits = get(corpus).splits
    if name not in splits:
        raise ManifestError(
            f"no split of '{corpus}' is called '{name}'; there are: {', '.join(splits) or 'none'}"
        )
    return splits[name]


def scan(name: str, root: Path) -> Scan:
    """List what is sound, what is damaged and what is passed over below `root`.

    Args:
        name: Registered name of the corpus.
        root: Folder that holds it.

    Raises:
        CorpusError: The corpus is not known, `root` is missing, empty, or holds something else, or a
            recording lies there more than once.
    """
    corpus = get(name)
    _refuse_unusable(root, corpus)
    if not corpus.looks_like(root) and (other := _lookalike(root, corpus)):
        raise CorpusError(
            f"{root}: holds no recording of {corpus.title}; this looks like {other.title} "
            f"(corpus '{other.name}')"
        )
    utterances = sorted(corpus.read(root), key=lambda utterance: utterance.id)
    if not utterances:
        raise CorpusError(f"{root}: holds no recording of {corpus.title}; expected {corpus.layout}")
    _refuse_copies(root, utterances)
    sound = [utterance for utterance in utterances if "problem" not in utterance.extra]
    problems = [str(utterance.extra["problem"]) for utterance in utterances if "problem" in utterance.extra]
    return Scan(sound, problems, sorted(corpus.ignored(root)))


def read(name: str, root: Path, *, skip_damaged: bool = False) -> list[Utterance]:
    """List the utterances of a corpus, sorted by id; audio and articulation stay on disk until asked for.

    Args:
        name: Registered name of the corpus.
        root: Folder that holds it.
        skip_damaged: Leave damaged recordings out instead of refusing the corpus; `scan` tells which they
            are.

    Raises:
        CorpusError: As `scan`; or a recording is damaged and `skip_damaged` is False; or all are damaged.
    """
    utterances, problems, _ = scan(name, root)
    if problems and not (skip_damaged and utterances):
        raise CorpusError(refusal(problems))
    return utterances


def refusal(problems: Sequence[str]) -> str:
    """Why a corpus with damaged recordings is refused, in one line."""
    more = f" (and {len(problems) - 1} more damaged recordings)" if len(problems) > 1 else ""
    return problems[0] + more


def _refuse_unusable(root: Path, corpus: Corpus) -> None:
    if not root.exists():
        raise CorpusError(
            f"{root}: does not exist; it should be the folder that holds {corpus.title} (see {corpus.home})"
        )
    if not root.is_dir():
        raise CorpusError(f"{root}: is a file; give the folder that holds {corpus.title}")
    try:
        empty = not any(root.iterdir())
    except OSError as error:
        raise CorpusError(f"{root}: cannot be read ({error.strerror})") from error
    if empty:
        raise CorpusError(f"{root}: is empty; it should hold {corpus.title}: {corpus.layout}")


def _refuse_copies(root: Path, utterances: Sequence[Utterance]) -> None:
    """Refuses two recordings of one id: one would be scored against the targets of the other."""
    copies = [one.id for one, other in pairwise(utterances) if one.id == other.id]
    if copies:
        more = f" (and {len(copies) - 1} more)" if len(copies) > 1 else ""
        raise CorpusError(
            f"{root}: {copies[0]}{more} lies in more than one place below it; keep one copy, or "
            "name the folder of one"
        )


def _lookalike(root: Path, corpus: Corpus) -> Corpus | None:
    """Another corpus that `root` seems to hold."""
    others = (other for other in CORPORA.values() if other.name != corpus.name)
    return next((other for other in others if other.looks_like(root)), None)
