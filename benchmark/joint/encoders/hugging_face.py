"""WavLM, HuBERT and wav2vec 2.0 through transformers, from a folder or from the Hugging Face hub."""

from __future__ import annotations

import json
import pickle
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import ModuleType
from typing import Any

from safetensors import SafetensorError
from torch import Tensor, nn

from benchmark.errors import MissingExtraError, ModelError
from benchmark.joint.encoders import torchaudio_guard
from benchmark.joint.encoders.contract import Encoder, Origin, frames_of, present_frames
from benchmark.joint.encoders.framing import padded, receptive_field, samples_of, unit_variance
from benchmark.joint.encoders.origin import never_learnt, stated_origin
from benchmark.types import RATE_HZ

#: Of a configuration, as transformers names them.
FAMILIES = ("wavlm", "hubert", "wav2vec2")
_INPUT_FILE = "preprocessor_config.json"
_HUB_NAME = re.compile(r"[\w.-]+(/[\w.-]+)?")
#: Where the origin is written in a configuration, so that it stays with weights that transformers saves.
_ORIGIN_KEY = "sinbad_origin"
#: What transformers, safetensors and torch raise on files that are missing, truncated, of another network, or
#: pickles of code.
_UNREADABLE = (OSError, ValueError, RuntimeError, KeyError, TypeError, EOFError, pickle.UnpicklingError)


class HuggingFaceEncoder(Encoder):
    """A network of transformers.

    Hidden state k is computed from samples 320 k to 320 k + 399 and so is centred at sample 320 k + 200.
    Where layers are normalised in front (the large models), the last sequence is the one after the final
    normalisation.

    In models whose front end is normalised over time (the base models) padding is neither masked nor without
    influence, because they were pretrained so: batch recordings of like length.

    Attributes:
        network: The network itself.
        normalise: Whether recordings are brought to mean 0 and variance 1 first.
        masks: Whether padding is hidden from attention.
    """

    def __init__(self, network: nn.Module, name: str, origin: Origin, normalise: bool) -> None:
        super().__init__()
        config: Any = network.config
        self.network = network
        self.name, self.origin = name, origin
        self.width, self.layers = int(config.hidden_size), int(config.num_hidden_layers) + 1
        self.normalise = normalise
        self.masks = config.feat_extract_norm == "layer"
        self._field = receptive_field(config.conv_kernel, config.conv_stride, name)
        # It would ask for a gradient of the sound itself, which fails where the sound was computed, as
        # enhanced speech is.
        front: Any = network.feature_extractor
        front._requires_grad = False
        setattr(config, _ORIGIN_KEY, origin)

    def forward(self, waves: Tensor, lengths: Tensor | None = None) -> list[Tensor]:
        """Hidden states; see `Encoder.forward`."""
        heard = padded(unit_variance(waves, lengths) if self.normalise else waves, self._field)
        present = present_frames(frames_of(waves.shape[-1]), lengths, waves.device) if self.masks else None
        mask = None if present is None else samples_of(present, self._field)
        given = self.network(heard, attention_mask=mask, output_hidden_states=True)
        # Whether the last of the hidden states is the one after the final normalisation depends on the
        # version of transformers.
        return [*given.hidden_states[:-1], given.last_hidden_state]

    def trainable_blocks(self) -> list[nn.Module]:
        """Convolutions, projection and positions as one, then the layers; see the base class."""
        network: Any = self.network
        above = network.encoder
        front = nn.ModuleList(
            [network.feature_extractor, network.feature_projection, above.pos_conv_embed, above.dropout]
        )
        *lower, last = above.layers
        # The one normalisation outside the layers comes before the first layer or after the last.
        if network.config.do_stable_layer_norm:
            return [front, *lower, nn.ModuleList([last, above.layer_norm])]
        front.append(above.layer_norm)
        return [front, *lower, last]


def pretrained(where: str, name: str) -> HuggingFaceEncoder:
    """An encoder with its weights.

    Args:
        where: A folder in the layout of Hugging Face (`config.json`, weights as safetensors or as a pickle of
            tensors alone, `preprocessor_config.json`), or a name on the hub: taken from the local cache, and
            downloaded if it is not there.
        name: For tables.

    Raises:
        MissingExtraError: transformers is not installed.
        ModelError: There is no such folder, or its files are damaged, of another network, or do not hold all
            weights.
    """
    library, config = _configuration(where)
    claimed = getattr(config, _ORIGIN_KEY, None)
    architectures = config.architectures or ()
    normalise = _normalises(library, where, config)
    with _quiet(library), _explained(where, "the weights cannot be loaded"):
        network, found = _cached_first(
            where,
            lambda local: library.AutoModel.from_pretrained(
                where,
                config=config,
                local_files_only=local,
                trust_remote_code=False,
                output_loading_info=True,
            ),
        )
    missing = sorted(set(found["missing_keys"]) | {str(key) for key in found["mismatched_keys"]})
    if missing:
        raise ModelError(
            f"{where}: {len(missing)} weights of the network are missing, e.g. {missing[0]}; "
            "the checkpoint is incomplete or of another network"
        )
    if claimed == "untrained" or never_learnt(network):
        origin: Origin = "untrained"
    elif claimed == "supervised":
        origin = "supervised"
    else:
        origin = stated_origin(architectures, found["unexpected_keys"])
    # Checkpoints in half precision stay in it otherwise.
    return HuggingFaceEncoder(network.float(), name, origin, normalise).eval()


