"""What measures have in common that another package computes."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import ClassVar

from benchmark.errors import MeasureError, MissingExtraError
from benchmark.metrics.measure import AudioMeasure


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
