"""Sums that come out the same on one thread and on many.

BLAS cuts large sums and products by its number of threads, and where it cuts the last bits change: a score
would depend on the machine, and on whether a worker process computed it.
"""

from __future__ import annotations

from itertools import pairwise
from math import ceil
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

Real = TypeVar("Real", bound=np.floating[Any])

# OpenBLAS computes products of up to this many multiplications on one thread, whatever it is allowed.
_ONE_THREAD = 200_000


def inner(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Sum of products of two arrays of one shape, by numpy's own pairwise summation."""
    return float(np.sum(a * b))


def product(a: NDArray[Real], b: NDArray[Real]) -> NDArray[Real]:
    """Matrix product, shape (n, k) times (k, m), in pieces small enough for one thread."""
    rows = len(a)
    if rows < 4:
        few: NDArray[Real] = np.einsum("nk,km->nm", a, b)
        return few
    pieces = max(1, min(rows // 2, ceil(rows * b.size / _ONE_THREAD)))
    bounds = [rows * piece // pieces for piece in range(pieces + 1)]
    result = np.empty((rows, b.shape[1]), dtype=a.dtype)
    for start, stop in pairwise(bounds):
        np.matmul(a[start:stop], b, out=result[start:stop])
    return result
