from __future__ import annotations

import pytest

from benchmark.mixing.manifest import MEASURED
from benchmark.mixing.measurements import Measurements


def measured(number: float, **changes):
    numbers = {name: number + i for i, name in enumerate(MEASURED.names)}
    return {**numbers, "pcm_sha256": f"{int(number):064x}", **changes}


def test_what_was_measured_comes_back_to_the_bit():
    rows = {
        "a": measured(0.1 + 0.2, noise_gain_db=None),
        "b": measured(7.0, peak=-0.0, over_mean_db=None),
        "c": measured(1e-300, snr_rms_db=float("inf")),
    }
    found = Measurements()
    found.update(rows)
    assert dict(found) == rows
    assert str(found["b"]["peak"]) == "-0.0"
    assert list(found["a"]) == MEASURED.names
    assert (len(found), "b" in found, "d" in found, list(found)) == (3, True, False, ["a", "b", "c"])
    assert dict(found.of({"c", "a", "z"})) == {"a": rows["a"], "c": rows["c"]}
    found["a"] = rows["b"]
    assert found["a"] == rows["b"]
    assert found["b"] == rows["b"]
    assert len(found) == 3
    with pytest.raises(KeyError):
        found["d"]


def test_a_hash_that_is_none_is_refused_and_leaves_no_trace():
    found = Measurements()
    for wrong in ("ab", "q" * 64, None):
        with pytest.raises(ValueError, match=r"SHA-256|hexadecimal"):
            found["a"] = measured(1.0, pcm_sha256=wrong)
    assert "a" not in found
    found["b"] = measured(2.0)
    assert dict(found) == {"b": measured(2.0)}
