"""Whole runs of speaker verification on a corpus of made-up voices."""

from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest

from benchmark.errors import ModelError, StandingsError
from benchmark.models.entry import Entry, InProcess
from benchmark.ranking.speaker_verification import rests_on, verification_rows, verified
from benchmark.scoring.speaker_verification import (
    FILE_NAME,
    TRIALS,
    read_trials,
    verify_speakers,
    write_trials,
)
from benchmark.types import Clip

SPEAKERS, SENTENCES = 12, 6


class VoicesCorpus:
    """Every voice is a constant of its own; noise hides it."""

    splits = ("test",)
    recipe = SimpleNamespace(
        name="toy", version=1, seed=1, title="Toy", speech=SimpleNamespace(corpus="hprc")
    )

    def __init__(self):
        self.utterances = {
            f"{speaker}/U{u}": {
                "utterance_id": f"{speaker}/U{u}",
                "speaker": speaker,
                "split": "test",
                "prompt": f"sentence {u}",
            }
            for speaker in (f"{'FM'[s % 2]}{s:02d}" for s in range(SPEAKERS))
            for u in range(SENTENCES)
        }

    def __iter__(self):
        for kind, snr in (("clean", None), ("babble", -5.0)):
            for key in self.utterances:
                place = "clean" if snr is None else "babble/-5"
                yield {
                    "mixture_id": f"{place}/{key}",
                    "utterance_id": key,
                    "noise_kind": kind,
                    "snr_db": snr,
                }

    def split_hash(self, split):
        return "c" * 64

    def clean(self, key):
        return self.noisy(f"clean/{key}")

    def noisy(self, mixture_id):
        voice = 0.0 if mixture_id.startswith("babble") else int(mixture_id.split("/")[-2][1:]) / SPEAKERS
        own = sum(mixture_id.encode()) % 997 / 1e5
        return Clip(np.full(64, 0.01 + voice + own, np.float32), 16000)


class Hears:
    """Turns the constant into a direction; where there is only noise it knows nothing."""

    sample_rate = 16000

    def embed(self, noisy):
        angle = float(noisy.mean())
        return np.array([np.cos(angle), np.sin(angle)])


class Guesses:
    sample_rate = 16000

    def embed(self, noisy):
        return np.random.default_rng(int.from_bytes(noisy.tobytes()[:4], "little")).normal(size=64)


class Mutes:
    """An enhancer that fails on noise."""

    sample_rate = 16000

    def enhance(self, noisy):
        return noisy if noisy.mean() > 0.05 else np.full_like(noisy, np.nan)


def entry(model, task="embed"):
    how = InProcess((task,), make=model, kept=False)
    return Entry(model.__name__, "a model", "1", "made up", model.__name__[0] * 64, how)


def rates(trials):
    return {(item.impostors, item.measure): item.estimates for item in verified(trials, replicates=50)}


@pytest.fixture(scope="module")
def heard():
    return verify_speakers(entry(Hears), VoicesCorpus())


def test_who_hears_voices_tells_them_apart_until_noise_hides_them(heard):
    for impostors in ("matched", "crossed"):
        estimates = rates(heard)[impostors, "EER"]
        assert estimates["clean", None].value < 0.02
        assert estimates["babble", -5.0].value > 0.3


def test_random_vectors_have_an_equal_error_rate_of_one_half():
    estimates = rates(verify_speakers(entry(Guesses), VoicesCorpus()))
    for impostors in ("matched", "crossed"):
        estimate = estimates[impostors, "EER"]["noisy"]
        assert estimate.value == pytest.approx(0.5, abs=0.1)
        assert estimate.low < 0.5 < estimate.high


def test_what_an_enhancer_fails_on_is_charged(monkeypatch):
    monkeypatch.setattr("benchmark.scoring.speaker_verification.load", lambda name: entry(Hears))
    trials = verify_speakers(entry(Mutes, "enhance"), VoicesCorpus(), ["Hears"])
    found = verified(trials, replicates=10)
    assert {item.embedder for item in found} == {"Hears"}
    eer = rates(trials)["crossed", "EER"]["babble", -5.0]
    assert eer.value > 0.9
    assert all(item.failed for item in found)
    assert trials.reasons
    assert all(trials.reasons)


def test_a_model_that_only_inverts_is_refused():
    with pytest.raises(ModelError, match="neither enhances nor embeds"):
        verify_speakers(
            entry(type("Moves", (), {"sample_rate": 16000, "invert": None}), "invert"), VoicesCorpus()
        )


def test_every_speaker_stands_behind_the_table(heard):
    found = verified(heard, replicates=50)
    assert rests_on(found).startswith(f"{SPEAKERS} speakers; {SPEAKERS * SENTENCES} target")
    first = verification_rows(found)[0]
    assert first[:4] == ["Hears", "Hears", "crossed", "EER (%)"]
    assert len(verification_rows(found)) == 6


def test_trials_are_stored_and_grow_by_embedder(heard, tmp_path):
    path = write_trials(tmp_path, heard)
    assert path == tmp_path / "toy" / "Hears" / FILE_NAME
    again = read_trials(path)
    assert again.facts == heard.facts
    assert again.table.equals(heard.table)
    other = heard.table.set_column(0, "embedder", pa.array(["other"] * len(heard.table)))
    facts = type(heard.facts)(**{**vars_of(heard.facts), "embedders": {"other": "code"}})
    write_trials(tmp_path, type(heard)(facts, other.cast(TRIALS)))
    assert set(read_trials(path).facts.embedders) == {"Hears", "other"}


def vars_of(facts):
    return {name: getattr(facts, name) for name in facts.__dataclass_fields__}


def test_scores_that_cannot_be_are_refused(heard, tmp_path):
    wrong = heard.table.set_column(7, "score", pa.array([2.0] * len(heard.table), pa.float32()))
    path = write_trials(tmp_path, type(heard)(heard.facts, wrong.cast(TRIALS)))
    with pytest.raises(StandingsError, match="cannot be"):
        read_trials(path)
