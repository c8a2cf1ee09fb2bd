from __future__ import annotations

import json

import pytest

from benchmark.errors import ManifestError
from benchmark.mixing.journal import Journal
from benchmark.mixing.rows import UNMEASURED, Measured, MixtureRow

_ROW = MixtureRow(
    mixture_id="clean/A/1",
    utterance_id="A/1",
    speaker="A",
    split="test",
    noise_kind="clean",
    noise_category="",
    noise_source="",
    noise_seen=None,
    talkers=None,
    voices=None,
    snr_db=None,
    samples=16000,
    looped=False,
    pieces=[],
    **{**UNMEASURED, **Measured(pcm_sha256="ab" * 32, peak=0.5)},
)


def reopened(path, *lines):
    path.write_text("".join(f"{line}\n" for line in lines))
    with Journal(path, "this recipe") as journal:
        return journal.measured


@pytest.mark.parametrize(
    "line",
    [
        "5",
        "[1]",
        "null",
        '"clean/A/1"',
        "{}",
        json.dumps({"mixture_id": "clean/A/1"}),
        json.dumps({**_ROW, "pcm_sha256": None}),
        json.dumps({**_ROW, "pcm_sha256": "q" * 64}),
        json.dumps({**_ROW, "pcm_sha256": "AB" * 32}),
        json.dumps({**_ROW, "pcm_sha256": 7}),
        json.dumps({**_ROW, "peak": "loud"}),
        json.dumps({**_ROW, "pieces": [1]}),
        json.dumps({**_ROW, "pieces": None}),
        json.dumps({**_ROW, "mixture_id": ["clean"]}),
        json.dumps({**_ROW, "more": 1}),
        json.dumps({**_ROW, "samples": 1 << 70}),
        "[" * 100_000,
        "1" * 5000,
        json.dumps(_ROW)[:100],
        "\x00",
    ],
)
def test_what_is_no_complete_row_is_ignored(tmp_path, line):
    path = tmp_path / "journal.jsonl"
    header = json.dumps({"recipe_sha256": "this recipe"})
    assert reopened(path, header, line, json.dumps(_ROW)) == {"clean/A/1": _ROW}
    assert reopened(path, line, json.dumps(_ROW)) == {}, "without a header nothing is believed"


def test_rows_of_another_recipe_are_refused(tmp_path):
    with pytest.raises(ManifestError, match="interrupted run of another recipe"):
        reopened(tmp_path / "journal.jsonl", json.dumps({"recipe_sha256": "another"}))


def test_an_empty_journal_is_a_beginning(tmp_path):
    assert reopened(tmp_path / "journal.jsonl") == {}
