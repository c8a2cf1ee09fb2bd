"""The hashes of results on disk."""

from __future__ import annotations

import hashlib
import json
import math
from typing import get_type_hints

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmark.errors import StandingsError
from benchmark.scoring.results import Result, card_hash, read_result, write_result
from benchmark.scoring.score_rows import DESCRIBING_NOISE, SCORES, ScoreRow, as_table, scores_hash
from tests.ranking.results import result


def hash_of_version_1(scores):
    """The definition: a line of compact JSON for each row, in the order of mixture, measure and parameter."""
    digest = hashlib.sha256()
    for row in sorted(scores, key=lambda row: (row["mixture_id"], row["measure"], row["parameter"])):
        digest.update(json.dumps([row[name] for name in OLD], separators=(",", ":")).encode() + b"\n")
    return digest.hexdigest()


OLD = [name for name in SCORES.names if name not in DESCRIBING_NOISE]
_NUMBER = st.one_of(
    st.none(), st.floats(width=32), st.sampled_from([0.0, -0.0, 1.0, -5.0, math.nan, math.inf])
)
_ROW = st.fixed_dictionaries(
    {name: _NUMBER if name in ("snr_db", "value") else st.text(max_size=6) for name in OLD}
)


def old(scores):
    """A table as versions before 0.2 wrote it."""
    schema = pa.schema(
        [
            SCORES.field(name).with_type(pa.float64()) if name == "value" else SCORES.field(name)
            for name in OLD
        ]
    )
    order = [(name, "ascending") for name in ("mixture_id", "measure", "parameter")]
    return pa.Table.from_pylist(scores, schema=schema).sort_by(order)


@settings(deadline=None)
@given(
    st.lists(
        _ROW,
        min_size=1,
        max_size=12,
        unique_by=lambda row: (row["mixture_id"], row["measure"], row["parameter"]),
    )
)
def test_the_hash_of_scores_that_are_already_stored_is_the_one_they_were_given(scores):
    assert scores_hash(old(scores)) == hash_of_version_1(scores)


def test_a_result_that_does_not_say_how_many_talkers_there_were_is_still_read(tmp_path):
    made = result("a", 0.3)
    folder = write_result(tmp_path, made)
    table = old(made.scores)
    pq.write_table(table, folder / "scores.parquet")
    card = json.loads((folder / "card.json").read_text()) | {"scores_sha256": scores_hash(table)}
    (folder / "card.json").write_text(json.dumps(card | {"card_sha256": card_hash(card)}))
    assert [row["value"] for row in read_result(folder).scores] == [row["value"] for row in table.to_pylist()]
    assert {row["talkers"] for row in read_result(folder).scores} == {None}


@pytest.mark.parametrize("name", SCORES.names)
def test_the_hash_tells_a_change_in_every_column(name):
    rows = result("a", 0.3).scores
    kind = SCORES.field(name).type
    other = "x" if pa.types.is_string(kind) else True if pa.types.is_boolean(kind) else 7
    changed = [{**rows[0], name: other}, *rows[1:]]
    assert scores_hash(as_table(changed)) != scores_hash(as_table(rows))
    if SCORES.field(name).nullable:
        zero = [{**rows[0], name: type(other)(0)}, *rows[1:]]
        none = [{**rows[0], name: None}, *rows[1:]]
        assert scores_hash(as_table(zero)) != scores_hash(as_table(none))


def test_the_hash_does_not_depend_on_the_order_of_rows():
    rows = result("a", 0.3).scores
    assert scores_hash(as_table(rows[::-1])) == scores_hash(as_table(rows))


def test_a_score_row_has_the_columns_of_the_file():
    kinds = {pa.string(): str, pa.float64(): float, pa.float32(): float, pa.int16(): int, pa.bool_(): bool}
    hints = get_type_hints(ScoreRow)
    assert list(hints) == SCORES.names
    for column in SCORES:
        kind = kinds[column.type]
        expected = kind | None if column.nullable else kind
        assert hints[column.name] == expected or column.name == "status", column.name


