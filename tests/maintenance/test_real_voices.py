from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import soundfile
from scipy.signal import lfilter

from benchmark import inspect
from benchmark.errors import CorpusError
from maintenance import real_voices
from maintenance.real_voices import tube

RATE_HZ = 10_000
#: Natural logarithms of areas behind the section of the lips, over its own: narrow in the middle.
LOG_AREAS = np.array([0.8, 0.6, 0.1, -0.6, -1.0, -0.7, 0.0, 0.4, 0.3, 0.1])


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(7)


def spoken_through(log_areas: np.ndarray, rng: np.random.Generator, seconds: float = 2.0) -> np.ndarray:
    """A noise source whose spectrum falls by 6 dB an octave, through a tube.

    The tube is a product of its sections' matrices of pressure and flow, from lips without any pressure to a
    glottis that lets through what reaches it; a section takes half a sample from end to end.
    """
    areas = np.exp(np.concatenate([[0.0], log_areas]))  # the first is the section of the lips
    samples = int(seconds * RATE_HZ)
    half = np.pi * np.fft.rfftfreq(samples)
    pressure, flow = np.zeros(len(half), complex), np.ones(len(half), complex)
    for area in areas[:-1]:
        pressure, flow = (
            np.cos(half) * pressure + 1j * np.sin(half) / area * flow,
            1j * np.sin(half) * area * pressure + np.cos(half) * flow,
        )
    arriving = areas[-1] * pressure + flow
    tilt = 1.0 - 0.95 * np.exp(-2j * half)
    source = np.fft.rfft(rng.standard_normal(samples))
    return 0.05 * np.fft.irfft(source / (arriving * tilt), samples)


def test_the_areas_of_a_known_tube_are_found(rng: np.random.Generator) -> None:
    found = tube(spoken_through(LOG_AREAS, rng), RATE_HZ)
    assert found.shape == (200, 10)
    middle = found[20:-20].mean(axis=0)
    assert np.corrcoef(middle, LOG_AREAS)[0, 1] > 0.97
    assert np.abs(middle - (LOG_AREAS - LOG_AREAS.mean())).max() < 0.25


def test_an_open_vowel_is_narrow_behind_and_a_close_one_in_front(rng: np.random.Generator) -> None:
    def resonances(formants: Sequence[float]) -> np.ndarray:
        """Ten poles at five formants, as of a speaker."""
        poles = [np.exp((-40.0 + 1j * f) * 2 * np.pi / RATE_HZ) for f in formants]
        predictor = np.real(np.poly([*poles, *np.conj(poles)]))
        return 0.05 * lfilter([1.0], np.convolve(predictor, [1.0, -0.95]), rng.standard_normal(2 * RATE_HZ))

    a, i = (
        tube(resonances(formants), RATE_HZ)[20:-20].mean(axis=0)
        for formants in ((730.0, 1090.0, 2440.0, 3500.0, 4500.0), (270.0, 2290.0, 3010.0, 3500.0, 4500.0))
    )
    assert a[:5].mean() > a[5:].mean() + 0.5
    assert i[:5].mean() < i[5:].mean() - 0.5


def test_a_tube_has_no_size(rng: np.random.Generator) -> None:
    assert np.allclose(np.nanmean(tube(spoken_through(LOG_AREAS, rng), RATE_HZ), axis=1), 0.0, atol=1e-9)


def test_where_nobody_speaks_there_is_no_tube(rng: np.random.Generator) -> None:
    speech = spoken_through(LOG_AREAS, rng)
    found = tube(np.concatenate([speech, 1e-4 * rng.standard_normal(RATE_HZ)]), RATE_HZ)
    assert np.isfinite(found[10:190]).all()
    assert np.isnan(found[215:290]).all()
    assert np.isnan(tube(np.zeros(RATE_HZ), RATE_HZ)).all()


def test_the_corpus_is_one_that_the_folder_reader_reads(
    tmp_path: Path, rng: np.random.Generator, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(real_voices, "_SECONDS", {"train": 3.0, "dev": 2.0, "test": 2.0})
    for language, fish in (("cs", "m"), ("cs", "v"), ("nl", "m"), ("nl", "v")):
        folder = tmp_path / "usr" / "sound" / "level" / language
        folder.mkdir(parents=True, exist_ok=True)
        for i in range(4):
            speech = spoken_through(LOG_AREAS + 0.3 * rng.standard_normal(10), rng, 2.5)
            soundfile.write(folder / f"lev-{fish}-line{i}.ogg", speech, RATE_HZ)
    out = tmp_path / "real"
    assert real_voices.main(["--sound", str(tmp_path / "usr"), "--out", str(out)]) == 0
    assert "train 8, dev 4, test 4" in capsys.readouterr().out
    assert inspect.main(["--recipe", str(out / "recipe.toml"), "--speech-root", str(out), "--json"]) == 0
    assert '"damaged": []' in capsys.readouterr().out


def test_too_few_recordings_are_told(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="unpack fillets-ng-data-cs there"):
        real_voices.write(tmp_path, tmp_path / "real")