def untrained(where: str, name: str) -> HuggingFaceEncoder:
    """The same network with random weights, to measure what pretraining is worth.

    Args:
        where: As for `pretrained`; weights need not be there and are not read.
        name: For tables.

    Raises:
        MissingExtraError: transformers is not installed.
        ModelError: There is no such folder, or its configuration is damaged or of another network.
    """
    library, config = _configuration(where)
    normalise = _normalises(library, where, config)
    with _explained(where, "the network cannot be built"):
        network = library.AutoModel.from_config(config)
    return HuggingFaceEncoder(network.float(), name, "untrained", normalise)


def _configuration(where: str) -> tuple[ModuleType, Any]:
    """transformers, and the configuration of a network that fits the contract."""
    _check_place(where)
    library = _transformers()
    with _explained(where, "its config.json cannot be read"):
        config = _cached_first(
            where,
            lambda local: library.AutoConfig.from_pretrained(
                where, local_files_only=local, trust_remote_code=False
            ),
        )
    if config.model_type not in FAMILIES:
        raise ModelError(
            f"{where}: a network of type '{config.model_type}'; encoders are {', '.join(FAMILIES)}"
        )
    if getattr(config, "add_adapter", False):
        raise ModelError(f"{where}: has an adapter above its layers, whose frames are not 50 a second")
    receptive_field(config.conv_kernel, config.conv_stride, where)
    # Dropping whole layers would leave holes in the weighted sum over layers; masked stretches of features
    # belong to pretraining, and transformers draws them from a random state that no seed of ours reaches.
    config.layerdrop = 0.0
    config.mask_time_prob = config.mask_feature_prob = 0.0
    config.apply_spec_augment = False
    return library, config


def _check_place(where: str) -> None:
    folder = Path(where)
    if folder.is_dir():
        if not (folder / "config.json").is_file():
            raise ModelError(
                f"{folder}: no config.json; an encoder folder holds config.json, "
                "preprocessor_config.json and model.safetensors"
            )
    elif folder.exists():
        raise ModelError(f"{folder}: a file; give the folder that holds config.json and the weights")
    elif not _HUB_NAME.fullmatch(where):
        raise ModelError(f"{folder}: no such folder, and not a name on the Hugging Face hub (OWNER/NAME)")


def _transformers() -> ModuleType:
    try:
        import transformers
    except ImportError as error:
        raise MissingExtraError("transformers", "encoders", "an encoder 'hf:...'") from error
    torchaudio_guard.settle()
    library: ModuleType = transformers
    return library


def _normalises(library: ModuleType, where: str, config: Any) -> bool:
    """What the description of the input says; without one, the custom of the makers: large models want it."""
    stated = _stated_input(library, where)
    rate = stated.get("sampling_rate", RATE_HZ)
    if rate != RATE_HZ:
        raise ModelError(f"{where}: made for audio at {rate} Hz; encoders here hear {RATE_HZ} Hz")
    return bool(stated.get("do_normalize", config.feat_extract_norm == "layer"))


def _stated_input(library: ModuleType, where: str) -> dict[str, Any]:
    path = Path(where) / _INPUT_FILE
    if not path.parent.is_dir():
        reader = library.Wav2Vec2FeatureExtractor
        with suppress(OSError):
            stated, _ = _cached_first(
                where, lambda local: reader.get_feature_extractor_dict(where, local_files_only=local)
            )
            return dict(stated)
        return {}
    if not path.is_file():
        return {}
    try:
        stated = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(f"{path}: cannot be read as JSON ({error}); copy the file again") from error
    if not isinstance(stated, dict):
        raise ModelError(f"{path}: not a table of settings; copy the file again")
    return stated


def _cached_first(where: str, load: Callable[[bool], Any]) -> Any:
    """Loads from a folder or the cache before asking the hub.

    Without a network the hub takes half a minute to fail.
    """
    if not Path(where).is_dir():
        with suppress(OSError):
            return load(True)
        return load(False)
    return load(True)


@contextmanager
def _explained(where: str, what: str) -> Iterator[None]:
    """Says where and what, of errors that transformers raises on files it cannot use."""
    try:
        yield
    except (*_UNREADABLE, SafetensorError) as error:
        reason = " ".join(str(error).split())[:300]
        if not Path(where).is_dir() and isinstance(error, OSError):
            raise ModelError(
                f"{where}: neither a folder here nor to be had from the Hugging Face hub ({reason}); "
                "download it where there is a network, and give its folder: hf:DIR"
            ) from error
        raise ModelError(
            f"{where}: {what} ({type(error).__name__}: {reason}); the files are damaged or of another "
            "network, copy them again"
        ) from error


@contextmanager
def _quiet(library: ModuleType) -> Iterator[None]:
    """No progress bar and no report on the terminal: what matters of it is checked here."""
    logging = library.utils.logging
    verbosity, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)
        if bars:
            logging.enable_progress_bar()
