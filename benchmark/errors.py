"""The one exception tree of the project.

Every error that a user can cause or repair is a `SinbadError`. Commands catch this one class, print its
message on one line and exit with status 2; anything else is a defect of ours and keeps its traceback.
"""

from __future__ import annotations


class SinbadError(Exception):
    """Base class of every error raised on purpose by this package."""


class RecipeError(SinbadError):
    """A recipe cannot be read: it names the file, the key, what is wrong and what is allowed."""


class CorpusError(SinbadError):
    """A corpus (speech, articulation or noise) on disk is missing, empty, damaged or of another kind."""


class LengthError(CorpusError):
    """Audio and articulation of a recording differ so much in length that they cannot belong together.

    Attributes:
        audio_s: Length of the audio.
        articulation_s: Length of the articulation at `rate_hz`.
        rate_hz: Its frames per second, as the file or its description states; 0 if that is not known.
    """

    audio_s: float = 0.0
    articulation_s: float = 0.0
    rate_hz: float = 0.0


class SilentSpeechError(CorpusError):
    """An utterance holds no speech, so that it has no level."""


class NoiseError(CorpusError):
    """Recordings of noise cannot be used.

    Attributes:
        noise_ids: Which.
    """

    def __init__(self, message: str, noise_ids: tuple[str, ...] = ()) -> None:
        super().__init__(message, noise_ids)
        self.noise_ids = noise_ids

    def __str__(self) -> str:
        return str(self.args[0])


class SilentNoiseError(NoiseError):
    """A stretch of noise holds no sound. Where stretches are drawn, another may be."""


class ManifestError(SinbadError):
    """A manifest or another table of ours is missing, damaged or does not fit its schema."""


class MeasureError(SinbadError):
    """A measure cannot be computed for this input, and says why. Never replaced by a number."""


class ModelError(SinbadError):
    """A submitted model cannot be loaded, or broke the contract of its two methods."""


class StandingsError(SinbadError):
    """Results cannot be ranked together: they are edited, mixed, stale or incomplete."""


class MissingExtraError(SinbadError):
    """An optional package is needed; the message says how to install it."""

    def __init__(self, package: str, extra: str, purpose: str) -> None:
        super().__init__(
            f"{purpose} needs the package '{package}', which is not installed: pip install "
            f"'sinbad-bench[{extra}]'"
        )
