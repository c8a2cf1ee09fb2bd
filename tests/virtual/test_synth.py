"""Tests that run the synthesiser."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.linalg import solve_toeplitz

from benchmark.audio import pcm_sha256
from benchmark.errors import CorpusError, MissingExtraError, SinbadError
from benchmark.files import demo_corpus
from benchmark.types import silent
from benchmark.virtual import build as building
from benchmark.virtual import store, synth
from benchmark.virtual.plan import Line, Part, plan
from benchmark.virtual.store import Track
from benchmark.virtual.synth import Take, booth, to_pcm
from tests.virtual.conftest import make_line, make_voice

SHORT = [("m", 90), ("a", 120), ("t", 90), ("@", 80)]


def _speak(scale: float, phones: list[tuple[str, int]]) -> Take:
    voice = make_voice(scale=scale)
    with booth(voice) as room:
        return room.speak(make_line(voice, 1, phones))


def _formants(pcm: np.ndarray) -> np.ndarray:
    """Resonances in Hz of a steady vowel by linear prediction of order 18."""
    emphasised = np.diff(pcm.astype(np.float64))
    windowed = emphasised * np.hamming(len(emphasised))
    r = np.correlate(windowed, windowed, "full")[len(windowed) - 1 :][:19]
    roots = np.roots(np.concatenate([[1.0], -solve_toeplitz(r[:18], r[1:19])]))
    roots = roots[roots.imag > 0]
    hz, width = np.angle(roots) * 16000 / (2 * np.pi), -np.log(np.abs(roots)) * 16000 / np.pi
    return np.sort(hz[(width < 400) & (hz > 200)])


@pytest.mark.virtual
def test_two_runs_are_bit_identical() -> None:
    first, second = _speak(0.93, SHORT), _speak(0.93, SHORT)
    assert np.array_equal(first.pcm, second.pcm)
    assert first.values is not None
    assert second.values is not None
    assert np.array_equal(first.values, second.values)
    assert len(first.pcm) == 16 * (200 + sum(ms for _, ms in SHORT))


@pytest.mark.virtual
def test_the_generator_still_gives_the_shipped_bytes() -> None:
    part = next(part for part in plan("demo") if not part.voice.babble)
    row = next(
        r
        for r in store.read_rows(demo_corpus() / store.UTTERANCE_TABLE, store.UTTERANCES)
        if r["id"] == part.lines[0].id
    )
    with booth(part.voice) as room:
        take = room.speak(part.lines[0])
    assert pcm_sha256(take.pcm) == row["pcm_sha256"]
    assert take.values is not None
    assert take.valid is not None
    assert Track(take.values, take.valid).sha256 == row["trajectory_sha256"]


@pytest.mark.virtual
@pytest.mark.parametrize("vowel", ["E", "@"])
def test_a_shorter_tract_has_higher_formants(vowel: str) -> None:
    small, large = (_formants(_speak(scale, [(vowel, 400)]).pcm[4000:7200]) for scale in (0.85, 1.06))
    ratios = small[:3] / large[:3]
    assert ratios[1:] == pytest.approx(np.full(2, 1.06 / 0.85), rel=0.04)
    # F1 also feels the open glottis, which was not scaled.
    assert 1.1 < ratios[0] < 1.4


@pytest.mark.virtual
def test_vowels_differ_as_vowels_do() -> None:
    i, a, u = (_formants(_speak(1.0, [(vowel, 500)]).pcm[4000:8000]) for vowel in ("i:", "a:", "u:"))
    assert i[0] < 400 < 550 < a[0]
    assert i[1] > 1800
    assert u[1] < 1100


@pytest.mark.virtual
def test_babble_voices_articulate_as_targets_do() -> None:
    voice = make_voice("BM99", babble=True)
    with booth(voice) as room:
        take = room.speak(make_line(voice, 1, SHORT))
    assert take.values.shape == take.valid.shape
    assert take.valid[:, :2].all()
    assert np.ptp(take.values[:, 0]) > 0
    assert np.abs(take.pcm).max() > 500


@pytest.mark.virtual
def test_a_synthesiser_that_dies_is_an_error_and_not_the_end() -> None:
    with booth(make_voice()) as room:
        room.process.kill()
        room.process.wait()
        with pytest.raises(CorpusError, match="the synthesiser stopped at VM99/U001"):
            room.speak(make_line(room.voice, 1, SHORT))


@pytest.mark.virtual
def test_what_the_synthesiser_refuses_is_told_in_one_line() -> None:
    voice = make_voice()
    with (
        pytest.raises(CorpusError, match=r"stopped at VM99/U001 .*out of range") as caught,
        booth(voice) as room,
    ):
        room.speak(replace(make_line(voice, 1, SHORT), tau_ms=5.0))
    assert "\n" not in str(caught.value)


@pytest.mark.virtual
def test_a_tract_that_cannot_be_set_up_is_an_error() -> None:
    with (
        pytest.raises(CorpusError, match=r"stopped at VM99 .*can be scaled by 0\.5 to 1\.5, not by 4"),
        booth(make_voice(scale=4.0)),
    ):
        pass


def test_without_the_synthesiser_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(synth.importlib.util, "find_spec", lambda name: None)
    with (
        pytest.raises(MissingExtraError, match=r"vocaltractlab-cython.*sinbad-bench\[virtual\]"),
        booth(make_voice()),
    ):
        pass


def test_sound_gets_the_planned_length_and_is_refused_when_it_cannot_be_right() -> None:
    tone = 0.1 * np.sin(2 * np.pi * 440 * np.arange(44100) / 44100)
    assert len(to_pcm(tone, 44100, 900, "tone")) == 14400
    longer = to_pcm(tone, 44100, 1100, "tone")
    assert len(longer) == 17600
    assert not longer[16100:].any()
    for factor in (0.0, 5.0, np.nan):
        with pytest.raises(CorpusError, match="tone: the synthesiser's peak"):
            to_pcm(factor * tone, 44100, 900, "tone")


def _tiny() -> list[Part]:
    """A corpus of two voices with three utterances."""
    target, babbler = make_voice(), make_voice("BM99", babble=True)
    return [
        Part(target, (make_line(target, 1, SHORT), make_line(target, 2, SHORT[::-1]))),
        Part(babbler, (make_line(babbler, 1, SHORT),)),
    ]


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> list[Part]:
    """The tiny corpus' plan, in place of the demo's."""
    parts = _tiny()
    monkeypatch.setattr(building, "plan", lambda corpus: parts)
    return parts


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny corpus, made in two steps."""
    root = tmp_path_factory.mktemp("built")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(building, "plan", lambda corpus: _tiny())
        made, kept, beginning = _build(root, limit=1)
        assert (made, kept) == (2, 0)
        assert store.read_info(root)["complete"] is False
        made, kept, whole = _build(root)
        assert (made, kept) == (1, 2)
        assert whole != beginning
    return root


