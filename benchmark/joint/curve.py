"""The learning curve of a run as a picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from matplotlib.figure import Figure

from benchmark.files import replacing

CURVE = "curve.png"
_DEV = {"dev_ppmc": "PPMC (dev)", "dev_si_sdr_db": "SI-SDR (dev), dB"}


def draw_curve(folder: Path, history: Sequence[Mapping[str, float]], best_epoch: int, title: str) -> None:
    """Draws losses and dev scores over epochs; a dotted line marks the epoch whose weights were kept.

    Args:
        folder: Of the run; `curve.png` is written there.
        history: Rows of the log, at least one.
        best_epoch: From 1.
        title: Above the picture.
    """
    scores = [name for name in _DEV if any(name in row for row in history)]
    # A figure of its own, not of pyplot: that keeps every figure until it is told not to.
    figure = Figure(figsize=(7.0, 2.2 * (1 + len(scores))), layout="constrained")
    panels = figure.subplots(1 + len(scores), 1, sharex=True, squeeze=False)[:, 0]
    epochs = [row["epoch"] for row in history]
    panels[0].plot(epochs, [row["loss"] for row in history], label="train")
    panels[0].plot(epochs, [row["dev_loss"] for row in history], label="dev")
    panels[0].set_ylabel("loss")
    panels[0].legend()
    for panel, name in zip(panels[1:], scores, strict=True):
        panel.plot(epochs, [row[name] for row in history], color="C1")
        panel.set_ylabel(_DEV[name])
    for panel in panels:
        panel.axvline(best_epoch, linestyle=":", color="0.4")
        panel.grid(alpha=0.3)
    panels[-1].set_xlabel("epoch")
    figure.suptitle(title)
    with replacing(folder / CURVE) as temporary:
        figure.savefig(temporary, format="png", dpi=120)
