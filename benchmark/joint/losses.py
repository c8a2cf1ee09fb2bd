"""What is minimised: SI-SDR and spectral distance for enhancement, correlation and RMSE for inversion."""

from __future__ import annotations

import torch
from torch import Tensor

from benchmark.joint.batch import Batch
from benchmark.joint.config import LossConfig
from benchmark.joint.encoders.contract import HOP, present_frames
from benchmark.joint.enhancer import COMPRESSION, WINDOW, compressed_magnitudes, short_time_spectra
from benchmark.joint.model import Output

_EPSILON = 1e-6
# An estimate that is right everywhere would have an infinite ratio; beyond this many decibels nothing is
# gained.
_BEST_DB = 40.0
#: Windows of the spectral distance in samples at 16 kHz; each is moved by half.
RESOLUTIONS = (256, 512, 1024)
#: How much of the spectral distance is of magnitudes alone; the rest is of spectra with their phase.
_MAGNITUDE_SHARE = 0.7
_LEAST_FRAMES = 10
_LEAST_DEVIATION = 1e-2


def total_loss(
    output: Output, batch: Batch, weights: LossConfig, features: Tensor | None = None
) -> tuple[Tensor, dict[str, float]]:
    """The weighted sum of all losses, and each by name.

    Args:
        output: Of the model.
        batch: What it should be.
        weights: Weights of the parts.
        features: What the inverter would hear of the clean speech; None where consistency is not asked for.

    Returns:
        A scalar, and the parts before weighting.
    """
    parts: dict[str, Tensor] = {}
    total = torch.zeros((), device=batch.noisy.device)
    if output.enhanced is not None and weights.enhancement > 0:
        if output.mask is not None:
            ratio, distance = mask_quality(output.mask, batch.noisy, batch.clean, batch.lengths)
        else:
            ratio = si_sdr_db(output.enhanced, batch.clean, batch.lengths)
            distance = spectral_distance(output.enhanced, batch.clean, batch.lengths)
        parts["si_sdr_db"], parts["stft"] = ratio.mean(), distance.mean()
        enhancement = weights.stft * parts["stft"] - weights.si_sdr * parts["si_sdr_db"] / 10.0
        total = total + weights.enhancement * enhancement
    if output.trajectories is not None and weights.inversion > 0:
        count = torch.clamp(batch.has_targets.sum(), min=1)
        correlation, rmse = agreement(output.trajectories, batch.targets, batch.valid)
        parts["correlation"], parts["rmse"] = correlation.sum() / count, rmse.sum() / count
        heard = batch.has_targets.sum() / count
        inversion = weights.correlation * (heard - parts["correlation"]) + weights.rmse * parts["rmse"]
        if features is not None and output.features is not None:
            parts["consistency"] = feature_distance(output.features, features, batch.lengths)
            inversion = inversion + weights.consistency * parts["consistency"]
        total = total + weights.inversion * inversion
    return total, {name: float(value.detach()) for name, value in parts.items()}


def agreement(estimated: Tensor, true: Tensor, valid: Tensor) -> tuple[Tensor, Tensor]:
    """How estimated trajectories agree with the true ones on the frames that are valid.

    What the other frames hold, NaN included, has no influence on value or gradient.

    Args:
        estimated: Shape (batch, frames, targets).
        true: The same shape.
        valid: bool, the same shape.

    Returns:
        Pearson correlation, averaged over the targets that move and are seen for at least 0.1 s, and root of
        the mean squared error over all valid frames; both of shape (batch,), and 0 for a recording in which
        nothing can be judged.
    """
    # Replaced, not multiplied by 0: NaN times 0 is NaN.
    true = torch.where(valid, true, 0.0)
    estimated = torch.where(valid, estimated, 0.0)
    count = valid.sum(dim=1)
    enough = torch.clamp(count, min=1)
    centred_true = torch.where(valid, true - (true.sum(dim=1) / enough)[:, None], 0.0)
    centred = torch.where(valid, estimated - (estimated.sum(dim=1) / enough)[:, None], 0.0)
    power_true = centred_true.square().sum(dim=1) / enough
    power = centred.square().sum(dim=1) / enough
    covariance = (centred * centred_true).sum(dim=1) / enough
    # The slope of a root is infinite at 0, which an estimate that stands still would meet.
    correlation = covariance / torch.sqrt(power * power_true + _EPSILON)
    judged = (count >= _LEAST_FRAMES) & (power_true > _LEAST_DEVIATION**2)
    mean = (correlation * judged).sum(dim=1) / torch.clamp(judged.sum(dim=1), min=1)
    squared = (estimated - true).square().sum(dim=(1, 2)) / torch.clamp(count.sum(dim=1), min=1)
    return mean, torch.sqrt(squared + _EPSILON) * (count.sum(dim=1) > 0)


def si_sdr_db(estimated: Tensor, clean: Tensor, lengths: Tensor) -> Tensor:
    """SI-SDR in dB, shape (batch,), means removed (Le Roux et al. 2019), limited to 40 dB."""
    present = _present(estimated, lengths)
    estimated, clean = _centred(estimated, present), _centred(clean, present)
    scale = (estimated * clean).sum(-1) / (clean.square().sum(-1) + _EPSILON)
    target = scale[:, None] * clean
    signal = target.square().sum(-1)
    noise = (estimated - target).square().sum(-1) + signal * 10.0 ** (-_BEST_DB / 10.0)
    return 10.0 * torch.log10((signal + _EPSILON) / (noise + _EPSILON))


