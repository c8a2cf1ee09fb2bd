from __future__ import annotations

import numpy as np
import pytest
import soundfile

from benchmark.errors import CorpusError, SilentNoiseError, SilentSpeechError
from benchmark.metrics import active_speech_level
from benchmark.mixing.plan import plan_mixtures
from benchmark.mixing.render import assemble_noise, levelled_speech, render_mixture
from benchmark.mixing.renderer import Renderer
from benchmark.mixing.sources import SourceReader, Sources
from benchmark.noises.reading import NoiseReader
from benchmark.types import Clip, Utterance
from tests import speechlike
from tests.mixing.test_plan import corpus, recipe, supply
from tests.speechlike import utterance


def render(row, chosen, reader):
    speech = levelled_speech(row["utterance_id"], row["samples"], reader)
    return render_mixture(row, chosen, speech, assemble_noise(row, reader) if row["pieces"] else None)


@pytest.fixture(scope="module")
def rendered():
    chosen = recipe()
    utterances = corpus(speakers=9, each=1)
    rows = plan_mixtures(chosen, utterances[:3], supply(utterances))
    by_id = {item.id: item for item in utterances}
    sources = Sources(by_id, voices={"corpus": by_id})
    out = []
    for row in rows:
        reader = SourceReader(sources)
        speech = levelled_speech(row["utterance_id"], row["samples"], reader)
        out.append((row, render(row, chosen, reader), speech))
    return chosen, sources, out


def test_the_snr_is_what_was_asked_for_by_an_independent_reading(rendered):
    _, _, out = rendered
    for row, result, speech in out:
        if row["snr_db"] is None:
            continue
        gain = 10 ** (result.measured["speech_gain_db"] / 20)
        noise = result.pcm / 32768 - gain * speech.samples
        level_db = active_speech_level(gain * speech.samples, 16000).level_db
        snr_db = level_db - 10 * np.log10(np.mean(noise**2))
        assert abs(snr_db - row["snr_db"]) < 0.05
        assert abs(result.measured["snr_p56_db"] - row["snr_db"]) < 0.05
        assert result.measured["snr_rms_db"] < result.measured["snr_p56_db"]


def test_speech_is_brought_to_the_level_of_the_recipe(rendered):
    _, _, out = rendered
    for row, result, _ in out:
        if row["noise_kind"] == "clean" and result.measured["common_gain_db"] == 0:
            assert abs(active_speech_level(result.pcm / 32768, 16000).level_db + 26) < 0.02


def test_nothing_clips_and_the_common_gain_is_stored():
    loud = recipe(("level_dbfs = -26.0", "level_dbfs = -10.0"))
    utterances = corpus(speakers=9, each=1)
    rows = plan_mixtures(loud, utterances[:2], supply(utterances))
    by_id = {item.id: item for item in utterances}
    gains = []
    for row in rows:
        reader = SourceReader(Sources(by_id, voices={"corpus": by_id}))
        result = render(row, loud, reader)
        assert np.abs(result.pcm.astype(int)).max() <= round(32768 * 10 ** (-0.5 / 20))
        gains.append(result.measured["common_gain_db"])
        if row["snr_db"] is not None:
            assert abs(result.measured["snr_p56_db"] - row["snr_db"]) < 0.05
    assert min(gains) < -1
    assert max(gains) <= 0


def test_a_row_renders_to_the_same_samples_whatever_was_rendered_before(rendered):
    chosen, sources, out = rendered
    reader = SourceReader(sources)
    for row, result, _ in reversed(out):
        again = render(row, chosen, reader)
        assert again.measured == result.measured
        assert np.array_equal(again.pcm, result.pcm)