@pytest.fixture
def copy(built: Path, tmp_path: Path, tiny: list[Part]) -> Path:
    """A copy of the tiny corpus that a test may harm."""
    return Path(shutil.copytree(built, tmp_path / "copy"))


def _build(root: Path, jobs: int = 1, limit: int | None = None) -> tuple[int, int, str]:
    outcome = building.build("demo", root, jobs, limit, silent)
    return outcome.made, outcome.kept, outcome.content_sha256


def _digest(root: Path) -> str:
    digest: str = store.read_info(root)["content_sha256"]
    return digest


@pytest.mark.virtual
def test_what_is_complete_stays_as_it_is(copy: Path) -> None:
    assert store.read_info(copy)["complete"] is True
    assert not (copy / ".parts").exists()
    assert _build(copy) == (0, 3, _digest(copy))
    assert _build(copy, limit=1) == (0, 2, _digest(copy))


@pytest.mark.virtual
def test_two_workers_and_one_go_make_the_same_corpus(tmp_path: Path, built: Path, tiny: list[Part]) -> None:
    assert _build(tmp_path / "again", jobs=2) == (3, 0, _digest(built))
    assert building.differences(built, tmp_path / "again") == []


@pytest.mark.virtual
def test_building_repairs_what_is_damaged_and_nothing_else(copy: Path) -> None:
    sound = store.audio_path(copy, "VM99/U001")
    sound.write_bytes(sound.read_bytes()[:2000])
    assert _build(copy) == (1, 2, _digest(copy))
    store.tracks_path(copy, "VM99").unlink()
    assert _build(copy) == (2, 1, _digest(copy))


