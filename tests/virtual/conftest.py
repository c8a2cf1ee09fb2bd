"""Short virtual utterances, and what to do where the synthesiser is not installed."""

from __future__ import annotations

import importlib.util

import pytest

from benchmark.virtual.plan import Line
from benchmark.virtual.prosody import Pitch, Segment
from benchmark.virtual.voices import Voice


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leaves out tests that need the synthesiser where it is not installed, and says so."""
    if importlib.util.find_spec("vocaltractlab_cython") is not None:
        return
    reason = "needs articulatory synthesis: pip install 'sinbad-bench[virtual]'"
    for item in items:
        if item.get_closest_marker("virtual"):
            item.add_marker(pytest.mark.skip(reason=reason))


def make_voice(name: str = "VM99", *, scale: float = 1.0, babble: bool = False) -> Voice:
    return Voice(name, "M", "train", babble, scale, 120.0, 3.0, 1.0, 12.0, 0.0)


def make_line(voice: Voice, number: int, phones: list[tuple[str, int]]) -> Line:
    """A line of phones with their lengths in milliseconds, at a level pitch, silence around it."""
    segments = []
    start = 0
    for symbol, length in [("", 100), *phones, ("", 100)]:
        segments.append(Segment(symbol, start, start + length))
        start += length
    pitch = Pitch(voice.f0_hz, 0.0, 0.0, start, (), 0.0)
    split = "babble" if voice.babble else voice.split
    return Line(
        f"{voice.name}/U{number:03d}",
        split,
        "".join(s for s, _ in phones),
        tuple(segments),
        pitch,
        12.0,
        8000.0,
    )
