from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmark.metrics.pesqlike import coefficients
from maintenance.fit_pesqlike import fit, report
from maintenance.fit_pesqlike.conditions import conditions, draws
from maintenance.fit_pesqlike.material import Material
from maintenance.fit_pesqlike.speech import SOURCES
from tests.metrics.signals import noisy, speech

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "leaderboard" / report.TABLE


def test_fit_and_evaluation_share_no_talker_and_no_condition():
    fitted = {c.name for c in conditions() if c.role == "fit"}
    others = {c.name for c in conditions() if c.role != "fit"}
    assert not fitted & others
    kinds = [
        {name.rpartition(" ")[0].rpartition(" ")[0].split(", ")[-1] for name in names}
        for names in (fitted, others)
    ]
    assert not {"babble", "pink", "gated"} & kinds[1]
    assert len({s.talker for s in SOURCES}) == len(SOURCES)
    assert {s.fitted for s in SOURCES} == {True, False}


def test_names_of_conditions_are_unique():
    names = [c.name for c in conditions()]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("condition", [c for c in conditions() if c.kind != "enhanced"], ids=lambda c: c.name)
def test_conditions_are_pure_functions_of_their_identity(condition):
    clean, voices = speech(2.0), [speech(2.0, key=k) for k in "abc"]
    first, second = (condition.apply(clean, draws("talker", condition.name), voices) for _ in range(2))
    assert first.shape == clean.shape
    assert np.isfinite(first).all()
    assert not np.array_equal(first, clean)
    np.testing.assert_array_equal(first, second)


def test_the_committed_results_meet_the_goals():
    unseen = pd.read_csv(RESULTS).query("role == 'held out'")
    found = report.agreement(unseen)
    assert found.pairs > 1000
    assert found.r >= 0.99
    assert found.mae <= 0.06
    assert found.condition_r >= 0.998


def test_the_committed_page_belongs_to_the_committed_results():
    assert (ROOT / "leaderboard" / report.PAGE).read_text(encoding="utf-8") == report.page(
        pd.read_csv(RESULTS)
    )


def test_fitting_comes_back_to_scores_the_model_made_itself():
    clean = np.array([np.round(speech(1.0, key=k) * 32768) for k in "ab"]).astype(np.int16)
    rows, degraded = [], []
    for clip in range(2):
        for snr in range(0, 30, 2):
            degraded.append(np.round(noisy(clean[clip] / 32768, snr) * 20000).astype(np.int16))
            rows.append(
                {
                    "role": "fit",
                    "kind": "noisy",
                    "condition": f"{snr}",
                    "talker": "x",
                    "clip": clip,
                    "pesq": 0.0,
                }
            )
    material = Material(pd.DataFrame(rows), clean, np.array(degraded))
    pairs = fit.analyse(material, np.arange(len(rows)))
    truth = coefficients.FITTED
    pairs = pairs._replace(
        pesq=np.asarray(fit.score(fit.disturbances(pairs, truth), truth), dtype=np.float64)
    )
    found = fit.fit(pairs, truth, steps=1, say=lambda line: None)
    assert np.abs(fit.score(fit.disturbances(pairs, found), found) - pairs.pesq).max() < 0.05


def test_written_coefficients_read_back(tmp_path):
    copy = tmp_path / "coefficients.py"
    copy.write_text(Path(coefficients.__file__).read_text(encoding="utf-8"), encoding="utf-8")
    fit.write(coefficients.FITTED, copy)
    names: dict = {"__name__": "coefficients_copy"}
    exec(
        compile(
            copy.read_text(encoding="utf-8").replace("from __future__ import annotations", ""),
            str(copy),
            "exec",
        ),
        names,
    )
    assert repr(names["FITTED"]) == repr(coefficients.FITTED)
