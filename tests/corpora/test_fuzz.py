"""Readers given damaged bytes: a result or an error that names the file, in bounded time and memory.

These are files of a user's own corpora, damaged and not hostile (see docs/threat_model.md): what is asked is
that nothing crashes, hangs, or takes much more memory than the machine of anybody has.

An input is a sound file to which a short program of mutations is applied. Hypothesis draws a key, and a hash
stretches each key to twenty programs. The quick run tries a few hundred inputs a reader, the slow one a
hundred thousand.
"""

from __future__ import annotations

import pickle
import time
import tracemalloc
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmark import audio
from benchmark.corpora import mocha, spire, xrmb
from benchmark.errors import CorpusError
from benchmark.formats import array_files, carstens, est_track, mview, ssff, torch_files
from benchmark.randomness import random_bytes
from tests.corpora import voices, writers

#: Processor time: other work on the machine must not fail a reader.
SECONDS = 2.0
#: What a damaged size may make a reader ask for, beyond ten times the size of the file.
OVERHEAD = 1 << 26
TIMES = np.arange(12) / 200
VALUES = np.arange(48, dtype=float).reshape(12, 4)
NAMES = ("ul_x", "ul_y", "v_x ", "****")
KEY = st.binary(min_size=4, max_size=16)
PROGRAMS_A_KEY = 20


def read_est(path: Path) -> None:
    est_track.last_time(path)
    mocha.read_coils(path, 1.0)


def read_mview(path: Path) -> None:
    listing = mview.list_recording(path)
    mview.read_sensors(path, listing.audio_s or 1.0, None)
    mview.read_audio(path)
    mview.read_phones(path)


def read_audio(path: Path) -> None:
    audio.duration_s(path)
    audio.read_clip(path, 0)


READERS: dict[str, Callable[[Path], object]] = {
    "est_binary": read_est,
    "est_ascii": read_est,
    "mview": read_mview,
    "mview_compressed": read_mview,
    "ag500": carstens.read_positions,
    "ag501": carstens.read_positions,
    "ssff": ssff.read_values,
    "torch_numpy": torch_files.read_dictionary,
    "torch_tensors": torch_files.read_dictionary,
    "torch_protocol_4": torch_files.read_dictionary,
    "pickle_2": torch_files.read_dictionary,
    "pickle_4": torch_files.read_dictionary,
    "spire": lambda path: spire.read_coils(path, 0.3),
    "npy": array_files.read_columns,
    "npz": array_files.read_columns,
    "csv": array_files.read_columns,
    "csv_gaps": array_files.read_columns,
    "parquet": array_files.read_columns,
    "txy": lambda path: xrmb.read_pellets(path, 1.0),
    "sphere": read_audio,
    "wav": read_audio,
    "flac": read_audio,
}
#: Kinds whose mutations go inside an archive, whose checksums would else turn nearly all of them away.
WRAPPED = ("pickle_2", "pickle_4", "spire")
SUFFIXES = {
    "npy": ".npy",
    "npz": ".npz",
    "csv": ".csv",
    "csv_gaps": ".csv",
    "parquet": ".parquet",
    "ssff": ".ssff",
}


@cache
def sound_file(kind: str) -> bytes:
    """A small file without fault."""
    tone = 0.3 * np.sin(np.arange(400) / 5)
    elements = [
        ("AUDIO", 8000.0, tone[:, None].astype(np.float32)),
        ("TT", 100.0, VALUES[:, :3]),
        ("UL", 100.0, VALUES),
    ]
    phones = [("sp", 0.0, 0.01), ("AA1", 0.01, 0.05)]
    content = {"ema_raw": VALUES, "n": [1, 2.5, "x", None], "i": np.arange(3)}
    makers: dict[str, Callable[[], bytes]] = {
        "est_binary": lambda: writers.est_bytes(TIMES, VALUES, NAMES),
        "est_ascii": lambda: writers.est_bytes(TIMES, VALUES, NAMES, ascii_rows=True),
        "mview": lambda: saved(
            ".mat", lambda path: writers.save_mview(path, "x", elements, "Words.", False, phones)
        ),
        "mview_compressed": lambda: saved(
            ".mat", lambda path: writers.save_mview(path, "x", elements, "Words.", True, phones)
        ),
        "ag500": lambda: writers.pos_bytes(np.arange(4 * 12 * 7.0).reshape(4, 12, 7), None),
        "ag501": lambda: writers.pos_bytes(np.arange(4 * 8 * 7.0).reshape(4, 8, 7), 250),
        "ssff": lambda: writers.ssff_bytes(VALUES, NAMES, 200.0),
        "torch_numpy": lambda: writers.torch_bytes(dict(content), False),
        "torch_tensors": lambda: writers.torch_bytes(dict(content), True),
        "torch_protocol_4": lambda: zipped(pickle.dumps(content, 4)),
        "pickle_2": lambda: pickle.dumps(content, 2),
        "pickle_4": lambda: pickle.dumps(content, 4),
        "spire": lambda: pickle.dumps(spire_content(), 2),
        "npy": lambda: saved(".npy", lambda path: np.save(path, VALUES)),
        "npz": lambda: saved(
            ".npz", lambda path: np.savez(path, values=VALUES, rate_hz=200.0, names=np.array(NAMES))
        ),
        "csv": lambda: b"a_x,a_y\n1,2\n3,nan\n5,6\n",
        "csv_gaps": lambda: b"a_x,a_y\n1,\nNA,3\n,\n5,6\n",
        "parquet": lambda: saved(
            ".parquet",
            lambda path: pq.write_table(pa.table({f"c{i}": VALUES[:, i] for i in range(4)}), path),
        ),
        "txy": lambda: writers.xrmb_text(voices.pellet_paths(1, 0.2, 145.645)).encode(),
        "sphere": lambda: writers.sphere_bytes(tone, 8000),
        "wav": lambda: saved(".wav", lambda path: soundfile.write(path, tone, 8000, subtype="PCM_16")),
        "flac": lambda: saved(".flac", lambda path: soundfile.write(path, tone, 8000)),
    }
    return makers[kind]()


