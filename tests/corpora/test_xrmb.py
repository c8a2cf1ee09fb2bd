from __future__ import annotations

import time
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import soundfile

from benchmark import corpora
from benchmark.corpora import xrmb
from benchmark.corpora.corpus_report import examine
from benchmark.errors import CorpusError
from tests.corpora import voices
from tests.corpora.writers import write_wav, write_xrmb, xrmb_text


@pytest.mark.parametrize("flat", [False, True])
@pytest.mark.parametrize("upper", [False, True])
def test_both_layouts_in_any_case_give_the_same_ids(tmp_path: Path, flat: bool, upper: bool) -> None:
    write_xrmb(tmp_path, flat=flat, upper=upper)
    utterances = corpora.read("xrmb", tmp_path)
    expected = [f"{s}/{t}" for s in ("JW11", "JW12", "JW502") for t in ("tp005", "tp007", "tp007_2")]
    assert [utterance.id for utterance in utterances] == expected
    assert all(utterance.anatomy is not None for utterance in utterances)


def test_a_speakers_own_folder_can_be_the_root(tmp_path: Path) -> None:
    write_xrmb(tmp_path)
    assert {utterance.speaker for utterance in corpora.read("xrmb", tmp_path / "JW502")} == {"JW502"}


def test_repeats_share_their_prompt(tmp_path: Path) -> None:
    write_xrmb(tmp_path)
    repeat = next(u for u in corpora.read("xrmb", tmp_path) if u.id == "JW11/tp007_2")
    assert repeat.prompt == "tp007"
    assert repeat.extra["repetition"] == 2


def test_either_missing_coordinate_loses_the_pellet(tmp_path: Path) -> None:
    write_xrmb(tmp_path)
    found = corpora.read("xrmb", tmp_path)[0].trajectories()  # type: ignore[misc]
    assert not found.valid[:3].any()
    here = [found.names.index("T1_x"), found.names.index("T1_y")]
    assert not found.valid[60:64, here].any()
    assert found.valid[64:, here].all()
    assert found.valid[3:, [i for i in range(16) if i not in here]].all()
    assert (found.values[~found.valid] == 0).all()


def test_anatomy_runs_from_the_front_and_from_the_top(tmp_path: Path) -> None:
    write_xrmb(tmp_path)
    (tmp_path / "JW11" / "PAL.DAT").write_text(
        "\n".join(f"{int(x * 1000)} {int(y * 1000)}" for x, y in voices.PALATE[::-1])
    )
    anatomy = corpora.read("xrmb", tmp_path)[0].anatomy()  # type: ignore[misc]
    np.testing.assert_allclose(anatomy.palate, voices.PALATE)
    assert anatomy.pharynx is not None
    np.testing.assert_allclose(anatomy.pharynx, voices.PHARYNX)


def test_points_of_an_outline_that_were_not_traced_are_left_out(tmp_path: Path) -> None:
    write_xrmb(tmp_path)
    palate = tmp_path / "JW11" / "PAL.DAT"
    palate.write_text(f"1000000 1000000\n{palate.read_text()}-70000 1000000\n")
    anatomy = corpora.read("xrmb", tmp_path)[0].anatomy()  # type: ignore[misc]
    np.testing.assert_allclose(anatomy.palate, voices.PALATE)
    palate.write_text("1000000 1000000\n-4000 4000\n")
    with pytest.raises(
        CorpusError, match=r"PAL\.DAT: an outline needs at least two different points, found 1"
    ):
        corpora.read("xrmb", tmp_path)[0].anatomy()  # type: ignore[misc]
    palate.write_text("-4000 4000\n-4000 4000\n")
    with pytest.raises(
        CorpusError, match=r"PAL\.DAT: an outline needs at least two different points, found 1"
    ):
        corpora.read("xrmb", tmp_path)[0].anatomy()  # type: ignore[misc]


def test_times_with_decimals_and_a_byte_order_mark_are_no_damage(tmp_path: Path) -> None:
    write_xrmb(tmp_path)
    plain = corpora.read("xrmb", tmp_path)[0]
    path = tmp_path / "JW11" / "tp005.txy"
    rows = [row.split("\t") for row in path.read_text().splitlines()]
    text = "\n".join("\t".join([f"{row[0]}.0", *row[1:]]) for row in rows)
    path.write_text(text, encoding="utf-8-sig")
    palate = tmp_path / "JW11" / "PAL.DAT"
    palate.write_text(palate.read_text(), encoding="utf-8-sig")
    marked = corpora.read("xrmb", tmp_path)[0]
    assert marked.extra == plain.extra
    assert np.array_equal(marked.trajectories().values, plain.trajectories().values)  # type: ignore[misc]
    np.testing.assert_allclose(marked.anatomy().palate, voices.PALATE)  # type: ignore[misc]


