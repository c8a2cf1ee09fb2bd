from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmark.joint.build import build_model
from benchmark.joint.config import EncoderConfig, EnhancerConfig, InverterConfig, JointConfig
from benchmark.joint.encoders.contract import frames_of
from benchmark.joint.encoders.small import BANDS, SmallEncoder
from benchmark.joint.encoders.spec_augment import hide_stretches
from benchmark.joint.enhancer import MaskEnhancer, WaveformEnhancer
from benchmark.joint.model import JointModel, WeightedSum, target_groups
from tests.joint.models import NAMES, small_model


@settings(max_examples=25, deadline=None)
@given(samples=st.integers(1, 20_000))
def test_every_length_gives_its_frames_and_samples(samples: int) -> None:
    model = small_model(hears="enhanced").eval()
    with torch.no_grad():
        output = model(torch.randn(2, samples))
    assert output.enhanced is not None
    assert output.trajectories is not None
    assert output.enhanced.shape == (2, samples)
    assert output.trajectories.shape == (2, 2 * frames_of(samples), len(NAMES))
    assert output.enhanced.isfinite().all()
    assert output.trajectories.isfinite().all()


def test_all_layers_at_50_hz() -> None:
    encoder = SmallEncoder(layers=3, width=16)
    hidden = encoder(torch.randn(2, 16001))
    assert len(hidden) == encoder.layers == 4
    assert {tuple(states.shape) for states in hidden} == {(2, 51, 16)}
    assert len(encoder.trainable_blocks()) == 4


def test_without_the_norm_in_front_loudness_is_heard() -> None:
    torch.manual_seed(3)
    loud, faint = torch.ones(1, 4, BANDS), torch.full((1, 4, BANDS), 0.1)
    for front_norm, share in ((True, 0.9), (False, 0.5)):
        encoder = SmallEncoder(1, 16, front_norm=front_norm)
        encoder.front["into"].bias.data.zero_()
        ratio = encoder.features(faint).norm() / encoder.features(loud).norm()
        assert (ratio > share) == front_norm


def test_an_encoder_from_chance_says_so() -> None:
    assert SmallEncoder(1, 16).origin == "untrained"


def test_log_mel_frames_are_centred_where_they_say() -> None:
    encoder = SmallEncoder(1, 16)
    wave = torch.zeros(1, 16000)
    wave[0, 160 * 40] = 100.0
    spectra = encoder.log_mel(wave)
    assert spectra.shape == (1, 100, BANDS)
    assert int(spectra.mean(dim=-1).argmax()) == 40


def test_stretches_are_hidden_from_the_encoder_only_while_it_learns() -> None:
    torch.manual_seed(7)
    encoder, wave = SmallEncoder(1, 16, hidden_stretches=2), torch.randn(3, 32000)
    spectra = torch.ones(3, 200, BANDS)
    hidden = hide_stretches(spectra, 2) == 0.0
    assert 0.05 < hidden.float().mean() < 0.6
    assert hidden.all(dim=2).any(dim=1).all()  # every recording misses some frames whole
    assert not torch.equal(hidden[0], hidden[1])
    assert not torch.equal(encoder(wave)[0], encoder(wave)[0])
    assert torch.equal(encoder.eval()(wave)[0], encoder(wave)[0])


@pytest.mark.parametrize("samples", [1, 160, 511, 512, 5000, 16077])
def test_untouched_filters_give_the_sound_back(samples: int) -> None:
    enhancer = WaveformEnhancer(16, 16, 1, 0.0)
    torch.nn.init.zeros_(enhancer.gains.weight)
    wave = torch.randn(2, samples)
    enhanced = enhancer(wave, torch.zeros(2, frames_of(samples), 16))
    torch.testing.assert_close(enhanced.waves, wave, atol=1e-5, rtol=0)


@pytest.mark.parametrize("samples", [1, 160, 511, 512, 5000, 16077])
def test_a_mask_of_ones_gives_the_sound_back_and_one_of_zeros_silence(samples: int) -> None:
    enhancer = MaskEnhancer(16, 16, 1, 0.0)
    torch.nn.init.zeros_(enhancer.gains.weight)
    wave, shared = torch.randn(2, samples), torch.zeros(2, frames_of(samples), 16)
    torch.nn.init.constant_(enhancer.gains.bias, 40.0)
    torch.testing.assert_close(enhancer(wave, shared).waves, wave, atol=1e-5, rtol=0)
    torch.nn.init.constant_(enhancer.gains.bias, -40.0)
    assert enhancer(wave, shared).waves.abs().max() < 1e-6


