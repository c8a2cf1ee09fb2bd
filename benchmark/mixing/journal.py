"""What an interrupted run had finished, so that the next one can go on."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from benchmark.errors import ManifestError, SinbadError
from benchmark.mixing.manifest import complete_row
from benchmark.mixing.rows import MixtureRow


class Journal:
    """Finished rows, one JSON object a line, appended as they come.

    The file exists only while a corpus is incomplete. A line that is no complete row, torn by a kill or
    written by another hand, is ignored; rows of another recipe are refused. What it says of a file is
    believed only if the samples on disk have the hash.

    Attributes:
        measured: Rows of the earlier run by mixture id.
    """

    def __init__(self, path: Path, identity: str) -> None:
        self._path, self._identity = path, identity
        self._stream: IO[str] | None = None
        self.measured: dict[str, MixtureRow] = {}

    def __enter__(self) -> Journal:
        self.measured = self._read()
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._stream = self._path.open("w", encoding="utf-8")
        except OSError as error:
            raise SinbadError(
                f"{self._path}: cannot be written ({error.strerror}); choose another --out"
            ) from error
        self._line({"recipe_sha256": self._identity})
        self.add(list(self.measured.values()))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._stream is not None:
            self._stream.close()

    def add(self, rows: Sequence[MixtureRow]) -> None:
        """Appends finished rows and hands them to the operating system."""
        for row in rows:
            self._line(row)
        if self._stream is not None:
            self._stream.flush()

    def discard(self) -> None:
        """Removes the file, once the manifest says the same."""
        self._path.unlink(missing_ok=True)

    def _line(self, row: Mapping[str, Any]) -> None:
        if self._stream is None:
            raise ValueError("a journal is written inside its `with` block")
        self._stream.write(json.dumps(row) + "\n")

    def _read(self) -> dict[str, MixtureRow]:
        if not self._path.is_file():
            return {}
        first, *lines = self._path.read_text(encoding="utf-8", errors="replace").splitlines() or [""]
        header = _parsed(first)
        if not isinstance(header, dict) or "recipe_sha256" not in header:
            return {}
        if header["recipe_sha256"] != self._identity:
            raise ManifestError(
                f"{self._path.parent}: holds an interrupted run of another recipe; "
                "choose another folder with --out, or delete it"
            )
        return {row["mixture_id"]: row for line in lines if (row := complete_row(_parsed(line))) is not None}


def _parsed(line: str) -> object:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None
