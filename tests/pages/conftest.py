"""The prepared demo corpus, as for the ranking."""

from __future__ import annotations

from tests.ranking.conftest import corpus

__all__ = ["corpus"]
