"""`evaluate` takes what a notebook has at hand, asks once, and refuses early what it cannot score."""

from __future__ import annotations

import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import benchmark
from benchmark.errors import MeasureError, ModelError
from benchmark.metrics import SISDR, parse
from benchmark.models import load
from benchmark.ranking.standings import standings
from benchmark.ranking.tables import measure_table
from benchmark.scoring import evaluate as evaluation
from benchmark.scoring.evaluate import evaluate
from benchmark.scoring.results import read_result, write_result
from benchmark.types import Trajectories
from tests.speechlike import NAMES, movement


class Both:
    sample_rate = 16000

    def __init__(self, names=NAMES):
        self.names, self.heard, self.inverted = names, [], 0

    def enhance(self, noisy):
        self.heard.append(noisy.copy())
        return noisy

    def invert(self, noisy):
        self.inverted += 1
        given = movement("anything", len(noisy) / 16000)
        values = np.resize(given.values, (len(given.values), len(self.names)))
        return Trajectories(values, given.rate_hz, tuple(self.names), np.ones(values.shape, bool))


@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize("portion_s", [0.1, 1200.0])
def test_each_recording_goes_through_the_model_once(corpus, jobs, portion_s, monkeypatch):
    monkeypatch.setattr(evaluation, "_PORTION_S", portion_s)
    model = Both()
    result = evaluate(model, corpus, ["PPMC", "SISDR"], jobs=jobs)
    assert (len(model.heard), model.inverted) == (6, 6)
    assert result.card.expected == 6 * (len(NAMES) + 1)
    # Of each utterance the noisier mixtures come first, the clean one last.
    peaks = [round(float(np.abs(noisy).max()), 1) for noisy in model.heard]
    assert peaks == ([0.9, 0.3, 0.2] * 2 if portion_s < 1 else [0.9, 0.9, 0.3, 0.3, 0.2, 0.2])


def test_scores_do_not_depend_on_the_size_of_a_portion_nor_on_the_number_of_workers(corpus, monkeypatch):
    whole = evaluate(Both(), corpus, ["PPMC", "PPMC(pool='corpus')", "STOI"]).frame()
    monkeypatch.setattr(evaluation, "_PORTION_S", 0.1)
    pd.testing.assert_frame_equal(
        evaluate(Both(), corpus, ["PPMC", "PPMC(pool='corpus')", "STOI"], jobs=2).frame(), whole
    )


def test_an_object_a_name_and_measures_by_name_are_accepted_in_either_order(corpus):
    mine = evaluate(Both(), corpus, ["PPMC"])
    assert (mine.card.model, mine.card.failed, set(mine.card.measures)) == ("Both", 0, {"PPMC"})
    by_name = evaluate("noisy", corpus, ["STOI", SISDR]).frame()
    pd.testing.assert_frame_equal(evaluate(corpus, load("noisy"), [parse("STOI"), "SISDR"]).frame(), by_name)
    assert set(evaluate(corpus, "noisy").card.measures) == {"STOI", "ESTOI", "SISDR", "PESQLike"}


@pytest.mark.parametrize("measures", [["PPMC"], ["STOI", "RMSE"], ["LagPPMC"]])
def test_a_measure_that_a_model_cannot_have_is_an_error(corpus, measures):
    with pytest.raises(MeasureError, match=f"noisy: has no invert and so no {measures[-1]}"):
        evaluate("noisy", corpus, measures)


def test_an_unknown_measure_and_what_is_no_model_are_errors(corpus):
    with pytest.raises(MeasureError, match="no measure is called 'PPMCC'"):
        evaluate(Both(), corpus, ["PPMCC"])
    with pytest.raises(ModelError, match="needs an attribute sample_rate"):
        evaluate(object(), corpus, ["PPMC"])
    with pytest.raises(ModelError, match=r"hand over an object of it: Both\(\)"):
        evaluate(Both, corpus, ["PPMC"])


PELLETS = ("UL_x", "UL_y", "LL_x", "LL_y", "TT_x", "TT_y")


