from __future__ import annotations

import json
import re
from collections import Counter
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from benchmark import corpora
from benchmark.corpora import hprc, load_splits, mocha, spire, usc_timit
from benchmark.errors import ManifestError
from benchmark.files import manifests_folder
from maintenance import make_splits
from maintenance import split_tables as tables
from maintenance import xrmb_split_rule as xrmb

TABLE = manifests_folder() / "xrmb" / "splits.parquet"


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return pq.read_table(TABLE).to_pandas()


def by_split(table: pd.DataFrame, name: str, column: str) -> dict[str, set[str]]:
    return {split: set(part[column]) for split, part in table.groupby(name)}


@pytest.mark.parametrize("name", ["standard", "strict"])
def test_xrmb_speakers_are_disjoint_36_5_5(table: pd.DataFrame, name: str) -> None:
    speakers = by_split(table, name, "speaker")
    assert {split: len(members) for split, members in speakers.items()} == {"train": 36, "dev": 5, "test": 5}
    assert all(not one & two for one, two in combinations(speakers.values(), 2))


def test_xrmb_strict_prompts_are_disjoint_and_standard_ones_are_not(table: pd.DataFrame) -> None:
    assert all(not one & two for one, two in combinations(by_split(table, "strict", "prompt").values(), 2))
    assert any(one & two for one, two in combinations(by_split(table, "standard", "prompt").values(), 2))


def test_xrmb_strict_is_part_of_standard(table: pd.DataFrame) -> None:
    strict = table[table["strict"].notna()]
    assert (strict["strict"] == strict["standard"]).all()
    assert (table.groupby("strict").size() > [50, 100, 2000]).all()


def test_xrmb_says_why_something_takes_no_part(table: pd.DataFrame) -> None:
    out = table[table["standard"].isna()]
    assert (out["note"] != "").all()
    assert (table.loc[table["standard"].notna(), "note"] == "").all()
    assert set(out.loc[out["note"].str.startswith("speaker left out"), "speaker"]) == {"JW19", "JW46"}
    assert not set(xrmb.SYLLABLE_TASKS) & set(table.loc[table["standard"].notna(), "prompt"])
    assert len(table) == 5046


def test_xrmb_ids_are_those_of_the_reader(table: pd.DataFrame) -> None:
    assert table["utterance_id"].is_unique
    assert table["utterance_id"].str.fullmatch(r"JW\d+/tp\d{3}(_\d)?").all()
    assert "words" not in table.columns, "a split contains no data"


def test_xrmb_table_credits_its_source() -> None:
    metadata = pq.read_schema(TABLE).metadata
    assert b"BSD-3" in metadata[b"source"]
    assert metadata[b"seed"] == str(xrmb.SEED).encode()


def an_index(shuffle: int = 0) -> pd.DataFrame:
    generator = np.random.default_rng(5)
    rows = []
    for number in range(48):
        sex, age = "FM"[number % 2], 18 + generator.uniform(0, 15)
        for task in range(1, 31):
            sentence = "THE SAME LONG SENTENCE" if task <= 8 else f"WORD{task} OTHER{task} THIRD{task}"
            rows.append(
                (
                    f"JW{number + 11}",
                    sex,
                    age,
                    f"tp{task:03d}",
                    f"tp{task:03d}",
                    3.0 + number + task / 10,
                    sentence,
                )
            )
    index = pd.DataFrame(rows, columns=list(xrmb.COLUMNS))
    return index.sample(frac=1, random_state=shuffle) if shuffle else index


def test_the_rule_depends_on_nothing_but_its_input() -> None:
    assert xrmb.make_table(an_index()).equals(xrmb.make_table(an_index(shuffle=3)))


def test_the_rule_balances_sex_and_age_and_keeps_sentences_together() -> None:
    index = an_index()
    speakers = xrmb.speaker_splits(index)
    assert Counter(speakers.values()) == {"train": 36, "dev": 5, "test": 5, "left out": 2}
    sex = index.groupby("speaker")["sex"].first()
    for split, women in (("test", 3), ("dev", 2)):
        assert sum(sex[speaker] == "F" for speaker, own in speakers.items() if own == split) == women
    age = index.groupby("speaker")["age_years"].first()
    ages = {
        split: np.mean([age[s] for s, own in speakers.items() if own == split])
        for split in ("train", "dev", "test")
    }
    assert max(ages.values()) - min(ages.values()) < 4
    prompts = xrmb.prompt_splits(index)
    assert {prompts[f"tp{task:03d}"] for task in range(1, 9)} == {"train"}
    assert set(prompts.values()) == {"train", "dev", "test"}


