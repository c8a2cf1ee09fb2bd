"""Tiny checkpoints of WavLM, HuBERT and wav2vec 2.0 in the layout of Hugging Face."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from benchmark.joint.encoders import torchaudio_guard

torchaudio_guard.settle()

FAMILIES = {"wavlm": "WavLM", "hubert": "Hubert", "wav2vec2": "Wav2Vec2"}
LAYERS, WIDTH = 3, 32


def config(family: str, large: bool) -> Any:
    """Standard kernels and strides, so that there are 50 states a second; all else is as small as can be."""
    import transformers

    sizes: dict[str, Any] = {
        "hidden_size": WIDTH,
        "num_hidden_layers": LAYERS,
        "num_attention_heads": 4,
        "intermediate_size": 48,
        "conv_dim": (16,) * 7,
        "num_conv_pos_embeddings": 16,
        "num_conv_pos_embedding_groups": 4,
        "feat_extract_norm": "layer" if large else "group",
        "do_stable_layer_norm": large,
        "conv_bias": large,
        "vocab_size": 12,
    }
    return getattr(transformers, f"{FAMILIES[family]}Config")(**sizes)


def as_if_trained(network: nn.Module) -> None:
    """Moves every weight, as training does."""
    generator = torch.Generator().manual_seed(7)
    with torch.no_grad():
        for weight in network.parameters():
            weight.add_(0.1 * torch.randn(weight.shape, generator=generator))


def write(
    folder: Path,
    family: str,
    *,
    large: bool = True,
    head: str = "Model",
    trained: bool = True,
    input_file: bool = True,
) -> Path:
    """A checkpoint as transformers saves it, with the description of its input beside it."""
    import transformers

    torch.manual_seed(3)
    network = getattr(transformers, f"{FAMILIES[family]}{head}")(config(family, large))
    if trained:
        as_if_trained(network)
    network.save_pretrained(folder)
    if input_file:
        described = {"do_normalize": large, "sampling_rate": 16000, "return_attention_mask": large}
        (folder / "preprocessor_config.json").write_text(json.dumps(described))
    return folder


def change_json(path: Path, **values: object) -> None:
    """Replaces some settings of a JSON file."""
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def waves(samples: int, batch: int = 1, seed: int = 0) -> Tensor:
    """Noise to listen to."""
    return 0.1 * torch.randn(batch, samples, generator=torch.Generator().manual_seed(seed))


def break_weights(folder: Path) -> None:
    """Cuts the file of weights in half."""
    whole = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(whole[: len(whole) // 2])


class Evil:
    """A pickle of it makes a folder when it is loaded."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (os.mkdir, (str(self.path),))
