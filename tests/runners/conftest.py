"""Fixtures that runners and scoring share."""

from __future__ import annotations

from tests.scoring.conftest import corpus, scratch

__all__ = ["corpus", "scratch"]
