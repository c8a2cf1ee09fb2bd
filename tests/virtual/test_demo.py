"""The shipped corpus: is it what its tables say, and is what it holds articulation and speech?"""

from __future__ import annotations

import itertools
from collections import defaultdict
from itertools import groupby
from pathlib import Path

import numpy as np
import pytest

from benchmark.audio import pcm16, pcm_sha256, read_clip, read_header
from benchmark.corpora.virtual import read, read_phones
from benchmark.files import demo_corpus
from benchmark.types import Trajectories, Utterance
from benchmark.virtual import store
from benchmark.virtual.inventory import PHONES
from benchmark.virtual.plan import fingerprint, plan
from benchmark.virtual.sentences import split_of

ROOT = demo_corpus()
# The articulators lead the sound a little; a gesture is looked for from here before its phone to its end.
LEAD_S = 0.02


@pytest.fixture(scope="module")
def utterances() -> list[Utterance]:
    return read(ROOT)


@pytest.fixture(scope="module")
def targets(utterances: list[Utterance]) -> list[Utterance]:
    return [u for u in utterances if u.split != "babble"]


def test_every_sample_and_every_frame_is_the_one_of_the_table() -> None:
    for row in store.read_rows(ROOT / store.UTTERANCE_TABLE, store.UTTERANCES):
        path = store.audio_path(ROOT, row["id"])
        assert pcm_sha256(pcm16(read_clip(path).samples)) == row["pcm_sha256"], row["id"]
        track = store.read_track(store.tracks_path(ROOT, row["speaker"]), row["id"])
        assert track.sha256 == row["trajectory_sha256"], row["id"]


def test_the_description_tells_what_is_there() -> None:
    info = store.read_info(ROOT)
    rows = store.read_rows(ROOT / store.UTTERANCE_TABLE, store.UTTERANCES)
    voices = store.read_rows(ROOT / store.SPEAKER_TABLE, store.SPEAKERS)
    assert info["content_sha256"] == store.content_hash(rows, voices)
    assert info["complete"] is True
    assert info["utterances"] == len(rows)
    assert info["seconds"] == pytest.approx(sum(row["duration_s"] for row in rows), abs=1e-3)
    assert info["licence"] == "MIT"
    assert "VocalTractLab" in info["attribution"]


def test_it_holds_just_what_the_generator_plans() -> None:
    planned = {line.id: fingerprint(part.voice, line) for part in plan("demo") for line in part.lines}
    rows = store.read_rows(ROOT / store.UTTERANCE_TABLE, store.UTTERANCES)
    assert {row["id"]: row["fingerprint"] for row in rows} == planned


def test_there_is_no_other_file_and_it_is_small() -> None:
    files = {path.relative_to(ROOT).as_posix() for path in ROOT.rglob("*") if path.is_file()}
    rows = store.read_rows(ROOT / store.UTTERANCE_TABLE, store.UTTERANCES)
    expected = {store.INFO, store.UTTERANCE_TABLE, store.SPEAKER_TABLE}
    expected |= {store.audio_path(Path(), row["id"]).as_posix() for row in rows}
    expected |= {store.tracks_path(Path(), row["speaker"]).as_posix() for row in rows}
    assert files == expected
    assert sum((ROOT / name).stat().st_size for name in files) <= 7_000_000


def test_splits_share_no_speaker_no_sentence_and_no_babble_voice(utterances: list[Utterance]) -> None:
    speakers, prompts = defaultdict(set), defaultdict(set)
    for utterance in utterances:
        split = utterance.split
        if split == "babble":
            split = f"babble {utterance.extra['babble_split']}"
        speakers[split].add(utterance.speaker)
        prompts[split].update(text.strip(". ") for text in utterance.prompt.split(". "))
        for text in utterance.prompt.rstrip(".").split(". "):
            assert split_of(f"{text}.") == utterance.split
    assert set(speakers) == {
        f"{kind}{split}" for kind in ("", "babble ") for split in ("train", "dev", "test")
    }
    for groups in (speakers, prompts):
        assert sum(map(len, groups.values())) == len(set().union(*groups.values()))
    assert all(len(speakers[f"babble {split}"]) >= 8 for split in ("train", "dev", "test"))
    assert sum(len(speakers[split]) for split in ("train", "dev", "test")) >= 8


def test_no_trajectory_stands_still(targets: list[Utterance]) -> None:
    for utterance in targets:
        assert utterance.trajectories is not None
        trajectories = utterance.trajectories()
        assert trajectories.values.std(axis=0).min() > 0.3, utterance.id


