"""Speech inversion from a folder on disk: a Hugging Face encoder and a linear map.

    python -m benchmark.check_model examples/models/huggingface_model.py:EncoderInverter \
        --model-arg encoder=wavlm-base/ --model-arg head=head.npz --python ~/venvs/torch/bin/python

`encoder` is a folder written by `save_pretrained` or downloaded from the hub; nothing is fetched while it is
scored. `head` is a .npz file with "weight" (channels, 6), "bias" (6) and, if other than 50, "rate_hz". Its
Python needs torch, transformers and numpy.
"""

from __future__ import annotations

from contextlib import suppress

import numpy as np
import torch
from transformers import AutoModel

# A torchaudio that was built for another torch breaks transformers' speech models; this puts it right where
# SINBAD is installed.
with suppress(ImportError):
    from benchmark.joint.encoders.torchaudio_guard import settle

    settle()

NAMES = ("LA", "LP", "TBCL", "TBCD", "TTCL", "TTCD")
#: An encoder of this family has one frame for every 320 samples, each of which sees 400; below that it gives
#: none.
HOP, REACH = 320, 400


class EncoderInverter:
    """The last layer of the encoder, frame by frame, through the head."""

    sample_rate = 16000

    def __init__(self, encoder: str, head: str) -> None:
        self.encoder = AutoModel.from_pretrained(encoder, local_files_only=True).eval()
        stored = np.load(head, allow_pickle=False)
        self.weight, self.bias = stored["weight"], stored["bias"]
        self.rate_hz = float(stored["rate_hz"]) if "rate_hz" in stored else self.sample_rate / HOP

    @torch.inference_mode()
    def invert(self, noisy: np.ndarray) -> tuple[np.ndarray, float, tuple[str, ...]]:
        """Returns values (frames, 6) in mm, frames per second, and names; a plain tuple will do."""
        # Half of the reach before the first sample, so that frame 0 is centred on it; enough behind for one
        # frame every hop.
        frames = -(-len(noisy) // HOP)
        padded = np.zeros((frames - 1) * HOP + REACH, np.float32)
        padded[REACH // 2 : REACH // 2 + len(noisy)] = noisy[: len(padded) - REACH // 2]
        heard = (padded - padded.mean()) / (padded.std() + 1e-7)
        hidden = self.encoder(torch.from_numpy(heard)[None]).last_hidden_state[0]
        return hidden.numpy() @ self.weight + self.bias, self.rate_hz, NAMES
