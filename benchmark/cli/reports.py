"""How a command ends: its outcome as lines or as JSON, an error as one line, and the exit status."""

from __future__ import annotations

import argparse
import errno
import io
import json
import os
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Any

from benchmark.cli.options import as_called
from benchmark.errors import SinbadError

#: Exit statuses besides 0: problems were found in what was examined; the call cannot be carried out; Ctrl-C;
#: SIGTERM.
FOUND_PROBLEMS, USAGE, INTERRUPTED, TERMINATED = 1, 2, 130, 143

#: Packages by which fsspec speaks with object stores; their errors have no class in common.
_STORE_CLIENTS = frozenset(
    {"botocore", "aiobotocore", "aiohttp", "s3fs", "gcsfs", "google", "adlfs", "azure"}
)
_NO_SPACE = frozenset({errno.ENOSPC, errno.EDQUOT})


class _Terminated(KeyboardInterrupt):
    """SIGTERM, handled as Ctrl-C: the command cleans up, and its workers end with it."""


def guarded(work: Callable[[argparse.Namespace], int], arguments: argparse.Namespace) -> int:
    """Runs a command and returns its exit status.

    An error that the user can repair becomes one line on standard error and status 2. Warnings of libraries
    are meant for programmers and are not shown; `python -W default` or PYTHONWARNINGS brings them
    back.
    """
    try:
        _print_any_name()
        with _termination_raised(), warnings.catch_warnings():
            if not sys.warnoptions:
                warnings.simplefilter("ignore")
            return work(arguments)
    except SinbadError as error:
        print(as_called(f"error: {error}"), file=sys.stderr)
        return USAGE
    except KeyboardInterrupt as stop:
        print("stopped; run the same command again to go on", file=sys.stderr)
        return TERMINATED if isinstance(stop, _Terminated) else INTERRUPTED
    except BrokenPipeError:
        # The reader of a pipe (head, less) went away; the interpreter must not complain about it on its way
        # out.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    # Clients of object stores have no class of error in common; whatever is not told is raised again.
    except Exception as error:
        told = _disk_trouble(error) or _store_trouble(error, arguments)
        if not told:
            raise
        print(f"error: {told}", file=sys.stderr)
        return USAGE


def _disk_trouble(error: Exception) -> str:
    """What is wrong with a file or a disk, "" if it is something else."""
    if not isinstance(error, OSError):
        return ""
    if error.errno in _NO_SPACE:
        return "no space is left on the disk; make room and run the same command again"
    if error.filename is not None:
        return f"{os.fsdecode(error.filename)}: {error.strerror}"
    return ""


def _store_trouble(error: Exception, arguments: argparse.Namespace) -> str:
    """What an object store answered, "" if the command has no address or the error is another."""
    given = [item for value in vars(arguments).values() for item in _flat(value)]
    addresses = [str(item) for item in given if "://" in str(item)]
    client = type(error).__module__.partition(".")[0] in _STORE_CLIENTS
    if not addresses or not (client or isinstance(error, OSError)):
        return ""
    return (
        f"{', '.join(addresses)}: the object store cannot be used ({error}); check the address, the endpoint "
        "(AWS_ENDPOINT_URL) and the credentials"
    )


def _flat(value: object) -> list[object]:
    """A value, or the values in it: --noise-root is a list of names and folders."""
    if isinstance(value, list | tuple):
        return [item for one in value for item in _flat(one)]
    return [value]


@contextmanager
def _termination_raised() -> Iterator[None]:
    """Turns SIGTERM into an exception; only the main thread may do so."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number: int, frame: FrameType | None) -> None:
        raise _Terminated

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def report(facts: Mapping[str, Any], lines: Sequence[str], as_json: bool) -> None:
    """Prints the outcome of a command: JSON for machines, lines for people."""
    print(json.dumps(facts, indent=2, default=str) if as_json else as_called("\n".join(lines)))


def _print_any_name() -> None:
    """Prints names that the terminal cannot show with escapes, instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
