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
        chance: The same for audio and articulation of different recordings, at the best shifts.
    """

    lags_s: tuple[float, ...]
    gains: tuple[float, ...]
    explained: float
    unshifted: float
    chance: float


class _Map(NamedTuple):
    mean_level: Array
    mean_move: Array
    spread: Array
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
    """The lags of a speaker's recordings, or None if there are too few.

    Args:
        recordings: Of one speaker, with the same channels.
    """
    wide = {len(one.moves.T) for one in recordings}
    if len(recordings) < FEWEST or len(wide) != 1:
        return None
    unshifted = _explained(recordings, [0] * len(recordings))
    if unshifted > _SOME and _mostly_near(
        _nearest_shifts(recordings, 0), 0
    ):  # The usual case: found without a search.
        return Lag((0.0,) * len(recordings), (0.0,) * len(recordings), unshifted, unshifted, 0.0)
    search = _alike
    shifts, explained = search(recordings)
    common = int(np.median(shifts))
    if explained < _SOME or not _mostly_near(_nearest_shifts(recordings, common), common):
        search = _each
        shifts, explained = search(recordings)
        common = int(np.median(shifts))
    _, chance = search(
        [Recording(a.levels, b.moves) for a, b in zip(recordings, _turned(recordings), strict=True)]
    )
    curves = _curves(recordings, shifts)
    gains = [curve[_at(shift)] - curve[_at(common)] for curve, shift in zip(curves, shifts, strict=True)]
    return Lag(tuple(s / RATE_HZ for s in shifts), tuple(map(float, gains)), explained, unshifted, chance)


def _turned(recordings: Sequence[Recording]) -> list[Recording]:
    return [*recordings[1:], recordings[0]]


def _nearest_shifts(recordings: Sequence[Recording], common: int) -> list[int]:
    """Where each recording fits best while all others have the common shift."""
    return [SHIFTS[int(curve.argmax())] for curve in _curves(recordings, [common] * len(recordings))]


def _mostly_near(shifts: Sequence[int], common: int) -> bool:
    return float(np.mean([abs(shift - common) <= _AT_ONCE for shift in shifts])) >= _MOST


def _alike(recordings: Sequence[Recording]) -> tuple[list[int], float]:
    """The common shift that explains most, each recording then shifted a little further; and how much they explain."""
    return _settled(recordings, _best_step(recordings, [0] * len(recordings), SHIFTS))


def _each(recordings: Sequence[Recording]) -> tuple[list[int], float]:
    """The shifts that explain most, each recording for itself; started from those after which the others are best shifted."""
    after = sorted((_after(recordings, i) for i in range(len(recordings))), key=lambda one: -one[1])
    starts = [_best_step(recordings, start, SHIFTS) for start, _ in after[:2]]
    return max(
        [_alike(recordings), *(_settled(recordings, start) for start in starts)], key=lambda one: one[1]
    )


def _after(recordings: Sequence[Recording], first: int) -> tuple[list[int], float]:
    """Each recording shifted to where a map of `first` alone explains most of it, and how much all then explain of each other."""
    alone = _fitted(*_sums(*_paired(recordings[first].levels, recordings[first].moves, 0)))
    shifts = [SHIFTS[int(_curve(one, alone).argmax())] for one in recordings]
    shifts[first] = 0
    return shifts, _explained(recordings, shifts)


def _best_step(recordings: Sequence[Recording], shifts: Sequence[int], steps: range) -> list[int]:
    """All shifts moved by one common step: all may have settled beside the truth together."""
    return _limited(shifts, max(steps, key=lambda step: _explained(recordings, _limited(shifts, step))))


def _settled(recordings: Sequence[Recording], shifts: list[int]) -> tuple[list[int], float]:
    """Shifts each recording in turn to where the map of the others explains most of it, until nothing changes."""
    best = (shifts, _explained(recordings, shifts))
    for _ in range(_ROUNDS):
        moved = [SHIFTS[int(curve.argmax())] for curve in _curves(recordings, best[0])]
        moved = _best_step(recordings, moved, _NEAREST)
        explained = _explained(recordings, moved)
        if explained <= best[1]:
            break
        best = (moved, explained)
    return best


def _limited(shifts: Sequence[int], step: int) -> list[int]:
    return [min(max(shift + step, SHIFTS[0]), SHIFTS[-1]) for shift in shifts]


def _at(shift: int) -> int:
    return (shift - SHIFTS.start) // SHIFTS.step


def _curves(recordings: Sequence[Recording], shifts: Sequence[int]) -> list[Array]:
    """Of each recording the share explained at every one of `SHIFTS`, by a map of the others at their `shifts`."""
    return [
        _curve(one, others) for one, others in zip(recordings, _left_out(recordings, shifts), strict=True)
    ]


def _curve(one: Recording, others: _Map) -> Array:
    said, heard = _said(one, others)
    return np.array([_share(*_paired(heard, said, shift)) for shift in SHIFTS])


def _explained(recordings: Sequence[Recording], shifts: Sequence[int]) -> float:
    maps = _left_out(recordings, shifts)
    shares = []
    for one, others, shift in zip(recordings, maps, shifts, strict=True):
        said, heard = _said(one, others)
        shares.append(_share(*_paired(heard, said, shift)))
    return float(np.mean(shares))


def _said(one: Recording, others: _Map) -> tuple[Array, Array]:
    """Levels that the map makes of a recording's articulation, and its own, both about the same mean."""
    said = (one.moves - others.mean_move) / others.spread @ others.weights
    return said, one.levels - others.mean_level


def _left_out(recordings: Sequence[Recording], shifts: Sequence[int]) -> list[_Map]:
    """For each recording the map that is fitted on all others."""
    pairs = [_paired(one.levels, one.moves, shift) for one, shift in zip(recordings, shifts, strict=True)]
    sums = [_sums(levels, moves) for levels, moves in pairs]
    total = [np.sum(parts, axis=0) for parts in zip(*sums, strict=True)]
    return [_fitted(*(whole - part for whole, part in zip(total, own, strict=True))) for own in sums]


def _sums(levels: Array, moves: Array) -> tuple[Array, Array, Array, Array, Array]:
    return np.array(len(levels)), levels.sum(axis=0), moves.sum(axis=0), moves.T @ moves, moves.T @ levels


def _fitted(count: Array, levels: Array, moves: Array, square: Array, cross: Array) -> _Map:
    """Ridge regression of levels on moves from their sums, moves scaled to a spread of one."""
    mean_level, mean_move = levels / count, moves / count
    covariance = square / count - np.outer(mean_move, mean_move)
    spread = np.sqrt(np.maximum(np.diag(covariance), 1e-12))
    scaled = covariance / np.outer(spread, spread) + _RIDGE * np.eye(len(spread))
    towards = (cross / count - np.outer(mean_move, mean_level)) / spread[:, None]
    return _Map(mean_level, mean_move, spread, np.linalg.solve(scaled, towards))


def _paired(levels: Array, moves: Array, shift: int) -> tuple[Array, Array]:
    """Both from where they overlap if the articulation comes `shift` frames late."""
    levels, moves = levels[max(-shift, 0) :], moves[max(shift, 0) :]
    frames = min(len(levels), len(moves))
    return levels[:frames], moves[:frames]


def _share(heard: Array, said: Array) -> float:
    """Share of the variance of `heard` that `said` explains; hardly any overlap explains nothing."""
    whole = float((heard**2).sum())
    if len(heard) < _LEAST_FRAMES or whole <= 0:
        return -1.0
    return 1.0 - float(((heard - said) ** 2).sum()) / whole


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
