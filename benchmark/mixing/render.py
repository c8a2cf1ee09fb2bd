"""Rendering: from one plan row to 16-bit samples, the same ones every time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from benchmark.audio import FULL_SCALE, pcm16, pcm_sha256
from benchmark.errors import CorpusError, MeasureError, NoiseError, SilentNoiseError, SilentSpeechError
from benchmark.metrics import ActiveLevel, SpeechEnvelope, active_speech_level
from benchmark.mixing.levels import SILENT_BELOW_DBFS, Samples, factor, rms_db, without_dc
from benchmark.mixing.recipe import Recipe
from benchmark.mixing.rows import Measured, PlanRow
from benchmark.mixing.sources import SourceReader
from benchmark.types import RATE_HZ

# Gains are rounded before they are used, so that what is stored is exactly what was applied, and a difference
# in the last bit of a logarithm between two processors does not reach the samples.
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

    The level is measured again at each gain: the thresholds of P.56 lie at fixed powers of two of full scale,
    so that the level of a scaled signal is the scaled level only within about 0.1 dB.

    Attributes:
        samples: At the recorded level without DC, shape (samples,).
        level: At the recorded level.

    Raises:
        SilentSpeechError: It holds no speech, or nothing above the last bit of 16.
    """

    def __init__(self, samples: Samples, name: str, levels: dict[float, ActiveLevel] | None = None) -> None:
        self.samples = without_dc(samples)
        self._name = name
        # By gain; a caller that reads the same speech again passes what was measured before.
        self._levels = {} if levels is None else levels
        self._envelope: SpeechEnvelope | None = None
        self._last: tuple[float, Samples] | None = None
        self.level = self.level_at(0.0)
        if self.level.level_db <= SILENT_BELOW_DBFS:
            raise SilentSpeechError(
                f"{name}: is practically silent ({self.level.level_db:.0f} dBFS, the last bit of "
                "16); replace the recording"
            )

    def level_at(self, gain_db: float) -> ActiveLevel:
        """The level after a gain.

        Raises:
            SilentSpeechError: It holds no speech.
        """
        if gain_db not in self._levels:
            try:
                self._envelope = self._envelope or SpeechEnvelope.of(self.samples, RATE_HZ)
                self._levels[gain_db] = self._envelope.level(factor(gain_db))
            except MeasureError as error:
                raise SilentSpeechError(f"{self._name}: has no measurable speech level: {error}") from error
        return self._levels[gain_db]

    def at(self, gain_db: float) -> Samples:
        """The samples after a gain, the same array for the same gain as before; not to be changed."""
        if self._last is None or self._last[0] != gain_db:
            self._last = gain_db, self.samples * factor(gain_db)
        return self._last[1]

    def let_go(self) -> None:
        """Frees what was computed from the samples and is as large as they are; it comes back when needed."""
        self._envelope, self._last = None, None


def levelled_speech(
    utterance_id: str, samples: int, reader: SourceReader, levels: dict[float, ActiveLevel] | None = None
) -> LevelledSpeech:
    """Reads an utterance of so many samples at 16 kHz and measures its P.56 active level.

    Args:
        utterance_id: Which.
        samples: Its length.
        reader: Reads it.
        levels: By gain, what was measured of it before; grows.

    Raises:
        CorpusError: It cannot be read.
        SilentSpeechError: It holds no speech.
    """
    return LevelledSpeech(reader.speech(utterance_id, samples), utterance_id, levels)


@dataclass(frozen=True, slots=True, eq=False)
class AssembledNoise:
    """The noise of one utterance and kind, at an arbitrary level; the same at every SNR but for its gain.

    Attributes:
        samples: Without DC, shape (samples,).
        rms_db: RMS level over all of them.
        talker_levels_db: P.56 active level of each talker in it who is heard, on the scale of `samples`;
            empty where the noise is not made of talkers.
    """

    samples: Samples
    rms_db: float
    talker_levels_db: tuple[float, ...] = ()


def assemble_noise(row: PlanRow, reader: SourceReader) -> AssembledNoise:
    """Reads and sums the pieces of a plan row, and measures the talkers in it.

    Raises:
        NoiseError: A recording cannot be used.
        SilentNoiseError: All of the noise is silent, or nothing but the last bit of 16 moves.
    """
    tracks = noise_tracks(row, reader)
    noise = summed_noise(row, tracks)
    return replace(noise, talker_levels_db=_active_levels(tracks)) if row["talkers"] else noise


def noise_tracks(row: PlanRow, reader: SourceReader) -> list[Samples]:
    """Reads the pieces of a plan row: a track a talker, or one of other noise, each of shape (samples,).

    Raises:
        NoiseError: A recording cannot be used.
    """
    read = reader.talker if row["talkers"] else reader.noise
    tracks: list[Samples] = []
    for piece in row["pieces"]:
        try:
            stretch = read(piece)
        except CorpusError as error:
            raise NoiseError(str(error), (piece["noise_id"],)) from error
        if piece["at"] == 0:  # the next talker begins
            tracks.append(np.zeros(row["samples"]))
        tracks[-1][piece["at"] : piece["at"] + piece["frames"]] += stretch * factor(piece["gain_db"])
    return tracks


def summed_noise(row: PlanRow, tracks: Sequence[Samples]) -> AssembledNoise:
    """Sums the tracks of a plan row; the levels of its talkers are not measured.

    Raises:
        SilentNoiseError: All of the noise is silent, or nothing but the last bit of 16 moves.
    """
    noise = np.sum(tracks, axis=0)
    level_db = rms_db(noise)
    if not math.isfinite(level_db):
        raise SilentNoiseError(
            f"{row['mixture_id']}: its noise is silent there ({_places(row)}); listen to the recording, "
            "and take it out of the noise if it is damaged",
            tuple(piece["noise_id"] for piece in row["pieces"]),
        )
    return AssembledNoise(noise, level_db)


