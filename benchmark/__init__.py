"""SINBAD: Speech INversion Benchmark And Data.

The names below are the public interface; everything else may change between versions. They are imported when
first used, so that commands answer at once.

Example:
    >>> import benchmark
    >>> benchmark.load_recipe("demo_noisy").speech.targets
    'tv6'
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from benchmark.errors import SinbadError
    from benchmark.mixing.recipe import Recipe
    from benchmark.mixing.recipe_files import load_recipe, recipe_names
    from benchmark.models import Enhancer, Inverter
    from benchmark.prepared.corpus import PreparedCorpus
    from benchmark.prepared.on_demand import open  # noqa: A004
    from benchmark.ranking.standings import standings
    from benchmark.runners.loading import load_model
    from benchmark.scoring.evaluate import evaluate
    from benchmark.scoring.results import Card, Result, read_result, write_result
    from benchmark.types import Anatomy, Clip, Trajectories, Utterance

__version__ = "0.1.0"

__all__ = [
    "Anatomy",
    "Card",
    "Clip",
    "Enhancer",
    "Inverter",
    "PreparedCorpus",
    "Recipe",
    "Result",
    "SinbadError",
    "Trajectories",
    "Utterance",
    "__version__",
    "evaluate",
    "load_model",
    "load_recipe",
    "open",
    "read_result",
    "recipe_names",
    "standings",
    "write_result",
]

#: The module of each name. No module of this package bears one of these names: importing it would put it in
#: the name's place.
_HOME = {
    "Anatomy": "types",
    "Card": "scoring.results",
    "Clip": "types",
    "Enhancer": "models",
    "Inverter": "models",
    "PreparedCorpus": "prepared.corpus",
    "Recipe": "mixing.recipe",
    "Result": "scoring.results",
    "SinbadError": "errors",
    "Trajectories": "types",
    "Utterance": "types",
    "evaluate": "scoring.evaluate",
    "load_model": "runners.loading",
    "load_recipe": "mixing.recipe_files",
    "open": "prepared.on_demand",
    "read_result": "scoring.results",
    "recipe_names": "mixing.recipe_files",
    "standings": "ranking.standings",
    "write_result": "scoring.results",
}


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(f"benchmark.{_HOME[name]}"), name)
    raise AttributeError(f"module 'benchmark' has no attribute '{name}'")


def __dir__() -> list[str]:
    return [*__all__, "__doc__", "__file__", "__path__"]
