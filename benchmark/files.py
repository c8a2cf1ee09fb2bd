"""Files that are written whole or not at all, and where those lie that come with the package."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from pkgutil import iter_modules

from benchmark.errors import SinbadError

try:
    import fcntl
except ImportError:  # Windows has no advisory locks of this kind
    fcntl = None  # type: ignore[assignment]

_PACKAGE = Path(__file__).parent
_REPOSITORY = _PACKAGE.parent


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yields a temporary path beside `path`; on success it takes the name `path`, on failure it is removed.

    Raises:
        SinbadError: The folder cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    except OSError as error:
        raise SinbadError(
            f"{path.parent}: cannot be written ({error.strerror}); choose another folder"
        ) from error
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        # mkstemp makes files private; what we write is for everyone the folder is for.
        temporary.chmod(0o666 & ~_umask())
        _take_name(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _take_name(temporary: Path, path: Path) -> None:
    try:
        temporary.replace(path)
    except IsADirectoryError as error:
        raise SinbadError(
            f"{path}: is a folder where a file should be; take it away and run the same command again"
        ) from error
    except OSError as error:
        raise SinbadError(f"{path}: cannot be written ({error.strerror}); choose another folder") from error


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Makes `folder` and locks it against other processes until this one ends, however it ends.

    Raises:
        SinbadError: The folder cannot be made, or another process holds it.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder, os.O_RDONLY) if fcntl is not None else None
    except OSError as error:
        raise SinbadError(f"{folder}: cannot be written ({error.strerror}); choose another folder") from error
    if fcntl is None or handle is None:
        yield
        return
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SinbadError(
                f"{folder}: another process is writing there; wait for it or choose another folder"
            ) from None
        except OSError:  # a file system without locks, as some network shares are
            pass
        yield
    finally:
        os.close(handle)


def _umask() -> int:
    mask = os.umask(0o022)
    os.umask(mask)
    return mask


def never_ends(path: Path) -> bool:
    """Whether `path` is a pipe, a socket or a device: opening one may wait for ever."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def write_text(path: Path, text: str) -> None:
    """Writes `text` as UTF-8 with Unix line ends, whole or not at all."""
    with replacing(path) as temporary:
        temporary.write_bytes(text.encode("utf-8"))


@cache
def modules_defining(name: str, folders: tuple[str, ...]) -> tuple[str, ...]:
    """Modules in `folders` that define `name`, found in their source: importing all takes seconds."""
    files = (Path(folder, f"{module.name}.py") for folder in folders for module in iter_modules([folder]))
    defined = f"\n{name} = "
    return tuple(sorted(file.stem for file in files if file.is_file() and defined in file.read_text("utf-8")))


def _folder(name: str) -> Path:
    # A wheel carries the two folders inside the package; a clone has them beside it, where people edit them.
    beside = _REPOSITORY / name
    return beside if (_REPOSITORY / "pyproject.toml").is_file() else _PACKAGE / "_shipped" / name


def recipes_folder() -> Path:
    """The folder of the shipped recipes (`*.toml`)."""
    return _folder("recipes")


def manifests_folder() -> Path:
    """The folder of the committed manifests and speaker splits."""
    return _folder("manifests")


def demo_corpus() -> Path:
    """The embedded corpus of virtual speakers."""
    return _PACKAGE / "data" / "demo"


def trained_models() -> Path:
    """The folder of the trained models that come with the package, one folder each."""
    return _PACKAGE / "data" / "joint"


def cache_folder() -> Path:
    """Where generated corpora are kept: `$SINBAD_CACHE`, else `~/.cache/sinbad`."""
    given = os.environ.get("SINBAD_CACHE")
    return Path(given).expanduser() if given else Path.home() / ".cache" / "sinbad"
