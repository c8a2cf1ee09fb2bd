"""Deals noise evenly over utterances by hashes, so that no order of files or rows matters."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from benchmark.randomness import Randomness


def deal(
    items: Sequence[str], bins: Sequence[str], randomness: Randomness, fits: NDArray[np.bool_] | None = None
) -> NDArray[np.int64]:
    """Gives every item one of the bins, all bins equally often (counts differ by at most one).

    All pairs of item and bin are put in the order of a hash of both and taken one after the other: an item
    takes a bin if it has none yet and the bin has room. Room is first the whole part of items per bin, then
    one more for the items that are left over. Items that not every bin suits come first.

    The order of `items` and `bins` is without influence, and little changes when one is missing. If an item
    is, on average one or two others get another bin, and about as many as there are bins where one item was
    more than a multiple of theirs. If a bin is, its own items do, and few others. Where bins do not suit many
    items, counts can differ by more than one.

    Args:
        items: Different names, e.g. ids of utterances.
        bins: Different names, e.g. categories of noise.
        randomness: Of this deal.
        fits: Whether a bin may be given to an item, shape (items, bins); all may if None.

    Returns:
        For every item the position of its bin, shape (items,).

    Raises:
        ValueError: An item has no bin that suits it.

    Example:
        >>> deal(["u1", "u2", "u3", "u4"], ["white", "pink"], Randomness(("example",))).tolist().count(0)
        2
    """
    count, width = len(items), len(bins)
    allowed = np.ones((count, width), bool) if fits is None else fits
    if not allowed.any(axis=1).all():
        raise ValueError("an item has no bin that suits it")
    keys = _mixed(_hashes(items, "item", randomness)[:, None] ^ _hashes(bins, "bin", randomness)[None, :])
    choices = np.broadcast_to(allowed.sum(axis=1)[:, None], keys.shape)
    order = np.lexsort((keys.ravel(), choices.ravel()))
    order = order[allowed.ravel()[order]]
    dealt = np.full(count, -1, np.int64)
    left, room_now = count, (count - 1) // width
    while left:
        room = [room_now] * width
        for pair in order.tolist():
            item, bin_ = divmod(pair, width)
            if dealt[item] < 0 and room[bin_]:
                dealt[item] = bin_
                room[bin_] -= 1
                left -= 1
                if not left:
                    break
        room_now = 1
    return dealt


def _hashes(names: Sequence[str], what: str, randomness: Randomness) -> NDArray[np.uint64]:
    return np.array([int(randomness.token(f"{what}/{name}"), 16) for name in names], np.uint64)


def _mixed(keys: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The finaliser of SplitMix64: makes neighbouring integers unrelated, alike on every machine."""
    keys = (keys ^ (keys >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    keys = (keys ^ (keys >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(keys ^ (keys >> np.uint64(31)))
