"""Which raw columns of SPIRE are the six coils, when its normalised copy is more than a standardised one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.signal import butter, filtfilt

from benchmark.corpora import spire
from benchmark.errors import CorpusError
from tests.corpora import voices, writers

USUAL = (0, 2, 8, 10, 12, 14)
SHUFFLED = (8, 10, 6, 0, 2, 4)
PLACES = ("UL", "LL", "MNI", "T1", "T3", "T4")


def raw_table(columns: tuple[int, ...], noise_mm: float, seed: int = 0) -> NDArray[np.float64]:
    """Nine coils of which the six stand where `columns` says."""
    rng = np.random.default_rng(seed)
    paths = voices.pellet_paths(seed, 2.0, 100.0)
    raw = rng.standard_normal((len(paths["UL"]), 18)) * 0.01
    for place, column in zip(PLACES, columns, strict=True):
        raw[:, column : column + 2] = paths[place]
    return raw + rng.standard_normal(raw.shape) * noise_mm


def smoothed(raw: NDArray[np.float64], columns: tuple[int, ...]) -> NDArray[np.float64]:
    kept = filtfilt(*butter(4, 0.2), raw, axis=0)[:, [column + axis for column in columns for axis in (0, 1)]]
    return np.asarray((kept - kept.mean(0)) / kept.std(0))


def found(path: Path, raw: NDArray[np.float64], copy: NDArray[np.float64]) -> NDArray[np.float32]:
    path.write_bytes(writers.torch_bytes({spire.RAW: raw, spire.NORMALISED: copy}, False))
    return np.abs(spire.read_coils(path, len(raw) / 100).values)


def expected(raw: NDArray[np.float64], columns: tuple[int, ...]) -> NDArray[np.float64]:
    return np.abs(np.nan_to_num(raw[:, [column + axis for column in columns for axis in (0, 1)]]))


@pytest.mark.parametrize("columns", [USUAL, SHUFFLED])
@pytest.mark.parametrize("seed", range(3))
def test_a_smoothed_copy_tells_the_columns(tmp_path: Path, columns: tuple[int, ...], seed: int) -> None:
    raw = raw_table(columns, 0.6, seed)
    copy = smoothed(raw, columns)
    alike = np.corrcoef(copy[:, 0], raw[:, columns[0]])[0, 1]
    assert alike < 0.98
    np.testing.assert_allclose(found(tmp_path / "x.pt", raw, copy), expected(raw, columns), atol=1e-4)


def test_a_copy_in_rows_tells_the_columns(tmp_path: Path) -> None:
    raw = raw_table(SHUFFLED, 0.1)
    copy = smoothed(raw, SHUFFLED).T
    np.testing.assert_allclose(found(tmp_path / "x.pt", raw, copy), expected(raw, SHUFFLED), atol=1e-4)


def test_gaps_do_not_hide_the_columns(tmp_path: Path) -> None:
    raw = raw_table(SHUFFLED, 0.1)
    copy = smoothed(raw, SHUFFLED)
    raw[20:30, 8:12] = np.nan
    copy[60:65] = np.nan
    np.testing.assert_allclose(found(tmp_path / "x.pt", raw, copy), expected(raw, SHUFFLED), atol=1e-4)


def test_a_copy_that_fits_no_columns_clearly_is_refused_where_it_contradicts_the_usual_ones(
    tmp_path: Path,
) -> None:
    raw = raw_table(SHUFFLED, 0.1)
    copy = smoothed(raw, SHUFFLED) + np.random.default_rng(1).standard_normal((len(raw), 12)) * 2
    with pytest.raises(
        CorpusError, match=r"x\.pt: its normalised copy contradicts the usual columns"
    ) as error:
        found(tmp_path / "x.pt", raw, copy)
    assert "UL 9 (0." in str(error.value)
    assert "\n" not in str(error.value)


def test_the_usual_columns_stay_where_the_copy_contradicts_none_of_them(tmp_path: Path) -> None:
    raw = raw_table(USUAL, 0.1)
    still = smoothed(raw, USUAL)
    still[:, 4:6] = 0.0
    vague = smoothed(raw, USUAL) + np.random.default_rng(1).standard_normal((len(raw), 12))
    for copy in (still, vague, np.full_like(vague, np.nan)):
        np.testing.assert_allclose(found(tmp_path / "x.pt", raw, copy), expected(raw, USUAL), atol=1e-4)


@pytest.mark.parametrize("width", [1, 2, 11, 12, 15])
def test_too_few_raw_columns_are_refused(tmp_path: Path, width: int) -> None:
    raw = raw_table(USUAL, 0.1)
    with pytest.raises(
        CorpusError, match=rf"x\.pt: ema_raw has {width} columns; 18 are expected|contradicts"
    ):
        found(tmp_path / "x.pt", raw[:, :width], smoothed(raw, USUAL))
