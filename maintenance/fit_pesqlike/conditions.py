"""The conditions: what is done to a clean clip, by name, for the fit and for the evaluation."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from hashlib import blake2b
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, fftconvolve, sosfilt

from maintenance.fit_pesqlike import enhancers, noise

Array = NDArray[np.float64]
RATE_HZ = 16_000
Distortion = Callable[[Array, np.random.Generator], Array]


class Condition(NamedTuple):
    """What happens to a clip.

    Attributes:
        role: "fit", "held out", or "beyond": what PESQLike is known not to model.
        kind: "noisy", "enhanced", "distorted".
        name: Readable and unique.
        apply: From (clean, random numbers, other voices) to the degraded clip.
    """

    role: str
    kind: str
    name: str
    apply: Callable[[Array, np.random.Generator, Sequence[Array]], Array]


def draws(*identity: str) -> np.random.Generator:
    """Random numbers that depend on nothing but the identity of what they are for."""
    digest = blake2b("\0".join(identity).encode(), digest_size=16).digest()
    return np.random.default_rng(int.from_bytes(digest, "little"))


def _noisy(
    maker: noise.Maker, snr_db: float, clean: Array, rng: np.random.Generator, voices: Sequence[Array]
) -> Array:
    return noise.mix(clean, maker(len(clean), rng, voices), snr_db)


def _enhanced(
    enhance: enhancers.Enhancer,
    maker: noise.Maker,
    snr_db: float,
    clean: Array,
    rng: np.random.Generator,
    voices: Sequence[Array],
) -> Array:
    return enhance(_noisy(maker, snr_db, clean, rng, voices), clean)


def _distorted(distort: Distortion, clean: Array, rng: np.random.Generator, voices: Sequence[Array]) -> Array:
    return distort(clean, rng)


def _clip(signal: Array, rng: np.random.Generator, share: float) -> Array:
    """Clips what exceeds the level that `share` of the samples exceeds."""
    limit = np.quantile(np.abs(signal), 1 - share)
    return np.clip(signal, -limit, limit)


def _filter(signal: Array, rng: np.random.Generator, kind: str, edge: float | tuple[float, float]) -> Array:
    filtered: Array = sosfilt(butter(6, edge, kind, fs=RATE_HZ, output="sos"), signal)
    return filtered


def _quantise(signal: Array, rng: np.random.Generator, bits: int) -> Array:
    """Mu-law companding with few bits. Source: ITU-T G.711 characteristic, continuous form."""
    peak = np.abs(signal).max()
    companded = np.sign(signal) * np.log1p(255 * np.abs(signal) / peak) / np.log(256)
    steps = 2 ** (bits - 1)
    rounded = np.round(companded * steps) / steps
    expanded: Array = np.sign(rounded) * np.expm1(np.abs(rounded) * np.log(256)) / 255 * peak
    return expanded


def _round(signal: Array, rng: np.random.Generator, bits: int) -> Array:
    step = np.abs(signal).max() * 2.0 ** (1 - bits)
    rounded: Array = np.round(signal / step) * step
    return rounded


def _saturate(signal: Array, rng: np.random.Generator, drive: float) -> Array:
    """A soft overload."""
    overloaded: Array = np.tanh(drive * signal / np.abs(signal).max())
    return overloaded


def _multiplicative(signal: Array, rng: np.random.Generator, q_db: float) -> Array:
    """Modulated noise: noise that follows the speech. Source: the principle of ITU-T P.810."""
    return signal * (1 + 10 ** (-q_db / 20) * rng.standard_normal(len(signal)))


def _reverberate(signal: Array, rng: np.random.Generator, t60_s: float) -> Array:
    n = round(t60_s * RATE_HZ)
    tail = rng.standard_normal(n) * 10 ** (-3 * np.arange(n) / n) * 0.02
    tail[0] = 1.0
    reverberant: Array = fftconvolve(signal, tail)[: len(signal)]
    return reverberant


def _lose_packets(signal: Array, rng: np.random.Generator, rate: float) -> Array:
    lost = rng.random(len(signal) // 320 + 1) < rate
    return signal * ~np.repeat(lost, 320)[: len(signal)]


def _drift(signal: Array, rng: np.random.Generator, milliseconds: float) -> Array:
    n = len(signal)
    when = np.arange(n) - np.linspace(0, milliseconds / 1000 * RATE_HZ, n)
    return np.interp(when, np.arange(n), signal)


_FIT_DISTORTIONS: Mapping[str, Distortion] = MappingProxyType(
    {f"clip {share:.1%}": partial(_clip, share=share) for share in (0.003, 0.02, 0.1, 0.3)}
    | {f"low-pass {f} Hz": partial(_filter, kind="lowpass", edge=f) for f in (1500, 2500, 4000, 6000)}
    | {f"high-pass {f} Hz": partial(_filter, kind="highpass", edge=f) for f in (300, 1000)}
    | {"band-pass 150-6000 Hz": partial(_filter, kind="bandpass", edge=(150.0, 6000.0))}
    | {f"linear {bits} bits": partial(_round, bits=bits) for bits in (6, 8, 10)}
    | {f"saturation {drive}": partial(_saturate, drive=drive) for drive in (2, 8)}
    | {f"modulated noise {q} dB": partial(_multiplicative, q_db=q) for q in (5, 15, 25)}
)
_HELD_OUT_DISTORTIONS: Mapping[str, Distortion] = MappingProxyType(
    {f"clip {share:.1%}": partial(_clip, share=share) for share in (0.01, 0.05, 0.2)}
    | {f"low-pass {f} Hz": partial(_filter, kind="lowpass", edge=f) for f in (2000, 3400, 5000)}
    | {"telephone band": partial(_filter, kind="bandpass", edge=(300.0, 3400.0))}
    | {f"mu-law {bits} bits": partial(_quantise, bits=bits) for bits in (4, 5, 6)}
)
_BEYOND: Mapping[str, Distortion] = MappingProxyType(
    {f"reverberation T60 {t} s": partial(_reverberate, t60_s=t) for t in (0.3, 0.8)}
    | {f"packet loss {r:.0%}": partial(_lose_packets, rate=r) for r in (0.02, 0.1)}
    | {f"delay drift {d} ms": partial(_drift, milliseconds=d) for d in (2.0, 10.0, 40.0)}
)


def conditions() -> Iterator[Condition]:
    """All conditions."""
    yield from _with_noise(
        "fit", noise.FITTED, enhancers.FITTED, (-5, 0, 5, 10, 20, 30), (0, 10, 20), ("pink", "gated")
    )
    yield from _with_noise(
        "held out",
        noise.HELD_OUT,
        enhancers.HELD_OUT,
        (-5, 0, 5, 10, 15, 25),
        (0, 5, 15),
        ("fluctuating", "cafeteria"),
    )
    for role, distortions in (
        ("fit", _FIT_DISTORTIONS),
        ("held out", _HELD_OUT_DISTORTIONS),
        ("beyond", _BEYOND),
    ):
        for name, distort in distortions.items():
            yield Condition(role, "distorted", name, partial(_distorted, distort))


def _with_noise(
    role: str,
    makers: Mapping[str, noise.Maker],
    enhance: Mapping[str, enhancers.Enhancer],
    snrs: Sequence[int],
    enhanced_snrs: Sequence[int],
    enhanced_noises: Sequence[str],
) -> Iterator[Condition]:
    for kind, maker in makers.items():
        for snr in snrs:
            yield Condition(role, "noisy", f"{kind} {snr} dB", partial(_noisy, maker, snr))
    for label, enhancer in enhance.items():
        for kind in enhanced_noises:
            for snr in enhanced_snrs:
                apply = partial(_enhanced, enhancer, makers[kind], snr)
                yield Condition(role, "enhanced", f"{label}, {kind} {snr} dB", apply)
