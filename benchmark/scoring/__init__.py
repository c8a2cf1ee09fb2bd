"""Judges what models gave: scores, cards and results on disk."""
