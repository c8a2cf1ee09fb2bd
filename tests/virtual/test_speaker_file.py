from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from benchmark.errors import CorpusError
from benchmark.virtual.speaker_file import scaled_speaker

# A miniature of the format; the real file belongs to the synthesiser.
FILE = """<speaker><vocal_tract_model><anatomy>
<palate><p0 x="2.0" z="-1.0" palate_angle_deg="40.0"/></palate>
<tongue><root automatic_calc="1" trx_slope="0.9" trx_intercept="-5.0"/></tongue>
<velum max_nasal_port_area="2.0"><low points="-1.0 0.5 2.0"/></velum>
<piriform_fossa length="2.5" volume="1.5"/>
<param name="HX" unit="cm" min="0.0" max="1.0" neutral="0.5"/>
<param name="JA" unit="deg" min="-7.0" max="0.0" neutral="-2.0"/>
<param name="LD" unit="cm" min="-2.0" max="4.0" neutral="1.0"/>
<param name="VO" unit="cm^2" min="-0.1" max="1.0" neutral="-0.1"/>
</anatomy><shapes><shape name="a">
<param name="HX" value="0.5"/>
<param name="JA" value="-3.0"/>
<param name="LD" value="1.0"/>
<param name="VO" value="0.5"/>
</shape></shapes></vocal_tract_model><glottis_models><glottis_model selected="1">
<static_params>
<param name="RL" neutral="1.6"/>
<param name="RT" neutral="0.45"/>
<param name="RF0" neutral="120"/></static_params>
<shapes><shape name="modal">
<control_param name="XB" value="0.01"/>
<control_param name="XT" value="0.02"/>
<control_param name="CA" value="0.05"/></shape>
<shape name="breathy">
<control_param name="XB" value="0.02"/>
<control_param name="XT" value="0.03"/>
<control_param name="CA" value="0.10"/></shape>
<shape name="pressed">
<control_param name="XB" value="0.0"/>
<control_param name="XT" value="0.01"/>
<control_param name="CA" value="0.02"/></shape>
</shapes></glottis_model></glottis_models></speaker>"""


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.speaker"
    path.write_text(FILE)
    return path


def _scaled(source: Path, **changes: float) -> ET.Element:
    return ET.fromstring(
        scaled_speaker(source, **{"scale": 1.0, "rest_f0_hz": 120.0, "breathiness": 0.0, **changes})
    )


def _number(root: ET.Element, path: str, attribute: str) -> float:
    found = root.find(path)
    assert found is not None
    return float(found.attrib[attribute])


def test_lengths_areas_and_volumes_scale_by_their_dimension(source: Path) -> None:
    root = _scaled(source, scale=0.5)
    assert _number(root, ".//p0", "x") == 1.0
    assert _number(root, ".//velum", "max_nasal_port_area") == 0.5
    assert _number(root, ".//piriform_fossa", "volume") == pytest.approx(1.5 / 8, abs=1e-6)
    assert _number(root, ".//root", "trx_intercept") == -2.5
    low = root.find(".//low")
    assert low is not None
    assert [float(x) for x in low.attrib["points"].split()] == [-0.5, 0.25, 1.0]


def test_angles_ratios_and_blends_stay(source: Path) -> None:
    root = _scaled(source, scale=0.5)
    assert _number(root, ".//p0", "palate_angle_deg") == 40.0
    assert _number(root, ".//root", "trx_slope") == 0.9
    assert _number(root, ".//root", "automatic_calc") == 1.0
    assert _number(root, ".//anatomy/param[@name='HX']", "max") == 1.0
    assert _number(root, ".//anatomy/param[@name='JA']", "min") == -7.0


def test_targets_scale_with_their_parameter(source: Path) -> None:
    root = _scaled(source, scale=0.5)
    values = {p.attrib["name"]: float(p.attrib["value"]) for p in root.iter("param") if "value" in p.attrib}
    assert values == {"HX": 0.5, "JA": -3.0, "LD": 0.5, "VO": 0.125}


def test_a_higher_voice_has_shorter_and_thinner_folds(source: Path) -> None:
    low, high = _scaled(source), _scaled(source, rest_f0_hz=210.0)
    for name, factor in (("RL", 1.0 / 1.6), ("RT", 0.30 / 0.45), ("RF0", 210 / 120)):
        path = f".//static_params/param[@name='{name}']"
        assert _number(high, path, "neutral") == pytest.approx(factor * _number(low, path, "neutral"))


@pytest.mark.parametrize(("breathiness", "gap"), [(0.0, 0.05), (0.5, 0.075), (1.0, 0.1), (-0.5, 0.035)])
def test_breathiness_mixes_the_settings_of_the_folds(source: Path, breathiness: float, gap: float) -> None:
    root = _scaled(source, breathiness=breathiness)
    assert _number(root, ".//shape[@name='modal']/control_param[@name='CA']", "value") == pytest.approx(gap)


def test_another_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.xml"
    path.write_text("<speaker/>")
    with pytest.raises(CorpusError, match=r"other\.xml: not a VocalTractLab speaker file"):
        scaled_speaker(path, 1.0, 120.0, 0.0)
