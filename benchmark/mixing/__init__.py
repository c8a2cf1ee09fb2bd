"""From recipe and recordings to mixtures: planned at random, rendered row by row, built on disk.

All random draws are in the plan; rendering is a pure function of one row of it.
"""

from __future__ import annotations
