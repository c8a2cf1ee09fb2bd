"""The whole way on one real X-ray microbeam recording."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from benchmark import prepare, score, verify
from benchmark.prepared.corpus import PreparedCorpus
from benchmark.scoring.results import read_result

pytestmark = pytest.mark.real


def test_one_real_speaker_goes_all_the_way(real_samples, tmp_path):
    root, folder = real_samples / "xrmb", tmp_path / "xrmb_noisy"
    assert prepare.main(["--recipe", "xrmb_noisy", "--speech-root", str(root), "--out", str(folder)]) == 0
    assert verify.main(["--corpus", str(folder), "--replan", "--speech-root", str(root)]) == 0
    corpus = PreparedCorpus(folder)
    assert len(corpus) == 13
    babble = [row for row in corpus if row["noise_kind"] == "babble"]
    assert {row["noise_source"] for row in babble} == {"shipped_voices"}
    assert all(abs(row["snr_p56_db"] - row["snr_db"]) < 0.05 for row in corpus if row["snr_db"] is not None)
    targets = corpus.targets("JW11/tp005")
    assert not targets.valid[:3].any()
    assert targets.valid[10:500].all()
    assert abs(len(targets.values) / 100 - corpus.clean("JW11/tp005").duration_s) < 0.02
    assert (
        score.main(["--corpus", str(folder), "--model", "noisy", "--out", str(tmp_path / "r"), "--summary"])
        == 0
    )
    stoi = {
        row["snr_db"]: row["value"]
        for row in read_result(tmp_path / "r" / "xrmb_noisy" / "noisy").scores
        if row["measure"] == "STOI" and row["noise_kind"] == "babble"
    }
    assert np.all(np.diff([stoi[snr_db] for snr_db in sorted(stoi)]) > 0)


def test_no_part_of_the_recording_is_written_where_it_was_not_asked_for(real_samples, tmp_path):
    out = tmp_path / "only here"
    assert (
        prepare.main(
            ["--recipe", "xrmb_noisy", "--speech-root", str(real_samples / "xrmb"), "--out", str(out)]
        )
        == 0
    )
    assert [path.name for path in tmp_path.iterdir()] == ["only here"]


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (
            lambda root: (root / "JW11" / "tp005.wav").write_bytes(
                (root / "JW11" / "tp005.wav").read_bytes()[:-30000]
            ),
            "tp005.wav: truncated",
        ),
        (lambda root: (root / "JW11" / "tp005.txy").write_text("0\t1\t2\n"), "tp005.txy"),
        (
            lambda root: (root / "JW11" / "tp005.txy").write_text(
                "\n".join(
                    "\t".join(line.split("\t")[:16])
                    for line in (root / "JW11" / "tp005.txy").read_text().splitlines()
                )
            ),
            "tp005.txy",
        ),
    ],
)
def test_damage_is_one_line_and_nothing_is_half_written(real_samples, tmp_path, damage, message, capsys):
    root = tmp_path / "xrmb"
    shutil.copytree(real_samples / "xrmb", root)
    for path in root.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
    damage(root)
    out = tmp_path / "out"
    assert prepare.main(["--recipe", "xrmb_noisy", "--speech-root", str(root), "--out", str(out)]) == 2
    error = capsys.readouterr().err
    (line,) = [line for line in error.splitlines() if line.startswith("error: ")]
    assert message in line
    assert not (out / "manifest.parquet").exists()
