"""A result is made again: an honest one is signed, a forged one is not."""

import json
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

from benchmark import rerun, score
from benchmark.cli import OWN_LEADERBOARD
from benchmark.errors import StandingsError
from benchmark.scoring.phone_scores import PHONE_SCORES, read_phone_scores, write_phone_scores
from benchmark.scoring.rerun import read_rerun, read_reviewers
from benchmark.scoring.results import read_card, read_result, write_result


@pytest.fixture(scope="module")
def honest(small, tmp_path_factory):
    """A result, and the words that run it again."""
    root = tmp_path_factory.mktemp("board") / "results"
    words = ["--corpus", str(small), "--model", "noisy"]
    assert score.main([*words, "--measures", "SISDR", "--out", str(root), "--summary"]) == 0
    return root / "demo_noisy" / "noisy", words


@pytest.fixture(autouse=True)
def key(tmp_path, monkeypatch):
    monkeypatch.setenv("SINBAD_SIGNING_KEY", str(tmp_path / "key"))
    return tmp_path / "key"


def test_an_honest_result_is_signed_and_shows_its_badge_to_those_who_trust_the_signer(honest, key, capsys):
    folder, words = honest
    assert rerun.main([str(folder), *words, "--by", "Jo Smith", "--json"]) == 0
    signed = json.loads(capsys.readouterr().out)["signed"]
    assert (signed["by"], signed["tolerance"], signed["largest"]) == ("Jo Smith", 1e-3, 0.0)
    assert key.stat().st_mode & 0o077 == 0
    card = read_card(folder)
    assert read_rerun(folder, card, {"Jo Smith": signed["key"]}).machine == signed["machine"]
    with pytest.raises(StandingsError, match="not among the reviewers"):
        read_rerun(folder, card, {})
    with pytest.raises(StandingsError, match="not among the reviewers"):
        read_rerun(folder, card, {"Jo Smith": "00" * 32})
    with pytest.raises(StandingsError, match="another result"):
        read_rerun(folder, replace(card, card_sha256="f" * 64), {"Jo Smith": signed["key"]})
    record = json.loads((folder / "rerun.json").read_text())
    (folder / "rerun.json").write_text(json.dumps({**record, "tolerance": 1e-9}))
    with pytest.raises(StandingsError, match="no valid signature"):
        read_rerun(folder, card, {"Jo Smith": signed["key"]})
    (folder / "rerun.json").unlink()


def test_a_forged_result_with_hashes_that_agree_is_caught_and_not_signed(honest, tmp_path, capsys):
    folder, words = honest
    result = read_result(folder)
    better = [{**row, "value": row["value"] + 0.2} for row in result.scores]
    forged = write_result(tmp_path, replace(result, scores=better))
    assert read_result(forged).card.model == "noisy"  # nothing tells by itself that it is forged
    assert rerun.main([str(forged), *words, "--by", "Jo Smith"]) == 1
    printed = capsys.readouterr().out
    assert f"{len(better)} of {len(better)} scores do not come out as stored" in printed
    assert "nothing is signed" in printed
    assert not (forged / "rerun.json").exists()


def test_scores_by_class_of_phone_are_compared_where_they_are_stored(small, tmp_path, capsys):
    words = ["--corpus", str(small), "--model", "ridge_clean"]
    assert score.main([*words, "--measures", "PPMC", "--out", str(tmp_path), "--summary"]) == 0
    folder = tmp_path / "demo_noisy" / "ridge_clean"
    stored = read_phone_scores(folder)
    assert stored is not None
    assert rerun.main([str(folder), *words]) == 0
    values = pa.array([0.99] * len(stored.table), pa.float32())
    table = stored.table.set_column(stored.table.schema.get_field_index("value"), "value", values)
    write_phone_scores(folder, replace(stored, table=table.cast(PHONE_SCORES)))
    capsys.readouterr()
    assert rerun.main([str(folder), *words]) == 1
    all_scores = len(table) + read_card(folder).expected
    assert f"of {all_scores} scores do not come out as stored" in capsys.readouterr().out


def test_another_model_than_that_of_the_card_is_refused(honest, capsys):
    folder, words = honest
    assert rerun.main([str(folder), *words[:-1], "logmmse"]) == 2
    assert "the code and weights" in capsys.readouterr().err


def test_a_list_of_reviewers_is_names_and_keys(tmp_path):
    assert read_reviewers(tmp_path / "reviewers.json") == {}
    (tmp_path / "reviewers.json").write_text('{"Jo": 3}')
    with pytest.raises(StandingsError, match="Jo"):
        read_reviewers(tmp_path / "reviewers.json")


def test_results_are_private_unless_their_folder_is_named():
    ignored = (Path(__file__).parents[2] / ".gitignore").read_text().splitlines()
    assert f"/{OWN_LEADERBOARD}/" in ignored
