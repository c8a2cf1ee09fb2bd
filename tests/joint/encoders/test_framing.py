from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from benchmark.errors import ModelError
from benchmark.joint.encoders.contract import frames_of, present_frames
from benchmark.joint.encoders.framing import padded, receptive_field, samples_of, unit_variance

KERNELS, STRIDES = (10, 3, 3, 3, 3, 2, 2), (5, 2, 2, 2, 2, 2, 2)


def test_the_usual_convolutions_hear_25_ms_every_20_ms() -> None:
    assert receptive_field(KERNELS, STRIDES, "x") == 400


@pytest.mark.parametrize(
    ("kernels", "strides"), [((10, 3), (5, 2)), ((10, 8, 4, 4, 4), (5, 4, 2, 2, 2)), ((1, 1), (16, 20))]
)
def test_other_rates_and_gaps_are_refused(kernels, strides) -> None:
    with pytest.raises(ModelError, match="DIR: one hidden state every"):
        receptive_field(kernels, strides, "DIR")


@given(st.integers(1, 5000))
def test_padding_gives_the_convolutions_exactly_the_frames_there_are(samples) -> None:
    stack = padded(torch.zeros(1, samples), 400)[:, None]
    for kernel, stride in zip(KERNELS, STRIDES, strict=True):
        stack = nn.functional.conv1d(stack, torch.ones(1, 1, kernel), stride=stride)
    assert stack.shape[-1] == frames_of(samples)


def test_the_mask_of_a_recording_is_as_long_as_it_would_be_padded_alone() -> None:
    lengths = torch.tensor([1, 320, 321, 1000])
    marked = samples_of(present_frames(frames_of(1000), lengths, lengths.device), 400).sum(-1)
    assert marked.tolist() == [padded(torch.zeros(1, length), 400).shape[-1] for length in lengths.tolist()]


def test_unit_variance_ignores_padding_and_keeps_it_zero() -> None:
    recording = 0.3 + 0.1 * torch.randn(1, 700, generator=torch.Generator().manual_seed(0))
    batch = torch.zeros(2, 1000)
    batch[0, :700], batch[1] = recording, 5.0 * torch.randn(1000, generator=torch.Generator().manual_seed(1))
    given = unit_variance(batch, torch.tensor([700, 1000]))
    torch.testing.assert_close(given[:1, :700], unit_variance(recording, None), atol=1e-5, rtol=0)
    assert (given[0, 700:] == 0).all()
    assert given[1].mean().abs() < 1e-5
    assert abs(float(given[1].var(correction=0)) - 1) < 1e-4


def test_silence_stays_silence() -> None:
    assert (unit_variance(torch.zeros(1, 500), None) == 0).all()
    assert (unit_variance(torch.zeros(1, 500), torch.tensor([0])) == 0).all()
