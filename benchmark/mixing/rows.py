"""The rows of the tables of a prepared corpus, as types that mypy checks.

What each column means stands beside its Parquet schema in `benchmark.mixing.manifest`; a test holds the two
against each other.
"""

from __future__ import annotations

from typing import TypedDict


class Piece(TypedDict):
    """A stretch of one recording, or of generated noise, in the noise of a mixture."""

    noise_id: str
    offset: int
    at: int
    frames: int
    gain_db: float


class PlanRow(TypedDict):
    """One planned mixture: the columns of `benchmark.mixing.manifest.PLANNED`."""

    mixture_id: str
    utterance_id: str
    speaker: str
    split: str
    noise_kind: str
    noise_category: str
    noise_source: str
    noise_seen: bool | None
    talkers: int | None
    voices: int | None
    snr_db: float | None
    samples: int
    looped: bool
    pieces: list[Piece]


class Measured(TypedDict):
    """What rendering measures on a mixture: the columns of `benchmark.mixing.manifest.MEASURED`."""

    speech_level_dbfs: float | None
    speech_activity: float | None
    speech_gain_db: float | None
    noise_gain_db: float | None
    common_gain_db: float | None
    peak: float | None
    snr_p56_db: float | None
    snr_rms_db: float | None
    over_mean_db: float | None
    over_loudest_db: float | None
    pcm_sha256: str | None


class MixtureRow(PlanRow, Measured):
    """One mixture of a prepared corpus; what rendering measures is null in a corpus that is only planned."""


class UtteranceRow(TypedDict):
    """One utterance of a prepared corpus: the columns of `benchmark.mixing.manifest.UTTERANCES`."""

    utterance_id: str
    speaker: str
    split: str
    prompt: str
    samples: int
    frames: int
    valid_share: float
    targets_sha256: str
    notes: str


#: A mixture of which nothing was measured yet.
UNMEASURED = Measured(
    speech_level_dbfs=None,
    speech_activity=None,
    speech_gain_db=None,
    noise_gain_db=None,
    common_gain_db=None,
    peak=None,
    snr_p56_db=None,
    snr_rms_db=None,
    over_mean_db=None,
    over_loudest_db=None,
    pcm_sha256=None,
)
