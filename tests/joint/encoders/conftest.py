"""Tests of encoders never ask the network, and print no progress."""

from __future__ import annotations

import os

# Read once, when huggingface_hub is imported.
os.environ["HF_HUB_OFFLINE"] = "1"
