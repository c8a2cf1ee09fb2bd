"""Files that are written whole or not at all, and where those lie that come with the package."""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from pkgutil import iter_modules
from typing import Any, cast

from benchmark.errors import MissingExtraError, SinbadError

try:
    import fcntl
except ImportError:  # Windows has no advisory locks of this kind
    fcntl = None  # type: ignore[assignment]

#: Where results and what is rendered of them go unless another folder is named: not under version control.
OWN_LEADERBOARD = Path("my_leaderboard")

_PACKAGE = Path(__file__).parent
_REPOSITORY = _PACKAGE.parent


def place(address: str | Path) -> Path:
    """The file or folder of a name: a path of this machine, or an address like "s3://bucket/folder".

    An address is what fsspec knows; it has the methods of a path.

    Raises:
        MissingExtraError: It is an address, and what reads addresses is not installed.
        SinbadError: Nothing here knows addresses of that kind.
    """
    if "://" not in str(address):
        return Path(address)
    try:
        from upath import UPath
    except ImportError as error:
        raise MissingExtraError("universal-pathlib", "remote", str(address)) from error
    try:
        # Other processes write there too, so what was listed is not remembered.
        found = UPath(address, use_listings_cache=False)
        _ = found.fs
    except (ImportError, ValueError) as error:
        raise SinbadError(f"{address}: cannot be reached ({error})") from error
    return cast(Path, found)


def is_remote(path: Path) -> bool:
    """Whether a path is an address and not of this machine."""
    return not isinstance(path, Path)


@contextmanager
def fetched(path: Path) -> Iterator[Path]:
    """Yields a local path with the content of `path`: itself, or a temporary copy of an address.

    Raises:
        OSError: It cannot be fetched.
        SinbadError: As raised inside, with the address in place of the copy.
    """
    if not is_remote(path):
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="sinbad-") as folder:
        copy = Path(folder, path.name)
        copy.write_bytes(path.read_bytes())
        try:
            yield copy
        except SinbadError as error:
            error.args = tuple(
                item.replace(str(copy), str(path)) if isinstance(item, str) else item for item in error.args
            )
            raise


def mirrored(root: Path) -> Path:
    """A local folder with the files below `root`: itself, or a cached copy of an address.

    What is there already, of the same size and not older, is not fetched again.

    Raises:
        SinbadError: There is nothing at the address.
    """
    if not is_remote(root):
        return root
    remote: Any = root
    copy = cache_folder() / "mirrors" / hashlib.sha256(str(root).encode()).hexdigest()[:12] / root.name
    found = remote.fs.find(remote.path, detail=True)
    if not found:
        raise SinbadError(f"{root}: there is nothing; check the address and who may read it")
    for name, facts in found.items():
        here = copy / name.removeprefix(remote.path.rstrip("/")).lstrip("/")
        changed = facts.get("LastModified")
        if here.is_file():
            known = here.stat()
            if known.st_size == facts["size"] and not (changed and changed.timestamp() > known.st_mtime):
                continue
        with replacing(here) as temporary:
            remote.fs.get_file(name, str(temporary))
    return copy


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yields a temporary path; on success its content takes the name `path`, on failure it is removed.

    The temporary path lies beside `path`, or on this machine where `path` is an address: object stores show a
    file when all of it is there.

    Raises:
        SinbadError: The folder cannot be written.
    """
    if is_remote(path):
        with _uploaded(path) as temporary:
            yield temporary
        return
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


def write_bytes(path: Path, content: bytes) -> None:
    """Writes `content`, whole or not at all; with fewer calls of the system than `replacing`.

    Raises:
        SinbadError: It cannot be written.
    """
    if is_remote(path):
        with replacing(path) as temporary:
            temporary.write_bytes(content)
        return
    temporary = path.with_name(f".{path.name}.{os.urandom(4).hex()}.part")
    try:
        try:
            stream = temporary.open("xb")
        except FileNotFoundError:
            path.parent.mkdir(parents=True, exist_ok=True)
            stream = temporary.open("xb")
    except OSError as error:
        raise SinbadError(
            f"{path.parent}: cannot be written ({error.strerror}); choose another folder"
        ) from error
    try:
        with stream:
            stream.write(content)
        _take_name(temporary, path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise SinbadError(f"{path}: cannot be written ({error.strerror}); is the disk full?") from error
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


@contextmanager
def _uploaded(path: Path) -> Iterator[Path]:
    remote: Any = path
    with tempfile.TemporaryDirectory(prefix="sinbad-") as folder:
        temporary = Path(folder, path.name)
        temporary.touch()
        yield temporary
        try:
            remote.fs.makedirs(remote.parent.path, exist_ok=True)
            remote.fs.put_file(str(temporary), remote.path)
        except OSError as error:
            raise SinbadError(f"{path}: cannot be written ({error}); choose another address") from error


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

    An address cannot be locked.

    Raises:
        SinbadError: The folder cannot be made, or another process holds it.
    """
    if is_remote(folder):
        yield
        return
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


@contextmanager
def one_at_a_time(folder: Path) -> Iterator[None]:
    """Waits until no other process is in such a block for the same folder, where folders can be locked."""
    if fcntl is None:
        yield
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):  # a file system without locks, as some network shares are
            fcntl.flock(handle, fcntl.LOCK_EX)
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