@pytest.mark.parametrize("time", ["nan", "inf", "x"])
def test_a_last_line_without_a_time_is_refused_at_listing(tmp_path: Path, time: str) -> None:
    write_xrmb(tmp_path, speakers=("JW11",))
    path = tmp_path / "JW11" / "tp005.txy"
    head, _, last = path.read_text().rpartition("\n")
    path.write_text(f"{head}\n{time}\t{last.split(maxsplit=1)[1]}")
    with pytest.raises(
        CorpusError, match=r"tp005\.txy: the last line does not begin with a time in microseconds"
    ):
        corpora.read("xrmb", tmp_path)


@pytest.mark.parametrize("late_s", [0.05, 3600.0])
def test_a_last_line_that_comes_late_is_left_out_and_named(tmp_path: Path, late_s: float) -> None:
    write_xrmb(tmp_path, speakers=("JW11",))
    plain = corpora.read("xrmb", tmp_path)[0]
    before = plain.trajectories().values  # type: ignore[misc]
    path = tmp_path / "JW11" / "tp005.txy"
    rows = path.read_text().splitlines()
    time, rest = rows[-1].split("\t", 1)
    path.write_text("\n".join([*rows[:-1], f"{int(time) + int(late_s * 1e6)}\t{rest}"]))
    late = corpora.read("xrmb", tmp_path)[0]
    np.testing.assert_array_equal(late.trajectories().values, before[:-1])  # type: ignore[misc]
    assert late.extra["articulation_s"] == pytest.approx(plain.extra["articulation_s"], abs=0.02)
    (said,) = examine(late).suspicions
    assert said.startswith(f"frame {len(rows)}, the last, comes {late_s + 0.0069:.3g} s after the one before")


@pytest.mark.parametrize("end", [b"\x1a", b"\r\n\x1a\r\n", b"\x1a" + bytes(100)])
def test_the_end_mark_of_dos_is_no_damage(tmp_path: Path, end: bytes) -> None:
    write_xrmb(tmp_path)
    plain = corpora.read("xrmb", tmp_path)[0].trajectories()  # type: ignore[misc]
    for name in ("tp005.txy", "PAL.DAT", "PHA.DAT"):
        path = tmp_path / "JW11" / name
        path.write_bytes(path.read_bytes() + end)
    marked = corpora.read("xrmb", tmp_path)[0]
    assert np.array_equal(marked.trajectories().values, plain.values)  # type: ignore[misc]
    np.testing.assert_allclose(marked.anatomy().palate, voices.PALATE)  # type: ignore[misc]


def test_a_recording_that_starts_late_is_put_in_its_place(tmp_path: Path) -> None:
    write_xrmb(tmp_path, speakers=("JW11",), tasks=("tp005",), quirks=False)
    path = tmp_path / "JW11" / "tp005.txy"
    rows = path.read_text().splitlines()
    path.write_text("\n".join(rows[10:]))
    found = corpora.read("xrmb", tmp_path)[0].trajectories()  # type: ignore[misc]
    assert not found.valid[:10].any()
    assert found.valid[10:].all()
    assert found.values[10, 0] == pytest.approx(int(rows[10].split()[1]) / 1000)


def damaged(rows: list[str], kind: str) -> list[str]:
    first = rows[4].split("\t")
    return {
        "a column short": [*rows[:4], "\t".join(first[:16]), *rows[5:]],
        "a column long": [*rows[:4], "\t".join([*first, "7"]), *rows[5:]],
        "text": [*rows[:4], "\t".join([*first[:5], "oops", *first[6:]]), *rows[5:]],
        "nan": [*rows[:4], "\t".join([*first[:5], "nan", *first[6:]]), *rows[5:]],
        "all short": ["\t".join(row.split("\t")[:16]) for row in rows],
        "negative time": ["\t".join(["-6866", *rows[0].split("\t")[1:]]), *rows],
        "time stands still": [*rows[:5], *rows[4:]],
        "time leaps": [*rows[:20], *rows[40:]],
        "one row": rows[:1],
    }[kind]


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("a column short", r"line 5: 16 columns where 17"),
        ("a column long", r"line 5: 18 columns where 17"),
        ("text", r"line 5: 'oops' is not a finite number"),
        ("nan", r"line 5: 'nan' is not a finite number"),
        ("all short", r"line 1: 16 columns where 17"),
        ("negative time", r"line 1: negative time"),
        ("time stands still", r"line 6: time does not advance evenly"),
        ("time leaps", r"line 21: time does not advance evenly"),
        ("one row", r"single frame"),
    ],
)
def test_a_damaged_pellet_file_is_one_line_with_file_and_line(
    tmp_path: Path, kind: str, message: str
) -> None:
    path = tmp_path / "tp005.txy"
    rows = xrmb_text(voices.pellet_paths(1, 1.0, 145.645), crlf=False).splitlines()
    path.write_text("\n".join(damaged(rows, kind)))
    with pytest.raises(CorpusError, match=rf"tp005\.txy: .*{message}") as error:
        xrmb.read_pellets(path, 1.0)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\x00" * 64, b"\xff\xfe" * 40])
