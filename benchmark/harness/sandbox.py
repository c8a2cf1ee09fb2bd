"""A sandbox by bubblewrap: no network, no other process, and of the disk only what the model needs."""

from __future__ import annotations

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
_WHERE = "import sys; print(sys.prefix); print(sys.base_prefix)"


def sandboxed(command: Sequence[str], scratch: Path, visible: Iterable[Path], python: str = "") -> list[str]:
    """A command line that runs `command` in a sandbox.

    Args:
        command: Program and arguments.
        scratch: The one folder that can be written; the working folder.
        visible: Files and folders that can be read, besides the system's programs and libraries.
        python: An interpreter whose packages can be read.

    Raises:
        ModelError: There is no bubblewrap here.
    """
    bwrap = shutil.which("bwrap")
    if bwrap is None:
        raise ModelError("--sandbox bwrap needs the program bwrap: apt install bubblewrap (or dnf, pacman)")
    shown = _outermost([*_SYSTEM, *(_of_python(python) if python else []), *map(str, visible)])
    binds = [word for path in shown for word in ("--ro-bind-try", path, path)]
    devices = [word for path in _DEVICES for word in ("--dev-bind-try", path, path)]
    folder = str(scratch)
    return [
        *(bwrap, "--die-with-parent", "--unshare-all", "--new-session", "--cap-drop", "ALL"),
        *("--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"),
        *devices,
        *binds,
        *("--bind", folder, folder, "--chdir", folder, "--"),
        *command,
    ]


def _outermost(paths: Iterable[str]) -> list[str]:
    """Without what lies inside another one: a mount inside a read-only mount cannot be made."""
    kept: list[str] = []
    for path in sorted(dict.fromkeys(paths), key=len):
        if not any(Path(path).is_relative_to(other) for other in kept):
            kept.append(path)
    return kept


def _of_python(python: str) -> list[str]:
    """The folders of an interpreter and its packages."""
    asked = subprocess.run([python, "-c", _WHERE], capture_output=True, text=True, check=False)
    if asked.returncode:
        raise ModelError(f"{python}: is not a working Python ({asked.stderr.strip()[-200:]})")
    return [*asked.stdout.split(), str(Path(python).resolve())]
