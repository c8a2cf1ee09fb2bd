"""Starts one program and makes sure that nothing of it is left when it ends, or when the benchmark does.

Run as a script by the benchmark's own Python; uses the standard library only. It holds one end of a socket, the leash. When the
program ends, its status goes up the leash; when the other end is closed, for whatever reason (SIGKILL included), the program is
killed. Either way every descendant is killed before this process ends: on Linux it is a "subreaper", so that processes which fork
twice or start a session of their own become its children instead of escaping.

If the leash is dropped, SCRATCH is removed as well: then there may be nobody left who would.

    python keeper.py LEASH_FD MEMORY_BYTES FILE_BYTES SCRATCH PROGRAM [ARGUMENT ...]
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import select
import shutil
import signal
import socket
import struct
import sys
from pathlib import Path

_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36


def main(arguments: list[str]) -> int:
    """Runs the program until it ends or the leash is dropped."""
    leash = socket.socket(fileno=int(arguments[0]))
    memory, file_size, scratch = int(arguments[1]), int(arguments[2]), arguments[3]
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)
    wake, woken = os.pipe()
    os.set_blocking(woken, False)
    signal.set_wakeup_fd(woken, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    program = os.fork()
    if program == 0:
        _become(arguments[4:], memory, file_size)
    # The program alone holds its pipes, so that their other ends see when it is gone.
    for descriptor in (0, 1, 2):
        os.close(descriptor)
    with contextlib.suppress(OSError):
        leash.sendall(struct.pack("<i", program))
        status = _wait(program, leash, wake)
        _kill_all(program)
        if status is not None:
            leash.sendall(struct.pack("<i", status))
            return 0
    _kill_all(program)
    shutil.rmtree(scratch, ignore_errors=True)
    return 0


def _become(command: list[str], memory: int, file_size: int) -> None:
    """Turns this process into the program, with its limits."""
    try:
        os.setsid()
        _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if file_size:
            resource.setrlimit(resource.RLIMIT_FSIZE, (file_size, file_size))
        # Elsewhere the system refuses to limit the address space.
        if memory and sys.platform == "linux":
            resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
        os.execvp(command[0], command)
    except (OSError, ValueError) as error:
        os.write(2, f"{command[0]}: cannot be started: {error}\n".encode())
    os._exit(127)


def _wait(program: int, leash: socket.socket, wake: int) -> int | None:
    """The wait status of the program, or None once the leash is dropped."""
    while True:
        ready, _, _ = select.select([leash.fileno(), wake], [], [])
        if wake in ready:
            os.read(wake, 512)
            status = _reap(program)
            if status is not None:
                return status
        if leash.fileno() in ready and not leash.recv(64):
            return None


def _reap(program: int) -> int | None:
    """Buries every dead child; the status of the program if it was among them."""
    found = None
    with contextlib.suppress(ChildProcessError):
        while True:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return found
            if pid == program:
                found = status
    return found


def _kill_all(program: int) -> None:
    """Kills until there is no child left; orphans arrive here one generation after the other."""
    _signal_group(program)
    while True:
        for pid in _children():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        try:
            pid, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            # Not a spin: a killed process needs a moment to be taken down.
            select.select([], [], [], 0.002)


def _signal_group(program: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(program, signal.SIGKILL)


def _children() -> list[int]:
    """Processes whose parent is this one."""
    me, found = os.getpid(), []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_bytes().rpartition(b")")[2].split()[1])
        except (OSError, ValueError, IndexError):
            continue
        if parent == me:
            found.append(int(stat.parent.name))
    return found


def _prctl(option: int, value: int) -> None:
    # Linux only; elsewhere the process group is all there is.
    with contextlib.suppress(AttributeError, OSError):
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