def _active_levels(tracks: Sequence[Samples]) -> tuple[float, ...]:
    heard = (track for track in tracks if math.isfinite(rms_db(track)))
    return tuple(active_speech_level(track, RATE_HZ).level_db for track in heard)


@dataclass(frozen=True, slots=True, eq=False)
class Mixed:
    """A mixture of which nothing was measured yet.

    Attributes:
        pcm: int16, shape (samples,), 16 kHz.
        speech: The speech in it, without DC.
        asked_gain_db: What brings the speech to the level that the recipe asks for.
        speech_gain_db: What was applied to it: less, where the sum would have passed the peak limit.
        noise_gain_db: What was applied to the noise; None for clean speech.
    """

    pcm: NDArray[np.int16]
    speech: Samples
    asked_gain_db: float
    speech_gain_db: float
    noise_gain_db: float | None


def mix(row: PlanRow, recipe: Recipe, speech: LevelledSpeech, noise: AssembledNoise | None) -> Mixed:
    """Mixes one plan row.

    SNR is the P.56 active level of the speech minus the RMS of the noise over the whole mixture (the NOIZEUS
    convention), or RMS minus RMS where the recipe asks for it; both without DC, which no mixture holds. A sum
    that would pass the peak limit is brought down by one gain common to both.

    Args:
        row: What to render.
        recipe: Levels and limits.
        speech: Of the row's utterance.
        noise: Of the row's pieces; None for clean speech.
    """
    wanted = recipe.speech.level_dbfs
    asked_db = 0.0 if wanted is None else round(wanted - speech.level.level_db, _GAIN_DIGITS)
    snr_db = row["snr_db"]
    speech_gain_db, noise_gain_db = asked_db, None
    while True:
        mixture = said = speech.at(speech_gain_db)
        if snr_db is not None and noise is not None:
            noise_gain_db = _noise_gain_db(snr_db, recipe, speech.level_at(speech_gain_db), noise.rms_db)
            noisy = noise.samples * factor(noise_gain_db)
            mixture = np.add(said, noisy, out=noisy)
        excess_db = _excess_db(mixture, recipe.mixing.peak_limit_dbfs)
        if excess_db == 0.0:
            break
        speech_gain_db = round(speech_gain_db - excess_db, _GAIN_DIGITS)

    return Mixed(pcm16(mixture), said, asked_db, speech_gain_db, noise_gain_db)


def render_mixture(
    row: PlanRow, recipe: Recipe, speech: LevelledSpeech, noise: AssembledNoise | None
) -> Rendered:
    """Mixes one plan row, see `mix`, and measures the 16-bit samples.

    Args:
        row: What to render.
        recipe: Levels and limits.
        speech: Of the row's utterance.
        noise: Of the row's pieces; None for clean speech.
    """
    mixed = mix(row, recipe, speech, noise)
    pcm, speech_gain_db, noise_gain_db = mixed.pcm, mixed.speech_gain_db, mixed.noise_gain_db
    snr_p56_db, snr_rms_db, over_mean_db, over_loudest_db = None, None, None, None
    if noise is not None and noise_gain_db is not None:
        snr_p56_db, snr_rms_db = _realised(mixed, speech.level_at(speech_gain_db))
        if noise.talker_levels_db:
            own_db = speech.level_at(speech_gain_db).level_db - noise_gain_db
            over_mean_db, over_loudest_db = _over_talkers(own_db, noise.talker_levels_db)
    measured = Measured(
        speech_level_dbfs=round(speech.level.level_db, _REPORT_DIGITS),
        speech_activity=round(speech.level.activity, _REPORT_DIGITS),
        speech_gain_db=speech_gain_db,
        noise_gain_db=noise_gain_db,
        common_gain_db=round(speech_gain_db - mixed.asked_gain_db, _GAIN_DIGITS),
        peak=max(int(pcm.max()), -int(pcm.min())) / FULL_SCALE,
        snr_p56_db=snr_p56_db,
        snr_rms_db=snr_rms_db,
        over_mean_db=over_mean_db,
        over_loudest_db=over_loudest_db,
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


def _over_talkers(speech_db: float, talkers_db: Sequence[float]) -> tuple[float, float]:
    """Level of the speech over the mean power of the talkers, and over the loudest of them."""
    mean_db = 10.0 * math.log10(float(np.mean(np.power(10.0, np.array(talkers_db) / 10.0))))
    return round(speech_db - mean_db, _REPORT_DIGITS), round(speech_db - max(talkers_db), _REPORT_DIGITS)


def _realised(mixed: Mixed, level: ActiveLevel) -> tuple[float, float]:
    """Both readings of the SNR, by P.56 and by RMS, from the samples as they are stored."""
    residue = mixed.pcm / FULL_SCALE
    residue_db = rms_db(np.subtract(residue, mixed.speech, out=residue))
    return (
        round(level.level_db - residue_db, _REPORT_DIGITS) + 0.0,
        round(level.rms_db - residue_db, _REPORT_DIGITS) + 0.0,
    )


def _excess_db(mixture: Samples, limit_dbfs: float) -> float:
    """By how much the peak passes the limit, rounded up; 0 if it does not."""
    peak = max(float(mixture.max()), -float(mixture.min()))
    excess_db = 20.0 * math.log10(peak) - limit_dbfs if peak > 0 else 0.0
    return float(math.ceil(excess_db * 1e4) / 1e4) if excess_db > 0 else 0.0
