"""Runs models on prepared corpora, scores what they give, and keeps the results."""

from __future__ import annotations