def test_the_command_writes_the_tables(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    index, out = tmp_path / "index.csv", tmp_path / "deep"
    assert make_splits.main(["--out", str(out)]) == 0
    assert sorted(path.parent.name for path in out.glob("*/splits.parquet")) == sorted(tables.CORPORA)
    assert pq.read_table(out / "mocha" / "splits.parquet").equals(tables.make_table("mocha"))
    an_index().to_csv(index, index=False)
    capsys.readouterr()
    assert make_splits.main(["--index", str(index), "--out", str(out), "--json"]) == 0
    assert pq.read_table(out / "xrmb" / "splits.parquet").equals(xrmb.make_table(an_index()))
    facts = json.loads(capsys.readouterr().out)
    assert facts["hprc"]["divisions"]["leave_F01_out"] == {"train": [6, 6], "dev": [1, 1], "test": [1, 1]}
    assert facts["xrmb"]["divisions"]["standard"]["train"][0] == 36
    index.write_text("a,b\n1,2\n")
    assert make_splits.main(["--index", str(index), "--out", str(out)]) == 2
    assert "lacks the columns" in capsys.readouterr().err


def split_names(corpus: str) -> list[str]:
    return list(corpora.get(corpus).splits)


PROMPT_OF = {
    "mngu0": lambda recording: recording,
    "mocha": mocha.prompt_of,
    "hprc": hprc.prompt_of,
    "usc_timit": usc_timit.prompt_of,
    "spire": spire.prompt_of,
}


def ids_of(corpus: str) -> list[str]:
    return {
        "mngu0": [f"s1/mngu0_s1_{n:04d}" for n in range(1, 1355)],
        "mocha": [f"{s}/{s}_{n:03d}" for s in mocha.SPEAKERS for n in range(1, 461)],
        "hprc": [
            f"{s}/{s}_B{b:02d}_S{n:02d}_R{r:02d}_{rate}"
            for s in hprc.SPEAKERS
            for b in range(1, 13)
            for n in range(1, 61)
            for r, rate in ((1, "N"), (2, "N"), (1, "F"))
        ],
        "usc_timit": [
            f"{s}/usctimit_ema_{s.lower()}_{n:03d}_{n + 4:03d}"
            for s in usc_timit.SPEAKERS
            for n in range(1, 460, 5)
        ],
        "spire": [f"spk{s}/f{s}_{n:04d}" for s in range(1, 39) for n in range(1, 461)],
    }[corpus]


@pytest.mark.parametrize(
    ("corpus", "name"),
    [(c, n) for c in ("mngu0", "mocha", "hprc", "usc_timit", "spire") for n in split_names(c)],
)
def test_rules_are_disjoint_in_what_they_promise(corpus: str, name: str) -> None:
    splits = load_splits(corpus, name)
    found = {identity: splits.get(identity) for identity in ids_of(corpus)}
    counts = Counter(found.values())
    assert {"train", "dev", "test"} <= set(counts)
    by_speaker: dict[str, set[str]] = {"train": set(), "dev": set(), "test": set()}
    by_prompt: dict[str, set[str]] = {"train": set(), "dev": set(), "test": set()}
    for identity, split in found.items():
        if split is not None:
            speaker, recording = identity.split("/")
            by_speaker[split].add(speaker)
            by_prompt[split].add(PROMPT_OF[corpus](recording))
    speakers_apart = corpus == "spire" or name.startswith("leave")
    prompts_apart = name.endswith("strict") or (corpus in ("mngu0", "mocha") and name == "standard")
    assert speakers_apart or prompts_apart
    if speakers_apart:
        assert all(not one & two for one, two in combinations(by_speaker.values(), 2))
    if prompts_apart:
        assert all(not one & two for one, two in combinations(by_prompt.values(), 2))
    if not name.endswith("strict"):
        assert None not in counts


def test_mngu0_is_the_corpus_own_rule() -> None:
    splits = load_splits("mngu0", "standard")
    assert [splits.get(f"s1/mngu0_s1_{n}") for n in ("0001", "0010", "0020", "0130", "0101", "1200")] == [
        "train",
        "dev",
        "test",
        "dev",
        "train",
        "test",
    ]


def test_folds_leave_each_speaker_out_once() -> None:
    folds = [name for name in split_names("hprc") if not name.endswith("strict")]
    tested = []
    for fold in folds:
        found = {i.split("/")[0]: load_splits("hprc", fold).get(i) for i in ids_of("hprc")}
        assert Counter(found.values()) == {"train": 6, "dev": 1, "test": 1}
        tested += [speaker for speaker, split in found.items() if split == "test"]
    assert sorted(tested) == sorted(hprc.SPEAKERS)


def test_strangers_take_no_part() -> None:
    assert load_splits("hprc", "leave_F01_out").get("X99/X99_B01_S01_R01_N") is None
    assert load_splits("spire", "standard").get("spk99/f_0001") is None
    with pytest.raises(KeyError):
        load_splits("spire", "standard")["spk99/f_0001"]
    assert load_splits("xrmb", "standard").get("JW99/tp001") is None


def test_an_unknown_split_lists_the_known_ones() -> None:
    with pytest.raises(
        ManifestError, match=re.escape("no split of 'xrmb' is called 'std'; there are: standard, strict")
    ):
        load_splits("xrmb", "std")
    with pytest.raises(ManifestError, match="there are: none"):
        load_splits("folder", "standard")
