"""Fits the coefficients to pairs by bounded least squares, the logistic curve solved inside."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, fields, replace
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from benchmark.metrics import PESQLike
from benchmark.metrics.pesqlike.coefficients import Coefficients
from benchmark.metrics.pesqlike.model import Disturbance, Spectra, disturbance, score
from maintenance.fit_pesqlike.material import Material
from maintenance.fit_pesqlike.speech import RATE_HZ

Array = NDArray[np.float64]
CURVE = ("offset", "slope", "added_slope", "span")
CHUNK = 100
# The loss turns from squares to magnitudes here: outliers of a tenth of a point shall not bend the rest.
SOFT = 0.06

BOUNDS: Mapping[str, tuple[float, float]] = MappingProxyType(
    {
        "level_db": (60.0, 100.0),
        "threshold_db": (-20.0, 20.0),
        "colour_limit_db": (5.0, 40.0),
        "gain_floor_db": (0.0, 60.0),
        "gain_audible_db": (-5.0, 30.0),
        "gain_speed": (0.1, 1.0),
        "gain_low_db": (-60.0, -10.0),
        "gain_high_db": (0.0, 20.0),
        "exponent": (0.1, 0.4),
        "exponent_low": (-0.5, 1.5),
        "band_norm": (1.0, 6.0),
        "tilt": (-2.0, 2.0),
        "bend": (-2.0, 2.0),
        "added_floor_db": (0.0, 90.0),
        "added_power": (0.2, 6.0),
        "added_from": (0.3, 6.0),
        "added_to": (3.0, 60.0),
        "added_norm": (0.5, 4.0),
        "added_tilt": (-2.0, 2.0),
        "added_bend": (-2.0, 2.0),
        "quiet_floor_db": (10.0, 90.0),
        "quiet_power": (0.0, 0.3),
        "saturation": (0.5, 100.0),
        "added_saturation": (0.5, 1e5),
        "short_norm": (1.0, 12.0),
        "long_norm": (1.0, 8.0),
    }
)
_LOGARITHMIC = frozenset({"saturation", "added_saturation"})


class Pairs(NamedTuple):
    """Material as the model takes it.

    Attributes:
        clean: Spectra of the clean clips, shape (clips, frames, ...), float32.
        during: Frames with speech, shape (clips, frames).
        clip: Which clean clip belongs to each pair.
        degraded: Spectra of the pairs, shape (pairs, frames, ...), float32.
        pesq: What is to be met, shape (pairs,).
    """

    clean: Spectra
    during: NDArray[np.bool_]
    clip: NDArray[np.int64]
    degraded: Spectra
    pesq: Array


def analyse(material: Material, rows: NDArray[np.int64]) -> Pairs:
    """Spectra of the chosen rows, made by the very code that scores."""
    measure = PESQLike()
    references = [measure.reference(clip, RATE_HZ) for clip in material.clean]
    clip = material.table["clip"].to_numpy()[rows]
    degraded = [
        measure.analyse(references[k], material.degraded[row]) for k, row in zip(clip, rows, strict=True)
    ]
    return Pairs(
        _stack([r.spectra for r in references]),
        np.array([r.during for r in references]),
        clip,
        _stack(degraded),
        material.table["pesq"].to_numpy(dtype=np.float64)[rows],
    )


def _stack(spectra: list[Spectra]) -> Spectra:
    power, band = (np.array([s[k] for s in spectra], dtype=np.float32) for k in range(2))
    return Spectra(power, band)


def disturbances(pairs: Pairs, c: Coefficients) -> Disturbance:
    """Disturbances of all pairs, a hundred at a time."""
    parts = []
    for start in range(0, len(pairs.pesq), CHUNK):
        part = slice(start, start + CHUNK)
        k = pairs.clip[part]
        clean = Spectra(pairs.clean.power[k], pairs.clean.speech_band[k])
        degraded = Spectra(pairs.degraded.power[part], pairs.degraded.speech_band[part])
        parts.append(disturbance(clean, degraded, pairs.during[k], c))
    return Disturbance(np.concatenate([p.any for p in parts]), np.concatenate([p.added for p in parts]))


def fit(pairs: Pairs, start: Coefficients, steps: int, say: Callable[[str], object]) -> Coefficients:
    """Coefficients that bring the model nearest to PESQ.

    Args:
        pairs: The pairs to fit; one in six serves the stages, all serve the final curve.
        start: Where to begin.
        steps: Greatest number of steps of the optimiser.
        say: Told about progress.
    """
    few = Pairs(
        pairs.clean,
        pairs.during,
        pairs.clip[::6],
        Spectra(*(s[::6] for s in pairs.degraded)),
        pairs.pesq[::6],
    )
    begin = np.array([_to_unit(name, getattr(start, name)) for name in BOUNDS]).clip(0.01, 0.99)

    def residuals(unit: Array) -> Array:
        c = _at(unit, start)
        felt = disturbances(few, c)
        errors: Array = score(felt, _with_curve(felt, few.pesq, c)) - few.pesq
        return errors

    found = least_squares(
        residuals, begin, bounds=(0, 1), diff_step=0.02, max_nfev=steps, loss="soft_l1", f_scale=SOFT
    )
    say(f"cost {found.cost:.4f} on {len(few.pesq)} pairs after {found.nfev} steps")
    c = _at(found.x, start)
    return _with_curve(disturbances(pairs, c), pairs.pesq, c)


def _to_unit(name: str, value: float) -> float:
    low, high = BOUNDS[name]
    if name in _LOGARITHMIC:
        return float(np.log(value / low) / np.log(high / low))
    return (value - low) / (high - low)


def _at(unit: Array, start: Coefficients) -> Coefficients:
    values = {}
    for name, u in zip(BOUNDS, unit, strict=True):
        low, high = BOUNDS[name]
        values[name] = float(low * (high / low) ** u if name in _LOGARITHMIC else low + (high - low) * u)
    return replace(start, **values)


def _with_curve(d: Disturbance, pesq: Array, c: Coefficients) -> Coefficients:
    """The same stages with the logistic curve that suits their disturbances best."""
    sizes = [float(s.std()) + 1e-9 for s in d]

    def curve(x: Array) -> Coefficients:
        slopes = np.exp(x[1:3]) / sizes
        return replace(
            c, offset=float(x[0]), slope=float(slopes[0]), added_slope=float(slopes[1]), span=float(x[3])
        )

    solved = least_squares(
        lambda x: score(d, curve(x)) - pesq,
        [2.0, 0.0, -1.0, 4.0],
        x_scale=[1.0, 0.3, 0.3, 0.3],
        loss="soft_l1",
        f_scale=SOFT,
    )
    return curve(solved.x)


def write(c: Coefficients, path: Path) -> None:
    """Puts the coefficients into the module that the measure reads."""
    text = path.read_text(encoding="utf-8")
    head, _, _ = text.partition("FITTED = Coefficients(")
    lines = [f"    {f.name}={_short(asdict(c)[f.name])}," for f in fields(c)]
    path.write_text(head + "\n".join(["FITTED = Coefficients(", *lines, ")", ""]), encoding="utf-8")


def _short(value: float) -> str:
    return repr(float(f"{value:.6g}"))
