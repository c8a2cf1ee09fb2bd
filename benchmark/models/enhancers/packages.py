"""Finds what lies in an installed package without importing it: several would pull in a hundred others."""

from __future__ import annotations

from importlib import import_module, metadata
from pathlib import Path
from types import ModuleType
from typing import Any

from benchmark.errors import MissingExtraError


def without_requirements() -> frozenset[str]:
    """Packages that are installed without their own requirements; `make enhancers` reads the same file."""
    lines = Path(__file__).with_name("without_requirements.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(line for line in lines if not line.startswith("#"))


class MissingPackageError(MissingExtraError):
    """A package is needed that no extra can name; the message says how to install it."""

    def __init__(self, package: str, purpose: str) -> None:
        super().__init__(package, "enhancers", purpose)
        if package in without_requirements():
            self.args = (
                f"{purpose} needs the package '{package}', which is not installed: "
                f"pip install 'sinbad-bench[enhancers]' && pip install --no-deps {package}",
            )


def file_of(package: str, ending: str) -> Path:
    """The one file of an installed distribution whose path ends so.

    Raises:
        MissingExtraError: The distribution is not installed, or holds no such file.
    """
    try:
        files = metadata.files(package) or []
    except metadata.PackageNotFoundError:
        files = []
    for file in files:
        path = Path(str(file.locate()))
        if str(file).endswith(ending) and path.is_file():
            return path
    raise MissingPackageError(package, f"this enhancer ({ending})")


def module_of(package: str, module: str) -> ModuleType:
    """Imports a module of an optional package.

    Raises:
        MissingExtraError: The package is not installed.
    """
    try:
        return import_module(module)
    except ImportError as error:
        raise MissingPackageError(package, "this enhancer") from error


def session(path: Path) -> Any:
    """An ONNX model on one thread, so that its speed can be compared and its sums have one order.

    Raises:
        MissingExtraError: onnxruntime is not installed.
    """
    onnxruntime = module_of("onnxruntime", "onnxruntime")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
