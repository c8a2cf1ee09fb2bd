"""Quirks of single corpora that the common promises do not cover."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmark import corpora
from benchmark.corpora import mocha, spire
from benchmark.errors import CorpusError
from benchmark.types import Segment, Utterance
from tests.corpora import voices, writers


def test_hprc_palate_files_are_no_speech_and_order_does_not_matter(tmp_path: Path) -> None:
    writers.write_hprc(tmp_path, sentences=3)
    utterances = corpora.read("hprc", tmp_path)
    assert len(utterances) == 6
    assert {utterance.prompt for utterance in utterances} == {"B01_S01", "B01_S02", "B01_S03"}
    assert utterances[0].extra["sentence"] == "Sentence 1."
    for utterance in utterances:
        assert utterance.audio().rate_hz == 44100
        assert {"TT_x", "UL_y"} <= set(utterance.trajectories().names)  # type: ignore[misc]


@pytest.mark.parametrize("kind", ["binary", "ascii", "headerless"])
@pytest.mark.parametrize("sphere", [False, True])
def test_mocha_in_all_its_copies(tmp_path: Path, kind: str, sphere: bool) -> None:
    writers.write_mocha(tmp_path, kind=kind, sphere=sphere)
    utterance = corpora.read("mocha", tmp_path)[0]
    found = utterance.trajectories()  # type: ignore[misc]
    assert found.rate_hz == 500.0
    truth = voices.pellet_paths(3001, 1.5, 500.0)
    np.testing.assert_allclose(found.select(("TD_x", "TD_y")).values, truth["T4"], atol=1e-4)
    assert not found.select(("V_x", "UI_y")).valid.any(), "a coil that never moves was not connected"
    anatomy = utterance.anatomy()  # type: ignore[misc]
    np.testing.assert_allclose(anatomy.palate, voices.PALATE, atol=1e-9)
    assert corpora.read("mocha", tmp_path)[-1].anatomy is None


@pytest.mark.parametrize("kind", ["binary", "ascii", "headerless"])
def test_what_mocha_has_lost_is_invalid_in_all_its_copies(tmp_path: Path, kind: str) -> None:
    times, values = writers.mocha_table(3001, 1.5)
    values[10:20, 4] = np.nan
    values[:, 12] = 3.0  # a velum that was not connected
    values[5, 12] = np.nan
    path = tmp_path / "fsew0_001.ema"
    if kind == "headerless":
        rows = np.column_stack([times, np.ones(len(times)), values])
        path.write_text("\n".join(" ".join(map(str, row)) for row in rows))
    else:
        path.write_bytes(writers.est_bytes(times, values, writers.MOCHA_CHANNELS, ascii_rows=kind == "ascii"))
    found = mocha.read_coils(path, 1.5)
    np.testing.assert_array_equal(
        np.flatnonzero(~found.valid[:, found.names.index("TT_x")]), np.arange(10, 20)
    )
    assert found.select(("TT_y", "UL_x")).valid.all()
    assert not found.select(("V_x",)).valid.any()


def test_a_time_of_mocha_that_is_lost_is_damage(tmp_path: Path) -> None:
    writers.write_mocha(tmp_path, kind="headerless")
    path = tmp_path / "fsew0" / "fsew0_001.ema"
    rows = path.read_text().splitlines()
    path.write_text("\n".join([rows[0], "nan " + rows[1].split(" ", 1)[1], *rows[2:]]))
    with pytest.raises(CorpusError, match=r"fsew0_001\.ema: times are negative or not finite"):
        mocha.read_coils(path, 1.5)
    path.write_text("\n".join([*rows[:-1], "nan " + rows[-1].split(" ", 1)[1]]))
    with pytest.raises(
        CorpusError, match=r"fsew0_001\.ema: the last line does not begin with a time in seconds"
    ):
        corpora.read("mocha", tmp_path)


def test_mngu0_of_both_distributions_agree(tmp_path: Path) -> None:
    writers.write_mngu0(tmp_path / "basic")
    writers.write_mngu0(tmp_path / "norm", normalised=True)
    basic = corpora.read("mngu0", tmp_path / "basic")[0].trajectories()  # type: ignore[misc]
    norm = corpora.read("mngu0", tmp_path / "norm")[0].trajectories()  # type: ignore[misc]
    assert not norm.valid[:40].any()
    np.testing.assert_allclose(norm.select(basic.names).values[40:], basic.values[40:], atol=1e-3)


def test_mngu0_prefers_centimetres_and_explains_what_normalised_files_need(tmp_path: Path) -> None:
    writers.write_mngu0(tmp_path)
    writers.write_mngu0(tmp_path, normalised=True)
    assert corpora.read("mngu0", tmp_path)[0].trajectories().valid.all()  # type: ignore[misc]
    writers.write_mngu0(tmp_path / "only", normalised=True)
    folder = tmp_path / "only" / "mngu0_s1_ema_norm_1.0.1"
    (folder / "norm_parms" / "ema_means.txt").unlink()
    with pytest.raises(CorpusError, match="its means and deviations"):
        corpora.read("mngu0", tmp_path / "only")


def test_usc_timit_finds_the_vertical_axis(tmp_path: Path) -> None:
    writers.write_usc_timit(tmp_path)
    utterance = corpora.read("usc_timit", tmp_path)[0]
    found = utterance.trajectories()  # type: ignore[misc]
    truth = voices.pellet_paths(2001, 1.5, 100.0)
    np.testing.assert_allclose(found.select(("UL_x", "UL_y")).values, truth["UL"], atol=1e-4)
    assert utterance.prompt == "001_005"


def test_usc_timit_takes_one_vertical_axis_for_all_recordings_of_a_speaker(tmp_path: Path) -> None:
    writers.write_usc_timit(tmp_path)
    short = tmp_path / "EMA" / "Data" / "F1" / "mat" / "usctimit_ema_f1_006_010.mat"
    truth = voices.pellet_paths(2006, 0.6, 100.0)
    drift = np.linspace(0, 30, len(truth["UL"]))
    elements = [
        (name, 100.0, np.column_stack([truth[own][:, 0], drift, truth[own][:, 1]]))
        for name, own in {"TT": "T1", "UL": "UL"}.items()
    ]
    writers.save_mview(short, short.stem, elements, "", True)
    writers.write_wav(short.parents[1] / "wav" / f"{short.stem}.wav", voices.speech(1, 0.6, 20000), 20000)
    writers.truncate(short.with_name("usctimit_ema_f1_001_005.mat"))  # has no say
    for seed in (2011, 2016):
        paths = voices.pellet_paths(seed, 2.0, 100.0)
        elements = [
            (name, 100.0, np.insert(paths[own], 1, 0.5, 1)) for name, own in {"TT": "T1", "UL": "UL"}.items()
        ]
        other = short.with_stem(f"usctimit_ema_f1_{seed - 2000:03d}_{seed - 1996:03d}")
        writers.save_mview(other, other.stem, elements, "", True)
    (utterance,) = [one for one in corpora.scan("usc_timit", tmp_path).utterances if one.speaker == "F1"]
    found = utterance.trajectories()  # type: ignore[misc]
    np.testing.assert_allclose(found.select(("UL_x", "UL_y")).values, truth["UL"], atol=1e-4)


def test_a_palate_of_mocha_that_is_one_point_names_its_file(tmp_path: Path) -> None:
    path = tmp_path / "fsew0_pal.dat"
    path.write_text("1.0 2.0\n" * 5)
    with pytest.raises(
        CorpusError, match=r"fsew0_pal\.dat: an outline needs at least two different points, found 1"
    ):
        mocha.read_anatomy(path)


@pytest.mark.parametrize("name", ["hprc", "usc_timit", "mocha"])
def test_ids_do_not_depend_on_the_case_of_files(tmp_path: Path, name: str) -> None:
    usual, swapped = tmp_path / "usual", tmp_path / "swapped"
    for root in (usual, swapped):
        writers.WRITERS[name](root)
    for path in sorted(path for path in swapped.rglob("*") if path.is_file()):
        path.rename(path.with_stem(path.stem.swapcase()))
    ids, others = ([one.id for one in corpora.read(name, root)] for root in (usual, swapped))
    assert ids == others


@pytest.mark.parametrize("tensors", [False, True])
def test_spire_finds_its_six_coils_and_its_front(tmp_path: Path, tensors: bool) -> None:
    writers.write_spire(tmp_path, tensors=tensors)
    for number, utterance in enumerate(corpora.read("spire", tmp_path)):
        found = utterance.trajectories()  # type: ignore[misc]
        truth = voices.pellet_paths(5000 * (number // 2 + 1) + number % 2 + 1, 1.5, 100.0)
        np.testing.assert_allclose(found.select(("TT_x", "TT_y")).values, truth["T1"], atol=1e-4)
        assert utterance.prompt == str(number % 2 + 1)


def spire_file(path: Path, columns: list[int], **other: object) -> NDArray[np.float64]:
    """Writes a file whose normalised copy keeps other columns than usual; returns the raw table.

    The copy is cut from frames 10 to 140.
    """
    raw = np.random.default_rng(0).standard_normal((150, 18))
    content = {spire.RAW: raw, spire.NORMALISED: raw[10:140, columns] / 2, **other}
    path.write_bytes(writers.torch_bytes(content, False))
    return raw


UNUSUAL = [16, 17, *range(2, 12)]
USUAL = [0, 1, 2, 3, *range(8, 16)]


@pytest.mark.parametrize(
    ("begin_end", "told"),
    [
        ([10, 140], True),
        ((10.0, 140.0), True),
        (np.array([10, 140]), True),
        (np.array([[10.0], [140.0]]), True),
        ([np.int64(10), np.float32(140)], True),
        (None, False),
        ([10], False),
        ([10, 140, 150], False),
        ([10.5, 140], False),
        ([10, float("nan")], False),
        ([-140, -10], False),
        ([10, 10**400], False),
        ([10, [140]], False),
        ({"begin": 10}, False),
        ("10 140", False),
        (np.array(["10", "140"]), False),
        (7, False),
    ],
)
def test_spire_says_where_its_normalised_copy_begins_and_ends_in_many_ways(
    tmp_path: Path, begin_end: object, told: bool
) -> None:
    raw = spire_file(tmp_path / "x.pt", UNUSUAL, begin_end=begin_end)
    found = spire.read_coils(tmp_path / "x.pt", 1.5)
    expected = raw[:, UNUSUAL if told else USUAL]
    np.testing.assert_allclose(np.abs(found.values), np.abs(expected), atol=1e-6)


def test_spire_with_texts_in_arrays_is_read(tmp_path: Path) -> None:
    texts = {"phonemes": np.array(["sil", "aa"]), "words": np.array([None, "a"], object)}
    raw = spire_file(tmp_path / "x.pt", USUAL, begin_end=[10, 140], first=np.str_("sil"), **texts)
    found = spire.read_coils(tmp_path / "x.pt", 1.5)
    np.testing.assert_allclose(found.select(("UL_y",)).values[:, 0], raw[:, 1], atol=1e-6)


def test_a_name_of_spire_that_cannot_be_an_id_is_damage_of_that_recording(tmp_path: Path) -> None:
    writers.write_spire(tmp_path)
    for path in list(tmp_path.rglob("spk1f0001.*")):
        path.rename(path.with_stem("a b"))
    found = corpora.scan("spire", tmp_path)
    assert len(found.utterances) == 3
    assert len(found.problems) == 1
    assert "a b.pt: the name gives the id 'spk1/a b'; use letters" in found.problems[0]


def test_spire_audio_of_another_recording_is_refused(tmp_path: Path) -> None:
    writers.write_spire(tmp_path)
    writers.write_wav(tmp_path / "audios" / "spk1" / "spk1f0001.wav", voices.speech(1, 4.0, 16000), 16000)
    with pytest.raises(CorpusError, match=r"spk1f0001\.pt: audio lasts 4\.000 s"):
        corpora.read("spire", tmp_path)[0].trajectories()  # type: ignore[misc]


@pytest.mark.parametrize("ag500", [False, True])
def test_carstens_recordings(tmp_path: Path, ag500: bool) -> None:
    writers.write_ag50x(tmp_path, ag500=ag500)
    utterance = corpora.read("ag50x", tmp_path)[0]
    found = utterance.trajectories()  # type: ignore[misc]
    truth = voices.pellet_paths(7000, 1.5, found.rate_hz)
    np.testing.assert_allclose(found.select(("TM_x", "TM_y")).values, truth["T3"], atol=1e-4)
    assert [u.split for u in corpora.read("ag50x", tmp_path)] == ["train", "test"]


def test_a_position_file_that_is_too_short_for_its_audio_is_refused_at_listing(tmp_path: Path) -> None:
    writers.write_ag50x(tmp_path)
    writers.write_wav(tmp_path / "wav" / "S1" / "0001.wav", voices.speech(1, 4.0, 16000), 16000)
    with pytest.raises(CorpusError, match=r"0001\.pos: audio lasts 4\.000 s"):
        corpora.read("ag50x", tmp_path)


@pytest.mark.parametrize("suffix", [".csv", ".npy", ".npz", ".parquet", ".ssff"])
def test_a_folder_in_every_kind_of_file(tmp_path: Path, suffix: str) -> None:
    writers.write_folder(tmp_path, suffix)
    utterances = corpora.read("folder", tmp_path)
    assert [utterance.split for utterance in utterances] == ["train", "train", "test", "test"]
    found = utterances[0].trajectories()  # type: ignore[misc]
    truth = voices.pellet_paths(8001, 1.5, 200.0)
    tip = found.select(("TT_x", "TT_y"))
    assert tip.valid.sum() == (2 * 297 if suffix != ".ssff" else 600)
    np.testing.assert_allclose(tip.values[tip.valid], truth["T1"][tip.valid], atol=1e-4)
    np.testing.assert_allclose(utterances[0].anatomy().palate, voices.PALATE)  # type: ignore[misc]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("[audio]", "[audios]", "audio: Field required|audios: "),
        ('unit = "cm"', 'unit = "furlong"', r"trajectories\.unit"),
        ('upper_lip = "ul"', 'upper_lips = "ul"', "sensors: .*upper_lips"),
        ('upper_lip = "ul"', 'upper_lip = "lip"', "no channel 'lip_x'; there are ul_x"),
        ("rate_hz = 200", "rate_hz = -1", r"trajectories\.rate_hz"),
        ("rate_hz = 200", "", "rate is not known"),
        ('test = ["B"]', 'test = ["A"]', "splits: .*A is in more than one split"),
        ('test = ["B"]', 'toast = ["B"]', "splits: .*toast"),
        ("[audio]", "[audio", "not readable as TOML"),
    ],
)
def test_a_mistake_in_the_description_is_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    writers.write_folder(tmp_path)
    path = tmp_path / "corpus.toml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(CorpusError, match=message) as error:
        corpora.read("folder", tmp_path)[0].trajectories()  # type: ignore[misc]
    assert "\n" not in str(error.value)


def labelled_folder(root: Path, text: str) -> Utterance:
    """The first recording of a folder whose description names phones; only that recording has some."""
    writers.write_folder(root)
    with (root / "corpus.toml").open("a") as stream:
        stream.write('[phones]\nfiles = "phones/{speaker}/{recording}.csv"\n')
    (root / "phones" / "A").mkdir(parents=True)
    (root / "phones" / "A" / "r1.csv").write_text(text)
    found = corpora.scan("folder", root)
    assert found.ignored == []
    assert [utterance.phones is not None for utterance in found.utterances] == [True, False, False, False]
    return found.utterances[0]


def test_phones_of_a_folder_are_read_with_their_classes(tmp_path: Path) -> None:
    text = "start_s,end_s,phone,phone_class\n0,0.21,,\n0.21, 0.29, p, plosive\n0.29,0.5,ʔ,\n"
    assert labelled_folder(tmp_path / "own", text).phones() == (  # type: ignore[misc]
        Segment("", "", 0.0, 0.21),
        Segment("p", "plosive", 0.21, 0.29),
        Segment("ʔ", "", 0.29, 0.5),
    )
    text = "phone,start_s,end_s\nsil,0,0.21\nAY1,0.21,0.3\n"
    assert [item.phone_class for item in labelled_folder(tmp_path / "arpabet", text).phones()] == [
        "",
        "diphthong",
    ]  # type: ignore[misc]
    assert labelled_folder(tmp_path / "empty", "").phones() == ()  # type: ignore[misc]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("start_s,phone\n0,p\n", "has no column end_s"),
        (
            "start_s,end_s,phone,phone_class\n0,1,p,stop\n",
            "line 2: 'stop' is no class of phones; there are vowel,",
        ),
        ("start_s,end_s,phone\n0,1,p\n1,late,t\n", "line 3: a time is no number"),
        ("start_s,end_s,phone\n0\n", "line 2: a time is no number"),
    ],
)
def test_a_mistake_in_the_phones_of_a_folder_is_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(CorpusError, match=message) as error:
        labelled_folder(tmp_path, text).phones()  # type: ignore[misc]
    assert "r1.csv" in str(error.value)


def test_a_name_that_cannot_be_an_id_is_refused(tmp_path: Path) -> None:
    writers.write_folder(tmp_path)
    for folder, suffix in (("ema", ".csv"), ("wav", ".wav")):
        (tmp_path / folder / "A" / f"r1{suffix}").rename(tmp_path / folder / "A" / f"r 1é{suffix}")
    with pytest.raises(CorpusError, match="use letters, digits"):
        corpora.read("folder", tmp_path)


@pytest.mark.parametrize(
    ("suffix", "content"),
    [
        (".npy", b""),
        (
            ".npy",
            (
                b"\x93NUMPY\x01\x00v\x00{'descr': '<f8', 'fortran_order': False, "
                b"'shape': (99999999999, 10), }"
            ).ljust(128)
            + b"\n",
        ),
        (
            ".npy",
            b"\x93NUMPY\x01\x00v\x00{'descr': '|O', 'fortran_order': False, 'shape': (1, 10), }".ljust(127)
            + b"\n",
        ),
        (".npz", b"PK\x03\x04"),
        (".parquet", b"PAR1PAR1"),
        (".csv", b"a_x,a_y\n1,2\n3\n"),
        (".csv", b"ul_x,ul_y\n1,2\n3,x\n"),
        (".ssff", b"SSFF"),
    ],
)
def test_damaged_files_of_a_folder(tmp_path: Path, suffix: str, content: bytes) -> None:
    writers.write_folder(tmp_path, suffix)
    victim = tmp_path / "ema" / "A" / f"r1{suffix}"
    victim.write_bytes(content)
    with pytest.raises(CorpusError, match=rf"r1\{suffix}"):
        corpora.read("folder", tmp_path)[0].trajectories()  # type: ignore[misc]


def test_a_recording_of_nothing_but_nan_is_refused(tmp_path: Path) -> None:
    writers.write_mocha(tmp_path)
    track = tmp_path / "fsew0" / "fsew0_001.ema"
    times, values = writers.mocha_table(3001, 1.5)
    track.write_bytes(writers.est_bytes(times, values * np.nan, writers.MOCHA_CHANNELS))
    with pytest.raises(CorpusError, match=r"fsew0_001\.ema: holds no finite position"):
        corpora.read("mocha", tmp_path)[0].trajectories()  # type: ignore[misc]


def test_negative_times_are_refused(tmp_path: Path) -> None:
    writers.write_mocha(tmp_path)
    track = tmp_path / "fsew0" / "fsew0_001.ema"
    times, values = writers.mocha_table(3001, 1.5)
    track.write_bytes(writers.est_bytes(times - 0.5, values, writers.MOCHA_CHANNELS))
    with pytest.raises(CorpusError, match=r"fsew0_001\.ema: times are negative"):
        corpora.read("mocha", tmp_path)[0].trajectories()  # type: ignore[misc]


def test_mngu0_in_centimetres_is_known_below_a_folder_of_any_name(tmp_path: Path) -> None:
    writers.write_mngu0(tmp_path / "norman")
    (utterance, *_) = corpora.read("mngu0", tmp_path / "norman")
    assert utterance.trajectories is not None
    assert utterance.trajectories().valid[:40].any()