@pytest.mark.parametrize("kind", [MaskEnhancer, WaveformEnhancer])
def test_padding_does_not_reach_back_into_enhanced_sound(kind) -> None:
    torch.manual_seed(4)
    enhancer = kind(16, 16, 2, 0.0).eval()
    torch.nn.init.normal_(enhancer.gains.weight, std=0.3)
    samples, frames = 7777, frames_of(7777)
    wave, shared = torch.randn(1, samples), torch.randn(1, frames, 16)
    padded = torch.nn.functional.pad(wave, (0, 4223))
    longer = torch.nn.functional.pad(shared, (0, 0, 0, frames_of(12000) - frames), value=3.0)
    present = (torch.arange(frames_of(12000)) < frames)[None]
    with torch.no_grad():
        alone, together = enhancer(wave, shared), enhancer(padded, longer, present)
    torch.testing.assert_close(together.waves[:, :samples], alone.waves, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(together.states[:, :frames], alone.states, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("samples", [7777, 8000, 9600])
def test_padding_and_neighbours_in_the_batch_do_not_matter(samples: int) -> None:
    model = small_model(hears="enhanced").eval()
    short, long = torch.randn(samples), torch.randn(16000)
    batch = torch.zeros(2, 16000)
    batch[0, :samples], batch[1] = short, long
    with torch.no_grad():
        alone = model(short[None])
        together = model(batch, torch.tensor([samples, 16000]))
    assert alone.enhanced is not None
    assert together.enhanced is not None
    assert alone.trajectories is not None
    assert together.trajectories is not None
    frames = alone.trajectories.shape[1]
    torch.testing.assert_close(together.trajectories[0, :frames], alone.trajectories[0], atol=1e-4, rtol=1e-3)
    torch.testing.assert_close(together.enhanced[0, :samples], alone.enhanced[0], atol=1e-4, rtol=1e-3)


def test_level_does_not_matter_to_trajectories_and_carries_through_to_sound() -> None:
    model = small_model().eval()
    wave = torch.randn(1, 8000)
    with torch.no_grad():
        loud, quiet = model(wave), model(wave * 0.01)
    assert loud.enhanced is not None
    assert quiet.enhanced is not None
    torch.testing.assert_close(loud.trajectories, quiet.trajectories, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(loud.enhanced * 0.01, quiet.enhanced, atol=1e-5, rtol=1e-4)


def test_silence_is_no_trouble() -> None:
    output = small_model().eval()(torch.zeros(1, 4000))
    assert output.enhanced is not None
    assert output.enhanced.abs().max() == 0
    assert output.trajectories is not None
    assert output.trajectories.isfinite().all()


def test_the_weighted_sum_starts_with_equal_shares() -> None:
    mix = WeightedSum(3)
    states = [torch.randn(1, 4, 8) for _ in range(3)]
    normed = [torch.nn.functional.layer_norm(item, (8,)) for item in states]
    torch.testing.assert_close(mix(states), sum(normed) / 3)


def test_both_tasks_train_the_shared_encoder_and_inversion_reaches_back_into_enhancement() -> None:
    model = small_model(hears="enhanced")
    output = model(torch.randn(1, 8000))
    assert output.enhanced is not None
    assert output.trajectories is not None
    weight = model.encoder.trainable_blocks()[1][0].mix.weight
    by_sound = torch.autograd.grad(output.enhanced.square().sum(), weight, retain_graph=True)[0]
    by_movement = torch.autograd.grad(output.trajectories.square().sum(), weight, retain_graph=True)[0]
    assert by_sound.abs().sum() > 0
    assert by_movement.abs().sum() > 0
    assert model.enhancer is not None
    reached = torch.autograd.grad(output.trajectories.square().sum(), model.enhancer.spectrum.weight)[0]
    assert reached.abs().sum() > 0


def test_the_encoder_that_listens_again_hears_the_enhanced_speech() -> None:
    model = small_model(hears="enhanced").eval()
    wave = torch.randn(1, 8000)
    assert model.enhancer is not None
    with torch.no_grad():
        before = model(wave).trajectories
        torch.nn.init.zeros_(model.enhancer.gains.weight)
        torch.nn.init.constant_(model.enhancer.gains.bias, -40.0)  # now it gives silence
        after = model(wave).trajectories
    assert (before - after).abs().max() > 1e-3


def test_what_is_not_there_cannot_be_heard() -> None:
    model = small_model(enhances=False)
    with pytest.raises(ValueError, match="hears = 'enhanced' needs an enhancer and an inverter"):
        JointModel(model.encoder, NAMES, None, model.inverter, hears="enhanced")


def test_groups_of_targets_have_a_head_each() -> None:
    assert target_groups(NAMES) == {"tract": 6, "source": 3}
    assert target_groups((*NAMES, "velum")) == {"tract": 6, "source": 3, "velum": 1}
    model = small_model()
    assert model.inverter is not None
    assert list(model.inverter.heads) == ["tract", "source"]


def test_a_configuration_says_what_is_built() -> None:
    encoder = EncoderConfig(layers=1, width=16)
    both = JointConfig(
        name="both",
        encoder=encoder,
        enhancer=EnhancerConfig(width=16, blocks=1),
        inverter=InverterConfig(blocks=1, width=16, heads=2, hears="enhanced"),
    )
    model = build_model(both, NAMES)
    assert model.for_inverter_again is not None
    assert model.inverter is not None
    assert model.inverter.into.in_features == 32
    beside = both.model_copy(
        update={"inverter": InverterConfig(blocks=1, width=16, heads=2, hears="bottleneck")}
    )
    model = build_model(beside, NAMES)
    assert model.for_inverter_again is None
    assert model.inverter is not None
    assert model.inverter.into.in_features == 32
    waveform = both.model_copy(update={"enhancer": EnhancerConfig(domain="waveform", width=16, blocks=1)})
    assert isinstance(build_model(waveform, NAMES).enhancer, WaveformEnhancer)
    encoder_only = InverterConfig(blocks=1, width=16, heads=2)
    alone = build_model(both.model_copy(update={"enhancer": None, "inverter": encoder_only}), NAMES)
    assert alone.enhancer is None
    assert alone.for_inverter_again is None
    assert alone.inverter is not None
    assert alone.inverter.into.in_features == 16
