from __future__ import annotations

import numpy as np
import pytest

from benchmark.mixing.deal import deal
from benchmark.randomness import Randomness

WHO = Randomness(("test",))


def dealt(items, bins, fits=None):
    return dict(zip(items, (bins[i] for i in deal(items, bins, WHO, fits)), strict=True))


def names(what, count):
    return [f"{what}{i}" for i in range(count)]


@pytest.mark.parametrize(("count", "width"), [(1, 6), (5, 6), (6, 6), (7, 6), (100, 6), (40, 300), (9, 1)])
def test_counts_differ_by_at_most_one(count, width):
    counts = np.bincount(deal(names("u", count), names("c", width), WHO), minlength=width)
    assert counts.sum() == count
    assert counts.max() - counts.min() <= 1


def test_order_is_without_influence():
    items, bins = names("u", 50), names("c", 7)
    assert dealt(items[::-1], bins[3:] + bins[:3]) == dealt(items, bins)


@pytest.mark.parametrize(("count", "width"), [(30, 6), (60, 6), (61, 6), (100, 6), (103, 15), (50, 500)])
def test_one_item_less_changes_few_others(count, width):
    items, bins = names("u", count), names("c", width)
    before = dealt(items, bins)
    changed = []
    for lost in items[:20]:
        after = dealt([item for item in items if item != lost], bins)
        changed.append(sum(before[item] != after[item] for item in after))
    assert np.mean(changed) < (1.5 * width if count % width == 1 else 5)


def test_what_does_not_suit_is_not_dealt_and_the_rest_stays_as_even_as_it_can():
    items, bins = names("u", 12), names("c", 3)
    fits = np.ones((12, 3), bool)
    fits[:6, 0] = False
    found = deal(items, bins, WHO, fits)
    assert not np.any(found[:6] == 0)
    assert sorted(np.bincount(found)) == [4, 4, 4]
    with pytest.raises(ValueError, match="no bin that suits"):
        deal(items, bins, WHO, np.zeros((12, 3), bool))
