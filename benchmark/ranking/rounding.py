"""How a value becomes digits: once, so that CSV, README, plots and page never differ in the last one.

Every value is first settled to six digits after the point, as the CSV shows it, and shorter texts are made
from that, half away from zero. The script of the page does the same (`digitsOf` in `page.js`).
"""

from __future__ import annotations

import math

_DIGITS = 6


def settled(value: float) -> float:
    """A value with the digits that are kept."""
    return round(value, _DIGITS)


def as_text(value: float, digits: int, sign: bool = False) -> str:
    """A finite value with so many digits after the point, of at most six.

    Example:
        >>> as_text(0.401487, 3), as_text(0.0625, 3), as_text(-0.0001, 3), as_text(0.5, 2, sign=True)
        ('0.401', '0.063', '0.000', '+0.50')
    """
    if not math.isfinite(value):
        raise ValueError(f"{value} has no digits")
    step = 10 ** (_DIGITS - digits)
    whole = (abs(round(value * 10**_DIGITS)) + step // 2) // step
    before, after = divmod(whole, 10**digits)
    mark = ("-" if value < 0 else "+" if sign else "") if whole else "+" if sign else ""
    return f"{mark}{before}" + (f".{after:0{digits}d}" if digits else "")
