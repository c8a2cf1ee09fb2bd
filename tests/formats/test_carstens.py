"""Position files whose unused sensors hold no positions, and files that are no position files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmark import corpora
from benchmark.errors import CorpusError
from benchmark.formats import carstens
from tests.corpora import writers

UNUSED = slice(7, 16)


def positions() -> NDArray[np.float64]:
    return np.random.default_rng(0).normal(0, 20, (500, 16, 7)).astype(np.float32).astype(np.float64)


@pytest.mark.parametrize("filling", [0.0, np.nan, 1e6, -np.inf, 1e-30])
def test_unused_sensors_may_hold_anything(tmp_path: Path, filling: float) -> None:
    path = tmp_path / "x.pos"
    expected = positions()
    expected[:, UNUSED] = filling
    path.write_bytes(writers.pos_bytes(expected, 250))
    found = carstens.read_positions(path)
    np.testing.assert_array_equal(found[:, :7], expected[:, :7])
    assert not (np.abs(found[:, UNUSED, :3]) > 1).any(), "nothing is 100 m away"


@pytest.mark.parametrize("filling", [0.0, np.nan, 1e6])
@pytest.mark.parametrize("damage", ["swapped", "shifted"])
def test_numbers_read_from_other_bytes_are_refused_whatever_unused_sensors_hold(
    tmp_path: Path, filling: float, damage: str
) -> None:
    path = tmp_path / "x.pos"
    table = positions()
    table[:, UNUSED] = filling
    content = writers.pos_bytes(table, None if damage == "swapped" else 250)
    if damage == "swapped":
        content = (
            writers.pos_bytes(table, 250)[: -len(content)]
            + np.frombuffer(content, "<f4").byteswap().tobytes()
        )
    else:
        content = content[:-2].replace(b"\x00\x1a", b"\x00\x1a\x00\x00", 1)
    path.write_bytes(content)
    with pytest.raises(CorpusError, match=r"x\.pos: its numbers are no plausible positions"):
        carstens.read_positions(path)


@pytest.mark.parametrize("filling", [0.0, np.nan, 1e6])
def test_a_file_without_any_position_is_refused(tmp_path: Path, filling: float) -> None:
    path = tmp_path / "x.pos"
    path.write_bytes(writers.pos_bytes(np.full((50, 12, 7), filling), None))
    with pytest.raises(CorpusError, match=r"x\.pos: its numbers are no plausible positions"):
        carstens.read_positions(path)


def test_recordings_of_which_most_sensors_were_not_there_are_read(tmp_path: Path) -> None:
    writers.write_ag50x(tmp_path)
    expected = corpora.read("ag50x", tmp_path)[0].trajectories()  # type: ignore[misc]
    for path in tmp_path.rglob("*.pos"):
        table = carstens.read_positions(path)
        table[:, [0, 1, *range(8, 16)]] = np.nan
        path.write_bytes(writers.pos_bytes(table, 250))
    found = corpora.read("ag50x", tmp_path)[0].trajectories()  # type: ignore[misc]
    np.testing.assert_array_equal(found.values, expected.values)


def test_a_rate_with_decimals_is_read_and_a_broken_number_is_not(tmp_path: Path) -> None:
    path = tmp_path / "x.pos"
    content = writers.pos_bytes(positions(), 250).replace(b"Hz=250\n", b"Hz=250.000\n")
    size = int(content.split(b"\n", 2)[1]) + 4
    path.write_bytes(content.replace(b"%08d" % (size - 4), b"%08d" % size))
    assert carstens.read_header(path).rate_hz == 250
    assert carstens.read_positions(path).shape == (500, 16, 7)
    path.write_bytes(path.read_bytes().replace(b"250.000", b"250.5\n\n"))
    with pytest.raises(CorpusError, match=r"SamplingFrequencyHz is '250\.5'; a whole number"):
        carstens.read_header(path)
