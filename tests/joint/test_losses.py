from __future__ import annotations

import fast_bss_eval
import numpy as np
import pytest
import torch

from benchmark.joint.batch import Batch, target_frames
from benchmark.joint.config import LossConfig
from benchmark.joint.enhancer import COMPRESSION, MaskEnhancer, compressed_magnitudes, short_time_spectra
from benchmark.joint.losses import agreement, mask_quality, si_sdr_db, spectral_distance, total_loss
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


def test_what_is_said_of_a_mask_is_what_is_found_in_the_spectra_that_it_gives() -> None:
    batch, window = made_batch(), torch.hann_window(512)
    mask = torch.rand(3, 40, 257)
    ratio, distance = mask_quality(mask, batch.noisy, batch.clean, batch.lengths)
    for item, length in enumerate(batch.lengths.tolist()):
        frames = 2 * -(-length // 320)
        scale = batch.clean[item, :length].square().mean().sqrt()
        noisy, clean = (
            short_time_spectra(wave[item : item + 1] / scale, window)[0, :frames]
            for wave in (batch.noisy, batch.clean)
        )
        shares = mask[item, :frames]
        estimate = noisy * shares ** (1.0 / COMPRESSION)
        factor = (estimate * clean.conj()).real.sum() / clean.abs().square().sum()
        rest = (estimate - factor * clean).abs().square().sum()
        wanted = 10.0 * torch.log10((factor * clean).abs().square().sum() / rest)
        assert float(ratio[item]) == pytest.approx(float(wanted), abs=0.01)
        loud, quiet = shares * compressed_magnitudes(noisy), compressed_magnitudes(clean)
        turned = (loud * noisy / noisy.abs() - quiet * clean / clean.abs()).abs().square()
        expected = (0.7 * (loud - quiet).square() + 0.3 * turned).mean()
        assert float(distance[item]) == pytest.approx(float(expected), rel=2e-3)


def test_a_mask_is_judged_about_as_the_sound_that_it_gives() -> None:
    generator = torch.Generator().manual_seed(3)
    clean = torch.randn(2, 16000, generator=generator).cumsum(-1)
    clean = clean - torch.nn.functional.avg_pool1d(clean[:, None], 801, 1, 400, count_include_pad=False)[:, 0]
    noisy = clean + 3.0 * torch.randn(2, 16000, generator=generator)
    lengths = torch.tensor([16000, 16000])
    window = torch.hann_window(512)
    power, noise_power = (short_time_spectra(w, window).abs().square() for w in (clean, noisy - clean))
    mask = (power / (power + noise_power)) ** COMPRESSION
    enhancer = MaskEnhancer(4, 4, 0, 0.0)
    spectra = short_time_spectra(noisy, window) * mask ** (1.0 / COMPRESSION)
    sound = enhancer._synthesised(spectra, torch.ones(1, mask.shape[1], 1), 16000)
    ratio, distance = mask_quality(mask, noisy, clean, lengths)
    assert (ratio > mask_quality(torch.ones_like(mask), noisy, clean, lengths)[0] + 3.0).all()
    assert (ratio - si_sdr_db(sound, clean, lengths)).abs().max() < 1.5
    assert (distance < mask_quality(torch.ones_like(mask), noisy, clean, lengths)[1]).all()


def test_consistency_asks_for_the_features_of_the_clean_speech() -> None:
    batch = made_batch()
    model = small_model(hears="bottleneck").eval()
    output = model(batch.clean, batch.lengths)
    same = model.features_of(batch.clean, batch.lengths)
    weights = LossConfig(consistency=1.0)
    assert total_loss(output, batch, weights, same)[1]["consistency"] == pytest.approx(0.0, abs=1e-8)
    other, parts = total_loss(model(batch.noisy, batch.lengths), batch, weights, same)
    assert parts["consistency"] > 1e-3
    assert not same.requires_grad
    other.backward()
    assert model.encoder.blocks[0][0].mix.weight.grad.abs().sum() > 0
    # Dropout is for what is learnt, not for what it is asked to equal.
    model.train()
    assert torch.equal(model.features_of(batch.clean, batch.lengths), same)
    assert model.encoder.training


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
