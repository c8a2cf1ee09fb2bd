"""A perceptual quality measure written from open psychoacoustics, on the scale of wide-band PESQ."""

from benchmark.metrics.pesqlike.measure import PESQLike

__all__ = ["PESQLike"]
