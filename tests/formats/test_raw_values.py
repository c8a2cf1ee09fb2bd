from __future__ import annotations

import numpy as np
import pytest

from benchmark.formats.raw_values import millimetres


@pytest.mark.parametrize("lost", [np.nan, np.inf, -np.inf, 1e300])
def test_values_are_finite_whatever_a_file_held(lost: float) -> None:
    values = np.array([[1.0, 2.0], [lost, 4.0], [5.0, 6.0]])
    valid = np.array([[True, False], [True, True], [True, True]])
    found = millimetres(values, valid, 100.0, ("UL_x", "UL_y"))
    np.testing.assert_array_equal(found.values, np.array([[1, 0], [0, 4], [5, 6]], np.float32))
    np.testing.assert_array_equal(found.valid, [[True, False], [False, True], [True, True]])
    assert found.values.dtype == np.float32
