from __future__ import annotations

import numpy as np
import pytest

from benchmark.errors import RecipeError
from benchmark.joint.config import DataConfig
from benchmark.joint.mixtures import Renderer, draw_mixtures, epoch_identity, with_more_babble
from benchmark.joint.training_corpus import collect
from benchmark.metrics import active_speech_level
from benchmark.mixing.gather import Roots, gather
from benchmark.mixing.plan import plan_mixtures
from benchmark.prepared.corpus import PreparedCorpus

EPOCHS = 12


def rows_of(training_corpus, epoch=0, seed=1, **data):
    randomness = epoch_identity(training_corpus.recipe, "training", seed, epoch)
    return draw_mixtures(training_corpus, DataConfig(**data), training_corpus.train, randomness)


def test_every_epoch_and_seed_draws_other_mixtures_and_the_same_again(training_corpus):
    assert rows_of(training_corpus) == rows_of(training_corpus)
    assert rows_of(training_corpus) != rows_of(training_corpus, epoch=1)
    assert rows_of(training_corpus) != rows_of(training_corpus, seed=2)
    assert [row["utterance_id"] for row in rows_of(training_corpus)] == [
        item.id for item in training_corpus.train
    ]


def test_training_never_hears_the_mixtures_voices_or_noises_of_the_benchmark(planned):
    corpus = PreparedCorpus(planned)
    recipe = with_more_babble(corpus.recipe, DataConfig(more_babble=["corpus"]))
    gathered = gather(recipe, Roots())
    training_corpus = collect(corpus, gathered, own_extra=True)
    scored = [
        row for row in plan_mixtures(corpus.recipe, gathered.targets, gathered) if row["split"] != "train"
    ]
    train = {item.id for item in gathered.targets if item.split == "train"}
    speakers = {item.speaker for item in gathered.targets if item.split == "train"}
    held_out = {item.speaker for item in gathered.targets} - speakers
    held_out |= {
        talker.name
        for (_, split), there in gathered.talkers.items()
        if split in ("dev", "test")
        for talker in there
    }
    speaker_of = {
        f"{source}:{key}": item.speaker
        for source, found in gathered.voices.items()
        for key, item in found.items()
    }
    taken = {piece["noise_id"] for row in scored for piece in row["pieces"]}
    rows = []
    for epoch in range(EPOCHS):
        randomness = epoch_identity(training_corpus.recipe, "training", 1, epoch)
        data = DataConfig(more_babble=["corpus"])
        rows += draw_mixtures(
            training_corpus, data, [*training_corpus.train, *training_corpus.extra], randomness
        )
    heard = {piece["noise_id"] for row in rows for piece in row["pieces"]}
    assert any(name.startswith("corpus:") for name in heard)
    assert any(name.startswith("corpus_voices:") for name in heard)
    assert any(name.startswith("synthetic:") for name in heard)
    assert not heard & taken
    assert {row["utterance_id"] for row in rows} <= train | {item.id for item in training_corpus.extra}
    assert not {row["speaker"] for row in rows} & held_out
    assert not {speaker_of[name] for name in heard if name in speaker_of} & held_out
    # Nobody babbles behind their own voice.
    assert all(speaker_of.get(piece["noise_id"]) != row["speaker"] for row in rows for piece in row["pieces"])


def test_mixtures_of_the_train_split_are_not_those_that_the_recipe_plans(training_corpus, planned):
    corpus = PreparedCorpus(planned)
    planned_pieces = {str(row["pieces"]) for row in corpus.of_split("train") if row["pieces"]}
    drawn = {
        str(row["pieces"])
        for epoch in range(EPOCHS)
        for row in rows_of(training_corpus, epoch)
        if row["pieces"]
    }
    assert drawn
    assert not drawn & planned_pieces


def test_conditions_are_those_asked_for(training_corpus):
    def conditions(**data):
        rows = [row for epoch in range(40) for row in rows_of(training_corpus, epoch, **data)]
        return rows, {row["noise_kind"] for row in rows}, {row["snr_db"] for row in rows}

    rows, kinds, levels = conditions(clean_share=0.25)
    assert kinds == {"clean", "babble", "nonbabble"}
    assert levels == {None, *training_corpus.recipe.mixing.snr_db}
    clean = np.mean([row["noise_kind"] == "clean" for row in rows])
    assert clean == pytest.approx(0.25, abs=4 * np.sqrt(0.25 * 0.75 / len(rows)))
    assert conditions(kinds=["clean"])[1:] == ({"clean"}, {None})
    assert conditions(kinds=["babble"], snr_db=[3.0, 7.0])[1:] == ({"babble"}, {3.0, 7.0})
    assert conditions(kinds=["clean", "babble"], clean_share=0.0)[1] == {"babble"}


def test_a_kind_of_noise_that_the_recipe_lacks_is_an_error(training_corpus):
    from dataclasses import replace

    quiet = replace(training_corpus, recipe=training_corpus.recipe.model_copy(update={"babble": None}))
    with pytest.raises(
        RecipeError,
        match=r"data.kinds = \['babble'\]: the recipe 'demo_noisy' has no babble; it has clean, nonbabble",
    ):
        rows_of(quiet, kinds=["babble"])


