"""WavLM, HuBERT and wav2vec 2.0 through torchaudio: its bundles, or Hugging Face checkpoints."""

from __future__ import annotations

import logging
import pickle
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.error import URLError

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from benchmark.errors import ModelError
from benchmark.joint.encoders import hugging_face, torchaudio_guard
from benchmark.joint.encoders.contract import Encoder, Origin, present_frames
from benchmark.joint.encoders.framing import padded, receptive_field, unit_variance
from benchmark.joint.encoders.origin import never_learnt
from benchmark.types import RATE_HZ

#: Weights that belong to the folder's layout; any other file beside a config.json names its weights as
#: torchaudio does.
_LAYOUT_FILES = ("model.safetensors", "pytorch_model.bin")
_UNREADABLE = (OSError, RuntimeError, KeyError, TypeError, ValueError, EOFError, pickle.UnpicklingError)


class TorchaudioEncoder(Encoder):
    """A network of torchaudio with the same output as `HuggingFaceEncoder` for the same weights.

    See there for alignment in time.

    Attributes:
        network: The network itself, without a head for transcription.
        normalise: Whether recordings are brought to mean 0 and variance 1 first.
        masks: Whether padding is hidden from attention.
    """

    def __init__(self, network: nn.Module, name: str, origin: Origin, normalise: bool) -> None:
        super().__init__()
        parts: Any = network
        parts.aux = None
        convolutions = parts.feature_extractor.conv_layers
        self.network = network
        self.name, self.origin = name, origin
        self.width = int(parts.encoder.feature_projection.projection.out_features)
        self.layers = len(parts.encoder.transformer.layers) + 1
        self.normalise = normalise
        # In the large models every convolution is normalised over channels, in the base models only the
        # first, over time.
        self.masks = all(layer.layer_norm is not None for layer in convolutions)
        self._field = receptive_field(
            [layer.kernel_size for layer in convolutions], [layer.stride for layer in convolutions], name
        )
        self._gated = hasattr(parts.encoder.transformer.layers[0].attention, "gru_rel_pos_linear")

    def forward(self, waves: Tensor, lengths: Tensor | None = None) -> list[Tensor]:
        """Hidden states; see `Encoder.forward`.

        torchaudio's own `extract_features` gives neither the input of the first layer nor the final
        normalisation, and its WavLM takes no lengths; so its parts are called one after the other.
        """
        network: Any = self.network
        above = network.encoder.transformer
        heard = padded(unit_variance(waves, lengths) if self.normalise else waves, self._field)
        features, _ = network.feature_extractor(heard, None)
        states = network.encoder.feature_projection(features)
        attention, hidden_keys = None, None
        present = present_frames(states.shape[1], lengths, states.device) if self.masks else None
        if present is not None:
            states = states.masked_fill(~present[:, :, None], 0.0)
            attention, hidden_keys = self._masks(~present, states.dtype)
        states = states + above.pos_conv_embed(states)
        if above.layer_norm_first:
            states = above.layer_norm(states)
        hidden = [above.dropout(states)]
        bias = None
        for layer in above.layers:
            states, bias = layer(hidden[-1], attention, position_bias=bias, key_padding_mask=hidden_keys)
            hidden.append(states)
        if not above.layer_norm_first:
            hidden[-1] = above.layer_norm(hidden[-1])
        return hidden

    def trainable_blocks(self) -> list[nn.Module]:
        """Convolutions, projection and positions as one, then the layers; see the base class."""
        network: Any = self.network
        above = network.encoder.transformer
        front = nn.ModuleList(
            [
                network.feature_extractor,
                network.encoder.feature_projection,
                above.pos_conv_embed,
                above.dropout,
            ]
        )
        *lower, last = above.layers
        if above.layer_norm_first:
            front.append(above.layer_norm)
            return [front, *lower, last]
        return [front, *lower, nn.ModuleList([last, above.layer_norm])]

    def _masks(self, absent: Tensor, kind: torch.dtype) -> tuple[Tensor | None, Tensor | None]:
        """What is added to the logits of plain attention, or to those of WavLM's gated attention."""
        barred = torch.zeros(absent.shape, dtype=kind, device=absent.device).masked_fill(absent, -torch.inf)
        if self._gated:
            return None, barred
        batch, frames = absent.shape
        return barred[:, None, None, :].expand(batch, 1, frames, frames), None


def bundle(which: str, name: str, file: Path | None = None) -> TorchaudioEncoder:
    """A bundle of torchaudio with its weights.

    Args:
        which: "WAVLM_LARGE", "HUBERT_BASE", ...
        name: For tables.
        file: Its weights (a .pt or .pth file of tensors alone). None: from torch's hub folder, and downloaded
            if they are not there.

    Raises:
        MissingExtraError: torchaudio is not installed.
        ModelError: There is no such bundle, or its weights are missing, damaged or of another network.
    """
    found = _bundles().get(which)
    if found is None:
        raise ModelError(
            f"torchaudio has no bundle '{which}', and there is no such file or folder; bundles: "
            f"{', '.join(_bundles())}"
        )
    if round(found.sample_rate) != RATE_HZ:
        raise ModelError(
            f"{name}: made for audio at {found.sample_rate:g} Hz; encoders here hear {RATE_HZ} Hz"
        )
    # torch's hub reads a file of this name in this folder before it asks the network. Pickles of anything but
    # tensors are refused.
    options: dict[str, Any] = {"weights_only": True, "map_location": "cpu", "progress": False}
    if file is not None:
        if not file.is_file():
            raise ModelError(f"{file}: no such file; it should hold the weights of {which}")
        options |= {"model_dir": str(file.parent), "file_name": file.name}
    with _explained(file, which, str(getattr(found, "_path", ""))):
        network = found.get_model(dl_kwargs=options)
    inner = getattr(network, "model", network)
    supervised = hasattr(found, "get_labels")
    origin: Origin = "untrained" if never_learnt(inner) else "supervised" if supervised else "self-supervised"
    return TorchaudioEncoder(inner, name, origin, bool(getattr(network, "normalize_waveform", False))).eval()


