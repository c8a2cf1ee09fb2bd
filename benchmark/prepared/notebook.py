"""A prepared corpus in a notebook: a table of conditions, a player and a plot of one utterance."""

from __future__ import annotations

import base64
import html
import io
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from benchmark.mixing.rows import MixtureRow
from benchmark.types import Clip, Trajectories

if TYPE_CHECKING:
    from benchmark.prepared.corpus import PreparedCorpus

_DOTS_PER_INCH = 80


@dataclass(frozen=True, slots=True)
class Shown:
    """A piece of HTML that a notebook displays.

    Attributes:
        title: What it shows.
        html: The markup, complete with sound and picture.
    """

    title: str
    html: str = field(repr=False)

    def _repr_html_(self) -> str:
        return self.html


def overview_html(corpus: PreparedCorpus) -> str:
    """A table: how many mixtures there are of each condition and split."""
    frame = corpus.mixtures_frame()
    condition = frame["noise_kind"] + frame["snr_db"].map(
        lambda snr: "" if np.isnan(snr) else f", {snr:g} dB"
    )
    counts = frame.groupby([condition.rename("condition"), "split"], sort=False).size().unstack(fill_value=0)
    counts.columns.name = None
    return f"<p>{html.escape(repr(corpus))}</p>{counts.to_html()}"


def show(corpus: PreparedCorpus, key: str) -> Shown:
    """A player for a mixture, or for all mixtures of an utterance, above its waveform and its targets.

    Args:
        corpus: With audio.
        key: A mixture id or an utterance id.

    Raises:
        CorpusError: The audio is missing or damaged.
        KeyError: The corpus holds neither a mixture nor an utterance of this name.
    """
    rows = (
        [corpus.mixtures[key]]
        if key in corpus.mixtures
        else [row for row in corpus if row["utterance_id"] == key]
    )
    if not rows:
        raise KeyError(f"{key}: is neither a mixture nor an utterance of {corpus.folder}")
    picture = _picture(corpus.noisy(rows[0]["mixture_id"]), corpus.targets(rows[0]["utterance_id"]))
    parts = [_player(corpus, row) for row in rows]
    parts.append(f'<img src="data:image/png;base64,{base64.b64encode(picture).decode()}">')
    return Shown(key, "\n".join(parts))


def _player(corpus: PreparedCorpus, row: MixtureRow) -> str:
    sound = base64.b64encode(corpus.encoded(row["mixture_id"])).decode()
    label = html.escape(row["mixture_id"])
    return f'<div>{label}<br><audio controls src="data:audio/flac;base64,{sound}"></audio></div>'


def _picture(clip: Clip, targets: Trajectories) -> bytes:
    """PNG of the waveform above each target in time; frames that are not valid are gaps."""
    names = [name for i, name in enumerate(targets.names) if targets.valid[:, i].any()]
    figure = Figure(figsize=(9, 1 + 0.9 * len(names)), dpi=_DOTS_PER_INCH, layout="constrained")
    panels = figure.subplots(1 + len(names), 1, sharex=True, squeeze=False)[:, 0]
    panels[0].plot(np.arange(len(clip.samples)) / clip.rate_hz, clip.samples, linewidth=0.3, color="black")
    panels[0].set_ylabel("audio")
    times = np.arange(len(targets.values)) / targets.rate_hz
    values = np.where(targets.valid, targets.values, np.nan)
    for panel, name in zip(panels[1:], names, strict=True):
        panel.plot(times, values[:, targets.names.index(name)], linewidth=1.0)
        panel.set_ylabel(name)
    panels[-1].set_xlabel("seconds")
    stream = io.BytesIO()
    figure.savefig(stream, format="png")
    return stream.getvalue()
