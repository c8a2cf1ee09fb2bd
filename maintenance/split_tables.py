"""Tables of the divisions made by rule, for people to read and cite.

They are written by `python -m maintenance.make_splits`.

A table names what can be named without the corpus at hand, and nothing else:

| corpus | one row | why not more |
|---|---|---|
| mocha | utterance id | all 460 sentences of all known speakers, whether or not that speaker recorded each |
| spire | speaker and sentence | a part of the files' names is not regular |
| usc_timit | speaker and first sentence of a file | files hold several sentences, not always five |
| hprc | speaker | labels name sentences (B01_S01); "strict" hashes the label |

MNGU0 has no table: it comes in several releases that keep different recordings, and with file sets of its own
(`benchmark.corpora.mngu0_file_sets`).

What divides a corpus in use is its own rule (`Corpus.splits`), which also knows repetitions and rates; the
tests hold the committed tables against it.
"""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa

from benchmark.corpora import hprc, load_splits, mocha, spire, usc_timit
from benchmark.corpora.splits import SEED

CORPORA = {"mocha": mocha, "spire": spire, "usc_timit": usc_timit, "hprc": hprc}
SENTENCES = 460
_TITLES = {
    "mocha": "MOCHA-TIMIT: 460 sentences of each speaker",
    "spire": "SPIRE-EMA: 460 sentences of each speaker",
    "usc_timit": "USC-TIMIT (EMA): files by the first of their sentences",
    "hprc": "Haskins Production Rate Comparison: folds that leave one speaker out",
}


def make_table(corpus: str) -> pa.Table:
    """The table of one corpus.

    Args:
        corpus: One of `CORPORA`.

    Returns:
        Columns utterance_id (mocha), speaker, prompt (not for hprc) and one for each division: "train",
        "dev", "test", or null where speaker and prompt fall into different splits of a strict division.
    """
    named = corpus == "mocha"
    prompted = corpus != "hprc"
    divisions = [name for name in CORPORA[corpus].CORPUS.splits if prompted or not name.endswith("_strict")]
    rows = [
        {
            **({"utterance_id": identity} if named else {}),
            "speaker": identity.partition("/")[0],
            **({"prompt": prompt} if prompted else {}),
            **{name: load_splits(corpus, name).get(identity) for name in divisions},
        }
        for identity, prompt in _items(corpus)
    ]
    schema = pa.schema([(name, pa.string()) for name in rows[0]], metadata=_metadata(corpus))
    return pa.Table.from_pylist(rows, schema=schema)


def _items(corpus: str) -> Iterator[tuple[str, str]]:
    """What the rule needs to know of an utterance's id, and the prompt."""
    for speaker in CORPORA[corpus].SPEAKERS:
        if corpus == "hprc":
            yield f"{speaker}/", ""
            continue
        for number in range(1, SENTENCES + 1):
            stem = f"{speaker}_{number:03d}" if corpus == "mocha" else f"{number:04d}"
            yield f"{speaker}/{stem}", str(number)


def _metadata(corpus: str) -> dict[str, str]:
    return {
        "title": f"Splits of {_TITLES[corpus]}",
        "rule": f"benchmark/corpora/{corpus}.py",
        "seed": str(SEED),
    }
