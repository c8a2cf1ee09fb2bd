"""Hush: model and signal processing of livekit-plugins-hush, without its streaming service."""

from __future__ import annotations

import sys
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from types import ModuleType

import numpy as np

from benchmark.models.contract import Audio
from benchmark.models.declaration import Declaration
from benchmark.models.enhancers.frames import streamed
from benchmark.models.enhancers.packages import file_of, session
from benchmark.models.enhancers.wrapped import Wrapped
from benchmark.types import Features

_FRAME = 160
#: Measured: half of the 20-ms window.
_DELAY = 160
_ALIAS = "_sinbad_hush"


class Hush:
    """Band gains and a deep filter, recurrent over frames of 10 ms.

    Attributes:
        sample_rate: 16000.
    """

    sample_rate = 16000

    def __init__(self) -> None:
        path = file_of("livekit-plugins-hush", "hush/_hush_model.py")
        session(file_of("livekit-plugins-hush", "hush/models/enc.onnx"))  # says first what is missing
        self._module = _without_its_service(path.parent)
        self._model = self._module.HushModel()

    def enhance(self, noisy: Audio) -> Audio:
        """Enhanced speech; see `benchmark.models.contract.Enhancer`."""
        stream = self._module.HushSession(self._model)
        return streamed(noisy, _FRAME, _DELAY, stream.process_frame)


class HushHidden(Hush):
    """What the recurrent layer of Hush's encoder gives: 256 channels, 100 frames a second."""

    def represent(self, noisy: Audio) -> Features:
        """Features of one recording; see `benchmark.models.contract.Representer`."""
        stream = self._module.HushSession(self._model)
        padded = np.zeros(max(1, -(-len(noisy) // _FRAME)) * _FRAME, np.float32)
        padded[: len(noisy)] = noisy
        given = []
        # A window is the frame and the one before it, so that it is centred on the first sample of the frame.
        for frame in padded.reshape(-1, _FRAME):
            stream.process_frame(frame)
            given.append(stream._h_enc.reshape(-1).copy())
        return Features(np.stack(given), self.sample_rate / _FRAME)


def _without_its_service(folder: Path) -> ModuleType:
    """Imports the model's module under another name, because its package needs a telephony framework."""
    if _ALIAS not in sys.modules:
        package = ModuleType(_ALIAS)
        package.__path__ = [str(folder)]
        sys.modules[_ALIAS] = package
    return import_module(f"{_ALIAS}._hush_model")


ENHANCER = Wrapped(
    name="hush",
    title="Hush, DeepFilterNet 3 trained against other voices",
    source="pulp-vision/Hush; package livekit-plugins-hush",
    licence="Apache-2.0",
    package="livekit-plugins-hush",
    factory=Hush,
    place=5,
    declared=Declaration(("speech",), parameters=2_281_116),
)
HIDDEN = replace(
    ENHANCER,
    name="hush@hidden",
    title="hidden state of Hush's encoder",
    factory=HushHidden,
    does=("represent",),
)