@pytest.mark.parametrize(
    "names", [PELLETS, ["TDX", "TDY", "LIX", "LIY"], ["lip area", "jaw"], ["LAx", "0"], []]
)
def test_channels_that_do_not_fit_are_refused_before_the_run_with_those_given_and_wanted(corpus, names):
    model = Both(names)
    with pytest.raises(ModelError) as refused:
        evaluate(model, corpus, ["PPMC"])
    assert ", ".join(names) in str(refused.value)
    assert ", ".join(NAMES) in str(refused.value)
    assert "--readout clean" in str(refused.value)
    assert model.inverted == 1


def test_names_in_other_case_and_usual_other_names_are_those_of_the_targets(corpus):
    own = evaluate(Both(), corpus, ["PPMC"])
    other = evaluate(Both([name.lower() for name in NAMES]), corpus, ["PPMC"])
    assert own.scores == other.scores
    assert other.card.lacks == []


def test_some_of_the_targets_are_scored_and_shown_without_a_rank(corpus, tmp_path):
    whole = evaluate(Both(), corpus, ["PPMC", "PPMC(pool='corpus')"])
    some = evaluate(Both([*NAMES[:2], *NAMES[3:]]), corpus, ["PPMC", "PPMC(pool='corpus')"])
    assert (some.card.lacks, some.card.failed) == ([NAMES[2]], 0)
    assert {row["parameter"] for row in some.scores} == {*NAMES} - {NAMES[2]}
    assert len(some.scores) == len(whole.scores) * (len(NAMES) - 1) // len(NAMES)
    renamed = replace(some, card=replace(some.card, model="Some"))
    for results in ([whole, renamed], [renamed]):
        line = next(line for line in standings(results)[0].lines if line.card.model == "Some")
        assert (line.rank, line.lacking > 0) == (None, True)
        table = measure_table(standings(results)[0])
        assert "| partial | `Some` |" in table
        assert f"lacks {NAMES[2]}" in table
    assert read_result(write_result(tmp_path, some)).card.lacks == [NAMES[2]]


def test_who_leaves_channels_out_later_fails_on_them(corpus):
    class Forgets(Both):
        def invert(self, noisy):
            given = super().invert(noisy)
            return given if self.inverted < 3 else given.select(NAMES[:2])

    result = evaluate(Forgets(), corpus, ["PPMC"])
    assert result.card.lacks == []
    assert result.card.failed == 4 * (len(NAMES) - 2)


def test_failures_on_the_first_recordings_do_not_hide_which_channels_there_are(corpus):
    class Late(Both):
        def invert(self, noisy):
            given = super().invert(noisy)
            if self.inverted < 3:
                raise ValueError("not yet")
            return given.select(NAMES[:2])

    model = Late()
    result = evaluate(model, corpus, ["PPMC"])
    assert (model.inverted, len(result.card.lacks)) == (6, len(NAMES) - 2)
    assert result.card.reasons == {"ValueError: not yet": 4}


def test_channels_besides_the_targets_are_not_looked_at(corpus):
    assert evaluate(Both((*NAMES, "pitch")), corpus, ["PPMC"]).card.failed == 0
    assert evaluate(Both(PELLETS), corpus, ["STOI"]).card.failed == 0


def test_what_the_manifest_says_of_the_noise_goes_into_every_score(corpus, monkeypatch):
    rows = corpus.of_split("test")
    for number, row in enumerate(rows):
        row |= {"talkers": number, "over_loudest_db": -2.5, "noise_seen": number % 2 == 0}
    monkeypatch.setattr(type(corpus), "of_split", lambda self, split: rows)
    scores = evaluate("noisy", corpus, ["SISDR"]).scores
    told = {row["mixture_id"]: (row["talkers"], row["over_loudest_db"], row["noise_seen"]) for row in scores}
    assert told == {row["mixture_id"]: (row["talkers"], -2.5, row["noise_seen"]) for row in rows}


def test_the_public_functions_are_functions_and_stay_ones():
    for name in benchmark.__all__:
        assert callable(getattr(benchmark, name)) or name == "__version__"
        assert getattr(benchmark, name) is getattr(benchmark, name)
        assert f"benchmark.{name}" not in sys.modules, f"a module would take the place of {name}"
    assert set(benchmark.__all__) <= set(dir(benchmark))
    assert not [name for name in dir(benchmark) if name.startswith("_") and not name.startswith("__")]
