"""The examples that people copy are models without fault."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmark import check_model
from benchmark.models.enhancers import enhancers
from benchmark.models.enhancers.packages import without_requirements

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES, GUIDE = ROOT / "examples" / "models", ROOT / "docs" / "submitting.md"


def passes(capsys, spec, *options):
    status = check_model.main([spec, *options])
    out = capsys.readouterr().out
    assert status == 0, out
    return out


def test_the_wrapper_of_the_guide(capsys, tmp_path):
    guide = GUIDE.read_text()
    path = tmp_path / "my_wrapper.py"
    path.write_text(guide.split("```python\n")[1].split("```")[0])
    out = passes(capsys, f"{path}:MyModel", "--model-arg", "gain=0.7")
    assert "enhance and invert" in out


def test_the_guide_names_what_there_is():
    guide = GUIDE.read_text()
    assert all(f"examples/models/{path.name}" in guide for path in EXAMPLES.iterdir() if path.is_file())
    assert all(f"`{item.name}`" in guide and item.licence.split(",")[0] in guide for item in enhancers())
    alone = without_requirements()
    assert all((f"--no-deps {item.package}" in guide) == (item.package in alone) for item in enhancers())


def test_a_program(capsys):
    out = passes(capsys, f"command:{sys.executable} {EXAMPLES / 'command_model.py'} {{in}} {{out}}")
    assert "enhance and invert" in out


@pytest.mark.may_be_left_out
@pytest.mark.skipif(shutil.which("octave") is None, reason="Octave is not installed here")
def test_a_program_in_octave(capsys):
    passes(capsys, f"command:octave --norc {EXAMPLES / 'octave_model.m'} {{in}} {{out}}")


def message(*fields):
    """A protocol buffer of (number, value) pairs: int, str, or bytes of a nested message."""
    out = b""
    for number, value in fields:
        if isinstance(value, int):
            out += bytes([number << 3, value])
        else:
            raw = value.encode() if isinstance(value, str) else value
            assert len(raw) < 128
            out += bytes([number << 3 | 2, len(raw)]) + raw
    return out


def test_an_onnx_file(capsys, tmp_path):
    """The smallest graph there is: it gives the waveform back."""
    pytest.importorskip("onnxruntime")
    shape = message((1, message((1, 1))), (1, message((2, "samples"))))
    kind = message((1, message((1, 1), (2, shape))))
    node = message((1, "x"), (2, "y"), (4, "Identity"))
    values = [(11, message((1, "x"), (2, kind))), (12, message((1, "y"), (2, kind)))]
    graph = message((1, node), (2, "g"), *values)
    weights = tmp_path / "identity.onnx"
    weights.write_bytes(message((1, 8), (7, graph), (8, message((2, 13)))))
    passes(capsys, f"{EXAMPLES / 'onnx_file.py'}:OnnxEnhancer", "--model-arg", f"weights={weights}")


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
    from benchmark.joint.encoders.torchaudio_guard import settle

    settle()
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
