"""A corpus of six short mixtures, without files; the two at -5 dB are loud."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType, SimpleNamespace

import numpy as np
import pytest

from benchmark.mixing.phone_table import labels_hash
from benchmark.types import Clip, Segment
from tests.speechlike import movement, speech

SECONDS = 0.8
CONDITIONS = (("clean", None, 0.2), ("babble", -5.0, 0.9), ("babble", 5.0, 0.3))
UTTERANCES = ("S1/U001", "S1/U002")


class SmallCorpus:
    """What `evaluate` needs of a prepared corpus."""

    folder = Path("/nowhere/toy")
    splits = ("test",)
    phones: Mapping[str, tuple[Segment, ...]] = MappingProxyType({})
    recipe = SimpleNamespace(name="toy", version=1, title="Toy")

    def of_split(self, split):
        return [
            {
                "mixture_id": f"clean/{key}" if snr is None else f"{kind}/{snr:g}/{key}",
                "utterance_id": key,
                "speaker": "S1",
                "split": split,
                "noise_kind": kind,
                "noise_category": "" if snr is None else "babble",
                "snr_db": snr,
                "talkers": None,
                "over_loudest_db": None,
                "noise_seen": None,
                "samples": round(SECONDS * 16000),
            }
            for kind, snr, _ in CONDITIONS
            for key in UTTERANCES
        ]

    def split_hash(self, split):
        return "c" * 64

    def labels_hash(self, split):
        return labels_hash(self.phones) if self.phones else ""

    def clean(self, key):
        return self.noisy(f"clean/{key}")

    def noisy(self, mixture_id):
        key = "/".join(mixture_id.split("/")[-2:])
        peak = next(
            peak
            for kind, snr, peak in CONDITIONS
            if mixture_id.startswith(kind if snr is None else f"{kind}/{snr:g}/")
        )
        clean = speech(key, SECONDS).samples
        samples = clean + (0.0 if peak == 0.2 else 0.02) * speech(mixture_id, SECONDS).samples
        samples = np.rint(samples / np.abs(samples).max() * peak * 32767) / 32768
        return Clip(samples.astype(np.float32), 16000)

    def targets(self, key):
        return movement(key, SECONDS)


@pytest.fixture
def corpus():
    return SmallCorpus()


@pytest.fixture
def scratch(tmp_path, monkeypatch):
    """The temporary folder of models; at the end it must be empty, and no process may use it."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield folder
    assert left_processes(folder) == []
    assert sorted(folder.iterdir()) == []


def left_processes(folder: Path) -> list[str]:
    """Processes whose environment names the folder."""
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            if str(folder).encode() in path.read_bytes() and int(path.parent.name) != os.getpid():
                found.append((path.parent / "cmdline").read_text().replace("\0", " "))
        except (OSError, ProcessLookupError):
            continue
    return found
