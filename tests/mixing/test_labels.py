from __future__ import annotations

from functools import partial

from benchmark.errors import CorpusError
from benchmark.mixing.labels import write_phones
from benchmark.mixing.phone_table import read_labels
from benchmark.types import Segment, Utterance, silent

PLOSIVE = Segment("p", "plosive", 0.0, 0.1)


def given(segments):
    return segments


def damaged():
    raise CorpusError("S1.mat: damaged element")


def utterance(key, phones=None):
    return Utterance(key, "S1", "", 1.0, damaged, phones=phones)


def written(folder, *utterances, kept=()):
    ids = {item.id for item in utterances} | set(kept)
    return write_phones(folder, utterances, ids, 1, silent)


def test_labels_of_an_earlier_run_stay_as_long_as_their_utterances_do(tmp_path):
    path = tmp_path / "phones.parquet"
    first, second = (utterance(f"S1/{i}", partial(given, (PLOSIVE,))) for i in (1, 2))
    assert written(tmp_path, first) == []
    written(tmp_path, second, kept={"S1/1"})
    assert set(read_labels(path)) == {"S1/1", "S1/2"}
    written(tmp_path, second)
    assert set(read_labels(path)) == {"S1/2"}
    written(tmp_path, utterance("S1/2", partial(given, ())))
    assert not path.exists()


def test_a_corpus_without_labels_has_no_table(tmp_path):
    assert written(tmp_path, utterance("S1/1")) == []
    assert list(tmp_path.iterdir()) == []


def test_labels_that_cannot_be_used_are_named_and_the_others_written(tmp_path):
    backwards = PLOSIVE._replace(start_s=0.2)
    remarks = written(
        tmp_path,
        utterance("S1/1", damaged),
        utterance("S1/2", partial(given, (backwards,))),
        utterance("S1/3", partial(given, (PLOSIVE, Segment("??", "", 0.1, 0.2), Segment("", "", 0.2, 0.3)))),
    )
    assert remarks == [
        "without phones: S1.mat: damaged element",
        "without phones: S1/2: the phone 'p' lasts from 0.2 s to 0.1 s; its labels are damaged",
        "labels without a class of phones, left out of the breakdown by phone class: ??",
    ]
    assert set(read_labels(tmp_path / "phones.parquet")) == {"S1/3"}


def test_labels_that_cannot_be_of_the_recording_are_left_out_and_said(tmp_path):
    in_milliseconds = Segment("p", "plosive", 0.0, 100.0)
    overlapping = (PLOSIVE, Segment("a", "vowel", 0.05, 0.2))
    (late,) = written(tmp_path, utterance("S1/1", partial(given, (in_milliseconds,))))
    assert "its labels end at 100 s, the recording at 1 s" in late
    (twice,) = written(tmp_path, utterance("S1/2", partial(given, overlapping)))
    assert "the phones 'p' and 'a' overlap at 0.05 s" in twice
