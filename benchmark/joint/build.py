"""From a configuration to a model."""

from __future__ import annotations

from benchmark.joint.config import EncoderConfig, JointConfig
from benchmark.joint.encoders.contract import Encoder
from benchmark.joint.encoders.registry import load_encoder
from benchmark.joint.encoders.small import SmallEncoder
from benchmark.joint.enhancer import Enhancer
from benchmark.joint.inverter import Inverter
from benchmark.joint.model import JointModel, target_groups


def build_encoder(config: EncoderConfig) -> Encoder:
    """The encoder of a configuration, with the weights that its name stands for; "small" begins untrained.

    Raises:
        ModelError: It is unknown or its weights cannot be had.
        MissingExtraError: Its package is not installed.
    """
    if config.spec == "small":
        return SmallEncoder(config.layers, config.width, config.heads, config.dropout)
    return load_encoder(config.spec)


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
    enhancer = inverter = None
    again = False
    if (wanted := config.enhancer) is not None:
        enhancer = Enhancer(encoder.width, wanted.width, wanted.blocks, wanted.dropout)
        again = config.inverter is not None and config.inverter.hears_enhancer
    if (heads := config.inverter) is not None:
        heard = (2 if again else 1) * encoder.width
        inverter = Inverter(heard, target_groups(target_names), heads)
    return JointModel(encoder, target_names, enhancer, inverter, hears_enhancer=again)
