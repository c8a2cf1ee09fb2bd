"""Work shared out to processes that never outlive the command that started them."""

from __future__ import annotations

import ctypes
import os
import signal
import threading
import time
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import Any, TypeVar

import joblib
from joblib.parallel import get_active_backend

Result = TypeVar("Result")

_LOOKS_EVERY_S = 0.5
_PR_SET_PDEATHSIG = 1


def share_out(
    work: Callable[..., Result],
    arguments: Iterable[tuple[Any, ...]],
    jobs: int,
    *,
    in_order: bool = True,
    batch_size: int | str = "auto",
) -> Iterator[Result]:
    """Yields `work(*each)` for each tuple of arguments; nothing is started before the first result is asked for.

    One job works in this process. More of them are processes of joblib's `loky`, or of the backend that
    `joblib.parallel_config` names; those of `loky` end within a second of this process, however it ends.

    Args:
        work: A function that can be pickled.
        arguments: Its positional arguments, one tuple a task; tuples are drawn while earlier tasks run.
        jobs: Worker processes.
        in_order: Whether results come in the order of `arguments`, or each as soon as it is there.
        batch_size: Tasks that travel to a worker together.
    """
    # Only `loky` starts workers that are children of this process.
    own = type(get_active_backend()[0]).__name__ == "LokyBackend" and jobs != 1
    watch = {"initializer": end_with, "initargs": (os.getpid(),)} if own else {}
    parallel = joblib.Parallel(
        n_jobs=jobs,
        return_as="generator" if in_order else "generator_unordered",
        batch_size=batch_size,
        **watch,
    )
    results = parallel(joblib.delayed(work)(*each) for each in arguments)
    try:
        # `yield from` would close them before the warning is kept back.
        for result in results:  # noqa: UP028
            yield result
    finally:
        # Where results are no longer wanted, joblib advises the programmer; the user has nothing to do with
        # it.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            results.close()


def end_with(parent: int) -> None:
    """Ends this process as soon as its parent is gone, were it by SIGKILL; returns at once.

    A process that stays in native code for seconds notices when it is back; see `killed_with_parent`.

    Args:
        parent: Process id of the parent.
    """
    threading.Thread(target=_end_with, args=(parent,), name="ends with its parent", daemon=True).start()


def killed_with_parent() -> None:
    """Asks Linux to kill this process when the thread ends that started it; elsewhere does nothing."""
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_LOOKS_EVERY_S)
    os._exit(1)