def mask_quality(mask: Tensor, noisy: Tensor, clean: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
    """SI-SDR and distance of compressed spectra of a masked mixture, at the resolution of the mask.

    Both are polynomials in the mask or its gains whose coefficients need no gradient, so that nothing has to
    go through sound and back: a tenth of the time of `si_sdr_db` and `spectral_distance`, which they stand
    for. The ratio is of windowed spectra.

    Args:
        mask: See `benchmark.joint.enhancer.Enhanced`.
        noisy: Shape (batch, samples).
        clean: The same shape.
        lengths: Samples before padding, shape (batch,).

    Returns:
        Decibels, limited to 40, and mean distances, both of shape (batch,).
    """
    with torch.no_grad():
        scale = _clean_level(clean, lengths)
        window = torch.hann_window(WINDOW, device=clean.device)
        mixture, speech = (short_time_spectra(wave / scale, window) for wave in (noisy, clean))
        frames = torch.arange(mask.shape[1], device=mask.device)[None, :]
        inside = (frames < (2 * ((lengths + HOP - 1) // HOP).clamp(min=1))[:, None])[..., None]
        mixture, speech = mixture * inside, speech * inside
        loud, wanted = compressed_magnitudes(mixture), compressed_magnitudes(speech)
        power, speech_power = _power(mixture), _power(speech)
        shared = mixture.real * speech.real + mixture.imag * speech.imag
        # Cosine of the angle between the two: one where the mixture has the phase of the speech.
        aligned = shared / torch.sqrt(power * speech_power + _EPSILON)
        linear = loud * wanted * (_MAGNITUDE_SHARE + (1.0 - _MAGNITUDE_SHARE) * aligned)
        speech_energy = speech_power.sum((1, 2)) + _EPSILON
    distance = (mask.square() * loud.square() - 2.0 * mask * linear + wanted.square()).mean(dim=-1)
    gains = mask ** (1.0 / COMPRESSION)
    target = (gains * shared).sum((1, 2)).square() / speech_energy
    rest = (gains.square() * power).sum((1, 2)) - target + target * 10.0 ** (-_BEST_DB / 10.0)
    ratio = 10.0 * torch.log10((target + _EPSILON) / (rest.clamp(min=0.0) + _EPSILON))
    return ratio, (distance * inside[..., 0]).sum(-1) / inside.sum((1, 2))


def feature_distance(found: Tensor, wanted: Tensor, lengths: Tensor) -> Tensor:
    """Mean squared difference of features, (batch, frames, width), without padding; a scalar."""
    inside = present_frames(found.shape[1], lengths, found.device)
    squared = (found - wanted).square().mean(dim=-1)
    return squared.mean() if inside is None else (squared * inside).sum() / inside.sum()


def spectral_distance(estimated: Tensor, clean: Tensor, lengths: Tensor) -> Tensor:
    """Mean distance of compressed magnitudes and spectra over several resolutions, shape (batch,).

    Magnitudes are raised to 0.3 (Braun & Tashev 2021), so that quiet parts of speech count as the ear hears
    them.
    """
    present = _present(estimated, lengths)
    level = _clean_level(clean, lengths)
    estimated, clean = estimated * present / level, clean * present / level
    distances = [_distance(estimated, clean, lengths, size) for size in RESOLUTIONS]
    return torch.stack(distances).mean(dim=0)


def _distance(estimated: Tensor, clean: Tensor, lengths: Tensor, size: int) -> Tensor:
    window = torch.hann_window(size, device=clean.device)
    scale = 1.0 / torch.sqrt(window.square().sum())
    spectra = [
        torch.stft(wave, size, size // 2, window=window, center=True, return_complex=True) * scale
        for wave in (estimated, clean)
    ]
    (guess, power), (truth, true_power) = [
        (spectrum, spectrum.real.square() + spectrum.imag.square() + 1e-6) for spectrum in spectra
    ]
    magnitude, true_magnitude = power ** (COMPRESSION / 2), true_power ** (COMPRESSION / 2)
    loudness = (magnitude - true_magnitude).square()
    # The compressed spectrum keeps its phase.
    factor, true_factor = magnitude * torch.rsqrt(power), true_magnitude * torch.rsqrt(true_power)
    turned = (guess.real * factor - truth.real * true_factor).square() + (
        guess.imag * factor - truth.imag * true_factor
    ).square()
    frames = torch.arange(loudness.shape[-1], device=clean.device)[None, :]
    inside = frames <= (lengths // (size // 2))[:, None]
    summed = (_MAGNITUDE_SHARE * loudness + (1.0 - _MAGNITUDE_SHARE) * turned).mean(dim=1) * inside
    return summed.sum(-1) / inside.sum(-1)


def _clean_level(clean: Tensor, lengths: Tensor) -> Tensor:
    """RMS of the clean speech, shape (batch, 1); never 0."""
    power = (clean * _present(clean, lengths)).square().sum(-1) / lengths
    return torch.sqrt(power)[:, None].clamp(min=1e-5)


def _power(spectra: Tensor) -> Tensor:
    return spectra.real.square() + spectra.imag.square()


def _present(waves: Tensor, lengths: Tensor) -> Tensor:
    return torch.arange(waves.shape[-1], device=waves.device)[None, :] < lengths[:, None]


def _centred(waves: Tensor, present: Tensor) -> Tensor:
    mean = (waves * present).sum(-1, keepdim=True) / present.sum(-1, keepdim=True)
    return (waves - mean) * present
