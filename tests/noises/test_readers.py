from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile

from benchmark import noises
from benchmark.audio import read_clip, resample
from benchmark.errors import CorpusError
from benchmark.noises.catalogue import divided_in_time
from benchmark.noises.listing import find_bases, remarks
from tests.noises import corpora

NAMES = tuple(corpora.LAYOUTS)


@pytest.fixture(scope="module")
def roots(tmp_path_factory):
    return corpora.everywhere(tmp_path_factory.mktemp("noise"), NAMES)


def by_kind(recordings):
    found = {}
    for recording in recordings:
        found.setdefault(recording.kind, set()).add(recording.id)
    return found


@pytest.mark.parametrize("name", NAMES)
def test_every_corpus_is_listed_by_headers_sorted_and_split(name, roots):
    recordings = noises.read(name, roots[name])
    ids = [(recording.id, recording.start_s) for recording in recordings]
    assert ids == sorted(set(ids))
    assert {recording.split for recording in recordings} == {"train", "dev", "test"}
    assert {recording.kind for recording in recordings} <= {"babble", "nonbabble", "talker"}
    assert all(
        recording.category and (recording.talker != "") == (recording.kind == "talker")
        for recording in recordings
    )
    for recording in recordings:
        info = soundfile.info(str(roots[name] / recording.id))
        if recording.start_s or name == "noisex92":
            assert recording.start_s + recording.duration_s < info.frames / info.samplerate + 1e-9
        else:
            assert recording.duration_s == pytest.approx(info.frames / info.samplerate)


@pytest.mark.parametrize("name", [name for name in NAMES if name != "folder"])
def test_ids_are_the_same_whether_the_corpus_or_the_folder_above_is_named(name, roots):
    assert noises.read(name, roots[name].parent) == noises.read(name, roots[name])
    first = noises.read(name, roots[name])[0].id
    above, own = (noises.reader(name, root) for root in (roots[name].parent, roots[name]))
    assert np.array_equal(above.stretch(first, 0, 100), own.stretch(first, 0, 100))


def test_musan_readings_talk_and_hearings_are_left_out(roots):
    kinds = by_kind(noises.read("musan", roots["musan"]))
    assert len(kinds["talker"]) == 100
    assert all(identity.startswith("speech/librivox/") for identity in kinds["talker"])
    assert {identity.split("/")[0] for identity in kinds["nonbabble"]} == {"music", "noise"}
    assert "babble" not in kinds


def test_demand_is_its_first_channel_and_restaurants_are_babble(roots):
    recordings = noises.read("demand", roots["demand"])
    assert len(recordings) == 18
    assert all(recording.id.endswith("/ch01.wav") for recording in recordings)
    babble = {recording.id.split("/")[0] for recording in recordings if recording.kind == "babble"}
    assert babble == {"PCAFETER", "PRESTO", "SCAFE", "OMEETING"}


def test_demand_may_be_in_lower_case(tmp_path):
    for name in ("dkitchen/ch01.wav", "TBUS/CH01.WAV", "Scafe/Ch01.flac", "Scafe/Ch02.flac"):
        corpora.write(tmp_path / "demand" / name)
    found = noises.read("demand", tmp_path)
    assert [(recording.id, recording.kind, recording.split) for recording in found] == [
        ("Scafe/Ch01.flac", "babble", "test"),
        ("TBUS/CH01.WAV", "nonbabble", "dev"),
        ("dkitchen/ch01.wav", "nonbabble", "test"),
    ]


def test_noisex92_at_another_rate_is_reported(roots, tmp_path):
    assert remarks(noises.read("noisex92", roots["noisex92"])) == []
    copy = corpora.noisex92(tmp_path / "16k", rate_hz=16000)
    (line,) = remarks(noises.read("noisex92", copy))
    assert line.startswith("babble.wav and 14 more: sampled at 16000 Hz where NOISEX-92 is at 19980 Hz")


def test_noisex92_is_known_under_other_names_and_cases(tmp_path):
    for name in ("F16.WAV", "factoryfloor1.wav"):
        corpora.write(tmp_path / name, 12.0, rate_hz=19980)
    found = noises.read("noisex92", tmp_path)
    assert {(recording.id, recording.category) for recording in found} == {
        ("F16.WAV", "f16"),
        ("factoryfloor1.wav", "factory1"),
    }
    assert remarks(found) == []


