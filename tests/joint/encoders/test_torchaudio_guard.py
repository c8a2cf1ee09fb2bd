from __future__ import annotations

import sys

import pytest

from benchmark.errors import MissingExtraError, ModelError
from benchmark.joint.encoders import torchaudio_guard


@pytest.fixture
def afresh():
    """No torchaudio imported before, and what was there after."""
    before = {name: module for name, module in sys.modules.items() if name.partition(".")[0] == "torchaudio"}
    for name in before:
        del sys.modules[name]
    yield
    for name in [name for name in sys.modules if name.partition(".")[0] == "torchaudio"]:
        del sys.modules[name]
    sys.modules.update(before)


@pytest.fixture
def fake(afresh, tmp_path, monkeypatch):
    """Writes a package torchaudio that is found before the real one."""

    def written(**files):
        folder = tmp_path / "torchaudio"
        folder.mkdir()
        for name, text in files.items():
            (folder / f"{name}.py").write_text(text)
        monkeypatch.syspath_prepend(tmp_path)

    return written


def test_the_installed_package_comes_with_its_networks(afresh) -> None:
    library = torchaudio_guard.torchaudio()
    assert torchaudio_guard.torchaudio() is library
    assert library.models.wavlm_base is not None
    assert library.pipelines.WAVLM_LARGE.sample_rate == 16000


def test_an_extension_of_another_torch_is_done_without(fake) -> None:
    fake(
        __init__="from . import _extension\nfrom .parts import here, align\n",
        _extension="raise OSError('undefined symbol')\n",
        parts=(
            "from torchaudio._extension import _IS_TORCHAUDIO_EXT_AVAILABLE as here, fail_if_no_align, "
            "_load_lib\n"
            "assert not _load_lib('x')\n"
            "@fail_if_no_align\n"
            "def align(): return 1\n"
        ),
    )
    library = torchaudio_guard.torchaudio()
    assert library.here is False
    with pytest.raises(RuntimeError, match="align needs torchaudio's compiled extension"):
        library.align()


@pytest.mark.parametrize("failure", ["OSError('libcudart')", "ImportError('x')", "AttributeError('x')"])
def test_where_nothing_helps_a_pair_that_works_is_named(fake, failure) -> None:
    fake(__init__=f"from . import half\nraise {failure}\n", half="")
    with pytest.raises(
        ModelError, match=r"does not work with torch .*torch==2\.11\.0 with torchaudio==2\.11\.0"
    ):
        torchaudio_guard.torchaudio()
    assert not [name for name in sys.modules if name.startswith("torchaudio")]
    with pytest.raises(ModelError):
        torchaudio_guard.settle()


def test_not_installed_is_no_obstacle_to_transformers_but_said_when_it_is_needed(afresh, monkeypatch) -> None:
    monkeypatch.setattr(torchaudio_guard, "find_spec", lambda name: None)
    torchaudio_guard.settle()
    assert "torchaudio" not in sys.modules
    with pytest.raises(MissingExtraError, match=r"sinbad-bench\[encoders\]"):
        torchaudio_guard.torchaudio()
