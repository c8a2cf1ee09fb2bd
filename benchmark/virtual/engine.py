"""The one module that touches VocalTractLab. Run as a process of its own, never imported.

VocalTractLab is GPL-3 software and stays on its side of a pipe; besides, an error inside of it ends the
interpreter. The process serves one voice. It reads JSON lines on standard input, first the arguments of
`scaled_speaker`, then one request an utterance, and answers each with one JSON line. Arrays go through
`.npz` files in the folder named on the command line.
"""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path
from typing import Any, TextIO

import numpy as np
import vocaltractlab_cython as vtl
from numpy.typing import NDArray

from benchmark.virtual.speaker_file import scaled_speaker
from benchmark.workers import end_with, killed_with_parent

FRAME_MS = 10.0
# Every second state of the synthesiser (200 Hz) moves the tube smoothly enough and halves the cost.
_STRIDE = 2
_NEUTRAL_SHAPE = "@"
_ARTICULATORS = ("vowel", "lip", "tongue-tip", "tongue-body", "velic")
_VELUM_OPENING = "VO"
_OUTLINES = ("upper", "lower", "tongue")


def serve(folder: Path, requests: TextIO, answers: TextIO) -> None:
    """Answers requests until the input ends.

    Args:
        folder: Where arrays are left and temporary files are made.
        requests: One JSON object a line.
        answers: One JSON object a line, in the same order.
    """
    setting = json.loads(requests.readline())
    speaker = folder / "voice.speaker"
    speaker.write_bytes(scaled_speaker(Path(vtl.speaker_path()), **setting))
    vtl.VocalTractLabApi._close()
    vtl.VocalTractLabApi._initialize(str(speaker))
    neutral = vtl.get_outlines(vtl.get_shape(_NEUTRAL_SHAPE, "tract"))
    np.savez(folder / "anatomy.npz", upper=neutral["upper"])
    _answer(answers, "anatomy.npz")
    for line in requests:
        request = json.loads(line)
        np.savez(folder / request["file"], **_speak(folder, request))
        _answer(answers, request["file"])


def _answer(answers: TextIO, file: str) -> None:
    answers.write(json.dumps({"file": file}) + "\n")
    answers.flush()


def _speak(folder: Path, request: dict[str, Any]) -> dict[str, Any]:
    tract, glottis = _motor(folder, request)
    constants = vtl.get_constants()
    rate, step = constants["sr_audio"], constants["n_samples_per_state"]
    times_ms = np.arange(len(tract)) * (1000.0 * step / rate)
    glottis[:, 0] = np.interp(
        times_ms, np.arange(len(request["f0_hz"])) * request["f0_step_ms"], request["f0_hz"]
    )
    audio = vtl.synth_block(
        np.ascontiguousarray(tract[::_STRIDE]), np.ascontiguousarray(glottis[::_STRIDE]), step * _STRIDE
    )
    frames = np.arange(0.0, request["duration_ms"], FRAME_MS)
    return {
        "audio": audio,
        "rate_hz": np.array(rate),
        **_articulation(_at(frames, times_ms, tract)),
        "glottis": _at(frames, times_ms, glottis),
    }


def _motor(folder: Path, request: dict[str, Any]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    phones, score, motor = (str(folder / f"line.{suffix}") for suffix in ("phones", "score", "motor"))
    listed = [f"name = {symbol}; duration_s = {ms / 1000:.3f};\n" for symbol, ms in request["segments"]]
    Path(phones).write_text("".join(listed), encoding="ascii")
    vtl.phoneme_file_to_gesture_file(phones, score, False)
    edited = _styled(Path(score).read_text(encoding="ascii"), request)
    Path(score).write_text(edited, encoding="ascii")
    vtl.gesture_file_to_motor_file(score, motor)
    lines = [text for text in Path(motor).read_text(encoding="ascii").splitlines() if text and text[0] != "#"]
    # After the glottis model's name and the number of states: glottis and tract parameters in turn.
    rows = [np.array(text.split(), dtype=np.float64) for text in lines[2:]]
    return np.array(rows[1::2]), np.array(rows[0::2])


def _styled(score: str, request: dict[str, Any]) -> str:
    def restyle(match: re.Match[str]) -> str:
        kind, body = match.group(1), match.group(0)
        if kind in _ARTICULATORS:
            return re.sub(
                r'time_constant_s="[^"]*"', f'time_constant_s="{request["tau_ms"] / 1000:.6f}"', body
            )
        if kind == "lung-pressure":
            return body.replace('value="8000.000000"', f'value="{request["pressure_dpa"]:.6f}"')
        return body

    return re.sub(
        r'<gesture_sequence type="([a-z0-9-]+)-gestures".*?</gesture_sequence>', restyle, score, flags=re.S
    )


def _articulation(states: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
    names = [parameter["name"] for parameter in vtl.get_param_info("tract")]
    outlines = [vtl.get_outlines(state) for state in states]
    shapes = {name: np.array([outline[name] for outline in outlines]) for name in _OUTLINES}
    return {**shapes, "velum_cm2": states[:, names.index(_VELUM_OPENING)]}


def _at(
    times_ms: NDArray[np.float64], known_ms: NDArray[np.float64], values: NDArray[np.float64]
) -> NDArray[np.float64]:
    columns = [np.interp(times_ms, known_ms, column) for column in values.T]
    return np.ascontiguousarray(np.array(columns).T)


def main() -> int:
    """Serves requests on standard input; what the synthesiser prints goes to standard error."""
    killed_with_parent()  # one call of the synthesiser takes seconds
    end_with(os.getppid())
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    try:
        serve(Path(sys.argv[1]), sys.stdin, answers)
    except vtl.VtlApiError as error:
        # Its messages run over several lines; whoever started this process reports the last one.
        sys.stderr.write(" ".join(str(error).split()) + "\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
