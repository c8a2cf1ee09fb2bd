"""Built-in models by name, submitted ones by file, and pairs of an enhancer and an inverter."""

from __future__ import annotations

import difflib
import hashlib
import importlib.util
import inspect
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import Any, Literal

from benchmark import __version__
from benchmark.errors import ModelError
from benchmark.models.chain import Chain, Identity
from benchmark.models.contract import Enhancer, Inverter, Model
from benchmark.prepared import PreparedCorpus

Kind = Literal["enhance", "invert"]


@dataclass(frozen=True, slots=True)
class Entry:
    """A model that can be scored.

    Attributes:
        name: As in tables; a file name.
        title: One line.
        version: Of the model.
        source: Where it comes from: a paper, a package, a file.
        source_sha256: Hash of the code that defines it.
        build: Makes the model; may train it on the train split of the corpus that it will be scored on.
        hears: "noisy", or "clean" for an oracle, which is given the clean speech instead and shows what could be reached.
        arguments: What it was made with.
    """

    name: str
    title: str
    version: str
    source: str
    source_sha256: str
    build: Callable[[PreparedCorpus], Model]
    hears: Literal["noisy", "clean"] = "noisy"
    arguments: Mapping[str, str] = field(default_factory=dict)


def _identity(_: PreparedCorpus) -> Model:
    return Identity()


def _logmmse(_: PreparedCorpus) -> Model:
    from benchmark.models.logmmse import LogMmse

    return LogMmse()


def _ridge(corpus: PreparedCorpus, kinds: tuple[str, ...]) -> Model:
    from benchmark.models.ridge import train_ridge

    return train_ridge(corpus, kinds)


def _own_hash(*modules: str) -> str:
    folder = Path(__file__).parent
    return hashlib.sha256(b"".join((folder / f"{name}.py").read_bytes() for name in modules)).hexdigest()


def _entry(
    name: str,
    title: str,
    source: str,
    build: Callable[[PreparedCorpus], Model],
    modules: tuple[str, ...],
    hears: Literal["noisy", "clean"] = "noisy",
) -> Entry:
    return Entry(name, title, __version__, source, _own_hash(*modules), build, hears)


def _built_in() -> dict[str, Entry]:
    ridge = ("ridge", "features")
    entries = [
        _entry("noisy", "the noisy speech as it is", "does nothing", _identity, ("chain",)),
        _entry("clean", "oracle: the clean speech", "does nothing", _identity, ("chain",), "clean"),
        _entry(
            "logmmse",
            "log-MMSE with tracked noise",
            "Ephraim & Malah 1985; Gerkmann & Hendriks 2012",
            _logmmse,
            ("logmmse",),
        ),
        _entry(
            "ridge_clean",
            "ridge regression on log-mel, trained on clean speech",
            "benchmark.models.ridge",
            partial(_ridge, kinds=("clean",)),
            ridge,
        ),
        _entry(
            "ridge_noisy",
            "ridge regression on log-mel, trained on clean and noisy speech",
            "benchmark.models.ridge",
            partial(_ridge, kinds=("clean", "babble", "nonbabble")),
            ridge,
        ),
    ]
    return {entry.name: entry for entry in entries}


#: The built-in models by name.
REGISTERED: Mapping[str, Entry] = MappingProxyType(_built_in())


def load(spec: str, arguments: Mapping[str, str] | None = None) -> Entry:
    """Finds what a SPEC names.

    Args:
        spec: A registered name ("ridge_noisy"); two of them joined ("logmmse+ridge_clean": enhance, then invert); or
            "path/to/file.py:Class".
        arguments: Keyword arguments for a class from a file.

    Raises:
        ModelError: There is no such model, or it cannot be loaded.
    """
    if "+" in spec:
        return _chained(spec, arguments)
    if ".py:" in spec:
        return _from_file(spec, dict(arguments or {}))
    if arguments:
        raise ModelError(f"{spec}: takes no arguments; they are for models loaded from a file")
    if spec in REGISTERED:
        return REGISTERED[spec]
    near = difflib.get_close_matches(spec, REGISTERED, n=1)
    guess = f"; did you mean '{near[0]}'?" if near else "."
    raise ModelError(
        f"no model '{spec}'{guess} There are: {', '.join(REGISTERED)}; two joined by '+'; or path/to/file.py:Class"
    )