def _gaps(utterance: Utterance, trajectories: Trajectories) -> dict[str, np.ndarray]:
    """Lip aperture and distances of tongue tip and body from the palate, for a tract of size 1."""
    assert utterance.anatomy is not None
    corners = utterance.anatomy().palate
    palate = np.concatenate([np.linspace(a, b, 20, endpoint=False) for a, b in itertools.pairwise(corners)])

    def place(name: str) -> np.ndarray:
        return trajectories.select((f"{name}_x", f"{name}_y")).values.astype(np.float64)

    def gap(name: str) -> np.ndarray:
        return np.linalg.norm(place(name)[:, None] - palate, axis=-1).min(axis=1)

    scale = float(utterance.extra["scale"])
    return {
        "LA": np.linalg.norm(place("UL") - place("LL"), axis=1) / scale,
        "TT": gap("T1") / scale,
        "TB": np.min([gap("T2"), gap("T3"), gap("T4")], axis=0) / scale,
        "VEL": trajectories.select(("VEL",)).values[:, 0] / scale**2,
        "VOICED": trajectories.select(("F0",)).valid[:, 0].astype(float),
    }


@pytest.fixture(scope="module")
def gestures(targets: list[Utterance]) -> dict[str, list[tuple[str, np.ndarray]]]:
    """Measure to (phone, values while it is made), for every phone of the corpus."""
    phones = read_phones(ROOT)
    found: dict[str, list[tuple[str, np.ndarray]]] = defaultdict(list)
    for utterance in targets:
        assert utterance.trajectories is not None
        gaps = _gaps(utterance, utterance.trajectories())
        for interval in phones[utterance.id]:
            if interval.symbol:
                span = slice(int((interval.start_s - LEAD_S) * 100), int(interval.end_s * 100) + 1)
                for name, values in gaps.items():
                    found[name].append((interval.symbol, values[span]))
    return found


def _extremes(gestures: dict, measure: str, symbols: str, extreme: str) -> np.ndarray:
    wanted = symbols.split()
    return np.array([getattr(values, extreme)() for symbol, values in gestures[measure] if symbol in wanted])


def test_bilabials_close_the_lips(gestures: dict) -> None:
    closed = _extremes(gestures, "LA", "p b m", "min")
    assert len(closed) > 100
    # Pellets sit on the outside of the lips: 4 mm apart is closed.
    floor = min(values.min() for _, values in gestures["LA"])
    assert np.quantile(closed, 0.95) < floor + 1.5
    for others in ("t d n", "k g N", "s z", "a a: E i: I"):
        assert np.median(_extremes(gestures, "LA", others, "min")) > floor + 4.0


def test_labiodentals_narrow_the_lips_without_closing_them(gestures: dict) -> None:
    narrow = np.median(_extremes(gestures, "LA", "f v", "min"))
    assert np.median(_extremes(gestures, "LA", "p b m", "min")) + 1.0 < narrow
    assert narrow < np.median(_extremes(gestures, "LA", "t d n", "min")) - 2.0


@pytest.mark.parametrize("symbols", ["t d n", "s z", "l"])
def test_alveolars_raise_the_tongue_tip_to_the_palate(gestures: dict, symbols: str) -> None:
    raised = _extremes(gestures, "TT", symbols, "min")
    assert len(raised) > 30
    assert np.quantile(raised, 0.9) < 3.0
    for others in ("p b m", "k g N", "a a: 6", "O o:"):
        assert np.median(_extremes(gestures, "TT", others, "min")) > np.median(raised) + 2.0


def test_velars_raise_the_tongue_body_to_the_palate(gestures: dict) -> None:
    raised = _extremes(gestures, "TB", "k g N", "min")
    assert len(raised) > 80
    assert np.quantile(raised, 0.9) < 4.2
    for others in ("p b m", "t d n", "T D", "a a: 6"):
        assert np.median(_extremes(gestures, "TB", others, "min")) > np.median(raised) + 3.0


def test_nasals_open_the_velum_and_nothing_else_does(gestures: dict) -> None:
    opened = _extremes(gestures, "VEL", "m n N", "max")
    assert len(opened) > 100
    assert opened.min() > 20.0
    oral = _extremes(gestures, "VEL", "p b t d k g f v s z S Z tS dZ", "min")
    assert np.quantile(oral, 0.99) < 1.0


def test_open_vowels_open_the_mouth_and_high_front_vowels_raise_the_tongue(gestures: dict) -> None:
    assert np.median(_extremes(gestures, "TB", "i: I", "min")) + 3.0 < np.median(
        _extremes(gestures, "TB", "a a:", "min")
    )
    assert np.median(_extremes(gestures, "LA", "u: o:", "max")) < np.median(
        _extremes(gestures, "LA", "i: a", "max")
    )