def pretrained(place: Path, name: str) -> TorchaudioEncoder:
    """A checkpoint in the layout of Hugging Face, rebuilt as a network of torchaudio.

    Args:
        place: The folder; or a file of weights named as torchaudio names them (.pt of tensors alone, or
            .safetensors) in a folder with the config.json of its network.
        name: For tables.

    Raises:
        MissingExtraError: torchaudio or transformers is not installed.
        ModelError: Files are missing, damaged or of another network.
    """
    if place.is_dir():
        return converted(hugging_face.pretrained(str(place), name), str(place))
    if not (place.parent / "config.json").is_file():
        raise ModelError(
            f"{place}: weights alone do not say of which network; put its config.json (layout of Hugging "
            f"Face) beside the file, or name the bundle: torchaudio:WAVLM_LARGE={place.name}"
        )
    if place.name in _LAYOUT_FILES:
        return pretrained(place.parent, name)
    encoder = converted(hugging_face.untrained(str(place.parent), name), str(place))
    try:
        state = _state(place)
        heads = [key for key in state if key.startswith("aux.")]
        encoder.network.load_state_dict({key: state[key] for key in state if key not in heads})
    except (*_UNREADABLE, SafetensorError) as error:
        raise ModelError(
            f"{place}: not the weights of the network in config.json beside it ({_short(error)}); "
            "copy both from one source"
        ) from error
    stated: Origin = "supervised" if heads else "self-supervised"
    encoder.origin = "untrained" if never_learnt(encoder.network) else stated
    return encoder.eval()


def converted(encoder: hugging_face.HuggingFaceEncoder, where: str) -> TorchaudioEncoder:
    """The same network with the same weights and origin, of torchaudio's parts.

    Raises:
        MissingExtraError: torchaudio is not installed.
        ModelError: torchaudio has no such network.
    """
    torchaudio_guard.torchaudio()
    from torchaudio.models.wav2vec2.utils import import_huggingface_model

    config: Any = encoder.network.config
    settings = {"hidden_act": "gelu", "feat_extract_activation": "gelu", "layer_norm_eps": 1e-5}
    other = [key for key, usual in settings.items() if getattr(config, key, usual) != usual]
    if other:
        raise ModelError(f"{where}: torchaudio has no network with this {other[0]}; load it with hf:{where}")
    try:
        with _quiet(import_huggingface_model.__module__):
            network = import_huggingface_model(encoder.network)
    except (RuntimeError, KeyError, AttributeError, TypeError, ValueError) as error:
        raise ModelError(
            f"{where}: torchaudio has no such network ({_short(error)}); load it with hf:{where}"
        ) from error
    rebuilt = TorchaudioEncoder(network, encoder.name, encoder.origin, encoder.normalise)
    rebuilt.train(encoder.training)
    return rebuilt


def _bundles() -> dict[str, Any]:
    """Bundles of encoders by name, those fine-tuned for transcription included."""
    library: ModuleType = torchaudio_guard.torchaudio()
    pipelines = library.pipelines
    return {
        name: getattr(pipelines, name)
        for name in sorted(pipelines.__all__)
        if isinstance(getattr(pipelines, name), pipelines.Wav2Vec2Bundle)
    }


def _state(place: Path) -> dict[str, Tensor]:
    if place.suffix == ".safetensors":
        return dict(load_file(place))
    state = torch.load(place, map_location="cpu", weights_only=True)
    if not isinstance(state, dict):
        raise ValueError("it holds no table of weights")
    return state


@contextmanager
def _explained(file: Path | None, which: str, hub_file: str) -> Iterator[None]:
    """Says which file, of errors while a bundle is loaded."""
    place = str(file or Path(torch.hub.get_dir()) / "checkpoints" / Path(hub_file).name)
    try:
        yield
    except URLError as error:
        raise ModelError(
            f"torchaudio:{which}: its weights are not here and cannot be downloaded ({_short(error)}); "
            f"put them at {place}, or give them: torchaudio:{which}=FILE"
        ) from error
    except _UNREADABLE as error:
        raise ModelError(
            f"{place}: not the weights of {which} ({_short(error)}); remove the file or copy it again"
        ) from error


@contextmanager
def _quiet(logger: str) -> Iterator[None]:
    """Without the warning that a head for transcription is missing, which is as it should be."""
    found = logging.getLogger(logger)
    before = found.disabled
    found.disabled = True
    try:
        yield
    finally:
        found.disabled = before


def _short(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
