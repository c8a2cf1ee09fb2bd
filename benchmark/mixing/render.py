"""Rendering: from one plan row to 16-bit samples, the same ones every time."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.audio import FULL_SCALE, pcm16, pcm_sha256
from benchmark.errors import CorpusError, MeasureError
from benchmark.metrics import ActiveLevel, active_speech_level
from benchmark.mixing.sources import SourceReader
from benchmark.mixing.supply import RATE_HZ
from benchmark.recipe import Recipe

Samples = NDArray[np.float64]

# Gains are rounded before they are used, so that what is stored is exactly what was applied, and a difference in the last bit of
# a logarithm between two processors does not reach the samples.
_GAIN_DIGITS = 6
_REPORT_DIGITS = 4


@dataclass(frozen=True, slots=True, eq=False)
class Rendered:
    """One mixture.

    Attributes:
        pcm: int16, shape (samples,), 16 kHz.
        measured: The columns of `benchmark.manifest.MEASURED`.
    """

    pcm: NDArray[np.int16]
    measured: dict[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class LevelledSpeech:
    """A target utterance at its recorded level, with that level; shared by all conditions of the utterance."""

    samples: Samples
    level: ActiveLevel


def levelled_speech(row: Mapping[str, Any], reader: SourceReader) -> LevelledSpeech:
    """Reads the utterance of a plan row and measures its P.56 active level.

    Raises:
        CorpusError: It cannot be read, or holds no speech.
    """
    samples = reader.speech(row["utterance_id"], row["samples"])
    try:
        return LevelledSpeech(samples, active_speech_level(samples, RATE_HZ))
    except MeasureError as error:
        raise CorpusError(f"{row['utterance_id']}: has no measurable speech level: {error}") from error


def assemble_noise(row: Mapping[str, Any], reader: SourceReader) -> Samples:
    """Sums the pieces of a plan row, shape (samples,), at an arbitrary common level."""
    noise = np.zeros(row["samples"])
    for piece in row["pieces"]:
        stretch = reader.piece(piece["noise_id"], piece["offset"], piece["frames"])
        noise[piece["at"] : piece["at"] + piece["frames"]] += stretch * _factor(piece["gain_db"])
    return noise


def render_mixture(
    row: Mapping[str, Any], recipe: Recipe, speech: LevelledSpeech, reader: SourceReader
) -> Rendered:
    """Renders one plan row.

    SNR is the P.56 active level of the speech minus the RMS of the noise over the whole mixture (the NOIZEUS convention), or RMS
    minus RMS where the recipe asks for it. A sum that would pass the peak limit is brought down by one gain common to both.

    Raises:
        CorpusError: A source cannot be read, or the noise is silent.
    """
    level = speech.level
    wanted = recipe.speech.level_dbfs
    speech_gain_db = 0.0 if wanted is None else round(wanted - level.level_db, _GAIN_DIGITS)
    noise, noise_gain_db = np.zeros(0), None
    mixture = speech.samples * _factor(speech_gain_db)
    if row["snr_db"] is not None:
        noise = assemble_noise(row, reader)
        rms_db = _rms_db(noise)
        if not math.isfinite(rms_db):
            raise CorpusError(
                f"{row['mixture_id']}: its noise is silent there; the noise recording is damaged"
            )
        reference_db = level.level_db if recipe.mixing.snr_reference == "p56" else level.rms_db
        noise_gain_db = round(reference_db + speech_gain_db - row["snr_db"] - rms_db, _GAIN_DIGITS)
        mixture = mixture + noise * _factor(noise_gain_db)

    common_gain_db = _common_gain_db(mixture, recipe.mixing.peak_limit_dbfs)
    speech_gain_db = round(speech_gain_db + common_gain_db, _GAIN_DIGITS)
    mixture = speech.samples * _factor(speech_gain_db)
    if noise_gain_db is not None:
        noise_gain_db = round(noise_gain_db + common_gain_db, _GAIN_DIGITS)
        mixture = mixture + noise * _factor(noise_gain_db)
    pcm = pcm16(mixture)
    measured = {
        "speech_level_dbfs": round(level.level_db, _REPORT_DIGITS),
        "speech_activity": round(level.activity, _REPORT_DIGITS),
        "speech_gain_db": speech_gain_db,
        "noise_gain_db": noise_gain_db,
        "common_gain_db": common_gain_db,
        "peak": int(np.abs(pcm.astype(np.int32)).max()) / FULL_SCALE,
        **_realised(pcm, speech, speech_gain_db, noisy=noise_gain_db is not None),
        "pcm_sha256": pcm_sha256(pcm),
    }
    return Rendered(pcm, measured)


def _realised(
    pcm: NDArray[np.int16], speech: LevelledSpeech, gain_db: float, *, noisy: bool
) -> dict[str, Any]:
    """Both readings of the SNR, from the samples as they are stored."""
    if not noisy:
        return {"snr_p56_db": None, "snr_rms_db": None}
    residue_db = _rms_db(pcm / FULL_SCALE - speech.samples * _factor(gain_db))
    return {
        "snr_p56_db": round(speech.level.level_db + gain_db - residue_db, _REPORT_DIGITS),
        "snr_rms_db": round(speech.level.rms_db + gain_db - residue_db, _REPORT_DIGITS),
    }


def _common_gain_db(mixture: Samples, limit_dbfs: float) -> float:
    peak = float(np.abs(mixture).max())
    excess_db = 20.0 * math.log10(peak) - limit_dbfs if peak > 0 else 0.0
    return -math.ceil(excess_db * 1e4) / 1e4 if excess_db > 0 else 0.0


def _factor(gain_db: float) -> float:
    return float(10.0 ** (gain_db / 20.0))


def _rms_db(samples: Samples) -> float:
    power = float(np.mean(np.square(samples)))
    return 10.0 * math.log10(power) if power > 0 else -math.inf
