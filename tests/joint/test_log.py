from __future__ import annotations

import csv
import sys
from types import ModuleType

import pytest

from benchmark.joint import log


class Board:
    """Stands for TensorBoard's writer and remembers what it is told."""

    told: list[tuple[str, float, int]]

    def __init__(self, folder, purge_step):
        self.folder, self.purge_step = folder, purge_step

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None

    def add_scalar(self, name, value, epoch):
        self.told.append((name, value, epoch))
        # An epoch that a killed run had begun to log is replaced from there on.
        assert self.purge_step == epoch


@pytest.fixture
def board(monkeypatch):
    module = ModuleType("torch.utils.tensorboard")
    Board.told = []
    module.SummaryWriter = Board
    monkeypatch.setitem(sys.modules, module.__name__, module)
    return Board


def test_numbers_go_to_tensorboard_where_it_is_installed(board, monkeypatch, tmp_path):
    monkeypatch.setattr(log, "find_spec", lambda name: object())
    log.add_to_board(tmp_path, {"epoch": 2, "loss": 0.5, "dev_ppmc": 0.1})
    assert board.told == [("loss", 0.5, 2), ("dev_ppmc", 0.1, 2)]


def test_without_tensorboard_nothing_is_written(board, monkeypatch, tmp_path):
    monkeypatch.setattr(log, "find_spec", lambda name: None)
    log.add_to_board(tmp_path, {"epoch": 2, "loss": 0.5})
    assert not board.told
    assert not list(tmp_path.iterdir())


def test_rows_with_other_columns_share_one_table(tmp_path):
    log.write_log(tmp_path, [{"epoch": 1, "loss": 0.123456789}, {"epoch": 2, "loss": 1.0, "rmse": 2.0}])
    with (tmp_path / log.LOG).open() as stream:
        rows = list(csv.DictReader(stream))
    assert rows == [{"epoch": "1", "loss": "0.123457", "rmse": ""}, {"epoch": "2", "loss": "1", "rmse": "2"}]