def test_scores_are_stored_in_float32_and_by_their_words(tmp_path):
    path = write_result(tmp_path, result("a", 0.3)) / "scores.parquet"
    group = pq.ParquetFile(path).metadata.row_group(0)
    encodings = {group.column(i).path_in_schema: group.column(i).encodings for i in range(group.num_columns)}
    assert "BYTE_STREAM_SPLIT" in encodings["value"]
    assert all("RLE_DICTIONARY" in encodings[name] for name in ("mixture_id", "measure", "reason"))


def test_a_result_only_grows(tmp_path):
    first, second = result("a", 0.3), result("a", 0.5, measure="STOI")
    write_result(tmp_path, first)
    folder = write_result(tmp_path, second)
    grown = read_result(folder)
    assert set(grown.card.measures) == {"PPMC", "STOI"}
    assert grown.card.expected == len(first.scores) + len(second.scores) == len(grown.scores)
    again = result("a", 0.4)
    write_result(tmp_path, again)
    values = {row["value"] for row in read_result(folder).scores if row["measure"] == "PPMC"}
    assert values == {row["value"] for row in read_result(write_result(tmp_path / "b", again)).scores}


def test_scores_of_another_corpus_are_not_mixed_in(tmp_path):
    write_result(tmp_path, result("a", 0.3))
    folder = write_result(tmp_path, result("a", 0.5, measure="STOI", corpus="0" * 64))
    assert set(read_result(folder).card.measures) == {"STOI"}


def test_a_result_without_scores_is_not_stored(tmp_path):
    folder = write_result(tmp_path, result("a", 0.3))
    before = (folder / "card.json").read_bytes()
    with pytest.raises(StandingsError, match="without a score"):
        write_result(tmp_path, Result(read_result(folder).card, []))
    assert (folder / "card.json").read_bytes() == before


def test_a_result_is_a_table_of_pandas_and_says_what_it_is(tmp_path):
    made = result("a", 0.3)
    frame = made.frame()
    assert list(frame.columns) == SCORES.names
    assert len(frame) == len(made.scores)
    assert "a on" in repr(made)
    assert "<table" in made._repr_html_()
    assert read_result(str(write_result(tmp_path, made))).frame().equals(frame)


def test_the_summary_averages_over_utterances_then_speakers_and_not_over_units():
    def row(speaker, utterance, measure, parameter, value):
        mixture = f"babble/-5/{speaker}/{utterance}"
        return {
            **dict.fromkeys(SCORES.names),
            "mixture_id": mixture,
            "utterance_id": f"{speaker}/{utterance}",
            "speaker": speaker,
            "noise_kind": "babble",
            "noise_category": "babble",
            "snr_db": -5.0,
            "measure": measure,
            "parameter": parameter,
            "value": value,
            "status": "ok",
            "reason": "",
        }

    rows = [row("A", "1", "PPMC", name, 0.5) for name in ("LA", "LP")]
    rows += [
        row("B", str(i), "PPMC", name, value) for i in range(3) for name, value in (("LA", 0.7), ("LP", 0.1))
    ]
    rows += [row("A", "1", "RMSE", "LA", 3.0), row("A", "1", "RMSE", "pitch", 40.0)]
    means = Result(result("a", 0.3).card, rows).summary()["babble -5 dB"]
    assert means["PPMC", "LA"] == pytest.approx(0.6)
    assert means["PPMC", "mean"] == pytest.approx(0.45)
    assert ("RMSE", "mean") not in means.index
    assert means["RMSE", "pitch"] == 40


def test_the_hash_of_a_card_is_that_of_all_the_rest_of_it(tmp_path):
    folder = write_result(tmp_path, result("a", 0.3))
    card = json.loads((folder / "card.json").read_text())
    assert card["card_sha256"] == card_hash(card)
    assert card_hash(dict(reversed(card.items()))) == card["card_sha256"]
    for name, value in card.items():
        changed = {**card, name: [value]}
        assert (card_hash(changed) == card["card_sha256"]) == (name == "card_sha256"), name


def test_a_card_is_the_same_however_it_is_laid_out(tmp_path):
    folder = write_result(tmp_path, result("a", 0.3))
    path = folder / "card.json"
    path.write_text(json.dumps(json.loads(path.read_text()), sort_keys=True))
    read_result(folder)
    path.write_text(path.read_text().replace('"title": "the model a"', '"title": "the model b"'))
    with pytest.raises(StandingsError, match="the card was edited or damaged"):
        read_result(folder)
