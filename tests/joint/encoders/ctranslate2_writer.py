"""Writes model files of CTranslate2 for tests."""

from __future__ import annotations

import struct
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

_CODES = {"float32": 0, "int8": 1, "int16": 2, "int32": 3, "float16": 4, "uint16": 5}


def text(words: str) -> bytes:
    return struct.pack("<H", len(words) + 1) + words.encode() + b"\0"


def bfloat16(values: list[float]) -> NDArray[np.uint16]:
    """Codes of brain floats; the type uint16 stands for them here."""
    return (np.asarray(values, np.float32).view(np.uint32) >> 16).astype(np.uint16)


def model_file(
    kind: str,
    weights: Mapping[str, NDArray[np.generic]],
    version: int = 6,
    aliases: Mapping[str, str] | None = None,
) -> bytes:
    parts = [struct.pack("<I", version), text(kind), struct.pack("<II", 3, len(weights))]
    for name, values in weights.items():
        parts += [
            text(name),
            struct.pack("<B", values.ndim),
            *(struct.pack("<I", size) for size in values.shape),
        ]
        parts += [struct.pack("<BI", _CODES[values.dtype.name], values.nbytes), values.tobytes()]
    parts.append(struct.pack("<I", len(aliases or {})))
    for alias, name in (aliases or {}).items():
        parts += [text(alias), text(name)]
    return b"".join(parts)
