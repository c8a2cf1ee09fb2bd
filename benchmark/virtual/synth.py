"""Makes a voice speak: one child process a voice, arrays in, audio and articulation out."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from benchmark.audio import pcm16, resample
from benchmark.errors import CorpusError, MissingExtraError
from benchmark.types import RATE_HZ, Clip
from benchmark.virtual import pellets
from benchmark.virtual.plan import Line
from benchmark.virtual.voices import Voice

_F0_STEP_MS = 5
# The synthesiser is quiet; this brings a middling sentence to about -30 dB re full scale and the loudest
# peaks to about -6 dB.
_GAIN = 2.5
_QUIETEST, _LOUDEST = 0.02, 0.99
_PACKAGE_ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True, eq=False)
class Take:
    """An utterance as spoken.

    Attributes:
        pcm: int16, shape (samples,), 16 kHz.
        values: float32, shape (frames, 18), 100 Hz, as `benchmark.virtual.pellets.CHANNELS`.
        valid: bool, same shape.
    """

    pcm: NDArray[np.int16]
    values: NDArray[np.float32]
    valid: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Booth:
    """A running synthesiser with one voice, made by `booth`."""

    folder: Path
    voice: Voice
    process: subprocess.Popen[str]
    errors: IO[str]

    def anatomy(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Palate and pharynx of the voice; see `pellets.anatomy`."""
        with np.load(self.folder / "anatomy.npz", allow_pickle=False) as arrays:
            return pellets.anatomy(arrays["upper"])

    def speak(self, line: Line) -> Take:
        """Speaks a line.

        Raises:
            CorpusError: The synthesiser died.
        """
        answer = self.folder / "take.npz"
        self.ask(_request(self.voice, line, answer.name), line.id)
        with np.load(answer, allow_pickle=False) as arrays:
            pcm = to_pcm(arrays["audio"], int(arrays["rate_hz"]), line.duration_ms, line.id)
            return Take(pcm, *pellets.trajectories(dict(arrays)))

    def ask(self, request: dict[str, object], what: str) -> None:
        """Sends a request and waits until it is done.

        Args:
            request: See `benchmark.virtual.engine`.
            what: What it is about, for the message.

        Raises:
            CorpusError: The synthesiser died.
        """
        stdin, stdout = self.process.stdin, self.process.stdout
        if stdin is None or stdout is None:
            raise CorpusError("the synthesiser was started without pipes")
        try:
            stdin.write(json.dumps(request) + "\n")
            stdin.flush()
            answered = stdout.readline()
        except BrokenPipeError:
            answered = ""
        if not answered:
            self.errors.seek(0)
            last = (self.errors.read().strip().splitlines() or ["no message"])[-1]
            raise CorpusError(f"the synthesiser stopped at {what} (status {self.process.wait()}): {last}")


def require_synthesiser() -> None:
    """Makes sure that VocalTractLab is installed, without loading it.

    Raises:
        MissingExtraError: It is not.
    """
    if importlib.util.find_spec("vocaltractlab_cython") is None:
        raise MissingExtraError("vocaltractlab-cython", "virtual", "making virtual speakers")


@contextmanager
def booth(voice: Voice) -> Iterator[Booth]:
    """Starts a synthesiser for a voice and stops it afterwards.

    Raises:
        MissingExtraError: VocalTractLab is not installed.
    """
    require_synthesiser()
    with tempfile.TemporaryDirectory(prefix="sinbad-voice-") as name, tempfile.TemporaryFile("w+") as errors:
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        environment["PYTHONPATH"] = os.pathsep.join(
            filter(None, [str(_PACKAGE_ROOT), os.environ.get("PYTHONPATH")])
        )
        process = subprocess.Popen(
            [sys.executable, "-m", "benchmark.virtual.engine", name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env=environment,
        )
        room = Booth(Path(name), voice, process, errors)
        try:
            room.ask(_setting(voice), voice.name)
            yield room
        finally:
            _stop(process)


def _stop(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        # What was still to be sent to a process that is gone cannot be flushed.
        with suppress(BrokenPipeError):
            if pipe is not None:
                pipe.close()


def _setting(voice: Voice) -> dict[str, object]:
    return {"scale": voice.scale, "rest_f0_hz": voice.f0_hz, "breathiness": voice.breathiness}


def _request(voice: Voice, line: Line, file: str) -> dict[str, object]:
    return {
        "file": file,
        "segments": [(segment.symbol, segment.end_ms - segment.start_ms) for segment in line.segments],
        "duration_ms": line.duration_ms,
        "f0_hz": [line.pitch.hz(ms) for ms in range(0, line.duration_ms + _F0_STEP_MS, _F0_STEP_MS)],
        "f0_step_ms": _F0_STEP_MS,
        "tau_ms": line.tau_ms,
        "pressure_dpa": line.pressure_dpa,
    }


def to_pcm(audio: NDArray[np.float64], rate_hz: int, duration_ms: int, where: str) -> NDArray[np.int16]:
    """The synthesiser's sound as 16-bit samples at 16 kHz, of exactly the planned length.

    Args:
        audio: float64, shape (samples,).
        rate_hz: Its rate.
        duration_ms: The planned length.
        where: What it is, for messages.

    Raises:
        CorpusError: It is not finite, silent or too loud.
    """
    resampled = resample(Clip(_GAIN * audio, rate_hz), RATE_HZ).samples
    samples = np.zeros(duration_ms * RATE_HZ // 1000)
    shared = min(len(samples), len(resampled))
    samples[:shared] = resampled[:shared]
    peak = float(np.max(np.abs(samples)))
    if not _QUIETEST < peak < _LOUDEST:
        raise CorpusError(
            f"{where}: the synthesiser's peak is {peak:.3g} of full scale; expected {_QUIETEST} to {_LOUDEST}"
        )
    return pcm16(samples)
