"""Shared libraries that take and give one frame of floats."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import ModelError
from benchmark.models.contract import Audio

FLOATS = ctypes.POINTER(ctypes.c_float)


def library(path: Path) -> ctypes.CDLL:
    """Opens a shared library.

    Raises:
        ModelError: It is not for this machine.
    """
    try:
        return ctypes.CDLL(str(path))
    except OSError as error:
        raise ModelError(
            f"{path}: cannot be opened ({error}); the package has no library for this machine"
        ) from error


def frame_function(function: Any, state: Any, scale: float = 1.0) -> Callable[[Audio], NDArray[np.float32]]:
    """A function of one frame from a C function (state, ...) that reads and writes floats.

    Args:
        function: Called as function(state, destination, source).
        state: Its first argument.
        scale: Full scale of its samples.
    """

    def process(frame: Audio) -> NDArray[np.float32]:
        source = np.ascontiguousarray(frame * scale, np.float32)
        destination = np.zeros_like(source)
        function(state, destination.ctypes.data_as(FLOATS), source.ctypes.data_as(FLOATS))
        return destination / np.float32(scale)

    return process
