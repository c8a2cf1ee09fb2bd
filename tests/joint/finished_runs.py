"""Finished runs for tests: an untrained model of width 16, saved by the code that training uses."""

from __future__ import annotations

from pathlib import Path

import torch

from benchmark.joint import checkpoint
from benchmark.joint.build import build_model
from benchmark.joint.config import JointConfig
from benchmark.joint.export import finish

NAMES = ("LA", "LP", "TBCL", "TBCD", "TTCL", "TTCD")


def config(name: str = "joint", *, enhances: bool = True, inverts: bool = True, seed: int = 1) -> JointConfig:
    """The smallest configuration of its kind."""
    heads = {
        "inverter": {"blocks": 1, "width": 16, "heads": 2} if inverts else None,
        "enhancer": {"width": 16, "blocks": 1} if enhances else None,
    }
    return JointConfig.model_validate(
        {
            "name": name,
            "title": f"the model {name}",
            "encoder": {"layers": 1, "width": 16},
            "training": {"seed": seed},
            **heads,
        }
    )


def finished_run(folder: Path, settings: JointConfig, origin: str = "untrained") -> Path:
    """Fills a folder as a finished run does, and returns it."""
    torch.manual_seed(settings.training.seed)
    model = build_model(settings, NAMES)
    model.encoder.origin = origin
    model.target_mean.copy_(torch.arange(len(NAMES)) + 0.1)
    model.target_deviation.fill_(2.0)
    if model.enhancer is not None:
        torch.nn.init.normal_(model.enhancer.gains.weight, std=0.1)
    history = [{"epoch": 1, "loss": 1.0, "dev_loss": 1.0, "dev_ppmc": 0.5}]
    progressed = checkpoint.Progressed(epochs=1, best_epoch=1, seconds=12.5, history=history)
    checkpoint.save(folder, model, torch.optim.AdamW(model.parameters()), progressed, {})
    finish(folder, model, settings, progressed, {"recipe": "toy_noisy", "device": "cpu", "memory_mb": 34.5})
    return folder
