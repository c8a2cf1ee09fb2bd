"""SINBAD: Speech INversion Benchmark And Data.

The names below are the public interface; everything else may change between versions. They are imported when first used, so that
commands answer at once.

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
    from benchmark.harness.evaluate import evaluate
    from benchmark.harness.results import Card, Result, read_result, write_result
    from benchmark.models import Enhancer, Inverter
    from benchmark.models import load as load_model
    from benchmark.prepared import PreparedCorpus
    from benchmark.recipe import Recipe, load_recipe, recipe_names
    from benchmark.speech import Anatomy, Clip, Trajectories, Utterance
    from benchmark.standings.aggregate import standings

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
    "read_result",
    "recipe_names",
    "standings",
    "write_result",
]

_HOME = {
    "Anatomy": "speech",
    "Card": "harness.results",
    "Clip": "speech",
    "Enhancer": "models",
    "Inverter": "models",
    "PreparedCorpus": "prepared",
    "Recipe": "recipe",
    "Result": "harness.results",
    "SinbadError": "errors",
    "Trajectories": "speech",
    "Utterance": "speech",
    "evaluate": "harness.evaluate",
    "load_recipe": "recipe",
    "read_result": "harness.results",
    "recipe_names": "recipe",
    "standings": "standings.aggregate",
    "write_result": "harness.results",
}


def __getattr__(name: str) -> Any:
    if name == "load_model":
        return import_module("benchmark.models").load
    if name in _HOME:
        return getattr(import_module(f"benchmark.{_HOME[name]}"), name)
    raise AttributeError(f"module 'benchmark' has no attribute '{name}'")
