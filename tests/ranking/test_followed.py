"""Whom models followed is shown beside PPMC at the lowest SNR, and kept out where it cannot be right."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmark import leaderboard
from benchmark.ranking.followed import read_followed
from benchmark.scoring.followed import FILE_NAME, FOLLOWED
from benchmark.scoring.results import write_result
from tests.ranking.results import result


def rows(on_target=(0.6, 0.2)):
    return [
        {
            "mixture_id": f"babble/{snr:g}/S{s}/U{u}",
            "utterance_id": f"S{s}/U{u}",
            "speaker": f"S{s}",
            "noise_kind": "babble",
            "snr_db": snr,
            "talkers": 8,
            "on_target": share if snr == -5.0 else 1.0,
            "on_another": 0.8 - share if snr == -5.0 else 0.0,
            "on_none": 0.2 if snr == -5.0 else 0.0,
            "switches_per_s": 0.5,
            "windows": 20,
            "threshold": 0.4,
            "control_share": 0.05,
        }
        for snr in (-5.0, 5.0)
        for s, share in enumerate(on_target)
        for u in range(1 + 2 * s)
    ]


def stored(tmp_path, content):
    folder = write_result(tmp_path / "results", result("m", 0.3))
    pq.write_table(pa.Table.from_pylist(content, schema=FOLLOWED), folder / FILE_NAME)
    return folder


def test_the_mean_is_over_speakers_and_at_the_lowest_snr(tmp_path):
    (found,) = read_followed(stored(tmp_path, rows()))
    assert (found.noise_kind, found.snr_db, found.talkers) == ("babble", -5.0, 8)
    assert found.on_target == pytest.approx(0.4)
    assert found.on_another == pytest.approx(0.4)


def test_readme_and_page_show_it_beside_ppmc(tmp_path):
    stored(tmp_path, rows())
    assert leaderboard.main(["--out", str(tmp_path)]) == 0
    text = (tmp_path / "README.md").read_text()
    assert "| `m` | babble -5 dB | 8 | 0.210 | 40 % | 40 % | 20 % | 0.50 | 5 % |" in text
    assert (
        '["m","babble -5 dB","8","0.210","40 %","40 %","20 %","0.50","5 %"]'
        in (tmp_path / "index.html").read_text()
    )


@pytest.mark.parametrize("change", [{"on_target": 0.9}, {"on_none": float("nan")}, {"switches_per_s": -1.0}])
def test_what_cannot_be_is_kept_out_and_the_result_stays(tmp_path, change):
    stored(tmp_path, [{**rows()[0], **change}])
    assert leaderboard.main(["--out", str(tmp_path)]) == 0
    text = (tmp_path / "README.md").read_text()
    assert "- `toy/m: whom it followed`: " in text
    assert "| 1 | `m` |" in text
