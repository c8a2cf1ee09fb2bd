"""Every export is read back by the library that it is for."""

from __future__ import annotations

import io
import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile

from benchmark import export, verify
from benchmark.errors import ManifestError
from benchmark.mixing.rows import UNMEASURED
from benchmark.prepared.corpus import PreparedCorpus
from benchmark.prepared.exports import FORMS
from benchmark.prepared.exports.rendered import plain_targets

NOISY = "babble/-5/"


@pytest.fixture
def corpus(small: Path) -> PreparedCorpus:
    return PreparedCorpus(small)


def row_of(corpus: PreparedCorpus, kind: str = NOISY):
    return next(row for row in corpus if row["mixture_id"].startswith(kind))


def exported(corpus: PreparedCorpus, form: str, out: Path) -> None:
    assert export.main(["--corpus", str(corpus.folder), "--to", form, "--out", str(out)]) == 0


def test_the_command_offers_all_forms() -> None:
    assert tuple(FORMS) == export._FORMS


def test_lhotse_reads_cuts_lazily_with_clean_speech_and_targets(
    corpus: PreparedCorpus, tmp_path: Path
) -> None:
    from lhotse import CutSet

    exported(corpus, "lhotse", tmp_path)
    cuts = CutSet.from_jsonl_lazy(tmp_path / "cuts_test.jsonl.gz")
    assert cuts.is_lazy
    assert {cut.id for cut in cuts} == set(corpus.mixtures)
    row = row_of(corpus)
    cut = next(cut for cut in cuts if cut.id == row["mixture_id"])
    np.testing.assert_array_equal(cut.load_audio()[0], corpus.noisy(row["mixture_id"]).samples)
    np.testing.assert_array_equal(cut.load_clean()[0], corpus.clean(row["utterance_id"]).samples)
    targets = plain_targets(corpus, row["utterance_id"])
    # lhotse counts the frames that begin before the end of the sound, without the one that begins with it.
    np.testing.assert_array_equal(cut.load_targets(), targets[: row["samples"] // 160])
    assert len(targets) - row["samples"] // 160 <= 1
    assert (cut.snr_db, cut.noise_kind) == (row["snr_db"], "babble")
    assert cut.supervisions[0].speaker == row["speaker"]
    assert cut.supervisions[0].text == corpus.utterances[row["utterance_id"]]["prompt"]


def test_hugging_face_reads_audio_and_targets_without_our_code(
    corpus: PreparedCorpus, tmp_path: Path
) -> None:
    from datasets import Audio, load_dataset

    exported(corpus, "huggingface", tmp_path / "out")
    cache = str(tmp_path / "cache")
    found = load_dataset(str(tmp_path / "out"), split="test", cache_dir=cache)
    assert found.features["audio"] == Audio(sampling_rate=16000)
    by_id = {row["mixture_id"]: row for row in found.cast_column("audio", Audio(decode=False))}
    assert set(by_id) == set(corpus.mixtures)
    row = row_of(corpus)
    read = by_id[row["mixture_id"]]
    samples, rate = soundfile.read(io.BytesIO(read["audio"]["bytes"]), dtype="float32")
    assert rate == 16000
    np.testing.assert_array_equal(samples, corpus.noisy(row["mixture_id"]).samples)
    np.testing.assert_array_equal(
        np.array(read["targets"], np.float32), plain_targets(corpus, row["utterance_id"])
    )
    assert (read["snr_db"], read["talkers"], read["speaker"]) == (
        row["snr_db"],
        row["talkers"],
        row["speaker"],
    )
    assert by_id[f"clean/{row['utterance_id']}"]["snr_db"] is None


def test_kaldi_reads_sound_and_targets_in_its_own_order(corpus: PreparedCorpus, tmp_path: Path) -> None:
    from kaldi_native_io import SequentialFloatMatrixReader, SequentialWaveReader

    exported(corpus, "kaldi", tmp_path)
    folder = tmp_path / "test"
    lists = {
        path.name: [line.split(" ", 1) for line in path.read_text().splitlines()]
        for path in folder.iterdir()
        if path.suffix != ".ark"
    }
    ids = [key for key, _ in lists["wav.scp"]]
    assert ids == sorted(ids, key=str.encode)
    assert len(ids) == len(corpus)
    for name in ("clean.scp", "text", "utt2spk", "utt2dur", "utt2cond", "targets.scp"):
        assert [key for key, *_ in lists[name]] == ids, name
    speakers = dict(lists["utt2spk"])
    assert all(key.startswith(speakers[key]) for key in ids)
    assert {key: text.split() for key, text in lists["spk2utt"]} == {speakers[ids[0]]: ids}
    row = row_of(corpus)
    key = next(key for key in ids if key.endswith("--babble_-5"))
    with SequentialWaveReader(f"scp:{folder / 'wav.scp'}") as reader:
        waves = {name: (wave.sample_freq, wave.data.numpy()[0].copy()) for name, wave in reader}
    assert waves[key][0] == 16000
    np.testing.assert_array_equal(waves[key][1], corpus.noisy(row["mixture_id"]).samples * 32768)
    with SequentialFloatMatrixReader(f"scp:{folder / 'targets.scp'}") as reader:
        targets = {name: matrix.copy() for name, matrix in reader}
    np.testing.assert_array_equal(targets[key], plain_targets(corpus, row["utterance_id"]))


def test_pandas_reads_types_and_paths(corpus: PreparedCorpus, tmp_path: Path) -> None:
    exported(corpus, "pandas", tmp_path)
    found = pd.read_parquet(tmp_path / "mixtures.parquet")
    assert list(found.index) == list(corpus.mixtures)
    row = row_of(corpus)
    read = found.loc[row["mixture_id"]]
    assert (read["snr_db"], read["talkers"]) == (row["snr_db"], row["talkers"])
    assert found["talkers"].dtype == "Int32"
    for kind, path in (
        (corpus.noisy(row["mixture_id"]), "audio"),
        (corpus.clean(row["utterance_id"]), "clean"),
    ):
        np.testing.assert_array_equal(soundfile.read(read[f"{path}_path"], dtype="float32")[0], kind.samples)
    assert Path(read["trajectories_path"]).is_file()


@pytest.mark.parametrize("beside", [False, True])
def test_croissant_is_valid_and_its_tables_are_read(
    corpus: PreparedCorpus, tmp_path: Path, beside: bool
) -> None:
    from mlcroissant import Dataset

    folder = tmp_path / "corpus"
    shutil.copytree(corpus.folder, folder)
    out = tmp_path / "described" if beside else folder
    call = ["--corpus", str(folder), "--to", "croissant"]
    assert export.main([*call, "--out", str(out)] if beside else call) == 0
    described = Dataset(out / "croissant.json")
    assert not described.metadata.ctx.issues.errors
    assert not described.metadata.ctx.issues.warnings
    read = list(described.records("mixtures"))
    assert {row["mixtures/mixture_id"].decode() for row in read} == set(corpus.mixtures)
    assert verify.main(["--corpus", str(folder)]) == 0
    sets = {item["@id"]: item for item in json.loads((out / "croissant.json").read_text())["distribution"]}
    assert sorted(out.glob(sets["audio"]["includes"]))


def test_a_corpus_without_audio_is_refused(
    corpus: PreparedCorpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned = [{**row, **UNMEASURED} for row in corpus]
    monkeypatch.setattr(corpus, "of_split", lambda split: planned)
    for write in (FORMS["lhotse"], FORMS["kaldi"], FORMS["pandas"], FORMS["huggingface"]):
        with pytest.raises(ManifestError, match="prepare it without --plan-only"):
            write(corpus, tmp_path / "out", ["test"])
    assert not (tmp_path / "out").exists()
