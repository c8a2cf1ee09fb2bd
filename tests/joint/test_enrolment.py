"""A model that is told whom to follow: it listens to the enrolment, and the others are what they were."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from benchmark.errors import CorpusError
from benchmark.files import trained_models
from benchmark.joint.data import TrainingData
from benchmark.joint.enrolment import ENROLMENT_S
from benchmark.joint.inference import wrapped
from benchmark.joint.run import Place, run
from benchmark.joint.trained import load_trained
from benchmark.models.enrolled import TRACK
from benchmark.models.joint import trained_entry
from benchmark.randomness import gaussian
from benchmark.runners.child import takes_enrolment
from tests.joint.runs import data_of, model_of, planned_corpus, same, tiny_config, training_of


def sound(name: str, samples: int = 16000) -> np.ndarray:
    return (0.1 * gaussian(name, samples)).astype(np.float32)


def enrolled_data(training_corpus, config) -> TrainingData:
    return data_of(training_corpus, config, enrolled=True)


def test_another_enrolment_changes_both_outputs(training_corpus) -> None:
    model = wrapped(model_of(training_corpus, tiny_config(enrolment="film")).eval())
    noisy, one, other = sound("noisy"), sound("one", 24000), np.cumsum(sound("other", 32000))
    one, other = one.astype(np.float32), (other - other.mean()).astype(np.float32)
    assert takes_enrolment(model, "enhance")
    assert takes_enrolment(model, "invert")
    first, second = model.enhance(noisy, one), model.enhance(noisy, other)
    assert np.abs(first - second).max() > 1e-6
    assert np.array_equal(first, model.enhance(noisy, one))
    assert np.abs(model.invert(noisy, one).values - model.invert(noisy, other).values).max() > 1e-6


def test_the_level_of_an_enrolment_says_nothing(training_corpus) -> None:
    model = wrapped(model_of(training_corpus, tiny_config(enrolment="film")).eval())
    noisy, one = sound("noisy"), sound("one")
    np.testing.assert_allclose(model.enhance(noisy, one), model.enhance(noisy, 4 * one), atol=1e-6)


def test_a_long_recording_is_told_in_every_piece(training_corpus) -> None:
    from benchmark.joint.inference import Listener

    model = model_of(training_corpus, tiny_config(enrolment="film")).eval()
    noisy, one = sound("noisy", 160000), sound("one")
    whole, pieces = Listener(model, piece_s=1000.0), Listener(model, piece_s=2.1)
    np.testing.assert_allclose(pieces.enhanced(noisy, one), whole.enhanced(noisy, one), atol=1e-5)


def test_every_block_is_told(training_corpus) -> None:
    model = model_of(training_corpus, tiny_config(enrolment="film")).eval()
    films = model.films_of(torch.from_numpy(sound("one"))[None])
    assert films is not None
    assert len(films) == 3  # two of the encoder's layer, one of the enhancer
    wave = torch.from_numpy(sound("noisy"))[None]
    with torch.no_grad():
        before = model.levelled(wave, None, films).enhanced
        for i in range(len(films)):
            changed = [film + 1.0 if i == j else film for j, film in enumerate(films)]
            assert not torch.equal(model.levelled(wave, None, changed).enhanced, before)


def test_who_is_not_told_starts_from_the_same_weights(training_corpus) -> None:
    plain = model_of(training_corpus, tiny_config())
    told = model_of(training_corpus, tiny_config(enrolment="film"))
    own = {name: value for name, value in told.state_dict().items() if not name.startswith("enrolment.")}
    assert same(plain.state_dict(), own)
    wave = torch.from_numpy(sound("noisy"))[None]
    none = [torch.zeros_like(film) for film in told.films_of(wave) or []]
    plain.eval(), told.eval()
    with torch.no_grad():
        one, other = plain.levelled(wave), told.levelled(wave, None, none)
    assert torch.equal(one.enhanced, other.enhanced)
    assert torch.equal(one.trajectories, other.trajectories)


def test_shipped_models_take_no_enrolment() -> None:
    model = load_trained(trained_models() / "joint")
    assert not takes_enrolment(wrapped(model), "enhance")
    with pytest.raises(ValueError, match="takes no enrolment"):
        model(torch.zeros(1, 3200), None, torch.zeros(1, 3200))


def test_a_model_that_must_be_told_says_so(training_corpus) -> None:
    with pytest.raises(ValueError, match="needs an enrolment"):
        model_of(training_corpus, tiny_config(enrolment="film"))(torch.zeros(1, 3200))


def test_an_enrolment_is_another_sentence_of_the_speaker_and_split(training_corpus) -> None:
    data = enrolled_data(training_corpus, tiny_config(enrolment="film"))
    speech = training_corpus.sources.speech
    drawn = {}
    for epoch in range(4):
        for pieces in data.plan(epoch):
            for piece in pieces:
                own, other = speech[piece.row["utterance_id"]], speech[piece.enrolment]
                assert (own.speaker, own.split) == (other.speaker, other.split)
                assert own.prompt != other.prompt
                drawn.setdefault(own.id, set()).add(other.id)
    assert any(len(others) > 1 for others in drawn.values())
    assert [piece.enrolment for piece in data.plan(2)[0]] == [piece.enrolment for piece in data.plan(2)[0]]
    assert data.dev_batches[0].enrolment.shape[1] == round(ENROLMENT_S * 16000)


def test_whoever_says_one_sentence_cannot_be_enrolled(tmp_path) -> None:
    from benchmark.joint.training_corpus import collect
    from benchmark.mixing.gather import Roots, gather
    from benchmark.prepared.corpus import PreparedCorpus

    corpus = PreparedCorpus(planned_corpus(tmp_path / "one", limit=1))
    lonely = collect(corpus, gather(corpus.recipe, Roots()))
    with pytest.raises(CorpusError, match="there is no enrolment"):
        enrolled_data(lonely, tiny_config(enrolment="film")).plan(0)


def test_a_step_teaches_the_enrolment_too(training_corpus, tmp_path) -> None:
    config = tiny_config(enrolment="film", training={"epochs": 1})
    training = training_of(training_corpus, config, tmp_path, enrolled_data(training_corpus, config))
    before = {name: value.clone() for name, value in training.model.state_dict().items()}
    training.train()
    after = training.model.state_dict()
    learnt = {name for name in before if not torch.equal(before[name], after[name])}
    assert {"enrolment.convolutions.0.weight", "enrolment.films.weight"} <= learnt


def test_a_run_ends_as_a_model_of_the_track_with_enrolment(planned, tmp_path) -> None:
    config = tiny_config(enrolment="film", training={"epochs": 1})
    card = run(config, Place(planned, tmp_path / "run"), device="cpu")
    assert card["parameters"]["enrolment"] > 0
    entry = trained_entry(tmp_path / "run")
    assert (entry.track, entry.name) == (TRACK, "minute,enrolment")
    model = entry.how.make()
    assert model.enhance(sound("noisy"), sound("one")).shape == (16000,)
