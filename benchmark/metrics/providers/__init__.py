"""Measures that other packages compute; their version stands in their name, and none is needed to score a benchmark."""

from benchmark.metrics.providers.dnsmos import DNSMOS
from benchmark.metrics.providers.pesq import PESQ
from benchmark.metrics.providers.visqol import ViSQOL

__all__ = ["DNSMOS", "PESQ", "ViSQOL"]
