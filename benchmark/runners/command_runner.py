"""Runs any program that reads a folder of recordings and writes a folder of estimates."""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import soundfile

from benchmark.audio import FULL_SCALE, pcm16
from benchmark.errors import ModelError
from benchmark.models.command_words import read_word
from benchmark.models.entry import DIRECT, Command
from benchmark.models.source_hash import code_of_named
from benchmark.randomness import gaussian
from benchmark.runners.estimate_files import Channels, channels_of, kinds_in, read_estimates
from benchmark.runners.limits import FILE_BYTES, TOO_LONG, Limits, bare_environment
from benchmark.runners.prediction import Enrolment, Item, Prediction, asked_of, failure
from benchmark.runners.process import EndedError, Program, describe, scratch_folder
from benchmark.runners.sandbox import program_folders, refuse_hidden, sandboxed
from benchmark.types import RATE_HZ, Clip


class CommandRunner:
    """A program that is started for several recordings at a time; their files are numbered.

    A run that fails (a status other than 0) is discarded as a whole and tried again in halves, until the
    recording that it fails on is alone. Once it took too long, which is found out after the time of all
    recordings at hand, it gets one recording at a time.

    Attributes:
        identity: See `Runner`.
        batch: Recordings at a time.
    """

    def __init__(
        self,
        command: Command,
        source_sha256: str,
        channels: Channels,
        limits: Limits,
        *,
        batch: int = 50,
        does: Iterable[str] = (),
        sandbox: bool = False,
        hidden: tuple[Path, ...] = (),
        passed: tuple[str, ...] = (),
        tasks: Iterable[str] = DIRECT,
    ) -> None:
        self._asked = frozenset(tasks)
        self._command, self._channels, self._limits = command, channels, limits
        self._sandbox, self._hidden, self._passed, self.batch = sandbox, hidden, passed, batch
        self._does = frozenset(does)
        self._written: frozenset[str] = frozenset()
        self._alone = False
        # Two virtual environments have the same Python and other packages.
        made = {
            "command": source_sha256,
            "program": command.words[0],
            "channels": [channels.names, channels.rate_hz],
        }
        self.identity = asked_of(hashlib.sha256(json.dumps(made).encode()).hexdigest(), self._asked)

    def tasks(self) -> frozenset[str]:
        """See `Runner`; if not stated, a trial on two seconds of noise shows what the program writes.

        What it wrote counts even if it fails after that.

        Raises:
            ModelError: It writes nothing.
        """
        if not self._does:
            noise = pcm16(0.05 * gaussian("trial", 32000)).astype(np.float32) / FULL_SCALE
            trial = [Item("trial", Clip(noise, RATE_HZ))]
            try:
                self._does = self._attempt(trial, self._limits.item_s)[0]
            except EndedError as error:
                # That what it wrote cannot be read is no reason to score it so.
                self._does = self._written if error.by_limit else frozenset()
                if not self._does:
                    raise ModelError(
                        f"{self._shown}: {error}, in a trial on two seconds of noise; mend it, or say with "
                        "--does what it gives, to have it scored with its failures"
                    ) from error
        if not self._does:
            raise ModelError(
                f"{self._shown}: wrote neither .wav or .flac nor .csv or .npy for the .wav it was given (a "
                "trial on two seconds of noise)"
            )
        return self._does & self._asked

    def enrolment(self) -> Enrolment:
        """See `Runner`: files have no place for it."""
        return "no"

    def facts(self) -> dict[str, str]:
        """See `Runner`."""
        return {}

    def run(self, items: Iterable[Item]) -> Iterator[Prediction]:
        """See `Runner`."""
        waiting: list[Item] = []
        for item in items:
            waiting.append(item)
            if len(waiting) >= (1 if self._alone else self.batch):
                yield from self._halved(waiting)
                waiting = []
        if waiting:
            yield from self._halved(waiting)

    def close(self) -> None:
        """See `Runner`."""

    @property
    def _shown(self) -> str:
        return f"command:{Path(self._command.words[0]).name}"

    def _halved(self, items: list[Item]) -> Iterator[Prediction]:
        start = time.perf_counter()
        try:
            predictions = self._attempt(items, self._limits.item_s * len(items), self.tasks())[1]
        except EndedError as error:
            if len(items) == 1:
                seconds = time.perf_counter() - start
                yield failure(self.tasks(), str(error), seconds, limits=str(self._limits))
                return
        else:
            yield from predictions
            return
        half = (len(items) + 1) // 2
        while items:
            size = 1 if self._alone else half
            yield from self._halved(items[:size])
            items = items[size:]

    def _attempt(
        self, items: list[Item], limit_s: float, tasks: frozenset[str] = frozenset()
    ) -> tuple[frozenset[str], list[Prediction]]:
        """One run: which kinds of files it wrote, and the predictions.

        Raises:
            EndedError: It failed.
        """
        scratch = scratch_folder()
        try:
            return self._run_in(scratch, items, limit_s, tasks)
        except EndedError as error:
            self._alone = self._alone or str(error).startswith(TOO_LONG)
            raise
        finally:
            shutil.rmtree(scratch, ignore_errors=True)

    def _run_in(
        self, scratch: Path, items: list[Item], limit_s: float, tasks: frozenset[str]
    ) -> tuple[frozenset[str], list[Prediction]]:
        source, target = scratch / "in", scratch / "out"
        source.mkdir()
        target.mkdir()
        for number, item in enumerate(items, start=1):
            _write_wav(source / f"{number:06d}.wav", item.clip)
        words = self._words(scratch, source, target)
        environment = bare_environment(scratch, self._limits.threads, self._passed)
        room = {"memory_bytes": self._limits.memory_bytes, "file_bytes": FILE_BYTES}
        with Program(words, environment, scratch, **room) as program:
            start = time.perf_counter()
            try:
                status = program.wait(limit_s)
            finally:
                self._written = kinds_in(target)
            seconds = (time.perf_counter() - start) / len(items)
            if status != 0:
                said = program.last_words()
                raise EndedError(
                    describe(status) + (f"; its last words: {said}" if said else ""), by_limit=True
                )
            channels = self._channels_in(target)
            predictions = [
                read_estimates(target, f"{number:06d}", tasks, item.clip, channels, seconds)
                for number, item in enumerate(items, start=1)
            ]
            return kinds_in(target), predictions

    def _channels_in(self, target: Path) -> Channels:
        """Names and frame rate of what it wrote.

        Raises:
            EndedError: It put something else in the place of its folder, or says nothing that can be read.
        """
        if target.is_symlink() or not target.is_dir():
            raise EndedError("put something else in the place of the folder that it was given to write into")
        try:
            return channels_of(target, self._channels)
        except ModelError as error:
            raise EndedError(str(error).replace(f"{target}/", "")) from error

    def _words(self, scratch: Path, source: Path, target: Path) -> list[str]:
        words = [
            word.replace("{in}", str(source)).replace("{out}", str(target)) for word in self._command.words
        ]
        if not self._sandbox:
            return words
        named = [path for word in self._command.words for path in read_word(word).paths]
        refuse_hidden(named, self._hidden)
        files = [part for path in named for part in code_of_named(path).parts]
        program = self._command.words[0]
        shown = [*files, *program_folders(program)]
        memory = self._limits.memory_bytes
        return sandboxed(words, scratch, shown, hidden=self._hidden, memory_bytes=memory)


def _write_wav(path: Path, clip: Clip) -> None:
    """Writes 16 bits, which every program reads, if they are exact; else floats, so that nothing clips."""
    scaled = np.asarray(clip.samples, np.float64) * FULL_SCALE
    whole = np.rint(scaled)
    exact = (
        bool((whole == scaled).all())
        and whole.size > 0
        and whole.max() < FULL_SCALE
        and whole.min() >= -FULL_SCALE
    )
    if exact:
        soundfile.write(str(path), whole.astype(np.int16), clip.rate_hz, subtype="PCM_16")
    else:
        soundfile.write(str(path), np.asarray(clip.samples, np.float32), clip.rate_hz, subtype="FLOAT")