def test_vowels_are_voiced_and_voiceless_sounds_are_not(gestures: dict) -> None:
    vowels = " ".join(symbol for symbol, phone in PHONES.items() if phone.syllabic)
    assert _extremes(gestures, "VOICED", vowels, "mean").mean() > 0.85
    assert _extremes(gestures, "VOICED", "p t k f s S T", "mean").mean() < 0.45


def test_the_tongue_stays_below_the_palate_and_the_pharynx_behind_it(targets: list[Utterance]) -> None:
    for utterance in targets:
        assert utterance.trajectories is not None
        assert utterance.anatomy is not None
        trajectories, anatomy = utterance.trajectories(), utterance.anatomy()
        x, y = anatomy.palate[::-1].T
        for name in ("T1", "T2", "T3", "T4"):
            at = trajectories.select((f"{name}_x", f"{name}_y")).values.astype(np.float64)
            inside = (at[:, 0] > x[0]) & (at[:, 0] < x[-1])
            over = at[inside, 1] - np.interp(at[inside, 0], x, y)
            assert over.max(initial=-1.0) < 0.5, (utterance.id, name)
        assert anatomy.pharynx is not None
        assert anatomy.pharynx[:, 0].max() < trajectories.select(("T4_x",)).values.min()


def test_sound_is_at_a_sane_level_and_never_silent_for_long(utterances: list[Utterance]) -> None:
    for utterance in utterances:
        samples = utterance.audio().samples.astype(np.float64)
        level = 10 * np.log10(np.mean(samples**2))
        assert -36 < level < -22, utterance.id
        assert 0.1 < np.abs(samples).max() < 0.7, utterance.id
        assert abs(samples.mean()) < 1e-4, utterance.id
        blocks = samples[: len(samples) // 800 * 800].reshape(-1, 800)
        quiet = np.sqrt(np.mean(blocks**2, axis=1)) < 10 ** (-40 / 20) * np.abs(samples).max()
        runs = [sum(1 for _ in run) * 0.05 for silent, run in groupby(quiet[2:-2]) if silent]
        assert max(runs, default=0.0) < 0.4, utterance.id
        assert quiet.mean() < 0.25, utterance.id


def test_f0_is_the_pitch_that_is_heard(targets: list[Utterance]) -> None:
    for utterance in targets[::7]:
        assert utterance.trajectories is not None
        clip, trajectories = utterance.audio(), utterance.trajectories()
        track = trajectories.select(("F0",))
        errors = []
        for frame in np.flatnonzero(track.valid[:, 0])[::4]:
            window = clip.samples[int(frame * 160 - 320) : int(frame * 160 + 320)].astype(np.float64)
            f0 = float(track.values[frame, 0])
            if len(window) == 640 and window.std() > 0.003:
                errors.append(12 * np.log2(_autocorrelation_hz(window, f0) / f0))
        assert abs(np.median(errors)) < 0.2, utterance.id
        assert np.median(np.abs(errors)) < 0.4, utterance.id


def _autocorrelation_hz(window: np.ndarray, near: float) -> float:
    window = window - window.mean()
    lags = np.arange(int(16000 / (1.4 * near)), int(16000 / (0.7 * near)))
    scores = [np.dot(window[lag:], window[:-lag]) / (len(window) - lag) for lag in lags]
    return 16000 / float(lags[int(np.argmax(scores))])


def test_lengths_of_sound_and_articulation_agree(targets: list[Utterance]) -> None:
    for utterance in targets:
        assert utterance.trajectories is not None
        header = read_header(store.audio_path(ROOT, utterance.id))
        assert header.rate_hz == 16000
        assert header.frames == round(utterance.duration_s * 16000)
        assert 0 <= len(utterance.trajectories().values) / 100 - utterance.duration_s < 0.01
        assert 2.0 <= utterance.duration_s <= 4.2


def test_larger_tracts_have_larger_palates_and_deeper_voices(targets: list[Utterance]) -> None:
    sizes, lengths = [], []
    for speaker in sorted({u.speaker for u in targets}):
        utterance = next(u for u in targets if u.speaker == speaker)
        assert utterance.anatomy is not None
        sizes.append(float(utterance.extra["scale"]))
        lengths.append(-utterance.anatomy().palate[:, 0].min())
    assert np.corrcoef(sizes, lengths)[0, 1] > 0.999
    women = [float(u.extra["f0_hz"]) for u in targets if u.extra["sex"] == "F"]
    men = [float(u.extra["f0_hz"]) for u in targets if u.extra["sex"] == "M"]
    assert min(women) > max(men)
