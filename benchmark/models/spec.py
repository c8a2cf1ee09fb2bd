"""Reads a SPEC: a model by name, a class, a command, a folder of predictions, or a pair."""

from __future__ import annotations

import difflib
import hashlib
import re
import shlex
import shutil
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from benchmark.errors import ModelError
from benchmark.models import published_inverters
from benchmark.models.command_words import read_word
from benchmark.models.declaration import Declaration, joined
from benchmark.models.encoders import PREFIX as ENCODER
from benchmark.models.encoders import encoder_entry
from benchmark.models.enrolled import ENDING, enrolled, without_ending
from benchmark.models.enrolled import TRACK as ENROLMENT
from benchmark.models.entry import Command, Entry, Pair, Predictions, Submission
from benchmark.models.forms import FORMS
from benchmark.models.joint import trained_entry
from benchmark.models.published_inverters import PUBLISHED
from benchmark.models.registry import REGISTERED
from benchmark.models.source_hash import (
    arguments_sha256,
    code_of_file,
    code_of_named,
    code_of_package,
    files_among,
    files_sha256,
    uncounted,
)
from benchmark.text import as_name, name_fault, printable

_TRAINED = "trained:"
_MODULE_CLASS = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")
_FILE_CLASS = re.compile(r".+\.py:[A-Za-z_]\w*")


def load(
    spec: str, arguments: Mapping[str, str] | None = None, *, name: str = "", python: str = sys.executable
) -> Entry:
    """Finds what a SPEC names; nothing of it is run.

    Args:
        spec: In one of the forms of `benchmark.models.forms.FORMS`.
        arguments: Keyword arguments for a class. If both parts of a pair are classes, "1.NAME" and "2.NAME"
            say whose.
        name: Another name for the tables.
        python: The interpreter that the packages of submitted classes are installed for.

    Raises:
        ModelError: There is no such model.
    """
    entry = _load(spec, dict(arguments or {}), python)
    if not name:
        return entry
    if fault := name_fault(name):
        raise ModelError(f"the name '{name}' {fault}")
    return replace(entry, name=name)


def _load(spec: str, arguments: dict[str, str], python: str) -> Entry:
    if spec in PUBLISHED:
        return _published(spec, arguments, python)
    first, second = _parts(spec)
    if second:
        return _pair(spec, first, second, arguments, python)
    if _takes_arguments(spec):
        return _submission(spec, arguments, python)
    if arguments:
        raise ModelError(
            f"{spec}: takes no arguments; they are for classes (file.py:Class, package.module:Class)"
        )
    if spec.startswith("command:"):
        return _command(spec)
    if spec.startswith("predictions:"):
        return _predictions(spec)
    if spec.startswith(ENCODER):
        return encoder_entry(spec)
    if spec.startswith(_TRAINED):
        return trained_entry(Path(spec.removeprefix(_TRAINED)).expanduser())
    if spec in REGISTERED:
        return REGISTERED[spec]
    names = [*REGISTERED, *PUBLISHED]
    near = [name for name in names if name == spec + ENDING] or difflib.get_close_matches(spec, names, n=1)
    guess = f"; did you mean '{near[0]}'?" if near else "."
    raise ModelError(f"no model '{spec}'{guess} There are: {', '.join(names)}. A SPEC is {FORMS}")


def _parts(spec: str) -> tuple[str, str]:
    """The two parts of a pair; the second is "" otherwise, as paths and commands may hold a "+" too."""
    if _takes_arguments(spec) and _file_of(spec).is_file():
        return spec, ""
    foreign = spec.startswith(("command:", "predictions:", ENCODER, _TRAINED))
    first, _, second = spec.rpartition("+")
    before, trained, folder = spec.rpartition(f"+{_TRAINED}")
    if trained and second not in REGISTERED:
        return before, f"{_TRAINED}{folder}"
    if foreign and not (second in REGISTERED or _takes_arguments(second)):
        return spec, ""
    return (first, second) if first else (spec, "")


def _takes_arguments(spec: str) -> bool:
    if spec.startswith(("command:", "predictions:", ENCODER, _TRAINED)):
        return False
    return bool(spec in PUBLISHED or _FILE_CLASS.fullmatch(spec) or _MODULE_CLASS.fullmatch(spec))


def _file_of(spec: str) -> Path:
    return Path(spec.rpartition(":")[0])


