"""Rendering: from one plan row to 16-bit samples, the same ones every time."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmark.audio import FULL_SCALE, pcm16, pcm_sha256
from benchmark.errors import MeasureError, SilentNoiseError, SilentSpeechError
from benchmark.metrics import ActiveLevel, active_speech_level
from benchmark.mixing.recipe import Recipe
from benchmark.mixing.rows import Measured, PlanRow
from benchmark.mixing.sources import SourceReader
from benchmark.types import RATE_HZ

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
        speech_gain_db: Applied to the recorded speech in it.
        measured: The columns of `benchmark.mixing.manifest.MEASURED`.
    """

    pcm: NDArray[np.int16]
    speech_gain_db: float
    measured: Measured


class LevelledSpeech:
    """A target utterance with its P.56 level at any gain; shared by all conditions of the utterance.

    The level is measured again at each gain: the thresholds of P.56 lie at fixed powers of two of full scale, so that the level of a
    scaled signal is the scaled level only within about 0.1 dB.

    Attributes:
        samples: At the recorded level, shape (samples,).
        level: At the recorded level.
    """

    def __init__(self, samples: Samples, name: str) -> None:
        self.samples = samples
        self._name = name
        self._levels: dict[float, ActiveLevel] = {}
        self.level = self.level_at(0.0)

    def level_at(self, gain_db: float) -> ActiveLevel:
        """The level after a gain.

        Raises:
            SilentSpeechError: It holds no speech.
        """
        if gain_db not in self._levels:
            try:
                self._levels[gain_db] = active_speech_level(self.samples * _factor(gain_db), RATE_HZ)
            except MeasureError as error:
                raise SilentSpeechError(f"{self._name}: has no measurable speech level: {error}") from error
        return self._levels[gain_db]


def levelled_speech(utterance_id: str, samples: int, reader: SourceReader) -> LevelledSpeech:
    """Reads an utterance of so many samples at 16 kHz and measures its P.56 active level.

    Raises:
        CorpusError: It cannot be read.
        SilentSpeechError: It holds no speech.
    """
    return LevelledSpeech(reader.speech(utterance_id, samples), utterance_id)


def assemble_noise(row: PlanRow, reader: SourceReader) -> Samples:
    """Sums the pieces of a plan row, shape (samples,), at an arbitrary common level."""
    noise = np.zeros(row["samples"])
    read = reader.talker if row["talkers"] else reader.noise
    for piece in row["pieces"]:
        stretch = read(piece)
        noise[piece["at"] : piece["at"] + piece["frames"]] += stretch * _factor(piece["gain_db"])
    return noise


def render_mixture(row: PlanRow, recipe: Recipe, speech: LevelledSpeech, reader: SourceReader) -> Rendered:
    """Renders one plan row.

    SNR is the P.56 active level of the speech minus the RMS of the noise over the whole mixture (the NOIZEUS convention), or RMS
    minus RMS where the recipe asks for it. A sum that would pass the peak limit is brought down by one gain common to both.

    Raises:
        CorpusError: A source cannot be read.
        SilentNoiseError: The noise is silent.
    """
    wanted = recipe.speech.level_dbfs
    asked_db = 0.0 if wanted is None else round(wanted - speech.level.level_db, _GAIN_DIGITS)
    noise, noise_rms_db = np.zeros(0), None
    snr_db = row["snr_db"]
    if snr_db is not None:
        noise = assemble_noise(row, reader)
        noise_rms_db = _rms_db(noise)
        if not math.isfinite(noise_rms_db):
            raise SilentNoiseError(
                f"{row['mixture_id']}: its noise is silent there ({_places(row)}); listen to the recording, and take it out of the "
                "noise if it is damaged"
            )

    speech_gain_db, noise_gain_db = asked_db, None
    while True:
        mixture = speech.samples * _factor(speech_gain_db)
        if snr_db is not None and noise_rms_db is not None:
            noise_gain_db = _noise_gain_db(snr_db, recipe, speech.level_at(speech_gain_db), noise_rms_db)
            mixture = mixture + noise * _factor(noise_gain_db)
        excess_db = _excess_db(mixture, recipe.mixing.peak_limit_dbfs)
        if excess_db == 0.0:
            break
        speech_gain_db = round(speech_gain_db - excess_db, _GAIN_DIGITS)

    pcm = pcm16(mixture)
    snr_p56_db, snr_rms_db = None, None
    if noise_gain_db is not None:
        snr_p56_db, snr_rms_db = _realised(pcm, speech, speech_gain_db)
    measured = Measured(
        speech_level_dbfs=round(speech.level.level_db, _REPORT_DIGITS),
        speech_activity=round(speech.level.activity, _REPORT_DIGITS),
        speech_gain_db=speech_gain_db,
        noise_gain_db=noise_gain_db,
        common_gain_db=round(speech_gain_db - asked_db, _GAIN_DIGITS),
        peak=int(np.abs(pcm.astype(np.int32)).max()) / FULL_SCALE,
        snr_p56_db=snr_p56_db,
        snr_rms_db=snr_rms_db,
        over_mean_db=None,
        over_loudest_db=None,
        pcm_sha256=pcm_sha256(pcm),
    )
    return Rendered(pcm, speech_gain_db, measured)


def _places(row: PlanRow) -> str:
    """Where the noise of a row was taken from."""
    return ", ".join(
        f"{piece['noise_id']} at {piece['offset'] / RATE_HZ:.1f} s" for piece in row["pieces"][:4]
    )


def _noise_gain_db(snr_db: float, recipe: Recipe, level: ActiveLevel, noise_rms_db: float) -> float:
    reference_db = level.level_db if recipe.mixing.snr_reference == "p56" else level.rms_db
    return round(reference_db - snr_db - noise_rms_db, _GAIN_DIGITS)


def _realised(pcm: NDArray[np.int16], speech: LevelledSpeech, gain_db: float) -> tuple[float, float]:
    """Both readings of the SNR, by P.56 and by RMS, from the samples as they are stored."""
    residue_db = _rms_db(pcm / FULL_SCALE - speech.samples * _factor(gain_db))
    level = speech.level_at(gain_db)
    return (
        round(level.level_db - residue_db, _REPORT_DIGITS) + 0.0,
        round(level.rms_db - residue_db, _REPORT_DIGITS) + 0.0,
    )


def _excess_db(mixture: Samples, limit_dbfs: float) -> float:
    """By how much the peak passes the limit, rounded up; 0 if it does not."""
    peak = float(np.abs(mixture).max())
    excess_db = 20.0 * math.log10(peak) - limit_dbfs if peak > 0 else 0.0
    return float(math.ceil(excess_db * 1e4) / 1e4) if excess_db > 0 else 0.0


def _factor(gain_db: float) -> float:
    return float(10.0 ** (gain_db / 20.0))


def _rms_db(samples: Samples) -> float:
    power = float(np.mean(np.square(samples)))
    return 10.0 * math.log10(power) if power > 0 else -math.inf
