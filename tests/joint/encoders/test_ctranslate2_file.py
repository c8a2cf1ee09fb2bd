from __future__ import annotations

import struct

import numpy as np
import pytest

from benchmark.errors import ModelError
from benchmark.joint.encoders.ctranslate2_file import read_weights
from tests.joint.encoders.ctranslate2_writer import bfloat16, model_file, text


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.bin"


WEIGHTS = {
    "encoder/a": np.arange(6, dtype=np.float32).reshape(2, 3),
    "encoder/b": np.array([0.5, -2.0], np.float16),
    "encoder/heads": np.array(8, np.int16),
    "encoder/quantised": np.array([1, 2, 3], np.int8),
    "decoder/c": np.zeros(5, np.float32),
}


def test_wanted_weights_come_back_in_single_precision(path) -> None:
    path.write_bytes(model_file("Spec", WEIGHTS, aliases={"encoder/also_a": "encoder/a"}))
    found = read_weights(path, "Spec", "encoder/")
    assert sorted(found) == ["a", "also_a", "b"]
    assert {values.dtype for values in found.values()} == {np.dtype(np.float32)}
    assert np.array_equal(found["a"], WEIGHTS["encoder/a"])
    assert np.array_equal(found["also_a"], found["a"])
    assert np.array_equal(found["b"], [0.5, -2.0])


def test_brain_floats_are_the_upper_half(path) -> None:
    path.write_bytes(model_file("Spec", {"x": bfloat16([1.0, -0.375, 2.0**100])}))
    assert np.array_equal(read_weights(path, "Spec", "")["x"], np.float32([1.0, -0.375, 2.0**100]))


def test_every_truncation_is_an_error_with_the_files_name(path) -> None:
    whole = model_file("Spec", WEIGHTS, aliases={"encoder/also_a": "encoder/a"})
    for size in range(len(whole)):
        path.write_bytes(whole[:size])
        with pytest.raises(ModelError, match=r"model\.bin"):
            read_weights(path, "Spec", "encoder/")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (model_file("Spec", WEIGHTS, version=3), "format 3 of CTranslate2's files; format 6"),
        (model_file("TransformerSpec", WEIGHTS), "of kind 'TransformerSpec'; 'Spec' is needed"),
        (model_file("Spec", WEIGHTS, aliases={"x": "encoder/none"}), "'x' stands for 'encoder/none'"),
        (b"PK\x03\x04" + bytes(100), "format 67324752"),
        (
            struct.pack("<I", 6) + text("Spec") + struct.pack("<II", 1, 1) + text("x") + b"\xff",
            "'x' has 255 dimensions",
        ),
        (
            struct.pack("<I", 6)
            + text("Spec")
            + struct.pack("<II", 1, 1)
            + text("x")
            + struct.pack("<BIBI", 1, 3, 0, 8),
            r"'x' of type 0 and shape \(3,\) takes 8 bytes",
        ),
        (
            struct.pack("<I", 6)
            + text("Spec")
            + struct.pack("<II", 1, 1)
            + text("x")
            + struct.pack("<BIBI", 1, 3, 77, 12),
            "'x' of type 77",
        ),
        (
            struct.pack("<I", 6)
            + text("Spec")
            + struct.pack("<II", 1, 1)
            + text("x")
            + struct.pack("<BIIBI", 2, 2**31, 2**31, 0, 0),
            "takes 0 bytes",
        ),
    ],
)
def test_files_of_another_kind_and_damage_are_named(path, content, message) -> None:
    path.write_bytes(content)
    with pytest.raises(ModelError, match=message):
        read_weights(path, "Spec", "encoder/")


def test_no_file(path) -> None:
    with pytest.raises(ModelError, match=r"model\.bin: no such file"):
        read_weights(path, "Spec", "")
