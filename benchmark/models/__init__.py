"""Models: the two-method contract, the registry of built-in ones, and loading of submitted ones."""

from __future__ import annotations

from benchmark.models.contract import Enhancer, Inverter, Model
from benchmark.models.registry import REGISTERED, Entry, load

__all__ = ["REGISTERED", "Enhancer", "Entry", "Inverter", "Model", "load"]
