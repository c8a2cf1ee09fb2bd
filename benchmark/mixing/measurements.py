"""What was measured on the mixtures of a corpus, small in memory however many there are."""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterator, Mapping

from benchmark.mixing.manifest import MEASURED
from benchmark.mixing.rows import Measured

_NUMBERS = tuple(name for name in MEASURED.names if name != "pcm_sha256")
_HASH_BYTES = 32


class Measurements(Mapping[str, Measured]):
    """`Measured` by mixture id; a row is made when it is looked at.

    Numbers lie in one array, of which absent ones are marked in another, and hashes as bytes.
    """

    def __init__(self) -> None:
        """Of no mixture yet."""
        self._at: dict[str, int] = {}
        self._numbers, self._absent, self._hashes = array("d"), bytearray(), bytearray()

    def __setitem__(self, mixture_id: str, measured: Mapping[str, object]) -> None:
        """Adds a mixture that was rendered, or replaces what was said of it.

        Raises:
            ValueError: It has no hash.
        """
        digest = bytes.fromhex(str(measured["pcm_sha256"]))
        if len(digest) != _HASH_BYTES:
            raise ValueError(f"{mixture_id}: '{measured['pcm_sha256']}' is no SHA-256")
        # What was there before stays in memory, out of reach: it happens a few times in a run at most.
        self._at[mixture_id] = len(self._hashes) // _HASH_BYTES
        self._hashes += digest
        for name in _NUMBERS:
            value = measured[name]
            self._absent.append(value is None)
            self._numbers.append(0.0 if value is None else float(value))  # type: ignore[arg-type]

    def update(self, found: Mapping[str, Measured]) -> None:
        """Adds several."""
        for key, measured in found.items():
            self[key] = measured

    def of(self, mixture_ids: Collection[str]) -> Measurements:
        """Those of some mixtures."""
        chosen = Measurements()
        for key in self:
            if key in mixture_ids:
                chosen[key] = self[key]
        return chosen

    def __getitem__(self, mixture_id: str) -> Measured:
        at = self._at[mixture_id]
        width = len(_NUMBERS)
        numbers = self._numbers[at * width : (at + 1) * width]
        absent = self._absent[at * width : (at + 1) * width]
        row: dict[str, object] = {
            name: None if missing else number
            for name, number, missing in zip(_NUMBERS, numbers, absent, strict=True)
        }
        row["pcm_sha256"] = self._hashes[at * _HASH_BYTES : (at + 1) * _HASH_BYTES].hex()
        return row  # type: ignore[return-value]

    def __contains__(self, mixture_id: object) -> bool:
        return mixture_id in self._at

    def __iter__(self) -> Iterator[str]:
        return iter(self._at)

    def __len__(self) -> int:
        return len(self._at)
