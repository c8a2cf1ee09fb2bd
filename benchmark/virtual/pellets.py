"""From midsagittal outlines to what an X-ray microbeam would have seen.

Pellets sit where the X-ray microbeam corpus (Westbury, 1994) glued them: on the vermilion border of both
lips, at four places on the tongue, at the lower incisors and at a lower molar. The origin is the tip of the
upper incisors, x grows forwards (anterior), y upwards (superior), lengths are millimetres.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

PELLETS = ("UL", "LL", "T1", "T2", "T3", "T4", "MNI", "MNM")
CHANNELS = (*(f"{pellet}_{axis}" for pellet in PELLETS for axis in "xy"), "VEL", "F0")
UNITS = {**dict.fromkeys(CHANNELS, "mm"), "VEL": "mm^2", "F0": "Hz"}
RATE_HZ = 100.0

# Vertices of the synthesiser's outlines. Tongue vertices divide the surface evenly from the root (0) to the
# front of the tip (32), about 3.6 mm apart in an adult, and move with the flesh; T1 is 7 mm behind the tip,
# T2 23, T3 41 and T4 58 mm.
_TONGUE = {"T1": 30.0, "T2": 25.5, "T3": 20.5, "T4": 16.0}
_LIP = -1
_UPPER_INCISOR = 25
_LOWER_INCISOR, _CHIN = 19, 10
# Where the molar pellet is, relative to chin and lower incisor: all three are rigid with the jaw.
_MOLAR = complex(2.2, -0.64) - complex(2.2, -2.7)
_JAW = complex(5.27, -0.64) - complex(2.2, -2.7)
_PALATE = slice(24, 11, -1)
_PHARYNX = slice(8, 3, -1)
_MM_PER_CM = 10.0
_MM2_PER_CM2 = 100.0
# The folds vibrate when they are not held apart (glottal "h" and voiceless shapes are) and there is air to
# drive them.
_ABDUCTED_CM, _AMPLITUDE, _DRIVING_DPA = 0.06, 0.5, 2000.0


def trajectories(
    outlines: Mapping[str, NDArray[np.float64]],
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Pellets, velum opening and F0 for the frames of an utterance.

    Args:
        outlines: "upper", "lower" and "tongue", shape (frames, vertices, 2), centimetres; "velum_cm2",
            shape (frames,), the area of the velopharyngeal port (negative when pressed shut); "glottis",
            shape (frames, 11), the synthesiser's glottis parameters.

    Returns:
        Values, shape (frames, 18), in the order and units of `CHANNELS` and `UNITS`, in whole thousandths;
        and where they are defined: everywhere, except that F0 is defined only where there is voice.
    """
    upper, lower, tongue = (_complex(outlines[name]) for name in ("upper", "lower", "tongue"))
    origin = upper[:, _UPPER_INCISOR]
    chin, incisor = lower[:, _CHIN], lower[:, _LOWER_INCISOR]
    places = {
        "UL": upper[:, _LIP],
        "LL": lower[:, _LIP],
        **{name: _between(tongue, position) for name, position in _TONGUE.items()},
        "MNI": incisor,
        "MNM": chin + (incisor - chin) * (_MOLAR / _JAW),
    }
    relative = [(places[pellet] - origin) * _MM_PER_CM for pellet in PELLETS]
    columns = [part for place in relative for part in (place.real, place.imag)]
    columns.append(np.maximum(outlines["velum_cm2"], 0.0) * _MM2_PER_CM2)
    voiced = _voiced(outlines["glottis"])
    f0 = np.where(voiced, outlines["glottis"][:, 0], 0.0)
    values = np.column_stack([_smooth(np.stack(columns, axis=1)), f0])
    valid = np.ones(values.shape, dtype=bool)
    valid[:, -1] = voiced
    return rounded(values).astype(np.float32), valid


def anatomy(upper: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Palate and rear pharyngeal wall.

    Args:
        upper: The upper outline of the neutral vowel, shape (vertices, 2), centimetres.

    Returns:
        The palate from the upper incisors back to the soft palate and the wall from the top down, each of
        shape (points, 2), millimetres, in the coordinates of the pellets.
    """
    local = (upper - upper[_UPPER_INCISOR]) * _MM_PER_CM
    return _without_repeats(rounded(local[_PALATE])), _without_repeats(rounded(local[_PHARYNX]))


def rounded(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Whole thousandths: micrometres, for lengths.

    The last bits of a float differ between processors; these digits do not.
    """
    return np.rint(values * 1000.0) / 1000.0 + 0.0


def _smooth(values: NDArray[np.float64]) -> NDArray[np.float64]:
    # Zero-phase, half power at 18 Hz, as articulography is commonly filtered: where the tip of the tongue
    # meets the palate the synthesiser moves it in steps.
    padded = np.pad(values, ((1, 1), (0, 0)), mode="edge")
    return 0.25 * padded[:-2] + 0.5 * padded[1:-1] + 0.25 * padded[2:]


def _voiced(glottis: NDArray[np.float64]) -> NDArray[np.bool_]:
    pressure, lower_gap, upper_gap, amplitude = glottis[:, 1], glottis[:, 2], glottis[:, 3], glottis[:, 6]
    adducted = np.maximum(lower_gap, upper_gap) < _ABDUCTED_CM
    voiced: NDArray[np.bool_] = adducted & (amplitude > _AMPLITUDE) & (pressure > _DRIVING_DPA)
    return voiced


def _complex(points: NDArray[np.float64]) -> NDArray[np.complex128]:
    plane: NDArray[np.complex128] = points[..., 0] + 1j * points[..., 1]
    return plane


def _between(curve: NDArray[np.complex128], position: float) -> NDArray[np.complex128]:
    first = int(position)
    share = position - first
    return curve[:, first] * (1.0 - share) + curve[:, first + 1] * share


def _without_repeats(points: NDArray[np.float64]) -> NDArray[np.float64]:
    moved = np.any(np.diff(points, axis=0) != 0.0, axis=1)
    kept: NDArray[np.float64] = points[np.concatenate([[True], moved])]
    return kept
