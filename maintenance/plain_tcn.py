"""`python -m maintenance.plain_tcn`: a plain network to beat, dilated convolutions on a log-mel spectrum.

It has 1.4 million parameters, one loss, no enhancement and no tricks. Data, noise, losses, loop and dev split
are those of the reference.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from benchmark import cli
from benchmark.files import write_text
from benchmark.joint import checkpoint
from benchmark.joint.config_files import load_config
from benchmark.joint.data import TrainingData
from benchmark.joint.encoders.contract import present_frames
from benchmark.joint.encoders.small import BANDS, LogMel
from benchmark.joint.mixtures import with_more_babble
from benchmark.joint.model import Output, level, parameters_of
from benchmark.joint.tasks import JointTask
from benchmark.joint.training import Training
from benchmark.joint.training_corpus import collect
from benchmark.mixing.gather import Roots, gather
from benchmark.prepared.corpus import PreparedCorpus
from benchmark.types import Trajectories

_EXAMPLE = """  python -m maintenance.plain_tcn --corpus prepared/demo_noisy --out runs/plain_tcn --epochs 40
  python -m benchmark.score --corpus prepared/demo_noisy --runner in-process --out /tmp/results \\
      --model maintenance/plain_tcn.py:PlainTcn --model-arg run=runs/plain_tcn --name plain_tcn \\
      --measures PPMC"""
WIDTH, BLOCKS = 192, 9


class Block(nn.Module):
    """A dilated convolution and one over a single frame, on a residual path."""

    def __init__(self, dilation: int, dropout: float) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(1, WIDTH)
        self.mix = nn.Conv1d(WIDTH, WIDTH, 3, padding=dilation, dilation=dilation)
        self.out = nn.Conv1d(WIDTH, WIDTH, 1)
        self.dropout = nn.Dropout(dropout)

    def forward(self, states: Tensor) -> Tensor:
        """Next states, of the same shape (batch, width, frames)."""
        following: Tensor = states + self.out(self.dropout(functional.gelu(self.mix(self.norm(states)))))
        return following


class Network(nn.Module):
    """The network; two frames of 10 ms side by side go in, and two come out. Called like a `JointModel`.

    Attributes:
        target_mean: As of a `JointModel`.
        target_deviation: Likewise.
    """

    target_mean: Tensor
    target_deviation: Tensor

    def __init__(self, target_names: Sequence[str], dropout: float = 0.1) -> None:
        super().__init__()
        self.log_mel = LogMel()
        self.into = nn.Conv1d(2 * BANDS, WIDTH, 1)
        self.blocks = nn.ModuleList(Block(2 ** (i % 5), dropout) for i in range(BLOCKS))
        self.head = nn.Conv1d(WIDTH, 2 * len(target_names), 1)
        self.register_buffer("target_mean", torch.zeros(len(target_names)))
        self.register_buffer("target_deviation", torch.ones(len(target_names)))

    def forward(
        self, noisy: Tensor, lengths: Tensor | None = None, enrolment: Tensor | None = None
    ) -> Output:
        """See `benchmark.joint.model.JointModel.forward`; it is told nothing of the speaker."""
        spectra = self.log_mel(noisy / level(noisy, lengths)[:, None])
        pairs = spectra.reshape(len(spectra), -1, 2 * BANDS).transpose(1, 2)
        present = present_frames(pairs.shape[-1], lengths, noisy.device)
        inside = torch.ones(1) if present is None else present[:, None]
        states = self.into(pairs * inside)
        for block in self.blocks:
            states = block(states) * inside
        found = self.head(states).transpose(1, 2)
        return Output(None, found.reshape(len(found), -1, len(self.target_mean)))


class PlainTcn:
    """The trained network as a model of the benchmark."""

    sample_rate = 16000

    def __init__(self, run: str) -> None:
        """Reads what `main` has written into the folder `run`."""
        card = json.loads((Path(run) / "card.json").read_text(encoding="utf-8"))
        self._names = tuple(card["targets"])
        self._network = Network(self._names)
        checkpoint.load_weights(self._network, checkpoint.best_weights(Path(run)), Path(run))
        self._network.eval()

    def invert(self, noisy: NDArray[np.float32]) -> Trajectories:
        """Estimates the trajectories behind one recording."""
        with torch.inference_mode():
            found = self._network(torch.from_numpy(noisy)[None]).trajectories[0]
            values = (found * self._network.target_deviation + self._network.target_mean).numpy()
        return Trajectories(values, 100.0, self._names, np.ones(values.shape, bool))


def main(argv: Sequence[str] | None = None) -> int:
    """Parses the command line and trains."""
    parser = cli.parser(
        "plain_tcn", "Trains a plain network that the reference has to beat.", _EXAMPLE, package="maintenance"
    )
    cli.add_corpus(parser)
    cli.add_roots(parser)
    parser.add_argument("--out", required=True, type=Path, metavar="DIR", help="where to")
    parser.add_argument("--epochs", type=cli.positive, default=40, metavar="N", help="default: 40")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="default: 1")
    cli.add_json(parser)
    return cli.guarded(_train, parser.parse_args(argv))


def _train(arguments: argparse.Namespace) -> int:
    chosen = {
        "epochs": arguments.epochs,
        "seed": arguments.seed,
        "optimiser": "adamw",
        "learning_rate": 1e-3,
        "weight_decay": 1e-2,
    }
    config = load_config("si_noisy", [f"training.{key}={value}" for key, value in chosen.items()])
    corpus = PreparedCorpus(arguments.corpus)
    roots = Roots(arguments.speech_root, dict(arguments.noise_root))
    training_corpus = collect(corpus, gather(with_more_babble(corpus.recipe, config.data), roots))
    data = TrainingData(training_corpus, config.data, config.training.batch_s, config.training.seed)
    torch.manual_seed(arguments.seed)
    model = Network(training_corpus.scales.names)
    mean, deviation = training_corpus.scales.average()
    model.target_mean.copy_(torch.from_numpy(mean))
    model.target_deviation.copy_(torch.from_numpy(deviation))
    arguments.out.mkdir(parents=True, exist_ok=True)
    task = JointTask(model, config.losses)  # type: ignore[arg-type]  # called like one
    training = Training(task, data, config, arguments.out, device=torch.device("cpu"), progress=cli.progress)
    training.train()
    done = training.progressed
    card = {
        "targets": list(training_corpus.scales.names),
        "parameters": parameters_of(model),
        "epochs": done.epochs,
        "best_epoch": done.best_epoch,
        "dev_ppmc": done.best_score,
        "seconds": round(done.seconds, 1),
    }
    write_text(arguments.out / "card.json", json.dumps(card, indent=2) + "\n")
    line = f"{arguments.out}: {parameters_of(model) / 1e6:.2f} M parameters, dev PPMC {done.best_score:.4f}"
    cli.report({"folder": str(arguments.out), **card}, [line], arguments.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
