from __future__ import annotations

import fast_bss_eval
import numpy as np
import pytest
import torch

from benchmark.joint.batch import Batch, target_frames
from benchmark.joint.config import LossConfig
from benchmark.joint.losses import agreement, si_sdr_db, spectral_distance, total_loss
from benchmark.joint.model import Output
from tests.joint.models import NAMES, small_model

SAMPLES = 6400


def made_batch(seed: int = 0) -> Batch:
    generator = torch.Generator().manual_seed(seed)
    frames = target_frames(SAMPLES)
    valid = torch.rand(3, frames, len(NAMES), generator=generator) < 0.8
    valid[2] = False
    return Batch(
        noisy=torch.randn(3, SAMPLES, generator=generator),
        clean=torch.randn(3, SAMPLES, generator=generator),
        lengths=torch.tensor([SAMPLES, 5000, SAMPLES]),
        targets=torch.randn(3, frames, len(NAMES), generator=generator),
        valid=valid,
        has_targets=torch.tensor([True, True, False]),
        ids=["a", "b", "c"],
    )


def test_masked_frames_have_no_influence_on_loss_or_gradient() -> None:
    batch = made_batch()
    results = []
    for filling in (0.0, 1e9, float("nan"), float("inf")):
        model = small_model(seed=3).eval()
        targets = torch.where(batch.valid, batch.targets, torch.tensor(filling))
        filled = Batch(
            batch.noisy, batch.clean, batch.lengths, targets, batch.valid, batch.has_targets, batch.ids
        )
        loss, _ = total_loss(model(filled.noisy, filled.lengths), filled, LossConfig())
        loss.backward()
        gradient = torch.cat([p.grad.flatten() for p in model.parameters() if p.grad is not None])
        results.append((loss.detach(), gradient))
    for loss, gradient in results:
        assert loss.isfinite()
        assert gradient.isfinite().all()
        assert torch.equal(loss, results[0][0])
        assert torch.equal(gradient, results[0][1])


def test_estimates_in_masked_frames_get_no_gradient() -> None:
    batch = made_batch()
    estimate = torch.randn_like(batch.targets, requires_grad=True)
    correlation, rmse = agreement(estimate, batch.targets, batch.valid)
    (correlation.sum() + rmse.sum()).backward()
    assert estimate.grad is not None
    assert (estimate.grad[~batch.valid] == 0).all()
    assert (estimate.grad[0][batch.valid[0]] != 0).any()


def test_correlation_is_pearsons() -> None:
    batch = made_batch()
    estimate = torch.randn_like(batch.targets)
    correlation, rmse = agreement(estimate, batch.targets, batch.valid)
    for item in range(2):
        seen = batch.valid[item].numpy()
        true, guess = batch.targets[item].numpy(), estimate[item].numpy()
        wanted = [np.corrcoef(true[seen[:, i], i], guess[seen[:, i], i])[0, 1] for i in range(len(NAMES))]
        assert float(correlation[item]) == pytest.approx(np.mean(wanted), abs=1e-5)
        assert float(rmse[item]) == pytest.approx(np.sqrt(np.mean((true - guess)[seen] ** 2)), abs=1e-5)
    assert float(correlation[2]) == 0.0
    assert float(rmse[2]) == 0.0


def test_an_estimate_that_stands_still_has_a_finite_gradient() -> None:
    batch = made_batch()
    estimate = torch.zeros_like(batch.targets, requires_grad=True)
    correlation, rmse = agreement(estimate, batch.targets, batch.valid)
    (rmse.sum() - correlation.sum()).backward()
    assert estimate.grad is not None
    assert estimate.grad.isfinite().all()


def test_si_sdr_equals_the_library_that_people_use() -> None:
    clean = torch.randn(4, 8000)
    estimate = clean + 0.3 * torch.randn(4, 8000)
    lengths = torch.full((4,), 8000)
    wanted = fast_bss_eval.si_sdr(
        clean[:, None].double(), estimate[:, None].double(), zero_mean=True, clamp_db=None
    )
    # The limit at 40 dB takes off less than 0.01 dB here.
    torch.testing.assert_close(
        si_sdr_db(estimate, clean, lengths), wanted.reshape(-1).float(), atol=2e-2, rtol=0
    )


@pytest.mark.parametrize("scale", [0.01, 1.0, 50.0])
def test_si_sdr_ignores_scale_and_padding(scale: float) -> None:
    clean = torch.randn(1, 8000)
    estimate = clean + 0.5 * torch.randn(1, 8000)
    whole = si_sdr_db(estimate[:, :6000], clean[:, :6000], torch.tensor([6000]))
    padded = si_sdr_db(estimate * scale, clean, torch.tensor([6000]))
    torch.testing.assert_close(whole, padded, atol=1e-2, rtol=0)


def test_spectral_distance_is_zero_for_the_clean_speech_and_grows_with_noise() -> None:
    clean = torch.randn(1, 8000)
    lengths = torch.tensor([8000])
    noise = torch.randn(1, 8000)
    near = spectral_distance(clean + 0.1 * noise, clean, lengths)
    far = spectral_distance(clean + noise, clean, lengths)
    assert float(spectral_distance(clean, clean, lengths)) == 0.0
    assert 0.0 < float(near) < float(far)


def test_a_task_without_weight_or_head_costs_nothing() -> None:
    batch = made_batch()
    output = small_model()(batch.noisy, batch.lengths)
    _, both = total_loss(output, batch, LossConfig())
    assert set(both) == {"si_sdr_db", "stft", "correlation", "rmse"}
    loss, parts = total_loss(output, batch, LossConfig(enhancement=0.0))
    assert set(parts) == {"correlation", "rmse"}
    expected = 1.0 - parts["correlation"] + 0.2 * parts["rmse"]
    assert float(loss.detach()) == pytest.approx(expected, abs=1e-5)
    only, _ = total_loss(Output(output.enhanced, None), batch, LossConfig())
    assert float(only.detach()) != float(loss.detach())
