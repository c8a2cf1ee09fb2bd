"""Small models for tests."""

from __future__ import annotations

import torch

from benchmark.joint.config import InverterConfig
from benchmark.joint.encoders.small import SmallEncoder
from benchmark.joint.enhancer import MaskEnhancer
from benchmark.joint.inverter import Inverter
from benchmark.joint.model import Hears, JointModel, target_groups

NAMES = ("LA", "LP", "TBCL", "TBCD", "TTCL", "TTCD", "aperiodicity", "periodicity", "pitch")


def small_model(
    *,
    enhances: bool = True,
    inverts: bool = True,
    hears: Hears = "encoder",
    seed: int = 1,
    names: tuple[str, ...] = NAMES,
) -> JointModel:
    """A model of width 16 that does something at once: its gains are not left at "as it is"."""
    torch.manual_seed(seed)
    encoder = SmallEncoder(layers=2, width=16, dropout=0.1)
    enhancer = MaskEnhancer(16, 16, 2, 0.0) if enhances else None
    config = InverterConfig(blocks=1, width=16, heads=2)
    inverter = Inverter(16 if hears == "encoder" else 32, target_groups(names), config) if inverts else None
    model = JointModel(encoder, names, enhancer, inverter, hears=hears)
    if model.enhancer is not None:
        torch.nn.init.normal_(model.enhancer.gains.weight, std=0.1)
    return model
