"""Models: the contract of four methods, the registry of built-in ones, and what a SPEC can name.

Names are imported when first used, so that the help of a command does not wait for numpy.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from benchmark.models.contract import Embedder, Enhancer, Inverter, Model, Representer
    from benchmark.models.entry import Entry
    from benchmark.models.registry import REGISTERED
    from benchmark.models.spec import load

__all__ = ["REGISTERED", "Embedder", "Enhancer", "Entry", "Inverter", "Model", "Representer", "load"]

_HOME = {
    "REGISTERED": "registry",
    "Embedder": "contract",
    "Enhancer": "contract",
    "Entry": "entry",
    "Inverter": "contract",
    "Model": "contract",
    "Representer": "contract",
    "load": "spec",
}


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(f"benchmark.models.{_HOME[name]}"), name)
    raise AttributeError(f"module 'benchmark.models' has no attribute '{name}'")
