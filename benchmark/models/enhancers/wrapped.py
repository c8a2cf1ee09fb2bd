"""What is known of a model that other people made."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from benchmark.models.contract import Model
from benchmark.models.declaration import NOT_STATED, Declaration
from benchmark.models.entry import Task


@dataclass(frozen=True, slots=True)
class Wrapped:
    """A model of other people.

    Attributes:
        name: As in tables.
        title: One line.
        source: Paper or repository, and the package that it is taken from.
        licence: Of code and weights, as their makers state it.
        package: Distribution that holds it; its version is that of the model.
        factory: Our class that wraps it; it looks for the package when an object is made.
        declared: What is known of its training.
        does: Its tasks.
        uses: Other modules of `benchmark.models` that it is made of.
        place: Where lists show it, smaller first, equal ones by name.
    """

    name: str
    title: str
    source: str
    licence: str
    package: str
    factory: type[Model]
    place: int = 50
    declared: Declaration = NOT_STATED
    does: tuple[Task, ...] = ("enhance",)
    uses: tuple[str, ...] = ()

    @property
    def version(self) -> str:
        """Version of the package, or "absent"."""
        try:
            return metadata.version(self.package)
        except metadata.PackageNotFoundError:
            return "absent"

    @property
    def files(self) -> tuple[Path, ...]:
        """Our files that it is made of."""
        here = Path(__file__).parent
        others = [here.parent / f"{name}.py" for name in self.uses]
        return (Path(inspect.getfile(self.factory)), here / "packages.py", here / "frames.py", *others)

    def make(self) -> Model:
        """The model.

        Raises:
            MissingExtraError: Its package is not installed.
        """
        return self.factory()