def _chained(spec: str, arguments: Mapping[str, str] | None) -> Entry:
    first, _, second = spec.partition("+")
    enhancer = load(first, arguments if ".py:" in first else None)
    inverter = load(second, arguments if ".py:" in second else None)
    if inverter.hears == "clean":
        raise ModelError(f"{spec}: '{second}' is an oracle and can only come first")
    return Entry(
        name=f"{enhancer.name}+{inverter.name}",
        title=f"{enhancer.title}, then {inverter.title}",
        version=f"{enhancer.version}+{inverter.version}",
        source=f"{enhancer.source} + {inverter.source}",
        source_sha256=hashlib.sha256((enhancer.source_sha256 + inverter.source_sha256).encode()).hexdigest(),
        build=partial(_build_chain, enhancer, inverter),
        hears=enhancer.hears,
    )


def _build_chain(enhancer: Entry, inverter: Entry, corpus: PreparedCorpus) -> Model:
    first, second = enhancer.build(corpus), inverter.build(corpus)
    if not isinstance(first, Enhancer):
        raise ModelError(f"'{enhancer.name}' has no method enhance and cannot come before '+'")
    if not isinstance(second, Inverter):
        raise ModelError(f"'{inverter.name}' has no method invert and cannot come after '+'")
    return Chain(first, second)


def _from_file(spec: str, arguments: dict[str, str]) -> Entry:
    name, _, attribute = spec.rpartition(":")
    path = Path(name)
    if not path.is_file():
        raise ModelError(f"{path}: no such file; a SPEC of this form is path/to/file.py:Class")
    return Entry(
        name=f"{path.stem}.{attribute}",
        title=f"{attribute} of {path.name}",
        version="unversioned",
        source=f"{path.name}:{attribute}",
        source_sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        build=partial(_build_from_file, path.resolve(), attribute, arguments),
        arguments=arguments,
    )


def _build_from_file(path: Path, attribute: str, arguments: dict[str, str], _: PreparedCorpus) -> Model:
    module = _import_file(path)
    made = getattr(module, attribute, None)
    if made is None:
        there = [name for name, value in vars(module).items() if inspect.isclass(value)]
        raise ModelError(f"{path}: defines no '{attribute}'; its classes are: {', '.join(there) or 'none'}")
    try:
        model: Any = made(**arguments)
    except Exception as error:
        raise ModelError(f"{path}:{attribute} could not be made: {type(error).__name__}: {error}") from error
    return checked(model, f"{path.name}:{attribute}")


def checked(model: Any, name: str) -> Model:
    """Returns `model` if it keeps the contract.

    Raises:
        ModelError: It lacks `sample_rate`, or both methods.
    """
    rate = getattr(model, "sample_rate", None)
    if not isinstance(rate, int) or isinstance(rate, bool) or not 4000 <= rate <= 192000:
        raise ModelError(f"{name}: needs an attribute sample_rate (whole Hz, 4000 to 192000), found {rate!r}")
    if not isinstance(model, Enhancer | Inverter):
        raise ModelError(f"{name}: needs a method enhance(noisy), invert(noisy), or both")
    return model


def _import_file(path: Path) -> ModuleType:
    specification = importlib.util.spec_from_file_location(f"submitted_{path.stem}", path)
    if specification is None or specification.loader is None:
        raise ModelError(f"{path}: is not a Python file")
    module = importlib.util.module_from_spec(specification)
    # A wrapper may import its neighbours, as it would when run as a script.
    sys.path.insert(0, str(path.parent))
    try:
        specification.loader.exec_module(module)
    except Exception as error:
        raise ModelError(f"{path}: cannot be imported: {type(error).__name__}: {error}") from error
    finally:
        sys.path.remove(str(path.parent))
    return module
