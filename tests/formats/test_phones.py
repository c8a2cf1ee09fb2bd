from __future__ import annotations

from itertools import pairwise

import numpy as np
import pyarrow.parquet as pq
import pytest

from benchmark.errors import ManifestError
from benchmark.formats.phones import CLASSES, arpabet_segment, checked, classes_in, frames_of
from benchmark.mixing.phone_table import labels_hash, read_labels, write_labels
from benchmark.types import Segment

LABELS = {
    "S1/U001": (
        Segment("", "", 0.0, 0.12),
        Segment("p", "plosive", 0.12, 0.2),
        Segment("a", "vowel", 0.2, 0.29),
        Segment("t", "plosive", 0.29, 0.35),
    ),
    "S1/U002": (Segment("ä", "vowel", 0.0, 0.1 + 0.2),),
}


def test_labels_come_back_as_they_were(tmp_path):
    path = tmp_path / "phones.parquet"
    write_labels(path, dict(reversed(LABELS.items())))
    assert read_labels(path) == LABELS
    assert labels_hash(read_labels(path)) == labels_hash(LABELS)


def test_two_writings_are_the_same_bytes(tmp_path):
    for name in ("one", "two"):
        write_labels(tmp_path / name, LABELS)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_the_hash_tells_every_change():
    first = LABELS["S1/U002"][0]
    others = [
        {"S1/U002": (first,)},
        {**LABELS, "S1/U002": (first._replace(end_s=0.31),)},
        {**LABELS, "S1/U002": (first._replace(phone="e"),)},
        {**LABELS, "S1/U002": (first._replace(phone_class="diphthong"),)},
    ]
    assert len({labels_hash(labels) for labels in (LABELS, *others)}) == 5


def test_an_edited_table_is_refused(tmp_path):
    path = tmp_path / "phones.parquet"
    write_labels(path, LABELS)
    table = pq.read_table(path)
    pq.write_table(table.slice(1), path)
    with pytest.raises(ManifestError, match="edited or damaged"):
        read_labels(path)
    pq.write_table(table.drop_columns(["phone"]), path)
    with pytest.raises(ManifestError, match="not a table of phones"):
        read_labels(path)
    path.write_bytes(b"PAR1")
    with pytest.raises(ManifestError, match="not a readable Parquet file"):
        read_labels(path)


@pytest.mark.parametrize(
    "segment",
    [
        Segment("a", "vowels", 0.0, 1.0),
        Segment("a", "vowel", 0.5, 0.4),
        Segment("a", "vowel", -0.1, 0.4),
        Segment("a", "vowel", 0.0, float("inf")),
        Segment("a", "vowel", float("nan"), 1.0),
    ],
)
def test_segments_that_cannot_be_right_are_refused(segment):
    with pytest.raises(ManifestError, match="S1/U001"):
        checked([segment], "S1/U001")


def test_each_frame_belongs_to_the_phone_that_holds_its_time():
    segments = LABELS["S1/U001"]
    assert np.flatnonzero(frames_of(segments, "plosive", 40, 100.0)).tolist() == [
        *range(12, 20),
        *range(29, 35),
    ]
    assert np.flatnonzero(frames_of(segments, "vowel", 40, 100.0)).tolist() == list(range(20, 29))
    assert not frames_of(segments, "nasal", 40, 100.0).any()
    # Frames at 0, 20, 40 ms ...: between 120 and 200 ms there are four.
    assert np.flatnonzero(frames_of(segments, "plosive", 10, 50.0)).tolist() == [6, 7, 8, 9]


def test_no_frame_is_in_two_classes_that_follow_each_other():
    edges = np.arange(0.0, 3.0, 0.037)
    segments = [
        Segment("x", CLASSES[i % len(CLASSES)], float(a), float(b))
        for i, (a, b) in enumerate(pairwise(edges))
    ]
    for rate in (50.0, 100.0, 145.645, 500.0):
        counts = sum(frames_of(segments, name, 200, rate).astype(int) for name in CLASSES)
        assert counts.max() == 1


def test_classes_are_told_in_their_order():
    assert classes_in(LABELS["S1/U001"]) == ["vowel", "plosive"]


def test_arpabet_has_a_class_for_every_phone_of_the_cmu_dictionary():
    words = (
        "AA AE AH AO AW AY B CH D DH EH ER EY F G HH IH IY JH K L M N NG OW OY P R S SH T TH UH UW V W Y Z ZH"
    )
    phones = words.split()
    assert len(phones) == 39
    assert {arpabet_segment(phone, 0.0, 0.1).phone_class for phone in phones} == set(CLASSES)
    assert arpabet_segment(" aw1", 0.0, 0.1) == ("aw1", "diphthong", 0.0, 0.1)
    assert [arpabet_segment(symbol, 0.0, 0.1)[:2] for symbol in ("sp", "SIL", "", "spn", "AH9")] == [
        ("", ""),
        ("", ""),
        ("", ""),
        ("spn", ""),
        ("AH9", ""),
    ]
