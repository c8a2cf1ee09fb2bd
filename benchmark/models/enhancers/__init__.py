"""Wrappers of published enhancers: they find the installed package and remove its delay.

None of their code or weights is part of this package. Each is a module here that calls its description
`ENHANCER`, and `HIDDEN` where its hidden states can be had; nothing else has to know of it. Its own package
is looked for when the model is made and not before.
"""

from __future__ import annotations

import pkgutil
from importlib import import_module

from benchmark.models.enhancers.wrapped import Wrapped


def enhancers() -> list[Wrapped]:
    """All of them, as lists show them."""
    return _described("ENHANCER")


def hidden_states() -> list[Wrapped]:
    """Those whose hidden states can be had, as representations."""
    return _described("HIDDEN")


def _described(attribute: str) -> list[Wrapped]:
    modules = (import_module(item.name) for item in pkgutil.iter_modules(__path__, f"{__name__}."))
    found = [getattr(module, attribute) for module in modules if hasattr(module, attribute)]
    return sorted(found, key=lambda item: (item.place, item.name))
