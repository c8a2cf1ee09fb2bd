r"""Published inverters as models: `--model sparc`, `ssl_si_tool`, `tensortract2`.

Written from their public interfaces; none of their code is here. They run in a process of their own, under a
Python that has their package, and this file needs nothing else of this project:

    python -m benchmark.score --corpus DIR --model sparc \
        --python ~/venvs/sparc/bin/python --env HF_HOME --readout clean

What they give bears their own names and units, so they are scored by a readout; where some names are those of
the targets (the six tract variables of SSL-SI-tool), directly too. Weights are looked for where their
packages keep them, in the home of the user: `--env HF_HOME` hands on where Hugging Face keeps its files, and
`--model-arg` names files that lie elsewhere.
"""

from __future__ import annotations

import importlib
import os
import sys
import tempfile
import wave
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

_RATE_HZ = 16000
#: What packages raise when weights are missing and cannot be downloaded.
_NO_WEIGHTS = (OSError, ValueError, RuntimeError, KeyError)


class Sparc:
    """SPARC (Cho et al. 2024): twelve normalised coordinates of six pellets at 50 Hz.

    They are those of a single head, the speaker of mngu0.

    Attributes:
        sample_rate: 16000.
    """

    sample_rate = _RATE_HZ
    names = ("TDX", "TDY", "TBX", "TBY", "TTX", "TTY", "LIX", "LIY", "ULX", "ULY", "LLX", "LLY")

    def __init__(self, model: str = "feature_extraction", config: str = "", ckpt: str = "") -> None:
        """Loads it.

        Args:
            model: Name of a published checkpoint.
            config: Its configuration as a file, together with `ckpt`.
            ckpt: Its weights as a file.
        """
        package = _package(
            "sparc", "pip install speech-articulatory-coding, and name that Python with --python"
        )
        files = {"config": config, "ckpt": ckpt} if ckpt else {"config": config} if config else {}
        self._coder = _loaded(
            lambda: package.load_model(**(files or {"model_name": model}), device="cpu"),
            "run load_model once with a network, and hand on where the files lie with --env HF_HOME; or "
            "name them with --model-arg config=FILE --model-arg ckpt=FILE",
        )

    def invert(self, noisy: Any) -> tuple[Any, float, Sequence[str]]:
        """Pellets of one recording."""
        with tempfile.TemporaryDirectory() as folder:
            code = self._coder.encode(_wav(noisy, Path(folder)))
        return np.asarray(code["ema"], np.float32), 50.0, self.names


class SslSiTool:
    """SSL-SI-tool of the University of Maryland: tract variables from HuBERT at 100 Hz.

    It was trained on XRMB (six of them) or on HPRC.

    Attributes:
        sample_rate: 16000.
    """

    sample_rate = _RATE_HZ
    #: The order of the XRMB system. What the HPRC system gives besides is numbered, for a readout.
    names = ("LA", "LP", "TBCL", "TBCD", "TTCL", "TTCD")

    def __init__(self, folder: str = "", model: str = "xrmb", feats: str = "hubert") -> None:
        """Finds its scripts.

        Args:
            folder: A clone of its repository, with `saved_models`.
            model: "xrmb" or "hprc": which system.
            feats: Which features it hears.
        """
        root, how = Path(folder), "git clone github.com/Yashish92/SSL-SI-tool, install its requirements"
        if not folder or not (root / "run_saved_model.py").is_file() or not (root / "saved_models").is_dir():
            raise ValueError(
                f"SSL-SI-tool is a repository and not a package: {how}, and hand over the clone with "
                "--model-arg folder=DIR"
            )
        sys.path.insert(0, str(root))
        self._extract = _package("feature_extract", f"{how} into the Python named by --python")
        self._run = _package("run_saved_model", f"{how} into the Python named by --python")
        self._root, self._model, self._feats = root.resolve(), model, feats

    def invert(self, noisy: Any) -> tuple[Any, float, Sequence[str]]:
        """Tract variables of one recording."""
        before = Path.cwd()
        with tempfile.TemporaryDirectory() as folder:
            # Its scripts look for their networks in the working folder, and write there what they find.
            os.chdir(folder)
            try:
                Path("saved_models").symlink_to(self._root / "saved_models")
                features, _, samples = self._extract.feature_extract(
                    _wav(noisy, Path(folder)), self._feats
                ).run_extraction()
                self._run.run_model(features, "heard", samples, self._model, out_format="npy")
                (written,) = Path(folder).glob(f"TV_output_*/heard_{self._model}_tv_predict.npy")
                values = np.load(written, allow_pickle=False)
            finally:
                os.chdir(before)
        values = np.asarray(values, np.float32)
        values = values.T if values.shape[0] < values.shape[1] else values
        if self._model == "xrmb" and values.shape[1] == len(self.names):
            return values, 100.0, self.names
        return values, 100.0, [f"{self._model}_{number}" for number in range(1, values.shape[1] + 1)]


