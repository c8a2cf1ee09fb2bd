from __future__ import annotations

import hashlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmark.randomness import Randomness, gaussian, random_bytes, uniform

parts = st.lists(st.text(max_size=6) | st.integers(-5, 5), max_size=4).map(tuple)


@given(parts, st.integers(-1000, 1000), st.integers(1, 1000))
def test_an_integer_lies_in_its_interval(identity, low, size):
    assert low <= Randomness(identity).integer("x", low, low + size) < low + size


def test_draws_are_the_same_numbers_next_year():
    draws = Randomness(("demo_noisy", 1, 2601, "F01/U001", "babble", "-5"))
    assert [draws.integer(purpose, 0, 10**6) for purpose in ("offset", "talkers", "gain")] == [
        700388,
        274660,
        669492,
    ]
    assert draws.token("noise") == Randomness(draws.identity).token("noise")


def test_parts_cannot_run_into_each_other():
    assert Randomness(("ab", "c")).token("x") != Randomness(("a", "bc")).token("x")
    assert Randomness((1,)).token("x") != Randomness(("1",)).token("x")


def test_integers_are_even():
    counts = np.bincount([Randomness((i,)).integer("x", 0, 10) for i in range(5000)], minlength=10)
    assert counts.min() > 420
    assert counts.max() < 580


@given(st.integers(0, 12))
def test_a_sample_has_no_item_twice(count):
    items = list("abcdefghijkl")
    chosen = Randomness(("s",)).sample("x", items, count)
    assert len(set(chosen)) == count
    assert set(chosen) <= set(items)
    assert items == list("abcdefghijkl")


def test_more_than_there_is_cannot_be_drawn():
    with pytest.raises(ValueError, match="3 of 2"):
        Randomness(("s",)).sample("x", [1, 2], 3)
    with pytest.raises(ValueError, match="no integer"):
        Randomness(("s",)).integer("x", 4, 4)


def test_the_stream_is_that_of_the_standard():
    assert random_bytes("seed", 32) == hashlib.shake_128(b"seed").digest(32)
    assert uniform("seed", 1)[0] == int.from_bytes(random_bytes("seed", 4), "little") / 2**32


def test_gaussian_has_the_moments_it_states():
    x = gaussian("moments", 400_000)
    assert abs(x.mean()) < 0.006
    assert abs(x.var() - 1) < 0.01
    assert abs((x**4).mean() - 3 + 0.15) < 0.05
    assert np.abs(x).max() < 4.9
