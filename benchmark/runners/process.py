"""A program under limits, spoken to over a pipe with deadlines, and removed without a trace."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from benchmark.errors import SinbadError
from benchmark.runners.child import HEADER_BYTES

_SUPERVISOR = Path(__file__).with_name("supervisor.py")
_TAIL = 4000
_CHUNK = 1 << 20


class EndedError(SinbadError):
    """The program ended, was ended, or broke the protocol; the message is the reason.

    Attributes:
        by_limit: Whether a limit had to do with it, so that another limit may change the outcome.
    """

    def __init__(self, reason: str, *, by_limit: bool = False) -> None:
        super().__init__(reason)
        self.by_limit = by_limit


class Program:
    """A running program, its descendants, and its own temporary folder.

    Attributes:
        scratch: The folder; removed by `close`.
    """

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        scratch: Path,
        *,
        memory_bytes: int = 0,
        file_bytes: int = 0,
    ) -> None:
        self.scratch = scratch
        self._leash, far = socket.socketpair()
        self._tail = b""
        self._program: int | None = None
        self._status: int | None = None
        room = [str(far.fileno()), str(memory_bytes), str(file_bytes), str(scratch)]
        supervisor = [sys.executable, "-I", "-S", str(_SUPERVISOR), *room]
        try:
            self._supervisor = subprocess.Popen(
                [*supervisor, *command],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                cwd=scratch,
                env=dict(environment),
                pass_fds=[far.fileno()],
                start_new_session=True,
                bufsize=0,
            )
        finally:
            far.close()
        self._in, self._out, self._err = (
            _descriptor(stream)
            for stream in (self._supervisor.stdin, self._supervisor.stdout, self._supervisor.stderr)
        )
        for descriptor in (self._in, self._out, self._err):
            os.set_blocking(descriptor, False)
        self._leash.setblocking(False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def exchange(
        self, header: Mapping[str, Any], body: bytes, limit_s: float, most: int
    ) -> tuple[dict[str, Any], bytes]:
        """Sends a message and waits for the answer.

        Args:
            header: What to say; "bytes" is added.
            body: Raw data that follows it.
            limit_s: Seconds to wait.
            most: Longest body of an answer that is accepted, in bytes.

        Raises:
            EndedError: There is no answer in time, none at all, or no proper one. The program has to be
                closed then.
        """
        raw = json.dumps({**header, "bytes": len(body)}).encode()
        outgoing = memoryview(b"".join([struct.pack("<I", len(raw)), raw, body]))
        incoming = _Incoming(most)
        deadline = time.monotonic() + limit_s
        with selectors.DefaultSelector() as selector:
            selector.register(self._in, selectors.EVENT_WRITE)
            for stream in (self._out, self._err, self._leash):
                selector.register(stream, selectors.EVENT_READ)
            while not incoming.complete:
                left = deadline - time.monotonic()
                if left <= 0:
                    raise EndedError(f"took longer than {limit_s:g} s", by_limit=True)
                ready = {key.fileobj for key, _ in selector.select(left)}
                if self._in in ready:
                    outgoing = outgoing[self._send(outgoing) :]
                    if not outgoing:
                        selector.unregister(self._in)
                if self._err in ready and not self._take(self._err):
                    selector.unregister(self._err)
                if self._out in ready and not incoming.read(self._out):
                    selector.unregister(self._out)
                if self._leash in ready:
                    self._listen(incoming)
        return incoming.header, incoming.body

    def wait(self, limit_s: float) -> int:
        """Waits for the end of a program that is not spoken to.

        Returns:
            Its wait status.

        Raises:
            EndedError: It took too long.
        """
        deadline = time.monotonic() + limit_s
        if self._supervisor.stdin is not None:
            self._supervisor.stdin.close()  # whoever reads from it sees the end at once
        with selectors.DefaultSelector() as selector:
            for stream in (self._out, self._err, self._leash):
                selector.register(stream, selectors.EVENT_READ)
            while self._status is None:
                left = deadline - time.monotonic()
                if left <= 0:
                    raise EndedError(f"took longer than {limit_s:g} s", by_limit=True)
                ready = {key.fileobj for key, _ in selector.select(left)}
                for stream in (self._out, self._err):
                    if stream in ready and not self._take(stream):
                        selector.unregister(stream)
                if self._leash in ready:
                    self._hear()
        return self._status

    def last_words(self) -> str:
        """The last line that it wrote on standard error."""
        with contextlib.suppress(OSError):  # would block: that was all
            while self._take(self._err):
                pass
        lines = [line.strip() for line in self._tail.decode("utf-8", "replace").splitlines() if line.strip()]
        return lines[-1].replace(str(self.scratch), ".")[:200] if lines else ""

    def close(self) -> None:
        """Ends it with all its descendants and removes its folder."""
        self._leash.close()
        for stream in (self._supervisor.stdin, self._supervisor.stdout, self._supervisor.stderr):
            if stream is not None:
                stream.close()
        try:
            self._supervisor.wait(10)
        except subprocess.TimeoutExpired:
            self._supervisor.kill()
            self._supervisor.wait()
        if self._program is not None and self._supervisor.returncode != 0:
            # The supervisor was killed, which only the program can have done.
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._program, signal.SIGKILL)
        shutil.rmtree(self.scratch, ignore_errors=True)

    def _send(self, outgoing: memoryview) -> int:
        try:
            return os.write(self._in, outgoing[:_CHUNK])
        except BlockingIOError:
            return 0
        except BrokenPipeError:
            return len(outgoing)  # it is gone; the leash will tell why

    def _take(self, descriptor: int) -> bool:
        """Takes what it wrote, so that it never waits for a reader; False at the end of the stream."""
        text = os.read(descriptor, _CHUNK)
        self._tail = (self._tail + text)[-_TAIL:]
        return bool(text)

    def _listen(self, incoming: _Incoming) -> None:
        self._hear()
        if self._status is None or incoming.read_rest(self._out):
            return
        words = self.last_words()
        raise EndedError(
            describe(self._status) + (f"; its last words: {words}" if words else ""), by_limit=True
        )

    def _hear(self) -> None:
        """Reads the leash: first the number of the process, then its status."""
        try:
            text = self._leash.recv(8)
        except BlockingIOError:
            return
        if not text:
            raise EndedError("ended the process that watches it")
        for (number,) in struct.iter_unpack("<i", text[: len(text) // 4 * 4]):
            if self._program is None:
                self._program = number
            else:
                self._status = number


class _Incoming:
    """An answer that arrives in pieces."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._buffer = bytearray()
        self._wanted = 4
        self._stage = 0
        self.header: dict[str, Any] = {}
        self.body = b""

    @property
    def complete(self) -> bool:
        return self._stage == 3

    def read(self, descriptor: int) -> bool:
        """Takes what is there; False at the end of the stream."""
        try:
            part = os.read(descriptor, min(_CHUNK, self._wanted - len(self._buffer)))
        except BlockingIOError:
            return True
        if not part:
            return False
        self._buffer += part
        while not self.complete and len(self._buffer) >= self._wanted:
            self._advance()
        return True

    def read_rest(self, descriptor: int) -> bool:
        """Whether the answer was sent whole before the program ended."""
        while not self.complete:
            before = len(self._buffer), self._stage
            if not self.read(descriptor) or (len(self._buffer), self._stage) == before:
                return False
        return True

    def _advance(self) -> None:
        taken, self._buffer = bytes(self._buffer), bytearray()
        self._stage += 1
        if self._stage == 1:
            self._wanted = struct.unpack("<I", taken)[0]
            if not 0 < self._wanted <= HEADER_BYTES:
                raise EndedError("broke the protocol: something else wrote to its pipe")
        elif self._stage == 2:
            self.header, self._wanted = _header(taken)
            if self._wanted > self._most:
                raise EndedError(f"gave {self._wanted} bytes where at most {self._most} are accepted")
            if not self._wanted:
                self._stage = 3
        else:
            self.body = taken


def _header(raw: bytes) -> tuple[dict[str, Any], int]:
    try:
        header = json.loads(raw)
        size = header["bytes"]
        if not isinstance(size, int) or size < 0:
            raise ValueError(f"'bytes' is {size!r}")
    except (UnicodeDecodeError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise EndedError("broke the protocol: something else wrote to its pipe") from error
    return header, size


def describe(status: int) -> str:
    """A wait status in words."""
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        name = signal.Signals(number).name if number in set(signal.Signals) else "unknown"
        return f"killed by signal {number} ({name})"
    return f"exited with status {os.waitstatus_to_exitcode(status)}"


def scratch_folder() -> Path:
    """A new temporary folder for a program."""
    return Path(tempfile.mkdtemp(prefix="sinbad-"))


def _descriptor(stream: Any) -> int:
    return int(stream.fileno())
