from __future__ import annotations

import io
import json

import pytest
import soundfile

from benchmark import leaderboard
from benchmark.errors import StandingsError
from benchmark.models import load
from benchmark.prepared.corpus import PreparedCorpus
from benchmark.ranking.audit import KeptOut
from benchmark.ranking.listening import write_recordings
from benchmark.ranking.recordings import read_recordings

_MODEL = """
import numpy as np
from benchmark.types import Trajectories


class Flat:
    sample_rate = 8000

    def enhance(self, noisy):
        return 0.5 * noisy

    def invert(self, noisy):
        values = np.full((round(len(noisy) / 8000 * 50), 2), 3.0, np.float32)
        return Trajectories(values, 50.0, ("LA", "TTCD"), np.ones(values.shape, bool))
"""


@pytest.fixture(scope="module")
def made(corpus, tmp_path_factory):
    folder = tmp_path_factory.mktemp("items")
    (folder / "flat.py").write_text(_MODEL)
    entries = [load("noisy"), load("clean"), load(f"{folder / 'flat.py'}:Flat")]
    return folder / "demo_noisy", write_recordings(folder / "demo_noisy", corpus, entries), entries


def test_items_hold_what_is_heard_and_what_was_estimated(corpus, made):
    folder, mixtures, _ = made
    found = read_recordings(folder, corpus.split_hash("test"))
    assert sorted(mixtures) == sorted(
        m["mixture_id"] for item in found.description["items"] for m in item["mixtures"]
    )
    item = found.description["items"][0]
    assert item["parameters"] == ["LA", "LP", "TBCL", "TBCD", "TTCL", "TTCD"]
    duration = corpus.clean(item["utterance_id"]).duration_s
    assert len(item["trajectories"][0]) == pytest.approx(50 * duration, abs=2)
    for mixture in item["mixtures"]:
        assert mixture["snr_db"] == 0.0
        # What changes nothing, and an oracle, are there already; only the third model has something to be
        # heard.
        (flat,) = mixture["models"]
        assert flat["model"] == "flat.Flat"
        assert set(flat["trajectories"][0]) == {3.0}
        assert set(flat["trajectories"][1]) == {None}
        samples, rate_hz = soundfile.read(io.BytesIO(found.sounds[flat["sound"]]))
        assert rate_hz == 16000
        assert len(samples) / rate_hz == pytest.approx(duration, abs=0.2)


def test_the_same_recordings_are_chosen_again(corpus, made, tmp_path):
    folder, mixtures, _ = made
    assert write_recordings(tmp_path, corpus, [load("noisy")]) == mixtures
    assert (tmp_path / "01" / "clean.mp3").read_bytes() == (folder / "01" / "clean.mp3").read_bytes()


def test_what_is_not_made_again_is_kept(corpus, made, tmp_path):
    _, _, entries = made
    write_recordings(tmp_path, corpus, entries)
    before = {path: path.read_bytes() for path in tmp_path.glob("*/*_flat.Flat.mp3")}
    assert before
    write_recordings(tmp_path, corpus, [load("noisy")])
    assert {path: path.read_bytes() for path in tmp_path.glob("*/*_flat.Flat.mp3")} == before
    assert read_recordings(tmp_path, corpus.split_hash("test")).models == {"flat.Flat"}


def test_what_others_gave_for_another_corpus_is_not_lost_without_a_word(corpus, made, tmp_path):
    _, _, entries = made
    write_recordings(tmp_path, corpus, entries)
    path = tmp_path / "items.json"
    path.write_text(path.read_text().replace(corpus.split_hash("test"), "d" * 64))
    before = {file: file.read_bytes() for file in tmp_path.rglob("*.*")}
    with pytest.raises(StandingsError, match=r"holds what flat\.Flat gave for other recordings"):
        write_recordings(tmp_path, corpus, [load("noisy")])
    assert {file: file.read_bytes() for file in tmp_path.rglob("*.*")} == before
    write_recordings(tmp_path, corpus, entries)
    assert read_recordings(tmp_path, corpus.split_hash("test")).models == {"flat.Flat"}


def test_speech_of_others_is_not_published(corpus, tmp_path):
    licensed = PreparedCorpus(corpus.folder)
    speech = licensed.recipe.speech.model_copy(update={"corpus": "xrmb"})
    licensed.recipe = licensed.recipe.model_copy(update={"speech": speech})
    with pytest.raises(StandingsError, match="speech of the corpus 'xrmb' may not be published"):
        write_recordings(tmp_path, licensed, [load("noisy")])
    assert not list(tmp_path.rglob("*"))


def test_too_much_audio_is_refused(corpus, tmp_path, monkeypatch):
    monkeypatch.setattr("benchmark.ranking.listening.MOST_BYTES", 10_000)
    with pytest.raises(StandingsError, match="name fewer models"):
        write_recordings(tmp_path, corpus, [load("noisy")])


def test_damaged_or_foreign_items_are_kept_out(corpus, made, tmp_path):
    write_recordings(tmp_path, corpus, [load("noisy")])
    right = corpus.split_hash("test")
    assert isinstance(read_recordings(tmp_path, "d" * 64), KeptOut)
    assert read_recordings(tmp_path / "none", right) is None
    (tmp_path / "01" / "clean.mp3").write_bytes(b"other")
    assert "does not match its hash" in read_recordings(tmp_path, right).reason
    (tmp_path / "01" / "clean.mp3").unlink()
    assert "cannot be read" in read_recordings(tmp_path, right).reason
    (tmp_path / "items.json").write_text(json.dumps({"sounds": 3}))
    assert "cannot be read" in read_recordings(tmp_path, right).reason


def test_the_command_makes_items(corpus, tmp_path, capsys):
    words = ["--out", str(tmp_path), "--items", str(corpus.folder), "--models", "noisy"]
    assert leaderboard.main(words) == 0
    items = read_recordings(tmp_path / "items" / "demo_noisy", corpus.split_hash("test"))
    assert len(items.description["items"]) == 3
    assert "babble/0/" in capsys.readouterr().out
