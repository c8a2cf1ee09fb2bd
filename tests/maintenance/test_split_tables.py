from __future__ import annotations

from itertools import combinations

import pandas as pd
import pyarrow.parquet as pq
import pytest

from benchmark import corpora
from benchmark.corpora import hprc, load_splits
from benchmark.corpora.splits import SEED
from benchmark.files import manifests_folder
from maintenance import split_tables as tables


def committed(corpus: str) -> pd.DataFrame:
    return pq.read_table(manifests_folder() / corpus / "splits.parquet").to_pandas()


def split_names(corpus: str) -> list[str]:
    return list(corpora.get(corpus).splits)


def divisions(table: pd.DataFrame) -> list[str]:
    return [name for name in table.columns if name not in ("utterance_id", "speaker", "prompt")]


@pytest.mark.parametrize("corpus", tables.CORPORA)
def test_the_committed_table_is_what_the_rule_gives(corpus: str) -> None:
    read = pq.read_table(manifests_folder() / corpus / "splits.parquet")
    made = tables.make_table(corpus)
    assert read.equals(made)
    assert read.schema.metadata == made.schema.metadata
    assert read.schema.metadata[b"seed"] == str(SEED).encode()


def test_mocha_has_the_ids_of_the_reader_in_the_splits_that_recipes_load() -> None:
    table = committed("mocha")
    assert len(table) == 7 * 460
    assert table["utterance_id"].is_unique
    assert {"fsew0/fsew0_001", "msak0/msak0_460"} <= set(table["utterance_id"])
    assert divisions(table) == split_names("mocha")
    for name in split_names("mocha"):
        splits = load_splits("mocha", name)
        found = [splits.get(identity) for identity in table["utterance_id"]]
        assert [None if pd.isna(split) else split for split in table[name]] == found


@pytest.mark.parametrize(
    ("corpus", "identity"),
    [
        ("spire", "{speaker}/anyone{number:04d}"),
        ("usc_timit", "{speaker}/usctimit_ema_x_{number:03d}_{number:03d}"),
    ],
)
def test_tables_by_sentence_say_what_recipes_load(corpus: str, identity: str) -> None:
    table = committed(corpus)
    assert "utterance_id" not in table.columns, "names that are not known for certain are not made up"
    assert len(table) == 460 * table["speaker"].nunique()
    assert divisions(table) == split_names(corpus)
    for name in split_names(corpus):
        splits = load_splits(corpus, name)
        for speaker, prompt, split in table[["speaker", "prompt", name]].itertuples(index=False):
            loaded = splits.get(identity.format(speaker=speaker, number=int(prompt)))
            assert loaded == (None if pd.isna(split) else split)


def test_hprc_says_which_speaker_each_fold_leaves_out() -> None:
    table = committed("hprc").set_index("speaker")
    assert set(table.index) == set(hprc.SPEAKERS)
    for speaker in table.index:
        fold = table[f"leave_{speaker}_out"]
        assert fold[speaker] == "test"
        assert fold.value_counts().to_dict() == {"train": 6, "dev": 1, "test": 1}
        loaded = load_splits("hprc", f"leave_{speaker}_out")
        assert all(loaded.get(f"{other}/{other}_B01_S01_R01_N") == fold[other] for other in table.index)


@pytest.mark.parametrize("corpus", tables.CORPORA)
def test_tables_are_disjoint_in_what_they_promise(corpus: str) -> None:
    table = committed(corpus)
    for name in divisions(table):
        parts = [part for _, part in table.groupby(name)]
        assert len(parts) == 3
        apart = {
            "speaker": name != "standard" or corpus != "mocha",
            "prompt": name.endswith("strict") or (name, corpus) == ("standard", "mocha"),
        }
        for column in (column for column, promised in apart.items() if promised):
            members = [set(part[column]) for part in parts]
            assert all(not one & two for one, two in combinations(members, 2)), (name, column)
