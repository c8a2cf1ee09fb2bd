"""Where a run begins: with a pretrained encoder, or with a model that has learnt to enhance."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from benchmark.errors import ModelError
from benchmark.files import trained_models
from benchmark.joint import checkpoint
from benchmark.joint.card import CARD, WEIGHTS, TrainedCard, read_card, read_trained_card, without_path
from benchmark.joint.config import JointConfig
from benchmark.joint.encoders.contract import Encoder
from benchmark.joint.encoders.small import SmallEncoder
from benchmark.joint.model import JointModel
from benchmark.joint.trained import file_sha256

_ENCODER = "encoder."
#: What the first stage has heard beside the train split.
_HEARD = ("extra_speech_s", "extra_speech_sha256")
#: What a model takes over from one that enhances: all but inversion.
_OF_ENHANCEMENT = (_ENCODER, "enhancer.", "for_enhancer.", "enrolment.")


def start_model(model: JointModel, config: JointConfig, corpus: Mapping[str, Any]) -> dict[str, Any]:
    """Gives a model what an earlier run has learnt: a pretrained encoder, or an encoder and an enhancer.

    Args:
        model: Changed in place.
        config: Of the model; `init` names a shipped model, or the folder of a finished run of pretraining or
            of a model that enhances with the same encoder and enhancer.
        corpus: What the model is trained on: "recipe", "recipe_sha256" and "train_dev_sha256", as in a card.

    Returns:
        What the card says of it: name, hash of its weights and, of a model that enhances, what it has cost
        and what other speech it has heard.

    Raises:
        ModelError: There is none of that name, or it is of another size, damaged, does not enhance, or was
            trained on other speech or noise.
    """
    init = str(config.init)
    folder = _folder_of(init)
    of_before = read_card(folder)
    if of_before.get("task") == "pretraining":
        if not isinstance(model.encoder, SmallEncoder):
            raise ModelError(
                f"init = '{init}': holds the encoder 'small', and the configuration has "
                f"'{model.encoder.name}'; add --set init=none"
            )
        return start_encoder(model.encoder, init)
    before = read_trained_card(folder)
    _check_training(init, before, config)
    _check_speech(init, of_before, corpus)
    tensors = _weights_of(folder, before.weights_sha256)
    given = {key: value for key, value in tensors.items() if key.startswith(_OF_ENHANCEMENT)}
    own = {key: value for key, value in model.state_dict().items() if key.startswith(_OF_ENHANCEMENT)}
    _check_weights(init, given, own)
    model.load_state_dict(given, strict=False)
    # `read_trained_card` has checked that it is one of the three.
    model.encoder.origin = before.origin  # type: ignore[assignment]
    return {
        "name": before.config.name,
        "weights_sha256": before.weights_sha256,
        "seconds": before.seconds,
        "epochs": list(before.epochs),
        "device": before.device,
        **{name: of_before[name] for name in _HEARD if name in of_before},
    }


def _check_training(init: str, before: TrainedCard, config: JointConfig) -> None:
    """Refuses what has not learnt to enhance, or is another kind of model."""
    if "enhance" not in before.does:
        raise ModelError(
            f"init = '{init}': is neither a pretrained encoder nor a model that enhances; name the folder of "
            "a run with task = 'pretraining', or of `python -m benchmark.train --config se_alone`"
        )
    then, now = (without_path(one.encoder.spec) for one in (before.config, config))
    if then != now:
        raise ModelError(
            f"init = '{init}': has the encoder '{then}', and the configuration '{now}'; set init = 'none'"
        )
    if before.config.enrolment != config.enrolment:
        raise ModelError(
            f"init = '{init}': has enrolment = '{before.config.enrolment}', and the configuration "
            f"'{config.enrolment}'; set init = 'none'"
        )


def _check_speech(init: str, card: Mapping[str, Any], corpus: Mapping[str, Any]) -> None:
    """Refuses what was trained on something that the card of the new model would not tell."""
    if "train_dev_sha256" not in card:
        raise ModelError(
            f"init = '{init}': does not say what speech it was trained on, so that nobody could say what the "
            "new model has heard; train it again"
        )
    if any(card.get(name) != corpus[name] for name in ("recipe_sha256", "train_dev_sha256")):
        raise ModelError(
            f"init = '{init}': was trained on other speech or noise (recipe {card.get('recipe')}), so that "
            f"nobody could say what the new model has heard; train it on {corpus['recipe']} as it is now"
        )


def _check_weights(init: str, given: Mapping[str, Tensor], own: Mapping[str, Tensor]) -> None:
    odd = sorted(key for key in {*given, *own} if _kind(given.get(key)) != _kind(own.get(key)))
    if odd:
        there, wanted = (part.get(odd[0]) for part in (given, own))
        raise ModelError(
            f"init = '{init}': has another encoder or enhancer than the configuration ({odd[0]} is "
            f"{_told(there)} there and {_told(wanted)} here); train it with the same tables [encoder] and "
            "[enhancer], or set init = 'none'"
        )
    if damaged := next((key for key, value in given.items() if not bool(value.isfinite().all())), None):
        raise ModelError(f"init = '{init}': {damaged} holds NaN or infinity; train it again")


def _kind(tensor: Tensor | None) -> tuple[tuple[int, ...], bool] | None:
    """What has to be the same; copies that come with the package are in half precision."""
    return None if tensor is None else (tuple(tensor.shape), tensor.is_floating_point())


def _told(tensor: Tensor | None) -> str:
    return "missing" if tensor is None else f"of the shape {tuple(tensor.shape)}"


def start_encoder(encoder: Encoder, name_or_folder: str) -> dict[str, Any]:
    """Gives an encoder the weights that a run has left.

    Args:
        encoder: Changed in place, and says from then on what those weights are.
        name_or_folder: The name of a shipped pretrained encoder, or the folder of a run of pretraining.

    Returns:
        Name and hash of the weights of that run.

    Raises:
        ModelError: There is none of that name, or it is of another size, damaged, or was trained for
            something else.
    """
    folder = _folder_of(name_or_folder)
    card = read_card(folder)
    if card.get("task") != "pretraining":
        raise ModelError(
            f"init = '{name_or_folder}': is a model that was trained on articulation or clean speech, no "
            "pretrained encoder; name the folder of a run with task = 'pretraining'"
        )
    digest = card.get("weights_sha256")
    if not isinstance(digest, str):
        raise ModelError(
            f"{folder / CARD}: does not say which weights it is of; copy the folder again, or train it again"
        )
    tensors = _weights_of(folder, digest)
    there, wanted = card.get("encoder"), (encoder.layers, encoder.width)
    if not isinstance(there, dict) or there.get("origin") != "self-supervised":
        raise ModelError(
            f"{folder / CARD}: does not describe a pretrained encoder ('encoder'); copy the folder again, or "
            "pretrain again"
        )
    if (found := tuple(there.get(name) for name in ("layers", "width"))) != wanted:
        raise ModelError(
            f"init = '{name_or_folder}': is an encoder of {found[0]} hidden states of width {found[1]}, the "
            f"configuration has {wanted[0]} of width {wanted[1]}; pretrain one of that size "
            f"(`python -m benchmark.train --config pretrain --set encoder.width={wanted[1]} ...`) and name "
            "its folder, or set init = 'none'"
        )
    own = {key.removeprefix(_ENCODER): value for key, value in tensors.items() if key.startswith(_ENCODER)}
    _check_weights(name_or_folder, own, encoder.state_dict())
    checkpoint.load_weights(encoder, own, folder / WEIGHTS)
    encoder.origin = "self-supervised"
    return {"name": card.get("name"), "weights_sha256": digest}


def _folder_of(name_or_folder: str) -> Path:
    """The folder of a finished run, or of what comes with the package."""
    folder = Path(name_or_folder)
    if not folder.is_dir():
        folder = trained_models() / name_or_folder
    if not folder.is_dir():
        shipped = sorted(path.parent.name for path in trained_models().glob(f"*/{CARD}"))
        raise ModelError(
            f"init = '{name_or_folder}': is neither a folder nor shipped "
            f"({', '.join(shipped) or 'nothing is'}); train what it begins with (`python -m benchmark.train "
            "--config se_alone --corpus DIR --out DIR`, or `--config pretrain` for the encoder alone) and "
            "name its folder with --set init=DIR, or add --set init=none"
        )
    return folder


def _weights_of(folder: Path, digest: str) -> dict[str, Tensor]:
    """The weights of a finished run.

    Raises:
        ModelError: They are missing, damaged or not those that the card describes.
    """
    tensors = checkpoint.read_weights(folder / WEIGHTS)
    if file_sha256(folder / WEIGHTS) != digest:
        raise ModelError(
            f"{folder / WEIGHTS}: is not the file that {CARD} describes; "
            "copy the folder again, or train again"
        )
    return tensors