def test_talkers_are_brought_to_one_level(rendered):
    chosen, _, out = rendered
    row = next(row for row, _, _ in out if row["noise_kind"] == "babble")
    utterances = corpus(speakers=9, each=1)

    def louder(item: Utterance, factor: float) -> Utterance:
        clip = item.audio()
        changed = Clip(clip.samples * np.float32(factor), clip.rate_hz)
        return Utterance(item.id, item.speaker, item.prompt, item.duration_s, lambda: changed)

    plain = {item.id: item for item in utterances}
    uneven = {item.id: louder(item, 0.1 + 0.2 * i) for i, item in enumerate(utterances)}
    results = []
    for voices in (plain, uneven):
        reader = SourceReader(Sources(plain, voices={"corpus": voices}))
        results.append(render(row, chosen, reader).pcm.astype(int))
    assert np.abs(results[0] - results[1]).max() <= 2


def test_silence_is_refused_by_name():
    chosen = recipe()
    utterances = corpus(speakers=9, each=1)
    silent = Utterance(
        "T0/U000", "T0", "", 1.0, lambda: Clip(np.zeros(16000, np.float32), 16000), split="test"
    )
    rows = plan_mixtures(chosen, [silent], supply(utterances))
    reader = SourceReader(Sources({silent.id: silent}))
    with pytest.raises(CorpusError, match="T0/U000: has no measurable speech level"):
        levelled_speech(rows[0]["utterance_id"], rows[0]["samples"], reader)


def test_a_recording_that_is_not_the_planned_one_is_refused():
    chosen = recipe()
    utterances = corpus(speakers=9, each=1)
    rows = plan_mixtures(chosen, [utterances[0]], supply(utterances))
    other = utterance("T0", 7, "train", 3.0)
    reader = SourceReader(Sources({utterances[0].id: other}))
    with pytest.raises(CorpusError, match="not the recording that was planned"):
        levelled_speech(rows[0]["utterance_id"], rows[0]["samples"], reader)
    with pytest.raises(CorpusError, match="is in the plan but not in the corpus"):
        levelled_speech(rows[0]["utterance_id"], rows[0]["samples"], SourceReader(Sources({})))


def test_a_worker_gets_only_what_its_rows_need():
    utterances = corpus(speakers=6, each=2)
    rows = plan_mixtures(recipe(), utterances[:1], supply(utterances))
    by_id = {item.id: item for item in utterances}
    needed = Sources(by_id, voices={"corpus": by_id}).needed_by(rows)
    assert set(needed.speech) == {utterances[0].id}
    used = {
        piece["noise_id"].split(":")[1]
        for row in rows
        for piece in row["pieces"]
        if row["noise_kind"] == "babble"
    }
    assert set(needed.voices["corpus"]) == used


def test_without_talkers_nothing_is_planned():
    with pytest.raises(CorpusError, match="corpus has none"):
        plan_mixtures(recipe(), corpus(speakers=1, each=1), Sources())


def mixed_with(noise, folder, spoken, snr_db=0.0):
    """A row that mixes `spoken` (samples at 16 kHz) with `noise`, and what rendering it gives."""
    soundfile.write(folder / "noise.wav", noise, 16000, subtype="FLOAT")
    by_id = {"A/1": Utterance("A/1", "A", "", len(spoken) / 16000, lambda: Clip(spoken, 16000), split="test")}
    piece = {"noise_id": "folder:noise.wav", "offset": 0, "at": 0, "frames": len(spoken), "gain_db": 0.0}
    row = {
        "mixture_id": "nonbabble/0/A/1",
        "utterance_id": "A/1",
        "samples": len(spoken),
        "snr_db": snr_db,
        "talkers": 0,
        "pieces": [piece],
    }
    return render(row, recipe(), SourceReader(Sources(by_id, readers={"folder": NoiseReader(folder)})))


def white(seconds, level, seed=1):
    return (level * np.random.default_rng(seed).standard_normal(round(seconds * 16000))).astype(np.float32)


