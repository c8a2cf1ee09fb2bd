"""The hashes of results on disk."""

from __future__ import annotations

import hashlib
import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmark.errors import StandingsError
from benchmark.scoring.results import SCORES, card_hash, read_result, scores_hash, write_result
from tests.ranking.results import result


def hash_row_by_row(scores):
    """The definition: a line of compact JSON for each row, in the order of mixture, measure and parameter."""
    digest = hashlib.sha256()
    for row in sorted(scores, key=lambda row: (row["mixture_id"], row["measure"], row["parameter"])):
        digest.update(
            json.dumps([row[name] for name in SCORES.names], separators=(",", ":")).encode() + b"\n"
        )
    return digest.hexdigest()


_NUMBER = st.one_of(st.none(), st.floats(), st.sampled_from([0.0, -0.0, 1.0, -5.0, math.nan, math.inf]))
_ROW = st.fixed_dictionaries(
    {name: _NUMBER if name in ("snr_db", "value") else st.text(max_size=6) for name in SCORES.names}
)


@given(st.lists(_ROW, max_size=12))
def test_the_hash_of_scores_is_that_of_its_definition(scores):
    assert scores_hash(scores) == hash_row_by_row(scores)


def test_text_that_looks_like_a_separator_is_part_of_its_word():
    row = result("a", 0.3).scores[0]
    tricky = [
        {**row, "reason": text, "parameter": str(i)} for i, text in enumerate((", ", "],[", '"\n', "é"))
    ]
    assert scores_hash(tricky) == hash_row_by_row(tricky)


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
