"""A result made again on another machine, compared score by score, and signed: `rerun.json` beside its card.

Hashes of a result reveal accidents, but anybody can compute them for invented numbers. So another person runs
the model again. If every score agrees within a tolerance, they sign the card: an Ed25519 signature (RFC
8032) by their own key over the record. The leaderboard shows the badge *re-run* where the key is one of its
reviewers' (`reviewers.json` beside the results: name to public key, kept by the leaderboard's owner).
"""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import TypeAdapter

from benchmark.errors import MissingExtraError, StandingsError
from benchmark.files import write_text
from benchmark.scoring.phone_scores import PhoneScores, read_phone_scores
from benchmark.scoring.results import Card, Result
from benchmark.scoring.score_rows import as_table
from benchmark.scoring.untrusted import parse_typed, read_bytes

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

FILE_NAME, REVIEWERS = "rerun.json", "reviewers.json"
#: How far two scores may be apart, in the unit of the measure, or as a share of scores beyond 1.
TOLERANCE = 1e-3
_KEY = ("mixture_id", "measure", "parameter")


@dataclass(frozen=True, slots=True)
class Rerun:
    """A record that a result was made again.

    Attributes:
        model: Name of the result.
        recipe: Its recipe.
        card_sha256: Hash of its card, which bears that of the scores.
        phones_sha256: Hash of its scores by class of phone as they were compared; "" if it has none.
        compared: How many scores were compared.
        tolerance: How far each may have been apart.
        largest: How far the worst was apart, by the same rule.
        real_time_factor: Of the second run.
        by: Who ran it again.
        machine: On what: system, processor and cores.
        environment: Versions of Python and the packages that matter.
        when: Day, UTC.
        key: Public key of the signer, hexadecimal.
        signature: Of all the rest, hexadecimal; "" before it is signed.
    """

    model: str
    recipe: str
    card_sha256: str
    phones_sha256: str
    compared: int
    tolerance: float
    largest: float
    real_time_factor: float
    by: str
    machine: str
    environment: dict[str, str]
    when: str
    key: str = ""
    signature: str = ""


class Difference(NamedTuple):
    """A score that did not come out as stored.

    Attributes:
        what: Mixture, measure and parameter.
        stored: As in the result.
        again: As it came out.
        apart: How far, by the rule of the tolerance; infinite where one failed or is missing and the other
            not.
    """

    what: str
    stored: str
    again: str
    apart: float


_FORM = TypeAdapter(Rerun)
_NAMES = TypeAdapter(dict[str, str])


def compare(stored: Result, again: Result, tolerance: float = TOLERANCE) -> tuple[list[Difference], float]:
    """The scores that do not agree, the worst first, and how far the worst of all scores is apart.

    Two scores agree if both have the same status and `|a - b| <= tolerance * max(1, |a|)`.

    Args:
        stored: As it was handed in.
        again: As it came out here.
        tolerance: See above.
    """
    return _compare(as_table(stored.scores), as_table(again.scores), _KEY, tolerance)


def compare_phones(
    stored: PhoneScores | None, again: PhoneScores | None, tolerance: float = TOLERANCE
) -> tuple[list[Difference], float]:
    """The same for scores by class of phone, of the measures that are stored; none need be."""
    if stored is None:
        return [], 0.0
    here = (again or stored).table
    same = pc.is_in(here["measure"].cast(pa.string()), pa.array(list(stored.measures)))
    here = here.filter(same) if again else here.slice(0, 0)
    return _compare(stored.table, here, ("mixture_id", "phone_class", "measure", "parameter"), tolerance)


def _compare(
    stored: pa.Table, again: pa.Table, key: Sequence[str], tolerance: float
) -> tuple[list[Difference], float]:
    mine, theirs = _by_key(stored, key), _by_key(again, key)
    found: list[Difference] = []
    largest = 0.0
    for what in sorted(mine.keys() | theirs.keys()):
        one, other = mine.get(what), theirs.get(what)
        apart = _apart(one, other)
        largest = max(largest, apart)
        if not apart <= tolerance:
            found.append(Difference(" ".join(filter(None, what)), _text(one), _text(other), apart))
    return sorted(found, key=lambda item: -item.apart), largest


def _by_key(table: pa.Table, key: Sequence[str]) -> dict[tuple[str, ...], tuple[str, float]]:
    """Status and value of every score."""
    names = zip(*(table[name].to_pylist() for name in key), strict=True)
    values = table["value"].cast(pa.float64()).to_numpy().tolist()
    return dict(zip(names, zip(table["status"].to_pylist(), values, strict=True), strict=True))


def _apart(one: tuple[str, float] | None, other: tuple[str, float] | None) -> float:
    if one is None or other is None or one[0] != other[0]:
        return float("inf")
    if np.isnan(one[1]) and np.isnan(other[1]):
        return 0.0
    apart = abs(one[1] - other[1]) / max(1.0, abs(one[1]))
    return float("inf") if np.isnan(apart) else apart


