"""What every reader promises, held against a synthetic corpus in its own format."""

from __future__ import annotations

import pickle
import shutil
import struct
from pathlib import Path

import numpy as np
import pytest

from benchmark import corpora
from benchmark.articulation.target_sets import speaker_targets
from benchmark.articulation.tract_variables import track
from benchmark.errors import CorpusError
from tests.corpora import voices
from tests.corpora.writers import WRITERS, truncate

IN_XRMB = {
    "upper_lip": "UL",
    "lower_lip": "LL",
    "tongue_tip": "T1",
    "tongue_front": "T2",
    "jaw": "MNI",
    "tongue_back": "T4",
}
SEEDS = {
    "xrmb": 0,
    "hprc": 1,
    "mocha": 3001,
    "mngu0": 9001,
    "usc_timit": 2001,
    "spire": 5001,
    "ag50x": 7000,
    "folder": 8001,
}


@pytest.fixture(scope="module", params=sorted(WRITERS))
def corpus(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    root = tmp_path_factory.mktemp(request.param)
    WRITERS[request.param](root)
    return request.param, root


def test_utterances_are_sorted_unique_and_portable(corpus: tuple[str, Path]) -> None:
    utterances = corpora.read(*corpus)
    ids = [utterance.id for utterance in utterances]
    assert ids == sorted(set(ids))
    assert all(
        identity.startswith(f"{utterance.speaker}/")
        for identity, utterance in zip(ids, utterances, strict=True)
    )
    assert not any(str(corpus[1]) in identity for identity in ids)
    assert len({utterance.speaker for utterance in utterances}) == (
        1 if corpus[0] == "mngu0" else 3 if corpus[0] == "xrmb" else 2
    )


def test_durations_are_those_of_the_audio(corpus: tuple[str, Path]) -> None:
    for utterance in corpora.read(*corpus):
        clip = utterance.audio()
        assert utterance.duration_s == pytest.approx(len(clip.samples) / clip.rate_hz, abs=1e-9)
        assert clip.samples.dtype == np.float32
        assert 0.1 < np.abs(clip.samples).max() <= 1.0


def test_a_wrong_size_in_the_header_of_a_sound_is_noted(corpus: tuple[str, Path], tmp_path: Path) -> None:
    """Recorders state up to a block too much; nothing is missing, and the user hears of it."""
    name, root = corpus
    if name == "hprc":  # keeps audio within its MATLAB files
        assert not list(root.rglob("*.wav"))
        return
    mine = tmp_path / "copy"
    shutil.copytree(root, mine)
    for path in mine.rglob("*.wav"):
        content = bytearray(path.read_bytes())
        if content[:4] == b"RIFF":
            at = content.find(b"data") + 4
            content[at : at + 4] = struct.pack("<I", struct.unpack_from("<I", content, at)[0] + 4000)
            path.write_bytes(content)
    touched = [
        one for one in corpora.read(name, mine) if "4000 bytes more" in str(one.extra.get("notes", ""))
    ]
    assert len(touched) == len([p for p in mine.rglob("*.wav") if p.read_bytes()[:4] == b"RIFF"])


def test_utterances_travel_to_other_processes(corpus: tuple[str, Path]) -> None:
    utterance = corpora.read(*corpus)[0]
    again = pickle.loads(pickle.dumps(utterance))
    np.testing.assert_array_equal(again.trajectories().values, utterance.trajectories().values)


def test_pellets_are_where_they_were_put(corpus: tuple[str, Path]) -> None:
    """In mm, x towards the lips, y upwards, whatever the format's own units and axes."""
    name, root = corpus
    utterance = corpora.read(name, root)[0]
    assert utterance.trajectories is not None
    found = utterance.trajectories()
    truth = voices.pellet_paths(SEEDS[name], 1.48 if name == "xrmb" else 1.5, found.rate_hz)
    sensors = corpora.get(name).sensors
    tolerance = {"xrmb": 6e-4, "hprc": 1e-5, "usc_timit": 1e-5}.get(name, 1e-4)
    checked = 0
    for role, own in IN_XRMB.items():
        pellet = track(found, sensors, role)
        if pellet is None or not pellet.valid.any():
            continue
        frames = min(len(pellet.xy), len(truth[own]))
        valid = pellet.valid[:frames]
        assert valid.mean() > 0.9
        np.testing.assert_allclose(pellet.xy[:frames][valid], truth[own][:frames][valid], atol=tolerance)
        checked += 1
    assert checked >= 4


def test_tract_variables_come_out_of_every_corpus(corpus: tuple[str, Path]) -> None:
    name, root = corpus
    utterances = corpora.read(name, root)
    mine = [utterance for utterance in utterances if utterance.speaker == utterances[0].speaker]
    targets = speaker_targets(mine, "tv6", corpora.get(name).sensors)
    assert set(targets) == {utterance.id for utterance in mine}
    for found in targets.values():
        assert found.names == ("LA", "LP", "TBCL", "TBCD", "TTCL", "TTCD")
        assert found.rate_hz == 100.0
        assert found.valid.mean() > 0.9
        assert np.isfinite(found.values).all()
        assert 15 < np.median(found.values[:, 0]) < 40


def test_a_truncated_recording_is_named_and_can_be_skipped(corpus: tuple[str, Path], tmp_path: Path) -> None:
    name, _ = corpus
    WRITERS[name](tmp_path)
    victim = sorted(
        path for path in tmp_path.rglob("*") if path.suffix.lower() == (".mat" if name == "hprc" else ".wav")
    )[0]
    truncate(victim, 0.6)
    with pytest.raises(CorpusError, match=victim.name.replace(".", r"\.")) as error:
        corpora.read(name, tmp_path)
    assert "\n" not in str(error.value)
    found = corpora.scan(name, tmp_path)
    assert len(found.problems) == 1
    assert str(victim) in found.problems[0]
    assert len(corpora.read(name, tmp_path, skip_damaged=True)) == len(found.utterances) > 0


def test_another_corpus_is_recognised(corpus: tuple[str, Path]) -> None:
    name, root = corpus
    asked = "hprc" if name != "hprc" else "mocha"
    with pytest.raises(CorpusError, match=f"this looks like .*corpus '{name}'"):
        corpora.read(asked, root)


def test_files_of_other_systems_are_ignored(corpus: tuple[str, Path], tmp_path: Path) -> None:
    name, _ = corpus
    WRITERS[name](tmp_path)
    expected = [utterance.id for utterance in corpora.read(name, tmp_path)]
    for path in list(tmp_path.rglob("*.*")):
        if path.is_file():
            path.with_name(f"._{path.name}").write_bytes(b"\0\5\x16\7")
    (tmp_path / ".DS_Store").write_bytes(b"\0")
    assert [utterance.id for utterance in corpora.read(name, tmp_path)] == expected