@pytest.mark.parametrize("spelling", ["hf_channel", "hf-channel", "HF channel", "HFchannel"])
def test_noisex92_is_known_however_its_names_are_parted(tmp_path, spelling):
    own = spelling.casefold().replace("hf", "machine").replace("channel", "gun")
    for name in (spelling, own):
        corpora.write(tmp_path / f"{name}.wav", 12.0, rate_hz=19980)
    found = {recording.id: recording.category for recording in noises.read("noisex92", tmp_path)}
    assert found == {f"{spelling}.wav": "hfchannel", f"{own}.wav": "machinegun"}


def test_noisex92_is_divided_in_time_with_a_second_between_the_splits(roots, tmp_path):
    recordings = noises.read("noisex92", roots["noisex92"])
    parts = {
        recording.split: (recording.start_s, recording.start_s + recording.duration_s)
        for recording in recordings
        if recording.id == "babble.wav"
    }
    assert parts == {split: pytest.approx(part) for split, part in divided_in_time(12.0).items()}
    assert len(recordings) == 3 * 15
    for name in ("babble", "white"):
        corpora.write(tmp_path / f"{name}.wav", 4.0, rate_hz=19980)
    with pytest.raises(CorpusError, match=r"babble\.wav: lasts 4\.0 s, too short to be divided in time"):
        noises.read("noisex92", tmp_path)


def test_a_language_is_one_talker_in_both_games(roots):
    recordings = noises.read("kde_voices", roots["kde_voices"])
    german = [recording for recording in recordings if recording.talker == "de"]
    assert {recording.id.split("/")[0] for recording in german} == {"klettres", "ktuberling"}
    assert {recording.split for recording in german} == {"dev"}
    assert {recording.kind for recording in recordings} == {"talker"}
    assert not any("@" in recording.id for recording in recordings)
    assert len({recording.talker for recording in recordings}) == 27


def test_files_of_other_names_beside_a_closed_corpus_are_told(tmp_path):
    for name in ("babble", "volvo"):
        corpora.write(tmp_path / "noisex" / f"{name}.wav", 12.0, rate_hz=8000)
    for name in ("a", "b", "c", "speech"):
        corpora.write(tmp_path / "noisex" / f"{name}.wav")
    lines = remarks(noises.read("noisex92", tmp_path / "noisex"))
    assert [line.partition(": ")[0] for line in lines] == ["babble.wav and 1 more"] * 2 + ["babble.wav"]
    assert lines[-1] == (
        "babble.wav: beside it lie files that are not used, because NOISEX-92 has none of their names: "
        "a.wav, b.wav, c.wav and 1 more"
    )
    for name in ("CAFE-CAFE-1", "CAFE-CAFE-3"):
        corpora.write(tmp_path / "qut" / f"{name}.wav", rate_hz=48000)
    (line,) = remarks(noises.read("qut_noise", tmp_path / "qut"))
    assert line.endswith("QUT-NOISE has none of their names: CAFE-CAFE-3.wav")


def test_wham_keeps_its_own_splits_and_its_left_channel(roots):
    recordings = noises.read("wham", roots["wham"])
    names = {"tr": "train", "cv": "dev", "tt": "test"}
    assert all(recording.split == names[recording.id.split("/")[0]] for recording in recordings)
    one = recordings[0].id
    both, _ = soundfile.read(str(roots["wham"] / one), dtype="float32")
    assert np.array_equal(
        noises.reader("wham", roots["wham"]).stretch(one, 5, 50), both[5:55, 0].astype(float)
    )


@pytest.mark.parametrize("split", ["tr", "cv", "tt"])
def test_one_split_of_wham_is_enough(roots, tmp_path, split):
    shutil.copytree(roots["wham"] / split, tmp_path / "wham_noise" / split)
    found = noises.read("wham", tmp_path)
    assert found == [one for one in noises.read("wham", roots["wham"]) if one.id.startswith(f"{split}/")]
    (tmp_path / "other" / split).mkdir(parents=True)
    with pytest.raises(CorpusError, match="holds no WHAM! noise"):
        noises.read("wham", tmp_path / "other")


def test_qut_trains_on_other_places_than_it_tests_on(roots):
    recordings = noises.read("qut_noise", roots["qut_noise"])
    assert not any("LIVINGB" in recording.id for recording in recordings)
    places = {
        split: {r.id.rsplit("-", 1)[0] for r in recordings if r.split == split}
        for split in ("train", "dev", "test")
    }
    assert places["train"] & (places["dev"] | places["test"]) == {"HOME-KITCHEN"}


def test_qut_may_lie_in_the_folders_of_its_archives(roots, tmp_path):
    for path in roots["qut_noise"].iterdir():
        into = tmp_path / f"qutnoise{path.name.split('-')[0].lower()}" / "QUT-NOISE"
        into.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, into)
    whole = noises.read("qut_noise", roots["qut_noise"])
    assert noises.read("qut_noise", tmp_path) == whole
    assert noises.reader("qut_noise", tmp_path).samples(whole[-1].id) == 32000


