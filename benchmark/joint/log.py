"""The log of a run: one row an epoch, as CSV and, where TensorBoard is installed, for it."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

from benchmark.files import write_text

LOG, BOARD = "log.csv", "tensorboard"


def write_log(folder: Path, history: Sequence[Mapping[str, float]]) -> None:
    """Writes the whole log again, so that it holds the same epochs as the checkpoint."""
    columns = list(dict.fromkeys(name for row in history for name in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(
        {name: f"{value:.6g}" if isinstance(value, float) else value for name, value in row.items()}
        for row in history
    )
    write_text(folder / LOG, text.getvalue())


def add_to_board(folder: Path, row: Mapping[str, float]) -> None:
    """Adds an epoch to the TensorBoard log of a run; does nothing where TensorBoard is not installed."""
    if find_spec("tensorboard") is None:
        return
    from torch.utils.tensorboard import SummaryWriter

    epoch = int(row["epoch"])
    # An epoch that a killed run had begun to log is replaced.
    with SummaryWriter(str(folder / BOARD), purge_step=epoch) as board:
        for name, value in row.items():
            if name != "epoch":
                board.add_scalar(name, value, epoch)
