"""Models: the two-method contract, the registry of built-in ones, and what a SPEC can name."""

from __future__ import annotations

from benchmark.models.contract import Enhancer, Inverter, Model
from benchmark.models.entry import Entry
from benchmark.models.registry import REGISTERED
from benchmark.models.spec import load

__all__ = ["REGISTERED", "Enhancer", "Entry", "Inverter", "Model", "load"]