def test_dns_pieces_of_one_freesound_recording_stay_together(roots):
    recordings = noises.read("dns", roots["dns"])
    splits = {}
    for recording in recordings:
        if "Freesound" in recording.id:
            splits.setdefault(recording.id.split("_")[-2], set()).add(recording.split)
    assert len(splits) == 20
    assert all(len(found) == 1 for found in splits.values())
    assert {recording.category for recording in recordings} == {"door", "crowd", "audioset"}
    assert by_kind(recordings)["babble"] == {"crowd_Freesound_validated_7_1.wav"}


def test_a_noise_that_two_corpora_share_has_one_split(roots):
    def splits(name):
        return {
            recording.id.rpartition("/")[2]: recording.split
            for recording in noises.read(name, roots[name])
            if "noise-free-sound" in recording.id
        }

    assert splits("musan") == splits("pointsource")
    assert set(splits("musan").values()) == {"train", "dev", "test"}


def test_folder_takes_subfolders_for_categories(roots):
    recordings = noises.read("folder", roots["folder"])
    assert {(recording.category, recording.kind) for recording in recordings} == {
        ("traffic", "nonbabble"),
        ("babble", "babble"),
        ("talkers", "talker"),
        ("noise", "nonbabble"),
    }
    by_talker = {}
    for recording in recordings:
        if recording.talker:
            by_talker.setdefault(recording.talker, set()).add(recording.split)
    assert len(by_talker) == 12
    assert all(len(splits) == 1 for splits in by_talker.values())
    assert remarks(recordings) == [
        "babble/pub/0.wav and 11 more: sampled at 8000 Hz, so it holds nothing above 4000 Hz"
    ]


def test_folder_believes_folders_called_like_splits(tmp_path):
    for split in ("train", "Dev", "test"):
        corpora.write(tmp_path / split / "rain/1.wav")
    found = {
        recording.id: (recording.split, recording.category) for recording in noises.read("folder", tmp_path)
    }
    assert found == {
        "Dev/rain/1.wav": ("dev", "rain"),
        "test/rain/1.wav": ("test", "rain"),
        "train/rain/1.wav": ("train", "rain"),
    }


def test_adding_files_moves_none_to_another_split(roots, tmp_path):
    copy = tmp_path / "musan"
    shutil.copytree(roots["musan"], copy)
    before = {recording.id: recording.split for recording in noises.read("musan", copy)}
    for number in range(500, 520):
        corpora.write(copy / f"noise/free-sound/noise-free-sound-{number:04d}.wav", 0.1)
    after = {recording.id: recording.split for recording in noises.read("musan", copy)}
    assert len(after) == len(before) + 20
    assert {identity: after[identity] for identity in before} == before


def test_a_wrong_root_is_recognised(roots, tmp_path):
    with pytest.raises(
        CorpusError, match=r"holds no MUSAN; this looks like DEMAND \(noise 'demand'\); expected: music/"
    ):
        noises.read("musan", roots["demand"])
    with pytest.raises(CorpusError, match="holds no DEMAND; expected: DKITCHEN"):
        noises.read("demand", tmp_path)
    with pytest.raises(CorpusError, match="is no folder; it should hold WHAM!"):
        noises.read("wham", tmp_path / "nowhere")
    with pytest.raises(CorpusError, match="holds no recording of a folder of your own noise"):
        noises.read("folder", tmp_path)
    with pytest.raises(CorpusError, match="no noise is called 'musam'; there are synthetic, demand"):
        noises.get("musam")


def test_a_corpus_is_found_from_within_and_under_a_folder_that_may_not_be_read(roots, tmp_path, monkeypatch):
    monkeypatch.chdir(roots["pointsource"])
    assert len(noises.read("pointsource", Path())) == 12
    monkeypatch.chdir(roots["dns"])
    assert len(noises.read("dns", Path())) == len(noises.read("dns", roots["dns"]))
    (tmp_path / "lost+found").mkdir()
    (tmp_path / "noise").symlink_to(roots["demand"])

    def holds(folder):
        if folder.name == "lost+found":
            raise PermissionError(13, "denied", str(folder))
        return (folder / "TBUS").is_dir()

    assert find_bases(tmp_path, holds) == (tmp_path / "noise",)