def test_whatever_kinds_a_recipe_has_are_trained_on(training_corpus):
    from dataclasses import replace

    recipe = training_corpus.recipe
    assert recipe.babble is not None
    further = recipe.model_copy(
        update={
            "babble": recipe.babble.model_copy(update={"talkers": [1, 4], "snr_db": [-5.0]}),
            "kinds": {"engine": recipe.nonbabble, "pair": recipe.babble.model_copy(update={"talkers": 2})},
        }
    )
    rows = [
        row
        for epoch in range(20)
        for row in rows_of(replace(training_corpus, recipe=further), epoch, more_babble=["corpus"])
    ]
    talkers = {row["noise_kind"]: row["talkers"] for row in rows}
    assert talkers == {"clean": None, "babble_1": 1, "babble_4": 4, "nonbabble": 0, "engine": 0, "pair": 2}
    assert {row["snr_db"] for row in rows if row["noise_kind"] == "babble_4"} == {-5.0}
    gathered = with_more_babble(further, DataConfig(more_babble=["corpus"]))
    assert gathered.babble is not None
    for noise in (gathered.babble, gathered.kinds["pair"]):
        assert noise.sources[-1] == "corpus"
    assert gathered.kinds["engine"] == recipe.nonbabble


def test_what_is_left_without_the_speech_is_noise_at_the_level_drawn(training_corpus):
    renderer = Renderer(training_corpus)
    noisy_rows = rows_of(training_corpus, clean_share=0.0)
    for row in noisy_rows:
        mixture, speech = renderer.pair(row)
        assert mixture.dtype == speech.dtype == np.float32
        assert mixture.shape == speech.shape == (row["samples"],)
        level = active_speech_level(speech.astype(np.float64), 16000).level_db
        noise_db = 10 * np.log10(np.mean((mixture - speech).astype(np.float64) ** 2))
        assert level - noise_db == pytest.approx(row["snr_db"], abs=0.02)
    clean_row = rows_of(training_corpus, kinds=["clean"])[0]
    mixture, speech = renderer.pair(clean_row)
    np.testing.assert_allclose(mixture, speech, atol=1.0 / 32768)


def test_kept_mixtures_are_the_same_and_damaged_ones_are_made_again(training_corpus, tmp_path):
    row = rows_of(training_corpus, clean_share=0.0)[0]
    fresh = Renderer(training_corpus).pair(row)
    keeping = Renderer(training_corpus, tmp_path)
    for found in (keeping.pair(row), keeping.pair(row), Renderer(training_corpus, tmp_path).pair(row)):
        np.testing.assert_array_equal(found[0], fresh[0])
        np.testing.assert_array_equal(found[1], fresh[1])
    (kept,) = tmp_path.rglob("*.npz")
    whole = kept.read_bytes()
    for damaged in (whole[: len(whole) // 2], b"", b"PK nonsense"):
        kept.write_bytes(damaged)
        np.testing.assert_array_equal(Renderer(training_corpus, tmp_path).pair(row)[0], fresh[0])
        assert kept.read_bytes() == whole


def test_a_kept_mixture_is_read_and_not_made_again(training_corpus, tmp_path, monkeypatch):
    row = rows_of(training_corpus, clean_share=0.0)[0]
    expected = Renderer(training_corpus, tmp_path).pair(row)[0]
    monkeypatch.setattr("benchmark.mixing.renderer.mix", None)
    np.testing.assert_array_equal(Renderer(training_corpus, tmp_path).pair(row)[0], expected)


def test_speech_beyond_what_memory_may_hold_is_let_go(training_corpus, monkeypatch):
    monkeypatch.setattr("benchmark.joint.mixtures._KEPT_S", 0.0)
    renderer = Renderer(training_corpus)
    rows = rows_of(training_corpus)
    first = [renderer.pair(row)[0] for row in rows]
    again = [renderer.pair(row)[0] for row in rows]
    assert all(np.array_equal(one, other) for one, other in zip(first, again, strict=True))
    assert len(renderer._renderer._speech) == 1


def test_voices_that_babble_are_enhanced_among_fewer_talkers(planned):
    corpus = PreparedCorpus(planned)
    training_corpus = collect(corpus, gather(corpus.recipe, Roots()), own_extra=True)
    randomness = epoch_identity(training_corpus.recipe, "training", 1, 0)
    rows = draw_mixtures(
        training_corpus, DataConfig(kinds=["babble"], clean_share=0.0), training_corpus.extra, randomness
    )
    speaker_of = {f"corpus_voices:{item.id}": item.speaker for item in training_corpus.extra}
    there = {item.speaker for item in training_corpus.extra}
    for row in rows:
        talkers = {speaker_of[piece["noise_id"]] for piece in row["pieces"]}
        assert talkers == there - {row["speaker"]}
