"""Models of speech enhancement and inversion that `benchmark.train` has trained, as models of the benchmark.

A trained model is data, not code: weights that are read as numbers, and a card. What runs is the code of this
package, so it runs in this process like the other built-in models.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from functools import partial
from pathlib import Path

from benchmark import __version__
from benchmark.files import trained_models
from benchmark.joint.card import CARD, WEIGHTS, TrainedCard, read_card, read_trained_card
from benchmark.joint.trained import PACKAGES, file_sha256, load_trained, packages_missing
from benchmark.models.contract import Model
from benchmark.models.declaration import Declaration
from benchmark.models.enrolled import enrolled
from benchmark.models.entry import Entry, InProcess
from benchmark.models.source_hash import files_sha256
from benchmark.text import as_name

_CODE = Path(__file__).parent.parent / "joint"
#: What a trained model runs through; how it was trained is told by its weights.
HEARING = ("build", "config", "enhancer", "enrolment", "inverter", "layers", "model", "inference", "trained")


def trained_entry(folder: Path, name: str = "") -> Entry:
    """A trained model, known by its card; torch is not needed for that.

    Args:
        folder: Where it lies.
        name: In tables (default: that of its configuration, with the seed where it is not the usual one).

    Raises:
        ModelError: The folder holds no finished training, or it is damaged.
    """
    card = read_trained_card(folder)
    entry = Entry(
        name=name or as_name(card.name),
        title=card.title,
        # As of models that need other people's packages: without those it is listed, and says what is missing
        # when it is run.
        version="absent" if packages_missing() else __version__,
        source=f"benchmark.joint, trained on {card.recipe}",
        source_sha256=_sha256(card),
        how=InProcess(card.does, make=partial(_listening, folder.resolve()), packages=PACKAGES),
        arguments=_facts(card),
        extra="joint",
        declared=_declared(card),
    )
    return entry if card.config.enrolment == "none" else enrolled(entry)


def shipped_entries() -> list[Entry]:
    """The trained models that come with the package, called by their folders."""
    folders = sorted(path.parent for path in trained_models().glob(f"*/{CARD}"))
    # A pretrained encoder comes with the package for other models to begin with, and is none itself.
    return [
        replace(trained_entry(folder, folder.name), licence="MIT")
        for folder in folders
        if read_card(folder).get("task") == "joint"
    ]


def _declared(card: TrainedCard) -> Declaration:
    """What its card tells: an encoder of other people has heard other speech."""
    foreign = card.encoder.partition(":")[0] not in ("small", "untrained") and card.origin != "untrained"
    return Declaration(
        ("train", "speech") if foreign else ("train",),
        recipe=card.recipe,
        parameters=card.parameters,
        seed_of=card.config.name,
    )


def _listening(folder: Path) -> Model:
    model = load_trained(folder)
    from benchmark.joint.inference import wrapped

    return wrapped(model)


def _sha256(card: TrainedCard) -> str:
    """Code, card and weights."""
    code = [*(_CODE / f"{name}.py" for name in HEARING), *(_CODE / "encoders").glob("*.py")]
    weights = card.folder / WEIGHTS
    # Whether the file is the one that the card names is found out when it is read.
    stored = file_sha256(weights) if weights.is_file() else "missing"
    parts = (files_sha256(code, _CODE), file_sha256(card.folder / CARD), stored)
    return hashlib.sha256("".join(parts).encode()).hexdigest()


def _facts(card: TrainedCard) -> dict[str, str]:
    """What result cards say of it: what it is, and what it cost."""
    facts = {
        "encoder": f"{card.encoder}, {card.origin}",
        "parameters": str(card.parameters),
        "seed": str(card.config.training.seed),
        "training_device": card.device,
        "training_seconds": f"{card.seconds:.1f}",
        "training_epochs": " + ".join(map(str, card.epochs)),
    }
    return facts if card.memory_mb is None else facts | {"memory_mb": f"{card.memory_mb:.1f}"}