def _pair(spec: str, first: str, second: str, arguments: dict[str, str], python: str) -> Entry:
    own: list[dict[str, str]] = []
    for number, (part, other) in enumerate([(first, second), (second, first)], start=1):
        prefix = f"{number}."
        given = {key[2:]: value for key, value in arguments.items() if key.startswith(prefix)}
        if _takes_arguments(part):
            plain = {key: value for key, value in arguments.items() if not key.startswith(("1.", "2."))}
            if plain and _takes_arguments(other):
                raise ModelError(
                    f"{spec}: say whose argument '{next(iter(plain))}' is: 1.NAME=VALUE or 2.NAME=VALUE"
                )
            given |= plain
        own.append(given)
    if arguments and not any(own):
        raise ModelError(
            f"{spec}: takes no arguments; they are for classes (file.py:Class, package.module:Class)"
        )
    enhancer, inverter = _load(first, own[0], python), _load(second, own[1], python)
    if inverter.hears == "clean":
        raise ModelError(f"{spec}: '{second}' is an oracle and can only come first")
    if isinstance(inverter.how, Predictions):
        raise ModelError(f"{spec}: predictions are no answer to what '{first}' gives and can only come first")
    licences = [enhancer.licence, inverter.licence]
    told = any(part.track == ENROLMENT for part in (enhancer, inverter))
    enhancer, inverter = without_ending(enhancer), without_ending(inverter)
    pair = Entry(
        name=f"{enhancer.name}+{inverter.name}",
        title=f"{enhancer.title}, then {inverter.title}",
        version=f"{enhancer.version}+{inverter.version}",
        source=f"{enhancer.source} + {inverter.source}",
        source_sha256=hashlib.sha256((enhancer.source_sha256 + inverter.source_sha256).encode()).hexdigest(),
        how=Pair(enhancer, inverter),
        hears=enhancer.hears,
        arguments={
            f"{number}.{key}": value
            for number, part in enumerate((enhancer, inverter), start=1)
            for key, value in part.arguments.items()
        },
        licence=" + ".join(dict.fromkeys(licences)) if all(licences) else "",
        uncounted=(*enhancer.uncounted, *inverter.uncounted),
        declared=joined(enhancer.declared, inverter.declared),
    )
    return enrolled(pair) if told else pair


def _submission(spec: str, arguments: dict[str, str], python: str) -> Entry:
    where, _, attribute = spec.rpartition(":")
    # A path among the arguments is made absolute, because the model will run in another folder.
    given = {
        key: str(Path(value).resolve()) if Path(value).exists() else value for key, value in arguments.items()
    }
    if where.endswith(".py"):
        path = Path(where)
        if not path.is_file():
            raise ModelError(f"{path}: no such file; a SPEC of this form is path/to/file.py:Class")
        path = path.resolve()
        code, how = code_of_file(path), Submission(path, "", attribute, given)
        name, source = f"{path.stem}.{attribute}", printable(f"{path.name}:{attribute}")
    else:
        code, how = code_of_package(where, python), Submission(None, where, attribute, given)
        name, source = f"{where}.{attribute}", spec
    shown = {
        key: printable(Path(value).name if Path(value).exists() else value)
        for key, value in arguments.items()
    }
    label = ",".join(f"{key}={value}" for key, value in sorted(shown.items()))
    return Entry(
        name=as_name(f"{name},{label}" if label else name),
        title=f"{attribute} of {source.rpartition(':')[0]}" + (f" ({label})" if label else ""),
        version="unversioned",
        source=source,
        source_sha256=hashlib.sha256((code.sha256() + arguments_sha256(arguments)).encode()).hexdigest(),
        how=how,
        arguments=shown,
        uncounted=tuple(map(printable, uncounted(code, files_among(given)))) if how.path else (),
    )


def _published(name: str, arguments: dict[str, str], python: str) -> Entry:
    """An inverter of other people: a class in a file of this package, run like a submission."""
    known = PUBLISHED[name]
    entry = _submission(f"{published_inverters.__file__}:{known.made.__name__}", arguments, python)
    label = entry.name.partition(",")[2]
    return replace(
        entry,
        name=as_name(f"{name},{label}" if label else name),
        title=known.title,
        source=f"benchmark.models.published_inverters:{known.made.__name__}",
        licence=known.licence,
        declared=Declaration(known.trained_on),
    )


def _command(spec: str) -> Entry:
    try:
        words = shlex.split(spec.removeprefix("command:"))
    except ValueError as error:
        raise ModelError(f"{spec}: {error}; quote it as for a shell") from error
    if not words or shutil.which(words[0]) is None:
        raise ModelError(
            f"{spec}: no program '{words[0] if words else ''}' here; give its path, or add it to PATH"
        )
    if not any("{out}" in word for word in words):
        words += ["{in}", "{out}"]
    read = [read_word(word) for word in words]
    shown = printable(" ".join(word.shown for word in read))
    digest = hashlib.sha256(shown.encode())
    for word in read:
        for path in word.paths:
            digest.update(code_of_named(path).sha256().encode())
    main_word = next((word.paths[0].stem for word in reversed(read) if word.is_file), Path(words[0]).stem)
    program = Path(str(shutil.which(read[0].text))).absolute()
    return Entry(
        name=as_name(main_word),
        title=f"the command {shown}",
        version="unversioned",
        source=f"command: {shown}",
        source_sha256=digest.hexdigest(),
        how=Command((str(program), *(word.text for word in read[1:]))),
    )


def _predictions(spec: str) -> Entry:
    folder = Path(spec.removeprefix("predictions:"))
    if not folder.is_dir():
        raise ModelError(
            f"{folder}: no such folder; predictions:DIR needs a folder of estimates named by mixture"
        )
    files = [path for path in folder.rglob("*") if path.is_file()]
    return Entry(
        name=as_name(folder.resolve().name),
        title=printable(f"predictions in {folder.resolve().name}"),
        version="unversioned",
        source="predictions computed elsewhere",
        source_sha256=files_sha256(files, folder),
        how=Predictions(folder.resolve()),
    )
