"""Starts one program and makes sure that nothing of it is left when it ends, or when the benchmark does.

Run as a script by the benchmark's own Python; uses the standard library only. It holds one end of a socket,
the leash. When the program ends, its status goes up the leash; when the other end is closed, for whatever
reason (SIGKILL included), the program is killed. Either way every descendant is killed before this process
ends: on Linux it is a "subreaper", so that processes which fork twice or start a session of their own become
its children instead of escaping.

If the leash is dropped, SCRATCH is removed as well, because the benchmark may be gone and cannot do it.

The limits that the system enforces hold for one process or one file. Twice a second the supervisor looks at
all of them together: the memory of the program and its descendants, with the files that they keep in memory,
may not exceed MEMORY_BYTES, nor their folder four times FILE_BYTES, and they are kept on as many cores as
they may have threads. A program that exceeds a limit is killed; the reason is the last line on its standard
error.

    python supervisor.py LEASH_FD MEMORY_BYTES FILE_BYTES SCRATCH PROGRAM [ARGUMENT ...]
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
import time
from pathlib import Path

_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_CHILD_SUBREAPER = 1, 4, 36
#: The variable that says how many cores the program may use; the program itself does not get to see it.
_THREADS = "SINBAD_THREADS"
_LOOK_S = 0.5
#: The folder may hold so many times the largest file, in no more than so many files.
_FILES, _MOST_FILES = 4, 100_000
_GIB = 2**30
#: Folders of a sandbox that lie in memory, as in `sandbox.IN_MEMORY`: this file runs alone.
_IN_MEMORY = ("/tmp", "/dev/shm")


def main(arguments: list[str]) -> int:
    """Runs the program until it ends, exceeds a limit, or the leash is dropped."""
    leash = socket.socket(fileno=int(arguments[0]))
    memory, file_size, scratch = int(arguments[1]), int(arguments[2]), arguments[3]
    cores = _cores(int(os.environ.pop(_THREADS, "0")))
    # The program inherits nothing that it could speak through in the name of this process, nor may it look
    # into it.
    leash.set_inheritable(False)
    _prctl(_PR_SET_DUMPABLE, 0)
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)
    wake, woken = os.pipe()
    os.set_blocking(woken, False)
    signal.set_wakeup_fd(woken, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    program = os.fork()
    if program == 0:
        _become(arguments[4:], memory, file_size, cores)
    # The program alone holds its pipes, so that their other ends see when it is gone. The last words may be
    # the supervisor's.
    for descriptor in (0, 1):
        os.close(descriptor)
    with contextlib.suppress(OSError):
        leash.sendall(struct.pack("<i", program))
        status, reason = _wait(
            program, leash, wake, _Limits(memory, _FILES * file_size, Path(scratch), cores)
        )
        _kill_all(program)
        if status is not None:
            _say(reason)
            leash.sendall(struct.pack("<i", status))
            return 0
    _kill_all(program)
    shutil.rmtree(scratch, ignore_errors=True)
    return 0


def _become(command: list[str], memory: int, file_size: int, cores: set[int]) -> None:
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
        _hold(os.getpid(), cores)
        os.execvp(command[0], command)
    except (OSError, ValueError) as error:
        os.write(2, f"{command[0]}: cannot be started: {error}\n".encode())
    os._exit(127)


class _Limits:
    """What a program and its descendants may use together."""

    def __init__(self, memory: int, folder_size: int, folder: Path, cores: set[int]) -> None:
        self._memory, self._folder_size, self._folder, self._cores = memory, folder_size, folder, cores
        self._next = time.monotonic() + _LOOK_S

    @property
    def left_s(self) -> float:
        """Seconds until the next look."""
        return max(0.0, self._next - time.monotonic())

    def exceeded(self) -> str:
        """Why the program has to end, or ""; most calls come too early and cost nothing."""
        start = time.monotonic()
        if start < self._next:
            return ""
        found = self._look()
        end = time.monotonic()
        # However much there is to look at, most of the time goes to the program.
        self._next = end + max(_LOOK_S, 10 * (end - start))
        return found

    def _look(self) -> str:
        pids = _descendants()
        for pid in pids:
            _hold(pid, self._cores)
        files = _files_in_memory(pids) if self._memory else 0
        # What processes share counts once. That takes longer to find out, so it is asked only when it
        # matters.
        if self._memory and sum(map(_resident, pids)) + files > self._memory:
            mapped = sum(_proportional(pid, b"Pss_Shmem:") for pid in pids)
            if sum(map(_proportional, pids)) + max(0, files - mapped) > self._memory:
                return f"its processes together took more memory than {self._memory / _GIB:g} GiB"
        if self._folder_size and _too_large(self._folder, self._folder_size):
            return f"its folder grew beyond {self._folder_size / _GIB:g} GiB or {_MOST_FILES} files"
        return ""


def _wait(program: int, leash: socket.socket, wake: int, limits: _Limits) -> tuple[int | None, str]:
    """The wait status of the program, None once the leash is dropped; and why it was killed, if it was."""
    while True:
        ready, _, _ = select.select([leash.fileno(), wake], [], [], limits.left_s)
        if wake in ready:
            os.read(wake, 512)
            status = _reap(program)
            if status is not None:
                return status, ""
        if leash.fileno() in ready and not leash.recv(64):
            return None, ""
        if reason := limits.exceeded():
            return int(signal.SIGKILL), reason


def _say(reason: str) -> None:
    """Writes the last line on standard error, without waiting for a full pipe to be read."""
    if reason:
        os.set_blocking(2, False)
        with contextlib.suppress(OSError):
            os.write(2, f"\n{reason}\n".encode())


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
    me = os.getpid()
    return [pid for pid, parent in _parents().items() if parent == me]


def _descendants() -> list[int]:
    """Processes that this one started, directly or through others."""
    parents, found = _parents(), [os.getpid()]
    for ancestor in found:
        found += [pid for pid, parent in parents.items() if parent == ancestor]
    return found[1:]


def _parents() -> dict[int, int]:
    """Every process and its parent."""
    found = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            found[int(stat.parent.name)] = int(stat.read_bytes().rpartition(b")")[2].split()[1])
    return found


def _resident(pid: int) -> int:
    """Bytes of memory that a process uses, shared ones included."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        return int(Path(f"/proc/{pid}/statm").read_bytes().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return 0


