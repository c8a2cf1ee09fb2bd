"""The same bytes from two processes, and from eight threads of one."""

import json
import os
import struct
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from benchmark.metrics import AudioMeasure, Scorer, available, parse
from tests.metrics.signals import noisy, pair, speech

CORE = [parse(name) for name in available() if name not in ("PESQ", "DNSMOS", "ViSQOL")]
AUDIO = [m for m in CORE if isinstance(m, AudioMeasure)]
TRAJECTORY = [m for m in CORE if not isinstance(m, AudioMeasure)]


def everything() -> dict[str, str]:
    """Every value as the hex of its eight bytes."""
    found = {}
    for snr in (-5, 0, 5, 20):
        clean = speech(2.0, key=f"clip {snr}")
        for name, value in Scorer(AUDIO, clean, 16000).score(noisy(clean, snr)).items():
            found[f"{name} {snr}"] = struct.pack("<d", value).hex()
    pairs = [pair(n, f"process {n}") for n in (100, 230)]
    for measure in TRAJECTORY:
        for name, score in measure.aggregate(pairs).items():
            found[f"{measure.name} {name}"] = struct.pack("<d", score.value).hex()
    return found


def test_two_processes_give_the_same_bytes():
    command = [sys.executable, "-m", "tests.metrics.test_determinism"]
    # Hash seeds and thread counts are what differs between a laptop and a cluster.
    settings = (
        {"PYTHONHASHSEED": "1", "OPENBLAS_NUM_THREADS": "1"},
        {"PYTHONHASHSEED": "2", "OPENBLAS_NUM_THREADS": "4"},
    )
    runs = [
        json.loads(
            subprocess.run(command, capture_output=True, check=True, env={**os.environ, **given}).stdout
        )
        for given in settings
    ]
    assert runs[0] == runs[1] == everything()


def test_eight_threads_give_the_same_bytes():
    alone = everything()
    with ThreadPoolExecutor(8) as pool:
        assert all(found == alone for found in pool.map(lambda _: everything(), range(8)))


@pytest.mark.parametrize("measure", AUDIO, ids=repr)
def test_one_reference_serves_eight_threads(measure):
    clean = speech()
    reference = measure.reference(clean, 16000)
    estimates = [noisy(clean, snr) for snr in range(-8, 24)]
    alone = [measure.score(reference, e) for e in estimates]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda e: measure.score(reference, e), estimates)) == alone


if __name__ == "__main__":
    print(json.dumps(everything()))
