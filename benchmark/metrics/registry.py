"""From a name on the command line to a measure, and back to the list of what there is."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from types import MappingProxyType

from benchmark.errors import MeasureError
from benchmark.metrics.lag import LagPPMC
from benchmark.metrics.lsd import LSD
from benchmark.metrics.measure import Measure
from benchmark.metrics.pesqlike import PESQLike
from benchmark.metrics.ppmc import PPMC
from benchmark.metrics.providers import DNSMOS, PESQ, ViSQOL
from benchmark.metrics.rmse import RMSE
from benchmark.metrics.segsnr import SegSNR
from benchmark.metrics.sisdr import SISDR
from benchmark.metrics.stoi import ESTOI, STOI

CLASSES: Mapping[str, type[Measure]] = MappingProxyType(
    {
        cls.__name__: cls
        for cls in (PPMC, LagPPMC, RMSE, STOI, ESTOI, PESQLike, SISDR, SegSNR, LSD, PESQ, DNSMOS, ViSQOL)
    }
)
"""Measures by the first word of their name."""

_VARIANTS = (
    "PPMC(pool='corpus')",
    "PPMC(pool='padded2s')",
    "PPMC(pool='fisher_z')",
    "RMSE(scale='sd')",
    "RMSE(scale='centred')",
    "RMSE(scale='z')",
    "SISDR(zero_mean=True)",
)


def available() -> list[str]:
    """Names of all measures, their variants included."""
    return sorted(
        [*CLASSES, *_VARIANTS], key=lambda name: (list(CLASSES).index(name.partition("(")[0]), name)
    )


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
    if word not in CLASSES:
        raise _unknown(name)
    return CLASSES[word]().with_parameters(**given)


def _unknown(name: str) -> MeasureError:
    return MeasureError(f"no measure is called {name!r}; there are {', '.join(available())}")