@pytest.mark.virtual
def test_a_lost_table_is_made_again_with_all_that_it_tells_of(copy: Path, built: Path) -> None:
    (copy / store.UTTERANCE_TABLE).unlink()
    assert _build(copy) == (3, 0, _digest(built))


@pytest.mark.virtual
def test_a_run_that_is_stopped_keeps_what_was_spoken(
    tmp_path: Path, tiny: list[Part], monkeypatch: pytest.MonkeyPatch
) -> None:
    spoken = synth.Booth.speak

    def failing(self: synth.Booth, line: Line) -> Take:
        if line.id == "VM99/U002":
            raise CorpusError("the power went off")
        return spoken(self, line)

    monkeypatch.setattr(synth.Booth, "speak", failing)
    with pytest.raises(CorpusError, match="the power went off"):
        _build(tmp_path)
    assert not (tmp_path / store.UTTERANCE_TABLE).exists()
    monkeypatch.setattr(synth.Booth, "speak", spoken)
    made, kept, _ = _build(tmp_path)
    assert (made, kept) == (2, 1)


@pytest.mark.virtual
def test_a_changed_plan_is_spoken_anew(copy: Path, tiny: list[Part]) -> None:
    part = tiny[0]
    tiny[0] = replace(part, lines=(replace(part.lines[0], tau_ms=13.0), part.lines[1]))
    before = _digest(copy)
    made, kept, after = _build(copy)
    assert (made, kept) == (1, 2)
    assert after != before


@pytest.mark.virtual
def test_differences_are_found_and_measured(built: Path, copy: Path) -> None:
    assert building.differences(built, copy) == []
    sound, other = (store.audio_path(copy, f"VM99/U00{i}") for i in (1, 2))
    sound.write_bytes(other.read_bytes())
    assert building.differences(copy, built) == ["VM99/U001: the sound is not the one of the table"]
    rows = store.read_rows(copy / store.UTTERANCE_TABLE, store.UTTERANCES)
    rows[0]["pcm_sha256"] = "0"
    store.write_rows(copy / store.UTTERANCE_TABLE, store.UTTERANCES, rows[:2])
    found = building.differences(copy, built)
    assert found[0].startswith("VM99/U001: pcm_sha256 differ (")
    assert "steps of 16 bits" in found[0]
    assert found[-1] == "BM99/U001: is not there"


@pytest.mark.virtual
def test_tables_are_plain_to_read(built: Path) -> None:
    info = json.loads((built / store.INFO).read_text())
    assert info["synthesiser"].startswith("vocaltractlab-cython ")
    rows = store.read_rows(built / store.UTTERANCE_TABLE, store.UTTERANCES)
    assert [p["symbol"] for p in rows[0]["phones"]] == ["", "m", "a", "t", "@", ""]
    assert rows[0]["phones"][1] == {"symbol": "m", "start_s": 0.1, "end_s": 0.19}
    voices = store.read_rows(built / store.SPEAKER_TABLE, store.SPEAKERS)
    assert [(v["speaker"], v["role"], v["split"], v["babble_split"]) for v in voices] == [
        ("VM99", "target", "train", ""),
        ("BM99", "babble", "babble", "train"),
    ]


def test_a_folder_that_cannot_be_written_is_named(
    tmp_path: Path, tiny: list[Part], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(building, "require_synthesiser", lambda: None)
    (tmp_path / "file").write_text("")
    with pytest.raises(SinbadError, match="file/below: cannot be written"):
        _build(tmp_path / "file" / "below")
