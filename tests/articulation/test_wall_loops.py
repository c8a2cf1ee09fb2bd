"""Compiled loops against the same said in NumPy."""

from __future__ import annotations

import errno

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numba.core.caching import FunctionCache

from benchmark import corpora
from benchmark.articulation import wall_loops
from benchmark.articulation.outline import from_anatomy, nearest, smooth_outline
from benchmark.articulation.tract_variables import tract_variables_of_speaker
from benchmark.types import Anatomy, Trajectories

SEEDS = st.integers(0, 2**32 - 1)


def numpy_arcs(x, y, own, centre, radius, edges, ends):
    """Distances and closest samples of one arc."""
    xy = np.stack([x, y], axis=1)
    away = xy - centre
    cross = [edge[0] * away[:, 1] - edge[1] * away[:, 0] for edge in edges]
    inside = np.where((cross[0] >= 0) & (cross[1] <= 0), np.abs(np.hypot(*away.T) - radius), np.inf)
    to_ends = [np.hypot(*(xy - end).T) for end in ends]
    to_wall = np.where(np.isfinite(inside), inside, np.minimum(*to_ends))[::2]
    return to_wall, [part[slice(*own)].argmin() for part in (inside, *to_ends)]


@given(SEEDS, st.integers(1, 300))
def test_the_closest_sample_is_the_first_of_the_least_distances(seed, count):
    values = np.random.default_rng(seed).integers(0, 9, count).astype(np.float64)
    values[values > 6] = np.inf
    assert wall_loops._closest(values) == values.argmin()


@given(SEEDS)
def test_distances_of_arcs_are_those_of_numpy(seed):
    generator = np.random.default_rng(seed)
    x, y = generator.normal(0, 30, (2, 201))
    own = (20, 181)
    centre, radius = generator.normal(0, 5, (4, 2)), generator.uniform(3, 30, 4)
    turned = np.sort(generator.uniform(0, np.pi, (4, 2)), axis=1) + generator.uniform(0, 7, 4)[:, None]
    ways = np.stack([np.cos(turned), np.sin(turned)], axis=2) * radius[:, None, None]
    edges, ends = (ways[:, 0].copy(), ways[:, 1].copy()), centre[:, None] + ways
    to_wall, closest = np.empty((4, 101)), np.empty((4, 3), np.intp)
    wall_loops.arcs_to_wall(x, y, own, centre, radius, edges, ends, to_wall, closest)
    for frame in range(4):
        distances, samples = numpy_arcs(
            x, y, own, centre[frame], radius[frame], [edge[frame] for edge in edges], ends[frame]
        )
        np.testing.assert_allclose(to_wall[frame], distances, atol=1e-12)
        assert list(closest[frame]) == samples


@given(SEEDS)
def test_distances_of_points_are_those_of_numpy(seed):
    generator = np.random.default_rng(seed)
    x, y = generator.normal(0, 30, (2, 200))
    points = generator.normal(0, 30, (5, 2))
    to_wall, closest = np.empty((5, 100)), np.empty((5, 1), np.intp)
    wall_loops.points_to_wall(x, y, (10, 190), points, to_wall, closest)
    true = np.hypot(x - points[:, :1], y - points[:, 1:])
    np.testing.assert_allclose(to_wall, true[:, ::2], atol=1e-12)
    np.testing.assert_array_equal(closest[:, 0], true[:, 10:190].argmin(axis=1))
    every = np.empty(5, np.intp)
    wall_loops.closest_to_points(x, y, points, every)
    np.testing.assert_array_equal(every, true.argmin(axis=1))


def test_it_compiles_where_nothing_can_be_kept(monkeypatch):
    def without_a_place(function):
        raise RuntimeError("cannot cache function: no locator available")

    monkeypatch.setattr(wall_loops, "_Kept", without_a_place)
    assert wall_loops._compiled(wall_loops._closest.py_func)(np.array([3.0, 1.0, 2.0])) == 1


def test_it_computes_where_the_disk_is_full(monkeypatch):
    def full(self, signature, compiled):
        raise OSError(errno.EDQUOT, "Disk quota exceeded")

    monkeypatch.setattr(FunctionCache, "save_overload", full)
    monkeypatch.setattr(FunctionCache, "load_overload", lambda self, signature, context: None)
    assert wall_loops._compiled(wall_loops._closest.py_func)(np.array([3.0, 1.0, 2.0])) == 1


@pytest.mark.parametrize("frames", [(1,), (90, 1), (193,), (300,)])
def test_each_loop_is_compiled_for_one_layout_of_arrays(frames):
    """Others could be mixed up where two processes keep them at once."""
    sensors = corpora.get("xrmb").sensors
    generator = np.random.default_rng(1)
    wall = smooth_outline(np.array([[0.0, 0.0], [-20.0, 15.0], [-50.0, 10.0], [-60.0, -20.0]]))
    names = tuple(f"{prefix}_{axis}" for prefix in sensors.values() for axis in "xy")
    recordings = [
        Trajectories(
            generator.normal(-20, 8, (count, len(names))).astype(np.float32),
            100.0,
            names,
            np.ones((count, len(names)), bool),
        )
        for count in frames
    ]
    tract_variables_of_speaker(recordings, sensors, wall, 0.0)
    read_only = np.asfortranarray(generator.normal(-20, 8, (7, 2)).astype(">f4"))
    read_only.flags.writeable = False
    nearest(wall, read_only)
    loops = [one for one in vars(wall_loops).values() if hasattr(one, "signatures")]
    assert len(loops) == 10
    assert {one.__name__: len(one.signatures) for one in loops if len(one.signatures) > 1} == {}


def test_a_wall_that_retraces_itself_has_distances():
    there_and_back = np.array([[1.75, 0.0], [6.25, 0.0], [1.75, 0.0]], np.float32)
    wall = from_anatomy(Anatomy(palate=there_and_back, anterior=1))
    assert np.isfinite(wall.error_mm)
    assert np.isfinite(nearest(wall, np.array([[2.0, -1.0], [6.0, 3.0]])).distance).all()
