"""The committed tables of noise corpora, and the rule by which files are split.

A table is a CSV file, `manifests/noises/NAME.csv`, with the columns pattern, category, kind, split, note. The
first row whose pattern (shell style, case ignored) fits a file's id describes it; a file that fits none is
not used. Kind "unused" leaves files out and says why in its note. Split "hash" leaves the split to
`split_by_hash`.

DEMAND, QUT-NOISE and the voices of KDE are closed and small: a hash of each file alone would leave splits
empty. There, files of like places (or languages) were dealt to train, test and dev in turn, in the order of a
hash, and the table holds the outcome.

Split "time" divides every recording in time, for corpora that have one long recording of a kind (NOISEX-92):
the first 60 % train, the next 20 % are dev and the last 20 % test. A second after each boundary belongs to no
split, so that nothing is heard in two.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from fnmatch import fnmatchcase
from functools import cache
from typing import NamedTuple

from benchmark.errors import ManifestError
from benchmark.files import manifests_folder
from benchmark.randomness import Randomness
from benchmark.types import SPLITS

SEED = 2601
KINDS = ("babble", "nonbabble", "talker", "unused")
#: Splits that a table may name beside those of the benchmark; see above.
BY_HASH, BY_TIME = "hash", "time"
GUARD_S = 1.0
_LAST = {"train": 0.6, "dev": 0.8, "test": 1.0}
COLUMNS = ("pattern", "category", "kind", "split", "note")


class Rule(NamedTuple):
    """One row of a table."""

    pattern: str
    category: str
    kind: str
    split: str
    note: str


@cache
def load_table(name: str) -> tuple[Rule, ...]:
    """The committed table of the noise corpus `name`.

    Raises:
        ManifestError: It is missing, or a row is not as described above; names file and line.
    """
    path = manifests_folder() / "noises" / f"{name}.csv"
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            rows = list(csv.reader(stream))
    except OSError as error:
        raise ManifestError(f"{path}: cannot be read ({error.strerror}); restore it") from error
    if not rows or tuple(rows[0]) != COLUMNS:
        raise ManifestError(f"{path}, line 1: the columns must be {', '.join(COLUMNS)}")
    for number, row in enumerate(rows[1:], start=2):
        if len(row) != len(COLUMNS) or row[2] not in KINDS or row[3] not in (*SPLITS, BY_HASH, BY_TIME):
            raise ManifestError(
                f"{path}, line {number}: needs {len(COLUMNS)} columns, a kind of {', '.join(KINDS)} "
                f"and a split of {', '.join(SPLITS)}, {BY_HASH} or {BY_TIME}"
            )
    return tuple(Rule(*row) for row in rows[1:])


def rule_for(table: Sequence[Rule], identity: str) -> Rule | None:
    """The first rule whose pattern fits an id, or None."""
    folded = identity.casefold()
    return next((rule for rule in table if fnmatchcase(folded, rule.pattern.casefold())), None)


def divided_in_time(duration_s: float) -> dict[str, tuple[float, float]]:
    """Start and end in seconds of the part of each split, of a recording of `duration_s`.

    Example:
        >>> divided_in_time(235.0)["dev"]
        (142.0, 188.0)
    """
    parts, start = {}, 0.0
    for split, share in _LAST.items():
        end = share * duration_s
        parts[split] = (start, end)
        start = end + GUARD_S
    return parts


def split_by_hash(key: str) -> str:
    """Of ten recordings, seven train, one dev, two test; a recording keeps its split whatever else is there.

    Args:
        key: What must stay together: the id of a file, or of the recording that several files were cut from.
    """
    lot = Randomness(("noises", "split", SEED, key)).integer("split", 0, 10)
    return "train" if lot < 7 else "dev" if lot == 7 else "test"
