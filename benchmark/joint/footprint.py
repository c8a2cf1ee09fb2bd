"""What a trained model needs in memory, measured where nothing else is: in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmark.files import write_text
from benchmark.joint.card import CARD, read_card, read_trained_card

#: Length of what is heard, in seconds: most utterances of articulatory corpora are shorter.
HEARD_S = 10.0
_PATIENCE_S = 600.0


def with_memory(folder: Path) -> dict[str, Any]:
    """Measures a trained model and writes the outcome into its card, as `memory_mb`.

    It is what the process holds at most while it hears ten seconds, less what it holds once torch is loaded:
    the weights and all that is computed on the way, in MB. Where the system does not tell, or the model is a
    pretrained encoder, the card stays as it is.

    Args:
        folder: A finished run.

    Returns:
        The card.

    Raises:
        ModelError: The folder holds no finished training.
    """
    card = read_card(folder)
    if card.get("task") != "joint":
        return card
    try:
        done = subprocess.run(
            [sys.executable, "-m", "benchmark.joint.footprint", str(folder)],
            capture_output=True,
            text=True,
            check=True,
            timeout=_PATIENCE_S,
        )
        memory = round(float(done.stdout), 1)
    except (subprocess.SubprocessError, ValueError):
        return card
    card["memory_mb"] = memory
    write_text(folder / CARD, json.dumps(card, indent=2) + "\n")
    return card


def _measured(folder: Path) -> float:
    """MB; changes with the machine by a few per cent."""
    import numpy as np
    import torch

    import benchmark.joint.build  # noqa: F401  # what it imports is no part of a model
    from benchmark.joint.inference import wrapped
    from benchmark.joint.trained import load_trained

    torch.set_num_threads(1)
    before = _resident("VmRSS")
    model = wrapped(load_trained(folder))
    told = read_trained_card(folder).config.enrolment != "none"
    noise = np.random.default_rng(1).normal(0.0, 0.05, int(HEARD_S * model.sample_rate)).astype(np.float32)
    for method in ("enhance", "invert"):
        if hasattr(model, method):
            getattr(model, method)(*[noise] * (2 if told else 1))
    return (_resident("VmHWM") - before) / 1e3


def _resident(which: str) -> float:
    """Memory of this process in kB: "VmRSS" now, "VmHWM" at most.

    `getrusage` would also count what the parent once held.
    """
    for line in Path("/proc/self/status").read_text().splitlines():
        name, _, value = line.partition(":")
        if name == which:
            return float(value.split()[0])
    raise OSError(f"the system does not tell {which}")


if __name__ == "__main__":
    sys.stdout.write(f"{_measured(Path(sys.argv[1]))}\n")
