"""The numbers of PESQLike, all of them fitted; written by ``python -m maintenance.fit_pesqlike fit``."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Coefficients:
    """Numbers of the model, by stage. Powers are in dB SPL as if speech were played at `level_db`.

    Attributes:
        level_db: Level of 300-3400 Hz at which both signals are presented.
        threshold_db: Added to the threshold in quiet.
        colour_limit_db: A constant colouration is forgiven up to this many dB a band.
        gain_floor_db: Power that keeps the frame gain finite in pauses.
        gain_audible_db: Bands count for the frame gain if above threshold by this.
        gain_speed: Weight of the present frame in the smoothed frame gain, 0..1.
        gain_low_db: Least frame gain.
        gain_high_db: Greatest frame gain.
        exponent: Loudness exponent.
        exponent_low: Relative growth of the exponent from 4 Bark down to 0.
        band_norm: Order of the norm over bands.
        tilt: Log weight of a band, linear in (Bark / 10 - 1).
        bend: Log weight of a band, quadratic in it.
        added_floor_db: Power that keeps the ratio of powers finite, for added sound.
        added_power: Exponent of that ratio.
        added_from: Ratio (after the exponent) below which sound does not count as added.
        added_to: Ratio at which it saturates.
        added_norm: As `band_norm`, for added sound.
        added_tilt: As `tilt`, for added sound.
        added_bend: As `bend`, for added sound.
        quiet_floor_db: Frame power below which frames weigh alike.
        quiet_power: Exponent by which quiet frames weigh more.
        saturation: A frame's disturbance tends to this.
        added_saturation: As `saturation`, for added sound.
        short_norm: Order of the norm over 320 ms.
        long_norm: Order of the norm over those.
        offset: Logit of the score of an undisturbed clip.
        slope: Logit lost per unit of disturbance.
        added_slope: Logit lost per unit of added disturbance.
        span: Height of the logistic curve above 1.
    """

    level_db: float
    threshold_db: float
    colour_limit_db: float
    gain_floor_db: float
    gain_audible_db: float
    gain_speed: float
    gain_low_db: float
    gain_high_db: float
    exponent: float
    exponent_low: float
    band_norm: float
    tilt: float
    bend: float
    added_floor_db: float
    added_power: float
    added_from: float
    added_to: float
    added_norm: float
    added_tilt: float
    added_bend: float
    quiet_floor_db: float
    quiet_power: float
    saturation: float
    added_saturation: float
    short_norm: float
    long_norm: float
    offset: float = 0.0
    slope: float = 0.0
    added_slope: float = 0.0
    span: float = 0.0


FITTED = Coefficients(
    level_db=95.6783,
    threshold_db=-3.12404,
    colour_limit_db=21.8323,
    gain_floor_db=36.4995,
    gain_audible_db=19.0295,
    gain_speed=0.696391,
    gain_low_db=-32.4823,
    gain_high_db=8.40169,
    exponent=0.196271,
    exponent_low=0.0727268,
    band_norm=2.5145,
    tilt=0.0618715,
    bend=0.217465,
    added_floor_db=13.8283,
    added_power=1.37956,
    added_from=2.36024,
    added_to=45.3997,
    added_norm=0.69718,
    added_tilt=0.785649,
    added_bend=-0.259429,
    quiet_floor_db=83.0166,
    quiet_power=0.0678402,
    saturation=17.3152,
    added_saturation=9.77089,
    short_norm=7.53166,
    long_norm=2.26268,
    offset=2.60462,
    slope=0.749447,
    added_slope=0.177679,
    span=3.96247,
)
