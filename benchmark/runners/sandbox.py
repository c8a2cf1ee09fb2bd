"""A sandbox by bubblewrap: no network, no other process, and of the disk only what the model needs."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path

from benchmark.errors import ModelError

_SYSTEM = (
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/etc/ld.so.cache",
    "/etc/alternatives",
    "/etc/fonts",
)
_DEVICES = ("/dev/nvidia0", "/dev/nvidiactl", "/dev/nvidia-uvm")
#: Folders of a sandbox that can be written and lie in memory.
IN_MEMORY = ("/tmp", "/dev/shm")
_WHERE = "import sys; print(sys.prefix); print(sys.base_prefix)"


def sandboxed(
    command: Sequence[str],
    scratch: Path,
    visible: Iterable[Path],
    python: str = "",
    *,
    hidden: Iterable[Path] = (),
    memory_bytes: int = 0,
) -> list[str]:
    """A command line that runs `command` in a sandbox.

    Args:
        command: Program and arguments.
        scratch: The one folder that can be written; the working folder.
        visible: Files and folders that can be read, besides the system's programs and libraries.
        python: An interpreter whose packages can be read.
        hidden: Folders that are empty there, also where they lie in one that can be read.
        memory_bytes: Most that /tmp and /dev/shm, whose files lie in memory, can hold each; 0 for no limit.
            Together with the memory of the processes they are counted by the supervisor.

    Raises:
        ModelError: There is no bubblewrap here.
    """
    bwrap = shutil.which("bwrap")
    if bwrap is None:
        raise ModelError("--sandbox bwrap needs the program bwrap: apt install bubblewrap (or dnf, pacman)")
    shown, masked = _masked(
        _outermost([*_SYSTEM, *(_of_python(python) if python else []), *map(str, visible)]), hidden
    )
    binds = [word for path in shown for word in ("--ro-bind-try", path, path)]
    devices = [word for path in _DEVICES for word in ("--dev-bind-try", path, path)]
    size = ("--size", str(memory_bytes)) if memory_bytes else ()
    in_memory = [word for path in IN_MEMORY for word in (*size, "--tmpfs", path)]
    empty = [word for path in masked for word in ("--tmpfs", path, "--remount-ro", path)]
    folder = str(scratch)
    return [
        *(bwrap, "--die-with-parent", "--unshare-all", "--new-session", "--cap-drop", "ALL"),
        *("--proc", "/proc", "--dev", "/dev"),
        *in_memory,
        *devices,
        *binds,
        *empty,
        *("--bind", folder, folder),
        # The root and the folder of devices lie in memory too, where nobody counts what is written.
        *("--remount-ro", "/dev", "--remount-ro", "/", "--chdir", folder, "--"),
        *command,
    ]


def _outermost(paths: Iterable[str]) -> list[str]:
    """Without what lies inside another one: a mount inside a read-only mount cannot be made."""
    kept: list[str] = []
    for path in sorted(dict.fromkeys(paths), key=len):
        if not any(Path(path).is_relative_to(other) for other in kept):
            kept.append(path)
    return kept


def refuse_hidden(named: Iterable[Path], hidden: Iterable[Path]) -> None:
    """Says so if what a model needs lies where it may not look.

    Raises:
        ModelError: A file or folder lies in a hidden folder.
    """
    folders = [folder.resolve() for folder in hidden]
    for path in named:
        for folder in folders:
            if path.resolve().is_relative_to(folder):
                raise ModelError(
                    f"{path}: lies in {folder}, which a sandbox hides from models; move it out of there"
                )


def program_folders(program: str) -> list[Path]:
    """The folders of a program outside the system's own.

    Those of its interpreter, also of one that a script names, or PREFIX of PREFIX/bin/PROGRAM.

    Raises:
        ModelError: It is a Python that does not work.
    """
    found: list[str] = []
    for path in _with_interpreter(Path(program)):
        if re.fullmatch(r"(python|pypy)[\d.]*", path.name):
            found += _of_python(str(path))
        else:
            found += [str(folder) for place in (path, path.resolve()) for folder in _prefix(place)]
    return [Path(folder) for folder in found]


def _with_interpreter(program: Path) -> list[Path]:
    """A program, and the one that its first line names if it is a script."""
    try:
        with program.open("rb") as stream:
            first = stream.readline(500)
    except OSError:
        first = b""  # it can be run, but not read
    words = first[2:].decode("utf-8", "replace").split() if first.startswith(b"#!") else []
    if words and Path(words[0]).name == "env":
        words = words[1:]
    named = shutil.which(words[0]) if words else None
    return [program, *([Path(named).absolute()] if named else [])]


def _prefix(program: Path) -> list[Path]:
    """Where a program is installed, if that is a place for one program and its libraries."""
    prefix = program.parent.parent
    own = program.parent.name == "bin" and any(prefix.glob("lib*"))
    return [prefix] if own and not Path.home().is_relative_to(prefix) else []


def _masked(shown: Iterable[str], hidden: Iterable[Path]) -> tuple[list[str], list[str]]:
    """What is left to show, and the folders in it to be hidden, by the names that they have there."""
    kept, masked = [], []
    folders = [folder.resolve() for folder in hidden if folder.is_dir()]
    for path in shown:
        real = Path(path).resolve()
        if any(real.is_relative_to(folder) for folder in folders):
            continue
        kept.append(path)
        masked += [
            str(Path(path, folder.relative_to(real))) for folder in folders if folder.is_relative_to(real)
        ]
    return kept, sorted(set(masked))


def _of_python(python: str) -> list[str]:
    """The folders of an interpreter and its packages."""
    asked = subprocess.run([python, "-c", _WHERE], capture_output=True, text=True, check=False)
    if asked.returncode:
        raise ModelError(f"{python}: is not a working Python ({asked.stderr.strip()[-200:]})")
    return [*asked.stdout.splitlines(), str(Path(python).resolve())]