def spire_content() -> dict[str, object]:
    raw = np.random.default_rng(0).standard_normal((30, 18))
    kept = raw[5:25, [0, 1, 2, 3, *range(8, 16)]]
    texts = {"phonemes": np.array(["sil", "aa"]), "words": np.array([None, "a"], object)}
    return {spire.RAW: raw, spire.NORMALISED: kept, "begin_end": np.array([5, 25]), **texts}


def saved(suffix: str, write: Callable[[Path], object]) -> bytes:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"x{suffix}"
        write(path)
        return path.read_bytes()


def zipped(data: bytes) -> bytes:
    import io
    import zipfile

    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("archive/data.pkl", data)
    return stream.getvalue()


def mutated(content: bytes, program: bytes) -> bytes:
    """Apply a program of six bytes an instruction: what, where (two bytes), with what (three bytes)."""
    data = bytearray(content)
    for at in range(0, len(program) - 5, 6):
        what, place, value = (
            program[at],
            int.from_bytes(program[at + 1 : at + 3], "big"),
            program[at + 3 : at + 6],
        )
        where = place % (len(data) + 1)
        match what % 8:
            case 0:
                data[where : where + 1] = value[:1]
            case 1:
                data[where : where + 4] = value + b"\xff"
            case 2:
                del data[where:]
            case 3:
                del data[where : where + value[0] + 1]
            case 4:
                data[where:where] = value * (1 + value[0] % 9)
            case 5:
                data[where : where + 1] = (
                    bytes([data[where] ^ (1 << value[0] % 8)]) if where < len(data) else b""
                )
            case 6:
                # Headers are where the sizes are.
                early = place % min(len(data) + 1, 300)
                data[early : early + 4] = (value[0] % 2 * b"\xff\xff\xff" or b"\0\0\0") + value[1:2]
            case 7:
                digits = [i for i, byte in enumerate(data[:2000]) if 48 <= byte <= 57]
                if digits:
                    chosen = digits[place % len(digits)]
                    data[chosen : chosen + 1] = (b"9999999999", b"-1", b"0", b"nan", b"x", b"1e9")[
                        value[0] % 6
                    ]
    return bytes(data)


def check(kind: str, path: Path, content: bytes) -> None:
    content = zipped(content) if kind in WRAPPED else content
    path.write_bytes(content)
    message = ""
    start = time.process_time()
    tracemalloc.start()
    try:
        READERS[kind](path)
    except CorpusError as error:
        message = str(error)
    finally:
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert time.process_time() - start < SECONDS
    assert peak <= 10 * len(content) + OVERHEAD
    assert not message or path.name in message
    assert "\n" not in message


def fuzz(kind: str, path: Path, examples: int) -> int:
    """Number of inputs tried."""
    content = sound_file(kind)
    tried = 0

    @settings(
        max_examples=examples // PROGRAMS_A_KEY,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        derandomize=True,
    )
    @given(KEY)
    def try_some(key: bytes) -> None:
        nonlocal tried
        for number in range(PROGRAMS_A_KEY):
            stretched = random_bytes(f"{key.hex()}/{number}", 48)
            tried += 1
            check(kind, path, mutated(content, stretched[: 6 * (1 + stretched[-1] % 7)]))

    try_some()
    return tried


@pytest.mark.parametrize("kind", sorted(READERS))
def test_a_few_hundred_damaged_files(kind: str, tmp_path: Path) -> None:
    assert fuzz(kind, tmp_path / f"damaged{SUFFIXES.get(kind, '.bin')}", 400) >= 400


@pytest.mark.slow
@pytest.mark.parametrize("kind", sorted(READERS))
def test_a_hundred_thousand_damaged_files(kind: str, tmp_path: Path) -> None:
    assert fuzz(kind, tmp_path / f"damaged{SUFFIXES.get(kind, '.bin')}", 100_000) >= 100_000


@pytest.mark.parametrize("kind", sorted(READERS))
def test_the_sound_file_is_sound(kind: str, tmp_path: Path) -> None:
    path = tmp_path / f"sound{SUFFIXES.get(kind, '.bin')}"
    content = sound_file(kind)
    path.write_bytes(zipped(content) if kind in WRAPPED else content)
    READERS[kind](path)
