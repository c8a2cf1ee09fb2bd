"""The track in which a model is told whom to follow."""

from types import SimpleNamespace

import numpy as np
import pytest

from benchmark import prepare
from benchmark.errors import CorpusError, ModelError
from benchmark.metrics import SISDR
from benchmark.models import load
from benchmark.models.enrolled import enrolled
from benchmark.models.enrolled_nmf import EnrolledNmf
from benchmark.models.entry import Submission
from benchmark.prepared.enrolment import enrolment_of
from benchmark.runners.child_runner import ChildRunner
from benchmark.runners.limits import Limits
from benchmark.runners.prediction import Item
from benchmark.scoring.arguments import as_entry
from benchmark.scoring.evaluate import evaluate
from benchmark.types import Clip
from tests.scoring.conftest import UTTERANCES, SmallCorpus
from tests.speechlike import speech


class EnrolmentCorpus(SmallCorpus):
    """The small corpus with what the rule reads."""

    recipe = SimpleNamespace(name="toy", version=1, title="Toy", seed=1)

    def __init__(self, prompts=("one", "two")):
        self.utterances = {
            key: {"utterance_id": key, "speaker": "S1", "split": "test", "prompt": prompt}
            for key, prompt in zip(UTTERANCES, prompts, strict=True)
        }


class Told:
    """Gives back the noisy speech, and remembers whom it was told to follow."""

    sample_rate = 16000

    def __init__(self):
        self.told = []

    def enhance(self, noisy, enrolment):
        self.told.append(enrolment)
        return noisy


class Untold:
    sample_rate = 16000

    def enhance(self, noisy):
        return noisy


def test_the_enrolment_is_another_sentence_of_the_speaker():
    corpus = EnrolmentCorpus()
    assert enrolment_of(corpus, UTTERANCES[0]) == UTTERANCES[1]
    with pytest.raises(CorpusError, match="says nothing but"):
        enrolment_of(EnrolmentCorpus(prompts=("one", "one")), UTTERANCES[0])
    other = EnrolmentCorpus()
    other.utterances[UTTERANCES[1]]["split"] = "train"
    with pytest.raises(CorpusError, match="in the split 'test'"):
        enrolment_of(other, UTTERANCES[0])


def test_a_model_hears_the_clean_recording_of_the_other_sentence_and_is_ranked_apart():
    corpus, model = EnrolmentCorpus(), Told()
    result = evaluate(model, corpus, ["SISDR"], enrolment=True)
    assert (result.card.model, result.card.track) == ("Told,enrolment", "enrolment")
    assert result.card.failed == 0
    heard = [corpus.clean(key).samples for key in UTTERANCES]
    assert len(model.told) == 6
    assert all(any(np.array_equal(told, one) for one in heard) for told in model.told)


def test_without_the_track_a_model_that_needs_an_enrolment_is_refused_before_it_runs():
    model = Told()
    with pytest.raises(ModelError, match="score it with --enrolment"):
        evaluate(model, EnrolmentCorpus(), ["SISDR"])
    assert not model.told


def test_a_readout_of_a_model_that_needs_an_enrolment_is_refused_before_it_is_fitted(tmp_path):
    prepare.main(["--recipe", "demo_noisy", "--limit", "1", "--out", str(tmp_path / "demo")])
    path = tmp_path / "told.py"
    path.write_text(
        "class Told:\n    sample_rate = 16000\n"
        "    def represent(self, noisy, enrolment):\n        raise SystemExit('was asked')\n"
    )
    with pytest.raises(ModelError, match="none before a readout"):
        evaluate(f"{path}:Told", tmp_path / "demo", ["PPMC"], readout="clean")


def test_a_model_that_can_do_without_an_enrolment_is_in_both_tracks():
    class Optional(Untold):
        def enhance(self, noisy, enrolment=None):
            return noisy * (1 if enrolment is None else 2)

    usual, told = (
        evaluate(Optional(), EnrolmentCorpus(), ["SISDR"], enrolment=track) for track in (False, True)
    )
    assert usual.card.failed == told.card.failed == 0
    assert told.card.track == "enrolment" != usual.card.track


def test_a_model_that_takes_no_enrolment_has_no_place_in_the_track():
    with pytest.raises(ModelError, match="without --enrolment"):
        evaluate(Untold(), EnrolmentCorpus(), ["SISDR"], enrolment=True)


def test_a_submitted_class_gets_the_enrolment_at_its_rate(tmp_path):
    path = tmp_path / "told.py"
    path.write_text(
        "class Told:\n    sample_rate = 8000\n"
        "    def enhance(self, noisy, enrolment):\n        return noisy * 0 + len(enrolment) / 100000\n"
    )
    runner = ChildRunner(Submission(path, "told", "Told", {}), "a" * 64, Limits())
    try:
        assert runner.enrolment() == "must"
        clip, known = Clip(np.zeros(1600, np.float32), 16000), Clip(np.zeros(4000, np.float32), 16000)
        with_it, without = runner.run([Item("a", clip, known), Item("a", clip)])
    finally:
        runner.close()
    assert with_it.enhanced.samples == pytest.approx(np.full(800, 0.02))
    assert "--enrolment" in without.enhance_error


def test_a_pair_with_an_enrolled_part_is_in_the_track():
    pair = load("nmf,enrolment+ridge_noisy")
    assert (pair.name, pair.track) == ("nmf+ridge_noisy,enrolment", "enrolment")
    assert enrolled(pair) == pair
    assert as_entry("nmf,enrolment").track == "enrolment"


def test_the_identity_of_an_item_has_the_enrolment_in_it():
    clip = Clip(np.zeros(100, np.float32), 16000)
    assert len({Item("a", clip).sha256, Item("a", clip, clip).sha256}) == 2


def test_spectra_of_the_speaker_take_a_steady_noise_away_and_those_of_a_noise_do_not():
    clean = speech("target", 1.5).samples.astype(np.float32)
    noise = (0.1 * np.sin(np.arange(len(clean)) * 0.9) + 0.1 * np.sin(np.arange(len(clean)) * 0.31)).astype(
        np.float32
    )
    noisy = clean + noise * np.float32(clean.std() / noise.std())
    model = EnrolledNmf()
    told = model.enhance(noisy, speech("target, another sentence", 1.5).samples.astype(np.float32))
    misled = model.enhance(noisy, noise)
    assert told.shape == noisy.shape
    assert SISDR(clean, told, 16000) > SISDR(clean, noisy, 16000) + 3
    assert SISDR(clean, misled, 16000) < SISDR(clean, told, 16000) - 3
