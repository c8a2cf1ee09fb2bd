"""A program as a model, in any language.

It is given two folders, reads recordings from one, and writes estimates into the other:

    python -m benchmark.check_model 'command:python3 examples/models/command_model.py {in} {out}'

This one attenuates everything below 20 Hz by differencing and follows loudness as if it were the opening of
the lips; it stands for your program. Recordings are called 000001.wav, 000002.wav ... (16 bit). For each it
may write 000001.wav (enhanced speech), and 000001.csv (articulation): a line of names, then one line a frame;
the column "time" is in seconds.
"""

from __future__ import annotations

import array
import sys
import wave
from pathlib import Path

FRAMES_PER_SECOND = 100


def main(source: Path, target: Path) -> None:
    """Works through the folder."""
    for path in sorted(source.glob("*.wav")):
        with wave.open(str(path)) as stream:
            rate = stream.getframerate()
            samples = array.array("h", stream.readframes(stream.getnframes()))
        enhance(samples, rate, target / path.name)
        invert(samples, rate, target / f"{path.stem}.csv")


def enhance(samples: array.array[int], rate: int, path: Path) -> None:
    """A high-pass filter of the first order."""
    out, before, state = array.array("h"), 0, 0.0
    for sample in samples:
        state = 0.992 * state + 0.996 * (sample - before)
        before = sample
        out.append(max(-32768, min(32767, round(state))))
    with wave.open(str(path), "wb") as stream:
        stream.setparams((1, 2, rate, len(out), "NONE", "not compressed"))
        stream.writeframes(out.tobytes())


def invert(samples: array.array[int], rate: int, path: Path) -> None:
    """Lip aperture, in millimetres, as if it were loudness."""
    lines = ["time,LA"]
    hop = rate // FRAMES_PER_SECOND
    for start in range(0, len(samples), hop):
        frame = samples[start : start + hop]
        level = (sum(sample * sample for sample in frame) / len(frame)) ** 0.5 / 32768
        lines.append(f"{start / rate:.6f},{10 + 40 * level + 1e-6 * start:.6f}")
    path.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
