"""What measures have in common that another package computes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import MeasureError, MissingExtraError
from benchmark.metrics.active_level import active_speech_level
from benchmark.metrics.checks import UnscorableReference
from benchmark.metrics.measure import AudioMeasure

QUIETEST_DB = -70.0
MIN_ACTIVE_S = 0.3


@dataclass(frozen=True, repr=False)
class ProvidedMeasure(AudioMeasure):
    """A measure computed by an installed package.

    Attributes:
        package: Name and version of the package, part of the measure's name; found out if not given.
    """

    package: str = ""

    distribution: ClassVar[str]
    caveat: ClassVar[str] = ""

    def __post_init__(self) -> None:
        try:
            installed = f"{self.distribution} {version(self.distribution)}{self.caveat}"
        except PackageNotFoundError:
            raise MissingExtraError(self.distribution, "measures", type(self).__name__) from None
        if self.package not in ("", installed):
            raise MeasureError(
                f"{type(self).__name__} is asked of '{self.package}', installed is '{installed}'"
            )
        object.__setattr__(self, "package", installed)

    @property
    def ranked(self) -> bool:
        """Reported, never ranked: not everybody can compute it."""
        return False


def blamed(
    compute: Callable[[NDArray[np.float64]], float],
    clean: NDArray[np.float64],
    estimate: NDArray[np.float64],
) -> float:
    """The value of an estimate; on failure, finds out whether clean signal or estimate is at fault.

    For that the clean signal is compared with itself.

    Args:
        compute: Gives the value of an estimate, or complains.
        clean: The clean signal.
        estimate: The estimate.

    Raises:
        UnscorableReference: The clean signal cannot be measured either, so that no model is to blame.
        MeasureError: The estimate cannot be measured.
    """
    try:
        return compute(estimate)
    except MeasureError as error:
        try:
            compute(clean)
        except MeasureError:
            raise UnscorableReference(
                f"the clean signal cannot be scored even against itself ({error})"
            ) from None
        raise


def require_speech(signal: NDArray[np.float64], rate_hz: int, measure: str) -> None:
    """Raises `UnscorableReference` unless there is 0.3 s of active speech above -70 dB re full scale.

    Foreign code turns less into nonsense without saying so.
    """
    level = active_speech_level(signal, rate_hz)
    active_s = level.activity * len(signal) / rate_hz
    if level.level_db < QUIETEST_DB or active_s < MIN_ACTIVE_S:
        raise UnscorableReference(
            f"too little speech for {measure}: {active_s:.2f} s active at {level.level_db:.1f} dB re full "
            f"scale; {MIN_ACTIVE_S} s above {QUIETEST_DB:g} dB are needed"
        )


def require_sound(estimate: NDArray[np.float64], measure: str) -> None:
    """Raises `MeasureError` if the estimate never exceeds -80 dB re full scale: it is silent."""
    if np.ptp(estimate) < 2e-4:
        raise MeasureError(f"the estimate is silent (below -80 dB re full scale): {measure} is not defined")
