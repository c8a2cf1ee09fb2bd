"""What all commands share: errors become one line and an exit status, long work shows how far it is."""

from __future__ import annotations

import argparse
import errno
import io
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, TypeVar

from benchmark.errors import SinbadError

Item = TypeVar("Item")

_NO_SPACE = frozenset({errno.ENOSPC, errno.EDQUOT})
USAGE, FOUND_PROBLEMS, INTERRUPTED, TERMINATED = 2, 1, 130, 143


class _Terminated(KeyboardInterrupt):
    """SIGTERM, which ends a command as Ctrl-C does: what it holds is let go of, and its workers go with it."""


def guarded(work: Callable[[argparse.Namespace], int], arguments: argparse.Namespace) -> int:
    """Runs a command; an error that the user can repair is printed on standard error, status 2."""
    try:
        _print_anything()
        with _termination_raised():
            return work(arguments)
    except SinbadError as error:
        print(f"error: {error}", file=sys.stderr)
        return USAGE
    except KeyboardInterrupt as stop:
        print("stopped; run the same command again to go on", file=sys.stderr)
        return TERMINATED if isinstance(stop, _Terminated) else INTERRUPTED
    except BrokenPipeError:
        # The reader of a pipe (head, less) went away; the interpreter must not complain about it on its way out.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        if error.errno not in _NO_SPACE:
            raise
        print(
            "error: no space is left on the disk; make room and run the same command again", file=sys.stderr
        )
        return USAGE


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


def parser(name: str, summary: str, example: str) -> argparse.ArgumentParser:
    """An argument parser whose --help ends with an example."""
    return argparse.ArgumentParser(
        prog=f"python -m benchmark.{name}",
        description=summary,
        epilog=f"example:\n{example}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def add_root_arguments(to: argparse.ArgumentParser) -> None:
    """The options that say where speech and noise lie."""
    to.add_argument("--speech-root", type=Path, metavar="DIR", help="folder of the articulatory corpus")
    to.add_argument(
        "--noise-root",
        action="append",
        default=[],
        type=named_folder,
        metavar="NAME=DIR",
        help="folder of a noise corpus, once for each",
    )


def named_folder(text: str) -> tuple[str, Path]:
    """Parses NAME=DIR."""
    name, equals, folder = text.partition("=")
    if not (name and equals and folder):
        raise argparse.ArgumentTypeError(f"'{text}' is not of the form NAME=DIR, e.g. musan=/data/musan")
    return name, Path(folder)


def positive(text: str) -> int:
    """Parses a whole number of at least 1."""
    try:
        number = int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is not a whole number") from None
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is less than 1")
    return number


def report(facts: Mapping[str, Any], lines: Sequence[str], as_json: bool) -> None:
    """Prints the outcome of a command: JSON for machines, lines for people."""
    print(json.dumps(facts, indent=2, default=str) if as_json else "\n".join(lines))


def progress(items: Iterable[Item], total: int, what: str) -> Iterator[Item]:
    """A bar on a terminal; elsewhere a plain line every ten seconds. Both on standard error."""
    if sys.stderr.isatty():
        from tqdm import tqdm

        yield from tqdm(items, total=total, desc=what, file=sys.stderr)
        return
    last = time.monotonic()
    for done, item in enumerate(items, start=1):
        yield item
        if time.monotonic() - last >= 10.0:
            last = time.monotonic()
            print(f"{what}: {done} of {total}", file=sys.stderr, flush=True)


def _print_anything() -> None:
    """Lets a name that the terminal's encoding lacks, as of a file that is not UTF-8, be printed escaped and not end the command."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