def test_damaged_files_are_named(roots, tmp_path):
    copy = tmp_path / "DEMAND"
    shutil.copytree(roots["demand"], copy)
    (copy / "NPARK/ch01.wav").write_bytes((copy / "NPARK/ch01.wav").read_bytes()[:5000])
    (copy / "TBUS/ch01.wav").write_bytes(b"")
    with pytest.raises(CorpusError, match=r"NPARK/ch01.wav: truncated, .* \(and 1 more damaged recordings\)"):
        noises.read("demand", copy)
    found = noises.scan("demand", copy)
    assert len(found.recordings) == 16
    assert [problem.partition(": ")[0] for problem in found.problems] == [
        str(copy / "NPARK/ch01.wav"),
        str(copy / "TBUS/ch01.wav"),
    ]
    for path in copy.rglob("ch01.wav"):
        path.write_bytes(b"")
    with pytest.raises(CorpusError, match=r"DKITCHEN/ch01\.wav: is empty; .* no other recording is sound"):
        noises.scan("demand", copy)


def test_a_compressed_file_that_was_cut_off_is_damaged(tmp_path):
    for name in ("whole", "cut"):
        corpora.write(tmp_path / "rain" / f"{name}.flac", 20.0)
    path = tmp_path / "rain" / "cut.flac"
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 8])
    found = noises.scan("folder", tmp_path)
    assert [recording.id for recording in found.recordings] == ["rain/whole.flac"]
    assert found.problems == [f"{path}: truncated, its last sample cannot be read; copy the file again"]


def test_a_name_that_is_not_utf8_is_told(tmp_path):
    corpora.write(tmp_path / "rain" / "1.wav")
    cafe, talkers = tmp_path / os.fsdecode(b"caf\xe9"), tmp_path / "talkers"
    for path in (cafe / "1.wav", talkers / os.fsdecode(b"Ren\xe9.wav")):
        path.parent.mkdir()
        shutil.copy(tmp_path / "rain" / "1.wav", path)
    found = noises.scan("folder", tmp_path)
    assert [recording.id for recording in found.recordings] == ["rain/1.wav"]
    assert len(found.problems) == 2
    assert all("is not UTF-8; rename the file or the folder" in problem for problem in found.problems)
    assert [recording.id for recording in noises.read("folder", cafe)] == ["1.wav"]
    assert len(noises.reader("folder", cafe).stretch("1.wav", 0, 100)) == 100


@pytest.mark.parametrize("name", ["folder", "noisex92"])
def test_pipes_are_passed_over_and_links_to_nothing_are_told(tmp_path, name):
    for file in ("babble.wav", "volvo.wav"):
        corpora.write(tmp_path / file, 12.0, rate_hz=19980)
    os.mkfifo(tmp_path / "pink.wav")
    (tmp_path / "white.wav").symlink_to(tmp_path / "nowhere")
    (tmp_path / "leopard.wav").mkdir()
    found = noises.scan(name, tmp_path)
    assert {recording.id for recording in found.recordings} == {"babble.wav", "volvo.wav"}
    (problem,) = found.problems
    assert problem.startswith(f"{tmp_path / 'white.wav'}: cannot be opened")


def test_every_corpus_says_what_it_is():
    for name in noises.NOISES:
        corpus = noises.get(name)
        assert corpus.name == name
        assert all((corpus.title, corpus.home, corpus.licence, corpus.layout, corpus.notes))


@pytest.mark.parametrize("rate_hz", [8000, 16000, 19980, 22050, 44100, 48000])
def test_a_stretch_is_bit_for_bit_that_of_the_whole_resampled_recording(rate_hz, tmp_path):
    path = corpora.write(tmp_path / "noise.wav", 3.0, rate_hz, channels=2)
    whole = resample(read_clip(path, channel=0), 16000).samples.astype(np.float64)
    reader = noises.NoiseReader(tmp_path)
    assert reader.samples("noise.wav") == len(whole)
    for offset, frames in [
        (0, 100),
        (1, 1),
        (7, 16000),
        (799, 3201),
        (15999, 20000),
        (len(whole) - 50, 50),
        (0, len(whole)),
    ]:
        assert np.array_equal(reader.stretch("noise.wav", offset, frames), whole[offset : offset + frames])


def test_audio_that_can_only_be_decoded_from_its_beginning_is_read_from_there(tmp_path):
    """GSM 6.10 within WAV, as telephones record: libsndfile cannot jump within it."""
    tone = 0.1 * np.sin(np.arange(24000) / 5)
    soundfile.write(str(tmp_path / "gsm.wav"), tone, 8000, subtype="GSM610")
    reader = noises.NoiseReader(tmp_path)
    whole = resample(read_clip(tmp_path / "gsm.wav"), 16000).samples.astype(np.float64)
    for offset, frames in [(0, 100), (16000, 1600), (len(whole) - 50, 50)]:
        np.testing.assert_array_equal(
            reader.stretch("gsm.wav", offset, frames), whole[offset : offset + frames]
        )


