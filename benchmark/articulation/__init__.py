"""From raw articulation to the parameters that models predict.

Tract variables, source features, smooth pellets.
"""

from __future__ import annotations

from benchmark.articulation.target_sets import PARAMETERS, TARGET_SETS, speaker_targets, target_names

__all__ = ["PARAMETERS", "TARGET_SETS", "speaker_targets", "target_names"]
