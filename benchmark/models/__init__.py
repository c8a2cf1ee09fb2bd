"""Models: the two-method contract, the registry of built-in ones, and what a SPEC can name.

Names are imported when first used, so that the help of a command does not wait for numpy.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from benchmark.models.contract import Enhancer, Inverter, Model
    from benchmark.models.entry import Entry
    from benchmark.models.registry import REGISTERED
    from benchmark.models.spec import load

__all__ = ["REGISTERED", "Enhancer", "Entry", "Inverter", "Model", "load"]

_HOME = {
    "REGISTERED": "registry",
    "Enhancer": "contract",
    "Entry": "entry",
    "Inverter": "contract",
    "Model": "contract",
    "load": "spec",
}


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(f"benchmark.models.{_HOME[name]}"), name)
    raise AttributeError(f"module 'benchmark.models' has no attribute '{name}'")
