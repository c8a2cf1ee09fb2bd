import numpy as np
import pytest
from scipy.interpolate import interp1d
from scipy.optimize import brentq
from sklearn.metrics import roc_curve

from benchmark.errors import MeasureError
from benchmark.metrics.verification import EER, TRIAL_MEASURES, MinDCF, error_curve


def reference_eer(targets, impostors):
    """As most papers compute it, with scikit-learn."""
    labels = np.r_[np.ones(len(targets)), np.zeros(len(impostors))]
    accepted, found, _ = roc_curve(labels, np.r_[targets, impostors], drop_intermediate=False)
    return brentq(lambda x: 1.0 - x - interp1d(accepted, found)(x), 0.0, 1.0, xtol=1e-14)


def reference_cost(targets, impostors, prior):
    """The definition, threshold by threshold."""
    thresholds = np.r_[targets, impostors, np.inf][:, None]
    missed, accepted = (targets < thresholds).mean(axis=1), (impostors >= thresholds).mean(axis=1)
    return min(prior * missed + (1 - prior) * accepted) / min(prior, 1 - prior)


def random_set(number):
    draw = np.random.default_rng(number)
    targets = draw.normal(draw.uniform(-0.5, 4), draw.uniform(0.3, 2), draw.integers(1, 60))
    impostors = draw.normal(0, 1, draw.integers(1, 200))
    # Every third set has ties, as coarse scores do.
    return (np.round(targets, 1), np.round(impostors, 1)) if number % 3 == 0 else (targets, impostors)


SETS = pytest.mark.parametrize("sets", [50, pytest.param(1000, marks=pytest.mark.slow)])


@SETS
def test_the_equal_error_rate_agrees_with_scikit_learn(sets):
    apart = [abs(EER()(*random_set(n)) - reference_eer(*random_set(n))) for n in range(sets)]
    assert max(apart) < 1e-9


@SETS
@pytest.mark.parametrize("prior", [0.01, 0.05])
def test_the_detection_cost_agrees_with_its_definition(prior, sets):
    apart = [abs(MinDCF(prior)(*random_set(n)) - reference_cost(*random_set(n), prior)) for n in range(sets)]
    assert max(apart) < 1e-9


def test_what_cannot_tell_speakers_apart_has_an_equal_error_rate_of_one_half():
    assert EER()([1.0, 1.0], [1.0]) == 0.5
    draw = np.random.default_rng(0)
    assert EER()(draw.normal(size=20000), draw.normal(size=20000)) == pytest.approx(0.5, abs=0.01)


def test_deciding_without_listening_costs_one_and_a_perfect_system_nothing():
    assert MinDCF(0.01)([0.0], [1.0]) == 1.0
    assert [measure([1.0, 2.0], [0.0, -1.0]) for measure in TRIAL_MEASURES] == [0.0, 0.0, 0.0]


def test_a_trial_that_weighs_two_counts_as_two_trials():
    targets, impostors = random_set(5)
    weights = np.random.default_rng(1).integers(0, 3, (4, len(targets)))
    others = np.random.default_rng(2).integers(0, 3, (4, len(impostors)))
    curve = error_curve(targets, impostors, weights, others)
    for measure in TRIAL_MEASURES:
        for i, value in enumerate(measure.weighted(curve)):
            expected = measure(np.repeat(targets, weights[i]), np.repeat(impostors, others[i]))
            assert value == pytest.approx(expected, abs=1e-12)


def test_both_kinds_of_trials_and_finite_scores_are_needed():
    with pytest.raises(MeasureError, match="0 impostor"):
        EER()([1.0], [])
    with pytest.raises(MeasureError, match="NaN"):
        EER()([np.nan], [1.0])
    with pytest.raises(MeasureError, match="between 0 and 1"):
        MinDCF(1.0)
