"""From a name on the command line to a measure, and back to the list of what there is."""

from __future__ import annotations

import ast
import inspect
import pkgutil
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from types import MappingProxyType

from benchmark.errors import MeasureError
from benchmark.metrics.measure import Measure
from benchmark.metrics.providers.provided import ProvidedMeasure


@cache
def classes() -> Mapping[str, type[Measure]]:
    """All measures that the modules of this package define, by the first word of their names."""
    found: dict[str, type[Measure]] = {}
    for package in ("benchmark.metrics", "benchmark.metrics.providers"):
        for module in pkgutil.iter_modules(import_module(package).__path__, f"{package}."):
            members = vars(import_module(module.name)).values()
            # A package holds the measure of one of its modules; what is only imported is another's.
            found |= {item.__name__: item for item in members if _is_measure(item, module.name)}
    ordered = sorted(found.values(), key=lambda item: (item.place, item.__name__))
    return MappingProxyType({item.__name__: item for item in ordered})


def _is_measure(item: object, module: str) -> bool:
    return (
        isinstance(item, type)
        and issubclass(item, Measure)
        and not inspect.isabstract(item)
        and f"{item.__module__}.".startswith(f"{module}.")
    )


def available() -> list[str]:
    """Names of all measures, their variants included."""
    return [
        name
        for word, item in classes().items()
        for name in (word, *(f"{word}({variant})" for variant in item.variants))
    ]


def exported(word: str) -> Measure | type[Measure]:
    """What `benchmark.metrics` exports under a name: a measure, or a class that needs a package.

    Measures have their default settings.

    Raises:
        AttributeError: There is no such measure.
    """
    found = None if word.startswith("_") else classes().get(word)
    if found is None:
        raise AttributeError(f"module 'benchmark.metrics' has no attribute '{word}'")
    return found if issubclass(found, ProvidedMeasure) else found()


def parse(name: str) -> Measure:
    """The measure called `name`, as printed by its repr: ``STOI``, ``PPMC(pool='corpus')``.

    Raises:
        MeasureError: There is no such measure, or no such parameter or value; says what there is.
    """
    try:
        expression = ast.parse(name.strip(), mode="eval").body
    except SyntaxError:
        raise _unknown(name) from None
    if isinstance(expression, ast.Name):
        return _build(expression.id, {}, name)
    if isinstance(expression, ast.Call) and isinstance(expression.func, ast.Name) and not expression.args:
        try:
            given = {str(k.arg): ast.literal_eval(k.value) for k in expression.keywords}
        except ValueError:
            raise _unknown(name) from None
        return _build(expression.func.id, given, name)
    raise _unknown(name)


def _build(word: str, given: dict[str, object], name: str) -> Measure:
    if word not in classes():
        raise _unknown(name)
    return classes()[word]().with_parameters(**given)


def _unknown(name: str) -> MeasureError:
    return MeasureError(f"no measure is called {name!r}; there are {', '.join(available())}")
