import numpy as np

from benchmark.errors import MeasureError
from benchmark.metrics import ESTOI, LSD, SISDR, STOI, PESQLike, Scorer, UnscorableReference
from benchmark.metrics.intelligibility import analyse_reference
from tests.metrics.signals import noisy, speech

MEASURES = [STOI(), ESTOI(), PESQLike(), SISDR(), LSD()]


def test_equals_single_calls():
    clean = speech()
    scorer = Scorer(MEASURES, clean, 16000)
    for snr in (-5, 10):
        estimate = noisy(clean, snr)
        assert scorer.score(estimate) == {m.name: m(clean, estimate, 16000) for m in MEASURES}


def test_errors_take_the_place_of_values_and_say_who_is_to_blame():
    clean = speech()
    scores = Scorer(MEASURES, clean, 16000).score(np.zeros(len(clean)))
    assert isinstance(scores["SISDR"], MeasureError)
    assert not isinstance(scores["SISDR"], UnscorableReference)
    assert scores["STOI"] == 0.0
    short = Scorer(MEASURES, clean[1500:6000], 16000).score(noisy(clean, 0)[1500:6000])
    assert isinstance(short["STOI"], UnscorableReference)
    assert isinstance(short["SISDR"], float)


def test_the_reference_is_analysed_once(monkeypatch):
    calls = []

    def counted(clean, rate_hz):
        calls.append(1)
        return analyse_reference(clean, rate_hz)

    monkeypatch.setattr("benchmark.metrics.stoi.analyse_reference", counted)
    clean = speech()
    scorer = Scorer([STOI(), ESTOI()], clean, 16000)
    for snr in range(5):
        scorer.score(noisy(clean, snr))
    assert len(calls) == 1