def _proportional(pid: int, kind: bytes = b"Pss:") -> int:
    """As `_resident`, with shared memory divided among its users; "Pss_Shmem:" is files in memory."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_bytes().splitlines():
            if line.startswith(kind):
                return int(line.split()[1]) * 1024
    return _resident(pid) if kind == b"Pss:" else 0


def _files_in_memory(pids: list[int]) -> int:
    """Bytes of files in memory that no process is charged for: of a sandbox, or without a name."""
    total, spaces, files = 0, {str(Path("/proc/self/ns/mnt").readlink())}, set()
    for pid in pids:
        with contextlib.suppress(OSError):
            space = str(Path(f"/proc/{pid}/ns/mnt").readlink())
            if space not in spaces:
                spaces.add(space)
                for folder in _IN_MEMORY:
                    about = os.statvfs(f"/proc/{pid}/root{folder}")
                    total += (about.f_blocks - about.f_bfree) * about.f_frsize
        with contextlib.suppress(OSError):
            for descriptor in Path(f"/proc/{pid}/fd").iterdir():
                if str(descriptor.readlink()).startswith("/memfd:"):
                    file = descriptor.stat()
                    files.add((file.st_ino, file.st_blocks * 512))
    return total + sum(size for _, size in files)


def _too_large(folder: Path, most: int) -> bool:
    """Whether the files below a folder take more of the disk than that; links are not followed."""
    size = count = 0
    waiting = [str(folder)]
    while waiting:
        # What the program removes meanwhile is not missed.
        with contextlib.suppress(OSError), os.scandir(waiting.pop()) as entries:
            for entry in entries:
                with contextlib.suppress(OSError):
                    size += entry.stat(follow_symlinks=False).st_blocks * 512
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
                count += 1
                if size > most or count > _MOST_FILES:
                    return True
    return False


def _cores(threads: int) -> set[int]:
    """Picks cores for a program; programs that run at a time begin at different cores.

    The set is empty where the system does not say which cores there are.
    """
    if not threads or not hasattr(os, "sched_getaffinity"):
        return set()
    there = sorted(os.sched_getaffinity(0))
    return {there[(os.getpid() + i) % len(there)] for i in range(threads)}


def _hold(pid: int, cores: set[int]) -> None:
    """Keeps a process and all its threads on some cores."""
    if not cores:
        return
    for task in Path(f"/proc/{pid}/task").glob("*"):
        with contextlib.suppress(OSError):
            if not os.sched_getaffinity(int(task.name)) <= cores:
                os.sched_setaffinity(int(task.name), cores)


def _prctl(option: int, value: int) -> None:
    # Linux only; elsewhere the process group is all there is.
    with contextlib.suppress(AttributeError, OSError):
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