def test_a_stretch_of_damaged_audio_is_refused(tmp_path):
    path = corpora.write(tmp_path / "noise.flac", 3.0)
    content = bytearray(path.read_bytes())
    content[len(content) // 2 :] = bytes(len(content) - len(content) // 2)
    path.write_bytes(bytes(content))
    with pytest.raises(CorpusError, match=r"noise\.flac: "):
        noises.NoiseReader(tmp_path).stretch("noise.flac", 40000, 4000)
    soundfile.write(str(tmp_path / "nan.wav"), np.full(1000, np.nan, np.float32), 16000, subtype="FLOAT")
    with pytest.raises(CorpusError, match=r"nan\.wav: holds samples that are not finite"):
        noises.NoiseReader(tmp_path).stretch("nan.wav", 0, 1000)


def test_parts_side_by_side_are_refused_and_not_left_out(tmp_path):
    for part in ("a", "b"):
        corpora.write(tmp_path / part / "pointsource_noises" / "noise-free-sound-0001.wav")
    for ask in (noises.read, noises.reader):
        with pytest.raises(
            CorpusError, match=r"a/pointsource_noises and b/pointsource_noises both hold .* into one folder"
        ):
            ask("pointsource", tmp_path)
    with pytest.raises(CorpusError, match="holds no WHAM! noise; this looks like RIRS_NOISES"):
        noises.read("wham", tmp_path)


def test_demand_may_lie_in_the_folders_of_its_archives(roots, tmp_path):
    for number, folder in enumerate(sorted(roots["demand"].iterdir())):
        into = tmp_path / "DEMAND" / (f"{folder.name}_48k" if number else "")
        shutil.copytree(folder, into / folder.name)
    whole = noises.read("demand", roots["demand"])
    assert noises.read("demand", tmp_path / "DEMAND") == whole
    assert noises.read("demand", tmp_path) == whole
    reader, own = (noises.reader("demand", root) for root in (tmp_path / "DEMAND", roots["demand"]))
    for recording in whole:
        assert np.array_equal(reader.stretch(recording.id, 7, 50), own.stretch(recording.id, 7, 50))
        assert reader.samples(recording.id) == own.samples(recording.id)
    assert [one.id for one in noises.read("demand", tmp_path / "DEMAND" / "NFIELD_48k")] == [
        "NFIELD/ch01.wav"
    ]
    with pytest.raises(CorpusError, match=r"DEMAND/NOTHERE/ch01\.wav: cannot be opened"):
        reader.stretch("NOTHERE/ch01.wav", 0, 1)


def test_an_environment_of_demand_at_two_rates_is_refused(tmp_path):
    for rate_hz in (16000, 48000):
        corpora.write(tmp_path / f"NFIELD_{rate_hz // 1000}k" / "NFIELD" / "ch01.wav", rate_hz=rate_hz)
    with pytest.raises(
        CorpusError, match=r"NFIELD/ch01\.wav lies in both .*NFIELD_16k and .*NFIELD_48k; keep one"
    ):
        noises.read("demand", tmp_path)


def test_a_second_name_for_one_folder_is_no_second_copy(tmp_path):
    corpora.write(tmp_path / "a" / "DKITCHEN" / "ch01.wav")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    assert [one.id for one in noises.read("demand", tmp_path)] == ["DKITCHEN/ch01.wav"]


def test_every_kind_of_audio_that_is_read_is_used_and_the_rest_named(tmp_path: Path) -> None:
    (tmp_path / "kitchen").mkdir()
    read = ("wav", "flac", "aiff", "ogg", "mp3", "w64", "au", "caf")
    for suffix in read:
        form = {"mp3": "MP3", "ogg": "OGG"}.get(suffix, suffix.upper())
        soundfile.write(tmp_path / "kitchen" / f"a.{suffix}", np.full(16000, 0.1), 16000, format=form)
    (tmp_path / "kitchen" / "b.opus").write_bytes((tmp_path / "kitchen" / "a.ogg").read_bytes())
    for suffix in ("m4a", "wma", "raw"):
        (tmp_path / "kitchen" / f"c.{suffix}").write_bytes(b"sound")
    found = noises.scan("folder", tmp_path)
    assert len(found.recordings) == len(read) + 1
    assert [problem.split(": ")[0].rsplit(".", 1)[1] for problem in found.problems] == ["m4a", "raw", "wma"]
    assert "no kind of audio that is read here; convert it" in found.problems[0]
