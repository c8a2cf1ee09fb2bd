"""Whether rate, length and start of the articulation fit the audio."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from benchmark.articulation import audio_lag
from benchmark.articulation.plausibility.finding import Finding, mend
from benchmark.articulation.plausibility.sample import SpeakerSample

#: Rates at which articulation is recorded.
_RATES = (
    *(50.0, 60.0, 80.0, 100.0, 120.0, 125.0, 145.645, 160.0),
    *(200.0, 240.0, 250.0, 300.0, 400.0, 500.0, 1000.0, 1250.0),
)
_RATE_APART = 0.01
#: Ratios of length that differ by less are one factor; or by less than the second, if a rate in use then
#: fits.
_RATIO_SPREAD, _RATIO_SPREAD_KNOWN = 0.006, 0.02
#: Differences of length that differ by less are one difference: the recordings are all equally long.
_OFFSETS_DIFFER_S = 0.02
_FEWEST_LENGTHS = 3
_LENGTHS_APART_S = 0.1
#: A lag is told if it is at least so long. That of one recording counts if it explains so much more of its
#: audio than the common one.
_LAG_S, _LAG_GAIN = 0.08, 0.05
_LAG_ALIKE_S, _LAG_ALIKE_SHARE, _LAG_APART_SHARE = 0.04, 0.75, 0.25


def length_findings(sample: SpeakerSample) -> list[Finding]:
    """A wrong rate, or else the recordings that differ from their audio by more than 0.1 s."""
    if not sample.lengths:
        return []
    audio_s, recorded_s = np.array(sample.lengths).reshape(-1, 2).T
    apart = recorded_s - audio_s
    if finding := _rate(sample, audio_s, recorded_s):
        return [finding]
    far = np.abs(apart) > _LENGTHS_APART_S
    if not far.any():
        return []
    worst = int(np.abs(apart).argmax())
    longer = "longer" if apart[worst] > 0 else "shorter"
    what = (
        f"in {int(far.sum())} of {len(apart)} recordings the articulation differs in length from the audio "
        f"by more than 0.1 s (at most {abs(apart[worst]):.2f} s {longer})"
    )
    return [
        Finding(
            sample.speaker, "lengths", what, "only the overlap is used; make sure that both start together"
        )
    ]


def _rate(
    sample: SpeakerSample, audio_s: NDArray[np.float64], recorded_s: NDArray[np.float64]
) -> Finding | None:
    """Whether articulation is longer or shorter than its audio by one factor in all recordings."""
    if len(audio_s) < _FEWEST_LENGTHS or len(sample.rates_hz) != 1 or audio_s.min() <= 0:
        return None
    (rate_hz,) = sample.rates_hz
    factor = float(np.median(recorded_s / audio_s))
    fitting = known_rate(rate_hz * factor)
    # What a factor leaves unexplained, in seconds, against what one constant difference would leave.
    by_factor, by_offset = np.std(recorded_s / factor - audio_s), np.std(recorded_s - audio_s)
    spread = np.std(recorded_s / audio_s) / factor
    better = by_factor < by_offset / 2 and by_offset > _OFFSETS_DIFFER_S
    known = fitting in _RATES
    one_factor = spread < (_RATIO_SPREAD_KNOWN if better and known else _RATIO_SPREAD) and (better or known)
    if abs(factor - 1) < _RATE_APART or not one_factor:
        return None
    longer = "longer" if factor > 1 else "shorter"
    what = f"the articulation of every recording is {abs(factor - 1):.1%} {longer} than its audio"
    advice = f"the rate of {rate_hz:g} seems wrong: a rate of {fitting:g} would fit"
    return Finding(sample.speaker, "rate", what, advice)


def known_rate(rate_hz: float) -> float:
    """The nearest rate that recorders use, or the given one to a tenth if none is within 1 %."""
    near = min(_RATES, key=lambda known: abs(known / rate_hz - 1))
    return near if abs(near / rate_hz - 1) < _RATE_APART else round(rate_hz, 1)


def lag_findings(sample: SpeakerSample) -> list[Finding]:
    """Whether articulation and audio are shifted in time, by one lag for all recordings or by several."""
    found = audio_lag.estimate(sample.timed)
    if (
        found is None
        or found.explained < found.unshifted + audio_lag.OVER_NONE
        or found.explained < max(found.chance, 0.0) + audio_lag.OVER_CHANCE
    ):
        return []
    lags, gains = np.array(found.lags_s), np.array(found.gains)
    middle = float(np.median(lags))
    if np.mean(np.abs(lags - middle) <= _LAG_ALIKE_S) >= _LAG_ALIKE_SHARE:
        if abs(middle) < _LAG_S:
            return []
        side = "late" if middle > 0 else "early"
        what = f"the articulation comes about {abs(middle):.2f} s too {side} for its audio"
        advice = mend(
            sample, f"write start_s = {sample.start_s - middle:.2f} in [trajectories] of corpus.toml"
        )
        return [Finding(sample.speaker, "lag", what, advice, middle)]
    apart = (np.abs(lags - middle) >= _LAG_S) & (gains > _LAG_GAIN)
    if apart.sum() < max(2, _LAG_APART_SHARE * len(lags)):
        return []
    what = (
        f"the articulation is shifted against the audio by another time in each of {len(lags)} recordings, "
        f"from {_side(lags.min())} to {_side(lags.max())}"
    )
    return [Finding(sample.speaker, "lag", what, "align audio and articulation of each recording first")]


def _side(lag_s: float) -> str:
    return f"{abs(lag_s):.2f} s {'late' if lag_s > 0 else 'early'}"


def one_start(findings: Sequence[Finding]) -> list[Finding]:
    """Gives speakers whose lag is nearly the same one common advice, so that one `start_s` will do."""
    lags = [finding.lag_s for finding in findings if finding.lag_s is not None]
    if not lags or max(lags) - min(lags) > _LAG_S:
        return list(findings)
    middle = float(np.median(lags))
    typical = min(
        (finding for finding in findings if finding.lag_s is not None),
        key=lambda finding: abs((finding.lag_s or 0.0) - middle),
    )
    return [
        finding if finding.lag_s is None else finding._replace(advice=typical.advice) for finding in findings
    ]
