from __future__ import annotations

import pytest

from benchmark.errors import ManifestError
from benchmark.noises import NOISES, catalogue
from benchmark.noises.catalogue import divided_in_time, load_table, rule_for, split_by_hash
from benchmark.randomness import Randomness

TABLES = [name for name in NOISES if name != "folder"]
#: Places that are alike; the splits of each group were dealt in the order of a hash.
DEALT = {
    "demand": [
        ("DKITCHEN", "DLIVING", "DWASHING"),
        ("NFIELD", "NPARK", "NRIVER"),
        ("OMEETING", "PCAFETER", "PRESTO", "SCAFE"),
        ("TBUS", "TCAR", "TMETRO"),
        ("OHALLWAY", "OOFFICE", "PSTATION", "SPSQUARE", "STRAFFIC"),
    ],
}


@pytest.mark.parametrize("name", TABLES)
def test_committed_tables_are_whole(name):
    table = load_table(name)
    patterns = [rule.pattern for rule in table]
    assert len(set(patterns)) == len(patterns)
    assert all(rule.note for rule in table if rule.kind == "unused")


@pytest.mark.parametrize("name", DEALT)
def test_closed_corpora_are_dealt_by_hash(name):
    splits = {rule.pattern.partition("/")[0].removesuffix(".*"): rule.split for rule in load_table(name)}
    for group in DEALT[name]:
        order = sorted(
            group, key=lambda file: Randomness(("noises", "deal", catalogue.SEED, file)).token("order")
        )
        assert [splits[file] for file in order] == [
            ("train", "test", "dev")[i % 3] for i in range(len(order))
        ]


def test_languages_are_dealt_by_hash_and_are_one_voice_in_both_games():
    splits: dict[str, set[str]] = {}
    for rule in load_table("kde_voices"):
        if rule.kind == "talker":
            language = rule.pattern.removesuffix("/*").rpartition("/")[2]
            splits.setdefault(language, set()).add(rule.split)
    order = sorted(
        splits, key=lambda name: Randomness(("noises", "deal", catalogue.SEED, name)).token("order")
    )
    assert [splits[name] for name in order] == [{("train", "test", "dev")[i % 3]} for i in range(len(order))]
    assert len(order) == 27


def test_a_recording_divided_in_time_has_a_second_between_its_parts():
    parts = divided_in_time(235.0)
    assert parts == {"train": (0.0, 141.0), "dev": (142.0, 188.0), "test": (189.0, 235.0)}


@pytest.mark.parametrize("name", ["demand", "qut_noise"])
def test_small_corpora_serve_both_kinds_in_every_split(name):
    served = {(rule.kind, rule.split) for rule in load_table(name)}
    assert {(kind, split) for kind in ("babble", "nonbabble") for split in ("train", "dev", "test")} <= served


def test_the_first_row_that_fits_counts_and_case_does_not():
    table = load_table("dns")
    assert rule_for(table, "Crowd_Freesound_validated_1_0.wav").kind == "babble"
    assert rule_for(table, "crowdless.wav").kind == "nonbabble"
    assert rule_for(load_table("demand"), "DKITCHEN/ch02.wav") is None


def test_the_hash_divides_seven_one_two_and_never_otherwise():
    splits = [split_by_hash(f"noise-free-sound-{number:04d}") for number in range(5000)]
    assert [round(splits.count(name) / 5000, 1) for name in ("train", "dev", "test")] == [0.7, 0.1, 0.2]
    assert splits[:8] == ["dev", "test", "train", "train", "train", "train", "train", "dev"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "line 1: the columns must be pattern, category"),
        ("pattern,kind\n", "line 1: the columns must be pattern, category"),
        ("pattern,category,kind,split,note\n*,a,loud,hash,\n", "line 2: needs 5 columns, a kind of babble"),
        ("pattern,category,kind,split,note\n*,a,babble,hash,\n*,a,babble\n", "line 3: needs 5 columns"),
    ],
)
def test_an_edited_table_is_refused_by_line(text, reason, tmp_path, monkeypatch):
    (tmp_path / "noises").mkdir()
    (tmp_path / "noises/mine.csv").write_text(text)
    monkeypatch.setattr(catalogue, "manifests_folder", lambda: tmp_path)
    load_table.cache_clear()
    with pytest.raises(ManifestError, match=reason):
        load_table("mine")
    with pytest.raises(ManifestError, match=r"other\.csv: cannot be read"):
        load_table("other")
