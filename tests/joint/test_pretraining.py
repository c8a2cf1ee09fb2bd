from __future__ import annotations

import math

import torch

from benchmark.joint.encoders.small import SmallEncoder
from benchmark.joint.pretraining import MaskedPrediction


def _task() -> MaskedPrediction:
    torch.manual_seed(2)
    return MaskedPrediction(SmallEncoder(layers=1, width=16))


def _tones(count: int) -> torch.Tensor:
    """Stretches of 0.2 s of one of three tones: what is masked can be told from what is around it."""
    generator = torch.Generator().manual_seed(5)
    time = torch.arange(3200) / 16000
    pitches = torch.tensor([300.0, 1100.0, 3100.0])
    drawn = torch.randint(0, 3, (count, 5), generator=generator)
    return torch.sin(2 * math.pi * pitches[drawn][..., None] * time).reshape(count, -1)


def test_it_starts_near_chance_and_learns() -> None:
    task = _task()
    optimiser = torch.optim.AdamW(task.parameters(), 3e-3)
    generator = torch.Generator().manual_seed(1)
    waves, lengths = _tones(8), torch.full((8,), 16000)
    losses = []
    for _ in range(40):
        loss = task(waves, waves, lengths, generator)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(float(loss.detach()))
    assert abs(losses[0] - math.log(1024)) < 0.5
    assert losses[-1] < losses[0] - 1.0


def test_the_same_draws_give_the_same_loss() -> None:
    task = _task().eval()
    waves, lengths = _tones(4), torch.tensor([16000, 8000, 16000, 3200])
    first, second = (
        float(task(waves, waves, lengths, torch.Generator().manual_seed(3)).detach()) for _ in range(2)
    )
    assert first == second
    assert first != float(task(waves, waves, lengths, torch.Generator().manual_seed(4)).detach())


def test_units_and_codes_are_never_trained() -> None:
    trained = {name for name, _ in _task().named_parameters()}
    assert not {"projection", "codebook"} & trained


def test_every_recording_has_something_to_predict_however_short_beside_the_longest():
    task = _task().eval()
    waves, lengths = torch.zeros(2, 48000), torch.tensor([48000, 12000])
    waves[0], waves[1, :12000] = _tones(3).reshape(-1), _tones(1)[0, :12000]
    for seed in range(60):
        loss = task(waves[1:], waves[1:], lengths[1:], torch.Generator().manual_seed(seed))
        assert loss.isfinite()
