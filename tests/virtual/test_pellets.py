from __future__ import annotations

import numpy as np
import pytest

from benchmark.virtual.pellets import CHANNELS, PELLETS, anatomy, rounded, trajectories

FRAMES = 9


def _outlines(jaw_deg: float = 0.0) -> dict[str, np.ndarray]:
    """Outlines with as many vertices as the synthesiser's, centimetres; the lower one turns about a hinge."""
    upper = np.zeros((FRAMES, 34, 2))
    upper[..., 0] = np.linspace(-2.0, 6.3, 34)
    upper[..., 1] = 1.0
    tongue = np.zeros((FRAMES, 37, 2))
    tongue[..., 0] = np.linspace(-1.0, 5.0, 37)
    lower = np.zeros((FRAMES, 28, 2))
    lower[:, 10] = 2.2, -2.7
    lower[:, 19] = 5.27, -0.64
    lower[:, -1] = 6.1, -0.9
    turn = np.deg2rad(jaw_deg)
    rotation = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    hinge = np.array([-6.5, 2.0])
    glottis = np.zeros((FRAMES, 11))
    glottis[:, 0] = 123.456789
    glottis[:, 1] = 8000.0
    glottis[:, 6] = 1.0
    return {
        "upper": upper,
        "lower": (lower - hinge) @ rotation + hinge,
        "tongue": tongue,
        "velum_cm2": np.full(FRAMES, 0.25),
        "glottis": glottis,
    }


def _column(name: str, outlines: dict[str, np.ndarray]) -> np.ndarray:
    return trajectories(outlines)[0][:, CHANNELS.index(name)]


def test_channels_are_those_of_xrmb_and_two_more() -> None:
    assert PELLETS == ("UL", "LL", "T1", "T2", "T3", "T4", "MNI", "MNM")
    assert CHANNELS[:4] == ("UL_x", "UL_y", "LL_x", "LL_y")
    assert CHANNELS[-2:] == ("VEL", "F0")


def test_the_origin_is_the_upper_incisor_and_lengths_are_millimetres() -> None:
    outlines = _outlines()
    incisor = outlines["upper"][0, 25]
    assert _column("UL_x", outlines)[0] == pytest.approx(10 * (6.3 - incisor[0]), abs=1e-3)
    assert _column("LL_y", outlines)[0] == pytest.approx(10 * (-0.9 - incisor[1]), abs=1e-3)
    moved = {
        name: value + 3.0 if name in ("upper", "lower", "tongue") else value
        for name, value in outlines.items()
    }
    assert trajectories(moved)[0] == pytest.approx(trajectories(outlines)[0], abs=2e-3)


def test_tongue_pellets_go_from_the_tip_backwards() -> None:
    x = [_column(f"T{i}_x", _outlines())[0] for i in (1, 2, 3, 4)]
    assert sorted(x, reverse=True) == x
    # Vertex 25.5 lies half-way between its neighbours.
    tongue = _outlines()["tongue"][0, :, 0]
    assert _column("T2_x", _outlines())[0] - x[0] == pytest.approx(
        10 * ((tongue[25] + tongue[26]) / 2 - tongue[30]), abs=1e-3
    )


@pytest.mark.parametrize("angle", [0.0, -3.0, 7.0])
def test_both_jaw_pellets_keep_their_distance(angle: float) -> None:
    values = trajectories(_outlines(angle))[0][0]
    incisor, molar = (
        values[[CHANNELS.index(f"{name}_x"), CHANNELS.index(f"{name}_y")]] for name in ("MNI", "MNM")
    )
    assert np.linalg.norm(incisor - molar) == pytest.approx(30.7, abs=0.01)


def test_velum_opening_is_an_area_and_never_negative() -> None:
    outlines = _outlines()
    assert _column("VEL", outlines) == pytest.approx(np.full(FRAMES, 25.0))
    outlines["velum_cm2"] = np.full(FRAMES, -0.1)
    assert np.all(_column("VEL", outlines) == 0.0)


@pytest.mark.parametrize(("parameter", "value"), [(1, 0.0), (2, 0.1), (3, 0.1), (6, 0.0)])
def test_f0_is_undefined_without_pressure_or_with_open_folds(parameter: int, value: float) -> None:
    outlines = _outlines()
    outlines["glottis"][3:5, parameter] = value
    values, valid = trajectories(outlines)
    assert valid[:, -1].tolist() == [i not in (3, 4) for i in range(FRAMES)]
    assert valid[:, :-1].all()
    assert values[3, -1] == 0.0
    assert values[0, -1] == np.float32(123.457)


def test_smoothing_keeps_what_stands_still_and_spreads_a_spike() -> None:
    outlines = _outlines()
    outlines["velum_cm2"][4] = 0.65
    assert _column("VEL", outlines)[2:7] == pytest.approx([25.0, 35.0, 45.0, 35.0, 25.0])


def test_numbers_are_whole_thousandths() -> None:
    values = trajectories(_outlines(1.234))[0].astype(np.float64)
    assert np.abs(values * 1000 - np.rint(values * 1000)).max() < 0.02
    assert rounded(np.array([0.12345, -0.0001])).tolist() == [0.123, 0.0]


def test_anatomy_goes_backwards_and_downwards_without_repeats() -> None:
    upper = np.zeros((34, 2))
    upper[:, 0] = np.linspace(-2.0, 6.3, 34)
    upper[:9, 1] = np.linspace(-5.0, 1.0, 9)
    upper[20] = upper[21]
    palate, pharynx = anatomy(upper)
    assert np.all(np.diff(palate[:, 0]) < 0)
    assert np.all(np.diff(pharynx[:, 1]) < 0)
    assert len(palate) == 12
    assert len(pharynx) == 5
