"""Names of the parameters of speech inversion and the groups over which the field averages."""

from __future__ import annotations

TV6 = ("LA", "LP", "TBCL", "TBCD", "TTCL", "TTCD")
"""Lip aperture and protrusion, location and degree of the tongue body's and the tongue tip's constriction."""

TV9 = (*TV6, "aperiodicity", "periodicity", "pitch")
"""The tract variables and the source features."""

TV10 = (*TV9, "nasalance")
"""All of it, with nasalance."""
