"""SINBAD: Speech INversion Benchmark And Data."""

from __future__ import annotations

__all__ = ["__version__"]
__version__ = "0.1.0"
