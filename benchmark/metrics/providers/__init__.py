"""Optional measures that other packages compute; their names state the version of the package."""

from benchmark.metrics.providers.dnsmos import DNSMOS
from benchmark.metrics.providers.pesq import PESQ
from benchmark.metrics.providers.visqol import ViSQOL

__all__ = ["DNSMOS", "PESQ", "ViSQOL"]
