"""From results to standings: aggregation, tables, plots."""

from __future__ import annotations