@pytest.mark.parametrize("offset", [0.1, -0.3])
def test_dc_in_noise_does_not_count_as_noise(tmp_path, offset):
    spoken = speechlike.speech("A/1", 3.0).samples
    plain = mixed_with(white(3, 0.01), tmp_path, spoken)
    result = mixed_with(white(3, 0.01) + np.float32(offset), tmp_path, spoken)
    assert abs(result.measured["snr_p56_db"]) < 0.05
    assert abs(result.pcm.mean()) < 1
    assert np.abs(result.pcm.astype(int) - plain.pcm).max() <= 1


@pytest.mark.parametrize("offset", [0.1, -0.3])
def test_dc_in_speech_does_not_count_as_speech(tmp_path, offset):
    spoken = speechlike.speech("A/1", 3.0).samples
    plain = mixed_with(white(3, 0.01), tmp_path, spoken)
    result = mixed_with(white(3, 0.01), tmp_path, spoken + np.float32(offset))
    assert np.abs(result.pcm.astype(int) - plain.pcm).max() <= 1
    assert result.measured["speech_level_dbfs"] == pytest.approx(
        plain.measured["speech_level_dbfs"], abs=0.01
    )


@pytest.mark.parametrize("offset", [0.0, 0.05])
def test_the_last_bit_of_16_is_silence(tmp_path, offset):
    last_bit = (np.random.default_rng(2).integers(-1, 2, 48000) / 32768 + offset).astype(np.float32)
    with pytest.raises(SilentNoiseError, match="its noise is silent there"):
        mixed_with(last_bit, tmp_path, speechlike.speech("A/1", 3.0).samples)
    with pytest.raises(SilentSpeechError, match="A/1: is practically silent"):
        mixed_with(white(3, 0.01), tmp_path, last_bit)
    quiet = mixed_with(white(3, 8 / 32768), tmp_path, speechlike.speech("A/1", 3.0).samples)
    assert abs(quiet.measured["snr_p56_db"]) < 0.05, "what is merely quiet is used"


def test_the_level_over_the_talkers_is_that_of_the_tracks_themselves(rendered):
    _, sources, out = rendered
    row, result, spoken = next(item for item in out if item[0]["noise_kind"] == "babble")
    reader = SourceReader(sources)
    tracks = []
    for piece in row["pieces"]:
        if piece["at"] == 0:
            tracks.append(np.zeros(row["samples"]))
        stretch = reader.talker(piece)
        tracks[-1][piece["at"] : piece["at"] + piece["frames"]] += stretch * 10 ** (piece["gain_db"] / 20)
    assert len(tracks) == row["talkers"]
    gain = 10 ** (result.measured["noise_gain_db"] / 20)
    levels = [active_speech_level(gain * track, 16000).level_db for track in tracks]
    own = active_speech_level(spoken.samples * 10 ** (result.measured["speech_gain_db"] / 20), 16000).level_db
    mean = 10 * np.log10(np.mean(10 ** (np.array(levels) / 10)))
    assert result.measured["over_mean_db"] == pytest.approx(own - mean, abs=0.15)
    assert result.measured["over_loudest_db"] == pytest.approx(own - max(levels), abs=0.15)
    for other, noisy, _ in out:
        if not other["talkers"]:
            assert noisy.measured["over_mean_db"] is None


def test_speech_that_is_kept_costs_no_more_than_its_samples():
    chosen = recipe()
    utterances = corpus(speakers=9, each=1)
    by_id = {item.id: item for item in utterances}
    renderer = Renderer(chosen, Sources(by_id, voices={"corpus": by_id}))
    rows = list(plan_mixtures(chosen, utterances[:3], supply(utterances)))
    first = {}
    for row in rows:
        first[row["mixture_id"]] = renderer.rendered(row).pcm
    kept = [renderer._speech.get(item.id) for item in utterances[:3]]
    assert [speech._last is not None for speech in kept] == [False, False, True]
    assert [speech._envelope is not None for speech in kept] == [False, False, True]
    for row in reversed(rows):
        np.testing.assert_array_equal(renderer.rendered(row).pcm, first[row["mixture_id"]])
