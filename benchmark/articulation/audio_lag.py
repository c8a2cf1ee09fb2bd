"""Whether articulation and audio of a speaker's recordings start together.

If they do, positions and speed of the articulators tell much of the spectrum at the same moment, and ever
less of it 0.1 s before or after. So a linear map from articulation to the levels of some frequency bands is
fitted on all recordings but one, and the one left out is shifted until the map explains most of it; this is
repeated until no shift changes. The same is done with audio and articulation of different recordings: what it
explains then is chance, and no shift is told unless the right pairs explain clearly more.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmark.articulation.gaps import bridge
from benchmark.types import Clip, Trajectories

Array = NDArray[np.float64]

RATE_HZ = 50
#: Shifts that are tried, in frames.
SHIFTS = range(-30, 31)
#: Recordings that are needed, so that a map fitted on the others is worth something; the longest stretch that
#: is used of each.
FEWEST, LONGEST_S = 3, 8.0
_BANDS, _LOWEST_HZ, _HIGHEST_HZ = 14, 100.0, 7000.0
_WINDOW_S = 0.025
_FLOOR = 1e-4
_RIDGE = 0.01
_ROUNDS = 6
_NEAREST = range(-4, 5)
_LEAST_FRAMES = 15
#: Shifts up to this, in frames, are none: what is tried is 0.02 s apart, and a movement begins before its
#: sound.
_AT_ONCE = 3
#: Share of the recordings that must have one shift, for it to be common; and share of variance that is worth
#: something.
_MOST, _SOME = 0.75, 0.03
#: By how much more of the variance than no lag, and than chance, a lag must explain to be believed.
OVER_NONE, OVER_CHANCE = 0.05, 0.05


class Recording(NamedTuple):
    """One recording at `RATE_HZ` frames a second; the two may differ in length.

    Attributes:
        levels: Log energies of frequency bands, shape (frames, bands).
        moves: Positions and speeds of the articulators, shape (frames, channels).
    """

    levels: Array
    moves: Array


class Lag(NamedTuple):
    """How the articulation lies against the audio.

    Attributes:
        lags_s: For each recording by how many seconds the articulation comes late; below 0 where it comes
            early.
        gains: For each recording how much more of its audio's variance is explained at that lag than at the
            common one.
        explained: Share of the audio's variance that is explained at those lags, mean over recordings.
        unshifted: The same without any shift.
        chance: The same for audio and articulation of different recordings, at the best shifts; or at a
            common one, where that already explains about as much. 0 where there is no lag to hold against it.
    """

    lags_s: tuple[float, ...]
    gains: tuple[float, ...]
    explained: float
    unshifted: float
    chance: float


class _Sums(NamedTuple):
    """Sums over overlapping frames of levels and moves, from which maps and shares are computed.

    Each has the shape (recordings, shifts, ...) and is taken once, because a search asks for the same shifts
    of the same recordings thousands of times.
    """

    frames: Array
    levels: Array
    moves: Array
    square: Array
    cross: Array
    power: Array

    def some(self, recordings: NDArray[np.intp], shifts: NDArray[np.intp]) -> _Sums:
        """Those of some recordings and shifts."""
        return _Sums(*(part[recordings, shifts] for part in self))


class _Map(NamedTuple):
    """A linear map from moves to levels; leading axes number the maps."""

    mean_level: Array
    mean_move: Array
    weights: Array


def recording(clip: Clip, moved: Trajectories) -> Recording | None:
    """What the estimate needs of one recording, or None if it is too short or no coordinate was seen."""
    seen = [
        i for i, name in enumerate(moved.names) if name.endswith(("_x", "_y")) and moved.valid[:, i].any()
    ]
    if not seen or min(clip.duration_s, moved.duration_s) * RATE_HZ < _LEAST_FRAMES:
        return None
    bridged = bridge(moved.values[:, seen], moved.valid[:, seen])
    frames = int(min(moved.duration_s, LONGEST_S) * RATE_HZ)
    at, times = np.arange(frames) / RATE_HZ, np.arange(len(bridged)) / moved.rate_hz
    places = np.stack([np.interp(at, times, channel) for channel in bridged.T], axis=1)
    speeds = np.abs(np.gradient(places, axis=0))
    return Recording(_levels(clip), np.concatenate([places, speeds], axis=1))


def estimate(recordings: Sequence[Recording]) -> Lag | None:
    """The lags of a speaker's recordings, or None if there are too few; all 0 where none explains more.

    Args:
        recordings: Of one speaker, with the same channels.
    """
    wide = {len(one.moves.T) for one in recordings}
    if len(recordings) < FEWEST or len(wide) != 1:
        return None
    sums = _summed(recordings)
    unshifted = _explained(sums, [0] * len(recordings))
    none = Lag((0.0,) * len(recordings), (0.0,) * len(recordings), unshifted, unshifted, 0.0)
    if unshifted > _SOME and _mostly_near(_nearest_shifts(sums, 0), 0):
        return none  # The usual case: found without a search.
    shifts, explained = alike = _alike(sums)
    common = int(np.median(shifts))
    several = explained < _SOME or not _mostly_near(_nearest_shifts(sums, common), common)
    if several:
        shifts, explained = _each(sums, alike)
        common = int(np.median(shifts))
    if explained < max(unshifted + OVER_NONE, OVER_CHANCE):
        return none  # Whatever chance explains.
    chance_of = _summed(
        [Recording(a.levels, b.moves) for a, b in zip(recordings, _turned(recordings), strict=True)]
    )
    _, chance = by_chance = _alike(chance_of)
    if several and explained >= max(chance, 0.0) + OVER_CHANCE:
        _, chance = _each(chance_of, by_chance)
    curves = _curves(sums, shifts)
    gains = [curve[_at(shift)] - curve[_at(common)] for curve, shift in zip(curves, shifts, strict=True)]
    return Lag(tuple(s / RATE_HZ for s in shifts), tuple(map(float, gains)), explained, unshifted, chance)


def _turned(recordings: Sequence[Recording]) -> list[Recording]:
    return [*recordings[1:], recordings[0]]


def _nearest_shifts(sums: _Sums, common: int) -> list[int]:
    """Where each recording fits best while all others have the common shift."""
    return _best(_curves(sums, [common] * len(sums.frames)))


def _best(curves: Array) -> list[int]:
    """The shift at which each curve is highest."""
    return [SHIFTS[at] for at in curves.argmax(axis=1)]


def _mostly_near(shifts: Sequence[int], common: int) -> bool:
    return float(np.mean([abs(shift - common) <= _AT_ONCE for shift in shifts])) >= _MOST


def _alike(sums: _Sums) -> tuple[list[int], float]:
    """Refines the common shift that explains most, recording by recording; returns its share too.

    The share is what a map fitted to the other recordings explains.
    """
    return _settled(sums, _best_step(sums, [0] * len(sums.frames), SHIFTS))


def _each(sums: _Sums, alike: tuple[list[int], float]) -> tuple[list[int], float]:
    """The shifts of single recordings that explain most, and the share they explain.

    The search starts from what `_alike` found, and from shifts that fit the map of one recording.
    """
    after = sorted((_after(sums, i) for i in range(len(sums.frames))), key=lambda one: -one[1])
    starts = [_best_step(sums, start, SHIFTS) for start, _ in after[:2]]
    return max([alike, *(_settled(sums, start) for start in starts)], key=lambda one: one[1])


def _after(sums: _Sums, first: int) -> tuple[list[int], float]:
    """Shifts each recording to where a map fitted to `first` explains most of it.

    Returned with the share that all recordings then explain of each other.
    """
    alone = _fitted(sums.some(np.array([[first]], np.intp), np.array([[_at(0)]], np.intp)))
    shifts = _best(_shares(sums, alone))
    shifts[first] = 0
    return shifts, _explained(sums, shifts)


def _best_step(sums: _Sums, shifts: Sequence[int], steps: range) -> list[int]:
    """All shifts moved by one common step: all may have settled beside the truth together."""
    moved = [_limited(shifts, step) for step in steps]
    return moved[int(_explained_by(sums, moved).argmax())]


def _settled(sums: _Sums, shifts: list[int]) -> tuple[list[int], float]:
    """Shifts each recording in turn to where the map of the others explains most, until it settles."""
    best = (shifts, _explained(sums, shifts))
    for _ in range(_ROUNDS):
        moved = _best_step(sums, _best(_curves(sums, best[0])), _NEAREST)
        explained = _explained(sums, moved)
        if explained <= best[1]:
            break
        best = (moved, explained)
    return best


def _limited(shifts: Sequence[int], step: int) -> list[int]:
    return [min(max(shift + step, SHIFTS[0]), SHIFTS[-1]) for shift in shifts]


def _at(shift: int) -> int:
    return (shift - SHIFTS.start) // SHIFTS.step


def _curves(sums: _Sums, shifts: Sequence[int]) -> Array:
    """Share of each recording explained at each of `SHIFTS` by a map of the others at their `shifts`."""
    others = _left_out(_shifted(sums, [shifts]))
    return _shares(sums, _Map(*(np.moveaxis(part, 0, 1) for part in others)))


def _explained(sums: _Sums, shifts: Sequence[int]) -> float:
    return float(_explained_by(sums, [shifts])[0])


def _explained_by(sums: _Sums, candidates: Sequence[Sequence[int]]) -> Array:
    """Mean share of recordings explained by a map of the others, for each list of shifts."""
    own = _shifted(sums, candidates)
    return np.asarray(_shares(own, _left_out(own)).mean(axis=1))


def _shifted(sums: _Sums, candidates: Sequence[Sequence[int]]) -> _Sums:
    """Sums of shape (candidates, recordings, ...)."""
    at = np.array(candidates, np.intp) - SHIFTS.start
    return sums.some(np.arange(at.shape[1], dtype=np.intp)[None], at)


def _left_out(sums: _Sums) -> _Map:
    """For each recording (second axis) the map that is fitted on all others."""
    return _fitted(_Sums(*(part.sum(axis=1, keepdims=True) - part for part in sums)))


def _summed(recordings: Sequence[Recording]) -> _Sums:
    # About common means, so that sums of squares lose no digits to an offset.
    levels = np.concatenate([one.levels for one in recordings]).mean(axis=0)
    moves = np.concatenate([one.moves for one in recordings]).mean(axis=0)
    found = [_over_shifts(one.levels - levels, one.moves - moves) for one in recordings]
    return _Sums(*(np.stack(parts) for parts in zip(*found, strict=True)))


def _over_shifts(levels: Array, moves: Array) -> _Sums:
    """Sums over what overlaps of one recording, at each shift by which its articulation may come late."""
    shifts = np.array(SHIFTS)
    heard, moved = np.maximum(-shifts, 0), np.maximum(shifts, 0)
    frames = np.maximum(np.minimum(len(levels) - heard, len(moves) - moved), 0)
    pairs = [
        (levels[i : i + count], moves[j : j + count])
        for i, j, count in zip(heard, moved, frames, strict=True)
    ]
    return _Sums(
        frames.astype(np.float64),
        _between(levels, heard, frames),
        _between(moves, moved, frames),
        np.stack([own.T @ own for _, own in pairs]),
        np.stack([own.T @ level for level, own in pairs]),
        _between((levels**2).sum(axis=1), heard, frames),
    )


def _between(values: Array, start: NDArray[np.intp], frames: NDArray[np.intp]) -> Array:
    """Sums of `frames` values each, from `start` on."""
    sums = np.concatenate([np.zeros((1, *values.shape[1:])), np.cumsum(values, axis=0)])
    start = np.minimum(start, len(values))
    return np.asarray(sums[start + frames] - sums[start])


def _outer(one: Array, two: Array) -> Array:
    return np.asarray(one[..., :, None] * two[..., None, :])


def _times(vectors: Array, matrices: Array) -> Array:
    return np.asarray((vectors[..., None, :] @ matrices)[..., 0, :])


def _inner(one: Array, two: Array) -> Array:
    """Sums of the products of two matrices, without the products in memory."""
    rows, columns = (part.reshape(*part.shape[:-2], -1) for part in (one, two))
    return np.asarray((rows[..., None, :] @ columns[..., :, None])[..., 0, 0])


def _fitted(sums: _Sums) -> _Map:
    """Ridge regression of levels on moves from their sums, as if all moves had a spread of one."""
    count = sums.frames[..., None]
    mean_level, mean_move = sums.levels / count, sums.moves / count
    products = _outer(sums.moves, mean_move)
    np.subtract(sums.square, products, out=products)
    channels = np.arange(products.shape[-1])
    products[..., channels, channels] += _RIDGE * np.maximum(products[..., channels, channels], 1e-12 * count)
    towards = sums.cross - _outer(sums.moves, mean_level)
    return _Map(mean_level, mean_move, np.asarray(np.linalg.solve(products, towards), np.float64))


def _shares(sums: _Sums, by: _Map) -> Array:
    """Share of the levels' variance that a map explains; 0 for little overlap.

    Shape (recordings, shifts).
    """
    count, mean_level = sums.frames, by.mean_level
    # Squares of levels, of what the map says, and their products, all about the means of the map.
    heard = (
        sums.power
        - 2 * (sums.levels * mean_level).sum(axis=-1)
        + count * (mean_level * mean_level).sum(axis=-1)
    )
    mean_said = _times(by.mean_move, by.weights)
    all_said = _times(sums.moves, by.weights)
    agreed = (
        _inner(sums.cross, by.weights)
        - (mean_said * sums.levels).sum(axis=-1)
        - ((all_said - count[..., None] * mean_said) * mean_level).sum(axis=-1)
    )
    said = _inner(sums.square, by.weights @ np.swapaxes(by.weights, -2, -1)) - (
        mean_said * (2 * all_said - count[..., None] * mean_said)
    ).sum(axis=-1)
    enough = (count >= _LEAST_FRAMES) & (heard > 0)
    return np.where(enough, (2 * agreed - said) / np.where(enough, heard, 1.0), -1.0)


def _levels(clip: Clip) -> Array:
    """Log energies of `_BANDS` bands of equal width in mel."""
    samples = clip.samples[: int(LONGEST_S * clip.rate_hz)].astype(np.float64)
    length = int(_WINDOW_S * clip.rate_hz)
    starts = np.rint(np.arange(int(len(samples) / clip.rate_hz * RATE_HZ)) * clip.rate_hz / RATE_HZ).astype(
        int
    )
    padded = np.pad(samples, (length // 2, length))
    frames = np.lib.stride_tricks.sliding_window_view(padded, length)[starts] * np.hanning(length)
    power = np.abs(np.fft.rfft(frames, axis=1)) ** 2
    hertz = np.fft.rfftfreq(length, 1 / clip.rate_hz)
    lowest, highest = _mel(np.array([_LOWEST_HZ, min(_HIGHEST_HZ, clip.rate_hz / 2)]))
    band = np.digitize(_mel(hertz), np.linspace(lowest, highest, _BANDS + 1)) - 1
    energies = np.stack([power[:, band == i].sum(axis=1) for i in range(_BANDS)], axis=1)
    return np.asarray(np.log(energies + _FLOOR * energies.max() + 1e-30))


def _mel(hertz: NDArray[np.floating]) -> Array:
    return np.asarray(2595 * np.log10(1 + hertz / 700))