class TensorTract2:
    """TensorTract2 (Krug et al. 2025): twenty control parameters of VocalTractLab, 50 Hz.

    They are named VTL_HX, VTL_JA ...: a parameter such as TTX steers the synthesiser's tongue and is no
    pellet.

    Attributes:
        sample_rate: 16000.
    """

    sample_rate = _RATE_HZ

    def __init__(self, weights: str = "") -> None:
        """Loads it.

        Args:
            weights: Its weights as a file; without it they are looked for in the cache of the package.
        """
        package = _package("tensortract2", "pip install tensortract2, and name that Python with --python")
        how = "name them with --model-arg weights=FILE, and hand on where WavLM lies with --env HF_HOME"
        self._model = _loaded(lambda: package.TensorTract2(auto_load_weights=not weights), how)
        if weights:
            _loaded(lambda: self._model.load_weights(weights), how)

    def invert(self, noisy: Any) -> tuple[Any, float, Sequence[str]]:
        """Control parameters of one recording."""
        with tempfile.TemporaryDirectory() as folder:
            series = self._model.speech_to_motor(_wav(noisy, Path(folder)), msrs_type="tt2")[0].series
        return np.asarray(series, np.float32), 50.0, [f"VTL_{name}" for name in series.columns]


class Published(NamedTuple):
    """What is known of one of them.

    Attributes:
        made: Its class here.
        title: One line.
        licence: Of its code and weights, where known.
        trained_on: Words of `benchmark.models.declaration.VOCABULARY`.
    """

    made: type
    title: str
    licence: str
    trained_on: tuple[str, ...]


PUBLISHED: Mapping[str, Published] = {
    "sparc": Published(Sparc, "SPARC, pellets of an mngu0 speaker", "", ("mngu0", "speech")),
    "ssl_si_tool": Published(
        SslSiTool, "SSL-SI-tool, tract variables from HuBERT", "MIT", ("xrmb", "hprc", "speech")
    ),
    "tensortract2": Published(
        TensorTract2, "TensorTract2, control of VocalTractLab", "Commons Clause", ("virtual", "speech")
    ),
}


def _package(name: str, how: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise ImportError(f"{name} cannot be imported ({error}); {how}") from error


def _loaded(load: Callable[[], Any], how: str) -> Any:
    try:
        return load()
    except _NO_WEIGHTS as error:
        told = " ".join(f"{type(error).__name__}: {error}".split())[:100]
        raise RuntimeError(f"its weights cannot be loaded ({told}); {how}") from error


def _wav(samples: Any, folder: Path) -> str:
    """The recording as a 16-bit file, as these packages want; attenuated if it exceeds full scale."""
    path = folder / "heard.wav"
    scaled = np.asarray(samples, np.float64) / max(1.0, float(np.max(np.abs(samples), initial=0.0)))
    with wave.open(str(path), "wb") as stream:
        stream.setnchannels(1)
        stream.setsampwidth(2)
        stream.setframerate(_RATE_HZ)
        stream.writeframes(np.clip(np.rint(scaled * 32768), -32768, 32767).astype("<i2").tobytes())
    return str(path)
