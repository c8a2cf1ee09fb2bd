"""From a configuration to a model."""

from __future__ import annotations

from benchmark.joint.config import EncoderConfig, JointConfig
from benchmark.joint.encoders.contract import Encoder
from benchmark.joint.encoders.registry import load_encoder
from benchmark.joint.encoders.small import SmallEncoder
from benchmark.joint.encoders.whisper import WhisperEncoder
from benchmark.joint.enhancer import Enhancer, MaskEnhancer, WaveformEnhancer
from benchmark.joint.enrolment import Enrolment
from benchmark.joint.inverter import Inverter
from benchmark.joint.layers import DilatedBlock
from benchmark.joint.model import Hears, JointModel, target_groups


def build_encoder(config: EncoderConfig) -> Encoder:
    """The encoder of a configuration, with the weights that its name stands for; "small" begins untrained.

    Raises:
        ModelError: It is unknown or its weights cannot be had.
        MissingExtraError: Its package is not installed.
    """
    if config.spec == "small":
        return SmallEncoder(
            config.layers,
            config.width,
            config.dropout,
            config.hidden_stretches,
            front_norm=config.front_norm,
        )
    encoder = load_encoder(config.spec)
    if isinstance(encoder, WhisperEncoder):
        encoder.regularise(config.dropout, config.hidden_stretches)
    return encoder


def build_model(config: JointConfig, target_names: tuple[str, ...]) -> JointModel:
    """The model of a configuration; everything but a pretrained encoder begins from torch's random state.

    Args:
        config: What to build.
        target_names: What the inverter gives.

    Raises:
        ModelError: The encoder is unknown or its weights cannot be had.
        MissingExtraError: The encoder's package is not installed.
    """
    encoder = build_encoder(config.encoder)
    enhancer: Enhancer | None = None
    inverter = None
    if (wanted := config.enhancer) is not None:
        kind = MaskEnhancer if wanted.domain == "spectrum" else WaveformEnhancer
        enhancer = kind(encoder.width, wanted.width, wanted.blocks, wanted.dropout)
    hears: Hears = "encoder"
    if (heads := config.inverter) is not None:
        hears = heads.hears
        beside = {"encoder": 0, "bottleneck": enhancer.width if enhancer else 0, "enhanced": encoder.width}
        inverter = Inverter(encoder.width + beside[hears], target_groups(target_names), heads)
    model = JointModel(encoder, target_names, enhancer, inverter, hears=hears)
    if config.enrolment == "film":
        model.enrolment = Enrolment([part.out.out_features for part in blocks_told(model)])
    return model


def blocks_told(model: JointModel) -> list[DilatedBlock]:
    """The blocks that an enrolment tells whom to follow: of the encoder, then of the enhancer."""
    parts = [model.encoder, *([] if model.enhancer is None else [model.enhancer])]
    return [block for part in parts for block in part.modules() if isinstance(block, DilatedBlock)]
