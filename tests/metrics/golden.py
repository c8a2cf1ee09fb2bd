"""Golden values: what every measure gave on fixed signals when its version was set.

    python -m tests.metrics.golden > tests/metrics/golden.json

A change here without a new `version` of the measure is a defect.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from benchmark.errors import MissingExtraError
from benchmark.metrics import AudioMeasure, TrajectoryMeasure, active_speech_level, available, best_lag, parse
from tests.metrics.signals import noisy, pair, speech

PATH = Path(__file__).with_name("golden.json")


def audio_pairs() -> Mapping[str, tuple]:
    wide, full, narrow = speech(2.0, 16_000), speech(1.5, 44_100), speech(2.0, 16_000, "other")
    return {
        "white 20 dB": (wide, noisy(wide, 20), 16_000),
        "white 5 dB": (wide, noisy(wide, 5), 16_000),
        "white -5 dB": (wide, noisy(wide, -5), 16_000),
        "44.1 kHz 10 dB": (full, noisy(full, 10), 44_100),
        "clipped": (wide, wide.clip(-0.03, 0.03), 16_000),
        "competing voice": (wide, wide + 0.5 * narrow[::-1], 16_000),
        "inverted and quieter": (wide, -0.2 * noisy(wide, 10), 16_000),
    }


def trajectory_pairs() -> list[tuple]:
    return [pair(frames, f"golden {frames}", error) for frames, error in ((120, 0.2), (310, 1.0), (455, 3.0))]


def values(names: Iterable[str]) -> dict[str, dict[str, float]]:
    """Values of these measures, as far as installed, and of the functions beside them."""
    found: dict[str, dict[str, float]] = {}
    for name in names:
        try:
            measure = parse(name)
        except MissingExtraError:
            continue
        if isinstance(measure, AudioMeasure):
            found[f"{measure.name} v{measure.version}"] = {
                key: measure(*p) for key, p in audio_pairs().items()
            }
        elif isinstance(measure, TrajectoryMeasure):
            pooled = measure.aggregate(trajectory_pairs())
            found[f"{measure.name} v{measure.version}"] = {key: score.value for key, score in pooled.items()}
    levels = {key: active_speech_level(p[1], p[2]) for key, p in audio_pairs().items()}
    found["P.56 level"] = {key: level.level_db for key, level in levels.items()}
    found["P.56 activity"] = {key: level.activity for key, level in levels.items()}
    found["best lag"] = {str(k): best_lag(*p).lag_ms for k, p in enumerate(trajectory_pairs())}
    return found


TOLERANCES: Mapping[str, float] = {"PESQ": 2e-3, "DNSMOS": 2e-3, "ViSQOL": 2e-3, "PESQLike": 1e-7}
DEFAULT_TOLERANCE = 1e-9


def tolerance(key: str) -> float:
    return TOLERANCES.get(key.partition(" ")[0].partition("(")[0], DEFAULT_TOLERANCE)


if __name__ == "__main__":
    json.dump(values(available()), sys.stdout, indent=1)
    sys.stdout.write("\n")
