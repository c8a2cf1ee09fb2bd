from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from benchmark import corpora, inspect
from benchmark.corpora import load_splits
from benchmark.corpora import mngu0_file_sets as file_sets
from benchmark.corpora.contract import walk
from benchmark.errors import CorpusError
from benchmark.mixing.gather import Roots, gather
from benchmark.mixing.recipe_files import load_recipe
from tests.corpora import writers

LISTS = {"train": "trainfiles.txt", "dev": "validationfiles.txt", "test": "testfiles.txt"}
GOOD = {"train": [1, 2], "dev": [10, 30], "test": [20]}


def stem(number: int) -> str:
    return f"mngu0_s1_{number:04d}"


def write_lists(folder: Path, numbers: Mapping[str, Sequence[int]]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for split, members in numbers.items():
        (folder / LISTS[split]).write_text("".join(f"{stem(number)}\n" for number in members))


def by_rule(numbers: Sequence[int]) -> dict[str, list[int]]:
    splits = load_splits("mngu0", "standard")
    found: dict[str, list[int]] = {"train": [], "dev": [], "test": []}
    for number in numbers:
        found[splits[f"s1/{stem(number)}"]].append(number)
    return found


def sizes(numbers: Mapping[str, Sequence[int]]) -> list[int]:
    return [len(numbers[split]) for split in ("train", "dev", "test")]


def test_the_rule_makes_of_each_release_what_is_known_of_it(tmp_path: Path) -> None:
    everything = by_rule(range(1, 1355))
    assert sizes(everything) == [1219, 68, 67]
    # A list of 1,189 recordings, as many of each kind as papers count.
    kept = [*everything["train"][:1069], *everything["dev"][:60], *everything["test"][:60]]
    listed = by_rule(sorted(kept))
    assert sizes(listed) == [1069, 60, 60]
    write_lists(tmp_path / "mngu0_s1_ema_filesets", listed)
    found = load_splits("mngu0", "standard").members(walk(tmp_path))
    assert found is not None
    assert Counter(found.values()) == {"train": 1069, "dev": 60, "test": 60}


def test_recordings_in_no_list_take_no_part_and_are_remarked_on(tmp_path: Path) -> None:
    writers.write_mngu0(tmp_path, (1, 2, 3, 10, 20, 40), seconds=0.9)
    recipe = load_recipe("mngu0_noisy")
    assert len(gather(recipe, Roots(tmp_path)).targets) == 6
    write_lists(tmp_path / "deep" / "mngu0_s1_ema_filesets_1.0.0", GOOD)
    scan = corpora.scan("mngu0", tmp_path)
    assert {utterance.id: utterance.split for utterance in scan.utterances} == {
        "s1/mngu0_s1_0001": "train",
        "s1/mngu0_s1_0002": "train",
        "s1/mngu0_s1_0010": "dev",
        "s1/mngu0_s1_0020": "test",
    }
    assert [(file.path, file.why) for file in scan.ignored] == [
        (f"mngu0_s1_ema_basic_1.1.0/{stem(number)}.ema", "in none of the file sets") for number in (3, 40)
    ]
    gathered = gather(recipe, Roots(tmp_path))
    assert Counter(utterance.split for utterance in gathered.targets) == {"train": 2, "dev": 1, "test": 1}
    assert "in none of the file sets" in gathered.remarks[0]


def test_lists_go_before_the_rule(tmp_path: Path) -> None:
    writers.write_mngu0(tmp_path, (1, 2, 10, 20), seconds=0.9)
    write_lists(tmp_path / "lists", {**GOOD, "train": [1, 20], "test": [2]})
    gathered = gather(load_recipe("mngu0_noisy"), Roots(tmp_path))
    assert {utterance.id[-4:]: utterance.split for utterance in gathered.targets} == {
        "0001": "train",
        "0002": "test",
        "0010": "dev",
        "0020": "train",
    }


def test_inspect_counts_what_is_listed_and_not_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    writers.write_mngu0(tmp_path, (1, 2, 3, 10, 20), seconds=0.9)
    arguments = ["--recipe", "mngu0_noisy", "--speech-root", str(tmp_path), "--json"]
    assert inspect.main(arguments) == 0
    assert json.loads(capsys.readouterr().out)["absent"] == {}
    write_lists(tmp_path / "lists", GOOD)
    assert inspect.main(arguments) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["absent"] == {"train": 0, "dev": 1, "test": 0}
    assert [file["why"] for file in facts["ignored"]] == ["in none of the file sets"]


def test_line_ends_case_and_blank_lines_do_not_matter(tmp_path: Path) -> None:
    write_lists(tmp_path, GOOD)
    (tmp_path / "testfiles.txt").unlink()
    (tmp_path / "TestFiles.TXT").write_bytes(b"\r\n MNGU0_S1_0020 \r\n\r\n")
    found = file_sets.find(walk(tmp_path))
    assert found is not None
    assert found.members["s1/mngu0_s1_0020"] == "test"
    write_lists(tmp_path / "copy", GOOD)
    assert file_sets.find(walk(tmp_path)) == found, "a copy that says the same does no harm"


@pytest.mark.parametrize(
    ("name", "text", "complaint"),
    [
        ("testfiles.txt", "mngu0_s1_0020\nfsew0_001\n", "line 2: 'fsew0_001' is no recording of MNGU0"),
        ("testfiles.txt", "\x00\xff\x01" * 99, "line 1: .* is no recording of MNGU0"),
        (
            "testfiles.txt",
            "mngu0_s1_0020\nmngu0_s1_0010\n",
            "line 2: s1/mngu0_s1_0010 is in validationfiles.txt too",
        ),
        ("trainfiles.txt", "\n", "lists no recording"),
        ("validationfiles.txt", None, "validationfiles.txt should lie beside it"),
    ],
)
def test_a_damaged_list_is_named_in_one_line(
    tmp_path: Path, name: str, text: str | None, complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    writers.write_mngu0(tmp_path, (1, 10, 20), seconds=0.9)
    write_lists(tmp_path / "lists", GOOD)
    path = tmp_path / "lists" / name
    if text is None:
        path.unlink()
    else:
        path.write_text(text, encoding="latin-1")
    with pytest.raises(CorpusError, match=complaint) as caught:
        corpora.scan("mngu0", tmp_path)
    assert name in str(caught.value)
    assert str(tmp_path / "lists") in str(caught.value)
    assert inspect.main(["--recipe", "mngu0_noisy", "--speech-root", str(tmp_path)]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_two_sets_that_differ_and_sets_of_other_recordings_are_refused(tmp_path: Path) -> None:
    writers.write_mngu0(tmp_path, (3, 50), seconds=0.9)
    write_lists(tmp_path / "a", GOOD)
    with pytest.raises(CorpusError, match=r"a: its file sets list none of the 2 recordings"):
        corpora.scan("mngu0", tmp_path)
    write_lists(tmp_path / "b", {**GOOD, "train": [3]})
    with pytest.raises(CorpusError, match=r"b: its file sets differ from those in .*a; keep one"):
        corpora.scan("mngu0", tmp_path)
