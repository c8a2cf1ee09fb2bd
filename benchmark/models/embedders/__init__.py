"""Fixed speaker embedders, by which enhancers are judged: is the speaker still to be recognised?"""

from __future__ import annotations

#: Names of the registered embedders, the one that tables show first in front.
EMBEDDERS = ("resemblyzer", "voice_statistics")
