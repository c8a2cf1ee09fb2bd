"""Calls into a Python module that may crash, made in a process of its own.

The other side is a module that calls `serve`. Messages are npz archives with a length in front: no pickles.
"""

from __future__ import annotations

import io
import os
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from functools import cache
from typing import IO

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import MeasureError

Arrays = Mapping[str, NDArray[np.generic]]
_LENGTH = struct.Struct("<Q")


class Child:
    """One process running `python -m module`, started on demand and after a crash; thread-safe."""

    def __init__(self, module: str) -> None:
        self._module = module
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def ask(self, request: Arrays) -> dict[str, NDArray[np.generic]]:
        """The answer to a request.

        Raises:
            MeasureError: The other side reports an error, or dies.
        """
        with self._lock:
            if self._process is None:
                self._process = subprocess.Popen(
                    [sys.executable, "-m", self._module], stdin=subprocess.PIPE, stdout=subprocess.PIPE
                )
            stdin, stdout = self._process.stdin, self._process.stdout
            if stdin is None or stdout is None:
                raise MeasureError(f"{self._module} has no pipes")
            try:
                _write(stdin, request)
                answer = _read(stdout)
            except (BrokenPipeError, EOFError):
                status = self._process.wait()
                self._process = None
                raise MeasureError(f"{self._module} crashed on this pair (exit status {status})") from None
        if "error" in answer:
            raise MeasureError(str(answer["error"]))
        return answer


def child(module: str) -> Child:
    """The child of this process that serves `module`; one for all callers, for starting it takes a while."""
    return _child_of(module, os.getpid())


@cache
def _child_of(module: str, process: int) -> Child:
    return Child(module)


def serve(answer: Callable[[Arrays], Arrays]) -> None:
    """Answers requests on standard input until it closes; errors of `answer` are returned as text."""
    stdin, stdout = sys.stdin.buffer, sys.stdout.buffer
    while True:
        try:
            request = _read(stdin)
        except EOFError:
            return
        _write(stdout, answer(request))


def _write(stream: IO[bytes], arrays: Arrays) -> None:
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)  # type: ignore[arg-type]
    stream.write(_LENGTH.pack(buffer.tell()))
    stream.write(buffer.getvalue())
    stream.flush()


def _read(stream: IO[bytes]) -> dict[str, NDArray[np.generic]]:
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        raise EOFError
    body = stream.read(_LENGTH.unpack(head)[0])
    with np.load(io.BytesIO(body), allow_pickle=False) as archive:
        return dict(archive.items())