def test_an_empty_or_binary_pellet_file_is_refused_at_listing_or_reading(
    tmp_path: Path, content: bytes
) -> None:
    write_xrmb(tmp_path, speakers=("JW11",))
    (tmp_path / "JW11" / "tp005.txy").write_bytes(content)
    with pytest.raises(CorpusError, match=r"tp005\.txy"):
        corpora.read("xrmb", tmp_path)


def test_lengths_that_disagree_are_refused_past_a_second(tmp_path: Path) -> None:
    write_xrmb(tmp_path, speakers=("JW11",))
    write_wav(tmp_path / "JW11" / "tp005.wav", voices.speech(1, 4.0, 16000), 16000)
    with pytest.raises(CorpusError, match=r"audio lasts 4\.000 s and articulation 1\.4"):
        corpora.read("xrmb", tmp_path)


def test_articulation_longer_than_the_audio_is_cut_and_noted(tmp_path: Path) -> None:
    write_xrmb(tmp_path, speakers=("JW11",))
    write_wav(tmp_path / "JW11" / "tp005.wav", voices.speech(1, 1.0, 16000), 16000)
    cut, whole = corpora.read("xrmb", tmp_path)[:2]
    assert 1.0 <= cut.trajectories().duration_s < 1.02  # type: ignore[misc]
    assert cut.extra["notes"] == "articulation 0.48 s longer than audio"
    assert "notes" not in whole.extra


def test_missing_audio_is_a_problem_and_missing_pellets_are_no_utterance(tmp_path: Path) -> None:
    write_xrmb(tmp_path, speakers=("JW11",))
    (tmp_path / "JW11" / "tp005.txy").unlink()
    (tmp_path / "JW11" / "tp007.wav").unlink()
    found = corpora.scan("xrmb", tmp_path)
    assert [utterance.id for utterance in found.utterances] == ["JW11/tp007_2"]
    assert len(found.problems) == 1
    assert "tp007.txy: has no audio" in found.problems[0]


def test_two_different_files_for_one_recording_are_refused(tmp_path: Path) -> None:
    write_xrmb(tmp_path, speakers=("JW11",))
    copy = tmp_path / "copy" / "JW11"
    copy.mkdir(parents=True)
    (copy / "tp005.txy").write_bytes((tmp_path / "JW11" / "tp005.txy").read_bytes())
    assert len(corpora.read("xrmb", tmp_path)) == 3
    (copy / "tp005.txy").write_text("0\t1")
    with pytest.raises(CorpusError, match=r"tp005\.txy: claims to be the same as .*tp005\.txy and differs"):
        corpora.read("xrmb", tmp_path)
    assert [u.id for u in corpora.read("xrmb", tmp_path, skip_damaged=True)] == ["JW11/tp007", "JW11/tp007_2"]


@pytest.mark.parametrize("other", ["wav16/JW11/tp005.wav", "JW11/tp005.flac"])
def test_two_versions_of_the_audio_cost_that_recording_alone(tmp_path: Path, other: str) -> None:
    write_xrmb(tmp_path, speakers=("JW11",))
    (tmp_path / other).parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(tmp_path / other, voices.speech(0, 1.5, 16000), 16000)
    found = corpora.scan("xrmb", tmp_path)
    assert [utterance.id for utterance in found.utterances] == ["JW11/tp007", "JW11/tp007_2"]
    assert len(found.problems) == 1
    assert "keep one of the two" in found.problems[0]


def test_two_palates_that_differ_are_a_problem_of_that_speaker_alone(tmp_path: Path) -> None:
    write_xrmb(tmp_path, speakers=("JW11", "JW12"))
    (tmp_path / "JW11" / "jw11_pal.dat").write_text("-4000 4000\n-40000 20000\n")
    found = corpora.scan("xrmb", tmp_path)
    assert {utterance.speaker for utterance in found.utterances} == {"JW12"}
    assert len(found.problems) == 3
    assert "PAL.DAT" in found.problems[0]


def test_a_thousand_recordings_are_listed_fast_and_in_little_memory(tmp_path: Path) -> None:
    write_xrmb(tmp_path, speakers=("JW11",), tasks=("tp001",), seconds=0.5)
    folder = tmp_path / "JW11"
    for task in range(2, 1001):
        for suffix in (".txy", ".wav"):
            (folder / f"tp{task:03d}{suffix}").hardlink_to(folder / f"tp001{suffix}")
    start = time.perf_counter()
    utterances = corpora.read("xrmb", tmp_path)
    assert time.perf_counter() - start < 10
    assert len(utterances) == 1000
    tracemalloc.start()
    corpora.read("xrmb", tmp_path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 50e6
