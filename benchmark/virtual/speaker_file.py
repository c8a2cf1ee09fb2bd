"""A vocal tract of another size: scaled copies of VocalTractLab's speaker file.

The speaker file belongs to the GPL package, so no copy of it is kept: a scaled one is derived at run time
from the installed wheel. Scaling is uniform. Lengths grow with k, areas with k squared, volumes with k
cubed, and every articulatory target is scaled with them, so that closures stay closures. Angles, ratios and
weights stay as they are.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

from benchmark.errors import CorpusError

# The attributes of the anatomy that are not lengths: exponent of the scale.
_EXPONENT = {"max_nasal_port_area": 2, "volume": 3, "trx_slope": 0, "try_slope": 0, "automatic_calc": 0}
_UNIT_EXPONENT = {"cm": 1, "cm^2": 2, "deg": 0, "deg.": 0, "": 0}
# HX is labelled a length but blends the narrow and the wide larynx, from 0 to 1.
_BLENDS = {"HX"}
_SMALLEST, _LARGEST = 0.5, 1.5
# Rest gaps of the vocal folds and of the chink between the arytenoids.
_OPENNESS = ("XB", "XT", "CA")


def scaled_speaker(source: Path, scale: float, rest_f0_hz: float, breathiness: float) -> bytes:
    """The speaker file with a vocal tract `scale` times as large.

    Args:
        source: The speaker file of the installed wheel.
        scale: Factor on every length of the tract; 0.8 suits a small woman, 1.1 a tall man.
        rest_f0_hz: Typical F0 of the voice; the vocal folds are made as long and as thick as fits it.

        breathiness: 0 leaves modal voice as it is, 1 makes it breathy, -1 pressed; values between mix.

    Returns:
        XML, to be written where VocalTractLab can read it.

    Raises:
        CorpusError: The scale is out of range, or the file is not the speaker file this was written for.
    """
    if not _SMALLEST <= scale <= _LARGEST:
        raise CorpusError(f"a vocal tract can be scaled by {_SMALLEST} to {_LARGEST}, not by {scale}")
    root = ET.fromstring(source.read_bytes())
    anatomy = root.find("vocal_tract_model/anatomy")
    shapes = root.find("vocal_tract_model/shapes")
    glottis = root.find("glottis_models/glottis_model[@selected='1']")
    if anatomy is None or shapes is None or glottis is None:
        raise CorpusError(
            f"{source}: not a VocalTractLab speaker file with anatomy, shapes and a selected glottis"
        )
    exponents = _scale_anatomy(anatomy, scale)
    for param in shapes.iter("param"):
        _scale(param, ("value",), scale ** exponents[param.attrib["name"]])
    _scale_vocal_folds(glottis, rest_f0_hz)
    _set_breathiness(glottis, breathiness)
    return ET.tostring(root)


def _scale_anatomy(anatomy: ET.Element, scale: float) -> dict[str, int]:
    exponents = {}
    for node in anatomy.iter():
        if node.tag == "param":
            name = node.attrib["name"]
            exponents[name] = 0 if name in _BLENDS else _UNIT_EXPONENT[node.attrib["unit"]]
            _scale(node, ("min", "max", "neutral"), scale ** exponents[name])
            continue
        for attribute in node.attrib:
            exponent = 0 if attribute.endswith("_deg") else _EXPONENT.get(attribute, 1)
            _scale(node, (attribute,), scale**exponent)
    return exponents


def _scale_vocal_folds(glottis: ET.Element, rest_f0_hz: float) -> None:
    # Folds shorten and thin out as voices rise; between a typical man (120 Hz) and a typical woman (210 Hz)
    # linearly.
    rise = min(max((rest_f0_hz - 120.0) / 90.0, -0.2), 1.2)
    neutral = {"RL": 1.6 - 0.6 * rise, "RT": 0.45 - 0.15 * rise, "RF0": rest_f0_hz}
    for param in glottis.findall("static_params/param"):
        if param.attrib["name"] in neutral:
            param.set("neutral", f"{neutral[param.attrib['name']]:.6f}")


def _set_breathiness(glottis: ET.Element, breathiness: float) -> None:
    modal = _glottal_shape(glottis, "modal")
    other = _glottal_shape(glottis, "breathy" if breathiness > 0 else "pressed")
    for name in _OPENNESS:
        middle, end = float(modal[name].attrib["value"]), float(other[name].attrib["value"])
        modal[name].set("value", f"{middle + abs(breathiness) * (end - middle):.6f}")


def _glottal_shape(glottis: ET.Element, name: str) -> dict[str, ET.Element]:
    found = glottis.findall(f"shapes/shape[@name='{name}']/control_param")
    return {param.attrib["name"]: param for param in found}


def _scale(node: ET.Element, attributes: tuple[str, ...], factor: float) -> None:
    if factor == 1.0:
        return
    for attribute in attributes:
        numbers = [float(text) * factor for text in node.attrib[attribute].split()]
        node.set(attribute, " ".join(f"{number:.6f}" for number in numbers))