def _text(score: tuple[str, float] | None) -> str:
    if score is None:
        return "missing"
    return f"{score[1]:.4f}" if score[0] == "ok" else score[0].replace("_", " ")


def record(
    card: Card, phones: PhoneScores | None, again: Card, tolerance: float, largest: float, by: str
) -> Rerun:
    """What is to be signed of a result whose scores all agreed.

    Args:
        card: Of the stored result.
        phones: Its scores by class of phone, if it has any.
        again: Card of the second run.
        tolerance: That was kept.
        largest: How far the worst score was apart.
        by: Who ran it again.
    """
    return Rerun(
        model=card.model,
        recipe=card.recipe,
        card_sha256=card.card_sha256,
        phones_sha256=phones.content_sha256 if phones else "",
        compared=card.expected + (len(phones.table) if phones else 0),
        tolerance=tolerance,
        largest=round(largest, 9),
        real_time_factor=again.real_time_factor,
        by=by,
        machine=f"{platform.system()} {platform.machine()}, {_processor()}, {os.cpu_count()} cores",
        environment=again.environment,
        when=datetime.now(UTC).date().isoformat(),
    )


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or "processor unknown"


def signed(record: Rerun, key: Ed25519PrivateKey) -> Rerun:
    """The record with a signature."""
    known = replace(record, key=key.public_key().public_bytes_raw().hex(), signature="")
    return replace(known, signature=key.sign(_content(known)).hex())


def _content(record: Rerun) -> bytes:
    content = {name: value for name, value in asdict(record).items() if name != "signature"}
    return json.dumps(content, sort_keys=True, separators=(",", ":")).encode()


def own_key(path: Path | None = None) -> Ed25519PrivateKey:
    """The signing key of the current user, made if there is none; only they can read it.

    Args:
        path: Where it lies (default: $SINBAD_SIGNING_KEY, else ~/.config/sinbad/signing_key).

    Raises:
        MissingExtraError: The package cryptography is not installed.
        StandingsError: The file is no such key.
    """
    ed25519 = _ed25519()
    given = os.environ.get("SINBAD_SIGNING_KEY")
    path = path or (Path(given) if given else Path.home() / ".config" / "sinbad" / "signing_key")
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(ed25519.Ed25519PrivateKey.generate().private_bytes_raw().hex() + "\n")
    try:
        key: Ed25519PrivateKey = ed25519.Ed25519PrivateKey.from_private_bytes(
            bytes.fromhex(path.read_text(encoding="ascii").strip())
        )
    except (OSError, ValueError) as error:
        raise StandingsError(f"{path}: is no signing key; remove it, and a new one is made") from error
    return key


def write_rerun(folder: Path, record: Rerun) -> Path:
    """Writes a signed record beside the card of a result."""
    path = folder / FILE_NAME
    write_text(path, json.dumps(asdict(record), indent=2, ensure_ascii=False) + "\n")
    return path


def read_rerun(folder: Path, card: Card, reviewers: Mapping[str, str]) -> Rerun | None:
    """The record beside a result, if it is of this very card and signed by a reviewer; None if there is none.

    Args:
        folder: Of the result.
        card: Its card, as it was read.
        reviewers: Name to public key.

    Raises:
        StandingsError: The record is damaged, of another card, or not signed by a reviewer.
        MissingExtraError: The package cryptography is not installed.
    """
    path = folder / FILE_NAME
    if not path.exists():
        return None
    found = parse_typed(read_bytes(path), _FORM, str(path))
    if (found.model, found.recipe, found.card_sha256) != (card.model, card.recipe, card.card_sha256):
        raise StandingsError(
            f"{path}: is of another result; it was scored again or edited since. Run it again"
        )
    phones = read_phone_scores(folder)
    if found.phones_sha256 != (phones.content_sha256 if phones else ""):
        raise StandingsError(f"{path}: the scores by class of phone are others since; run the result again")
    if found.by not in reviewers or reviewers[found.by] != found.key:
        raise StandingsError(
            f"{path}: '{found.by}' with this key is not among the reviewers of this leaderboard"
        )
    _check_signature(found, str(path))
    return found


def _check_signature(record: Rerun, where: str) -> None:
    ed25519 = _ed25519()
    from cryptography.exceptions import InvalidSignature

    try:
        public = ed25519.Ed25519PublicKey.from_public_bytes(bytes.fromhex(record.key))
        public.verify(bytes.fromhex(record.signature), _content(record))
    except (ValueError, InvalidSignature) as error:
        raise StandingsError(f"{where}: bears no valid signature of '{record.by}'; it was edited") from error


def read_reviewers(path: Path) -> dict[str, str]:
    """The reviewers whose re-runs a leaderboard trusts: name to public key; empty without a file.

    Raises:
        StandingsError: It is damaged.
    """
    return parse_typed(read_bytes(path), _NAMES, str(path)) if path.exists() else {}


def _ed25519() -> Any:
    try:
        from cryptography.hazmat.primitives.asymmetric import ed25519
    except ImportError as error:
        raise MissingExtraError("cryptography", "page", "the signature of a re-run") from error
    return ed25519
