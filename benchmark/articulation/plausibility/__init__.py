"""Checks whether a speaker's articulation is plausible: unit, axes, sensors, rate, lost values.

Each check looks at what no head and no recording can be, and says in one line what was seen and what to do. A
line is a question to the person who knows the recordings, not proof: nothing is changed and nothing is left
out because of it.

A bounded sample of recordings is read of each speaker, always the same one, so that preparing stays quick.
"""

from benchmark.articulation.plausibility.finding import KINDS, Finding
from benchmark.articulation.plausibility.head_size import length_mm, unit_of
from benchmark.articulation.plausibility.report import implausible, lines
from benchmark.articulation.plausibility.sample import SAMPLE, sampled
from benchmark.articulation.plausibility.sensors import lost_code
from benchmark.articulation.plausibility.timing import known_rate

__all__ = [
    "KINDS",
    "SAMPLE",
    "Finding",
    "implausible",
    "known_rate",
    "length_mm",
    "lines",
    "lost_code",
    "sampled",
    "unit_of",
]
