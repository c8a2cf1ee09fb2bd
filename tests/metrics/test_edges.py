import json
from pathlib import Path

import numpy as np
import pytest

from benchmark import list as command
from benchmark.errors import MissingExtraError
from benchmark.metrics import available, parse
from benchmark.metrics.edges import audio_cases, edge_table, trajectory_cases

VERDICTS = json.loads(Path(__file__).with_name("edge_verdicts.json").read_text())
PROVIDED = ("PESQ", "DNSMOS", "ViSQOL")


def outcomes(name):
    try:
        measure = parse(name)
    except MissingExtraError:
        pytest.skip("the optional package is not installed")
    return measure, edge_table([measure])


@pytest.mark.parametrize("name", [n for n in available() if n not in PROVIDED])
def test_every_cell_is_a_finite_value_or_a_named_error(name):
    measure, table = outcomes(name)
    assert len(table) == len(audio_cases() if measure.kind == "audio" else trajectory_cases())
    for cell in table:
        if cell.verdict in ("value", "failed"):
            assert np.isfinite(cell.value), cell
        else:
            assert cell.value is None, cell
            assert cell.message, cell
    assert {cell.case: cell.verdict for cell in table} == VERDICTS[name]


@pytest.mark.slow
@pytest.mark.parametrize("name", PROVIDED)
def test_every_cell_of_a_provider_too(name):
    _, table = outcomes(name)
    assert {cell.case: cell.verdict for cell in table} == VERDICTS[name]


@pytest.mark.parametrize("name", ["STOI", "ESTOI", "PESQLike", "SISDR", "SegSNR", "LSD"])
def test_same_sound_in_another_type_scores_the_same(name):
    measure, case = parse(name), audio_cases()["int16"]
    expected = measure(case.clean / 32768, case.estimate / 32768, case.rate_hz)
    assert measure(case.clean, case.estimate, case.rate_hz) == expected
    single = measure(
        (case.clean / 32768).astype(np.float32), (case.estimate / 32768).astype(np.float32), case.rate_hz
    )
    assert single == expected
    wide = measure(*(s.astype(np.int32) * 65536 for s in (case.clean, case.estimate)), case.rate_hz)
    assert wide == expected


def test_the_command_prints_tables(capsys):
    assert command.main(["measures", "--edges", "SISDR"]) == 0
    printed = capsys.readouterr().out
    assert "## SISDR" in printed
    assert printed.count("\n|") == len(audio_cases()) + 2
    assert command.main(["measures", "--edges", "STOI", "PPMC(pool='corpus')"]) == 0
    assert "## PPMC(pool='corpus')" in capsys.readouterr().out


def test_the_command_says_what_it_does_not_know(capsys):
    assert command.main(["measures", "--edges", "NOSUCH"]) == 2
    assert "NOSUCH" in capsys.readouterr().err
