"""What a submitted model may use, and the environment that it finds."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_THREADS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)
#: How the reason of a failure begins that is owed to the limit for one recording.
TOO_LONG = "took longer than "
#: Largest file that a submitted model may write.
FILE_BYTES = 1 << 30


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of a submitted model.

    Attributes:
        item_s: Seconds for one recording.
        start_s: Seconds until a model has loaded.
        total_s: Seconds for a whole run; 0 for no limit.
        memory_gb: Address space of each process, and memory that all of them use together, in GiB; 0 for no
            limit (needed by CUDA, which reserves far more than it uses).
        threads: Threads that numerical libraries are told to use, and cores that there are for it on Linux.
    """

    item_s: float = 60.0
    start_s: float = 300.0
    total_s: float = 0.0
    memory_gb: float = 8.0
    threads: int = 1

    @property
    def memory_bytes(self) -> int:
        """The memory limit in bytes; 0 for none."""
        return round(self.memory_gb * 2**30)

    def __str__(self) -> str:
        return (
            f"item_s={self.item_s:g} start_s={self.start_s:g} memory_gb={self.memory_gb:g} "
            f"threads={self.threads}"
        )


def bare_environment(scratch: Path, threads: int, passed: Iterable[str] = ()) -> dict[str, str]:
    """The environment of a submitted model: the search path, and variables passed by name.

    Args:
        scratch: Its temporary folder, which it also finds as its home.
        threads: Threads for numerical libraries, and cores; their number is for the supervisor
            alone, which does not hand it on.
        passed: Names of variables to hand on, e.g. "CUDA_VISIBLE_DEVICES".
    """
    environment = {
        name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH", "SYSTEMROOT") if name in os.environ
    }
    environment |= dict.fromkeys((*_THREADS, "SINBAD_THREADS"), str(threads))
    # Packages that were installed with `pip install --user` stay importable though the home is another.
    environment |= {"PYTHONUSERBASE": str(Path.home() / ".local"), "PYTHONDONTWRITEBYTECODE": "1"}
    folder = str(scratch)
    environment |= {"HOME": folder, "TMPDIR": folder, "LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "0"}
    return environment | {name: os.environ[name] for name in passed if name in os.environ}
