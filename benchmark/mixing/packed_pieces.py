"""The pieces of a noise, small in memory: a plan holds them for every utterance of a corpus."""

from __future__ import annotations

from array import array
from collections.abc import Sequence

from benchmark.mixing.rows import Piece


class PackedPieces:
    """Pieces in much less memory than they take as dictionaries."""

    __slots__ = ("_gains_db", "_names", "_places")

    def __init__(self, pieces: Sequence[Piece]) -> None:
        self._names = tuple(piece["noise_id"] for piece in pieces)
        self._places = array(
            "q", [value for piece in pieces for value in (piece["offset"], piece["at"], piece["frames"])]
        )
        self._gains_db = array("d", [piece["gain_db"] for piece in pieces])

    def unpacked(self) -> list[Piece]:
        """The pieces."""
        offsets, starts, frames = (self._places[field::3] for field in range(3))
        return [
            Piece(noise_id=name, offset=offset, at=at, frames=count, gain_db=gain_db)
            for name, offset, at, count, gain_db in zip(
                self._names, offsets, starts, frames, self._gains_db, strict=True
            )
        ]
