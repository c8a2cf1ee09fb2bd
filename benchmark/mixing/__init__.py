"""From a recipe and recordings to mixtures: the plan (every draw), rendering (a pure function of one row), building on disk."""

from __future__ import annotations
