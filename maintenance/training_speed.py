"""`python -m maintenance.training_speed`: how fast configurations train, stage by stage, on one core."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any

from benchmark import cli

_EXAMPLE = """  python -m maintenance.training_speed --corpus prepared/demo_noisy joint si_noisy
  python -m maintenance.training_speed --corpus prepared/demo_noisy joint --set training.batch_s=12 --json"""
STAGES = ("rendering", "forward", "loss", "backward", "optimiser")


def main(argv: Sequence[str] | None = None) -> int:
    """Parses the command line and measures."""
    parser = cli.parser(
        "training_speed",
        "Trains for some batches and tells, for each stage, seconds of audio in a second of processor time.",
        _EXAMPLE,
        package="maintenance",
    )
    parser.add_argument("configs", nargs="+", metavar="NAME", help="a configuration, as for benchmark.train")
    cli.add_corpus(parser)
    cli.add_roots(parser)
    parser.add_argument("--set", action="append", default=[], dest="changes", metavar="KEY=VALUE")
    parser.add_argument("--batches", type=cli.positive, default=8, metavar="N", help="how many are measured")
    cli.add_json(parser)
    return cli.guarded(_measure, parser.parse_args(argv))


def _measure(arguments: argparse.Namespace) -> int:
    os.environ["OMP_NUM_THREADS"] = "1"
    rows = [_speeds(name, arguments) for name in arguments.configs]
    heads = ("audio_s", *STAGES, "all")
    lines = [" | ".join(["config".ljust(18), *(f"{head:>9}" for head in heads)])]
    lines += [
        " | ".join([str(row["config"]).ljust(18), *(f"{row[head]:9.1f}" for head in heads)]) for row in rows
    ]
    cli.report({"times_real_time": rows}, lines, arguments.json)
    return 0


def _speeds(name: str, arguments: argparse.Namespace) -> dict[str, Any]:
    """Seconds of audio (without padding) in a second of processor time, for each stage and for all."""
    import torch

    from benchmark.joint.build import build_model
    from benchmark.joint.config_files import load_config
    from benchmark.joint.data import TrainingData
    from benchmark.joint.losses import total_loss
    from benchmark.joint.mixtures import with_more_babble
    from benchmark.joint.training import optimiser_of
    from benchmark.joint.training_corpus import collect
    from benchmark.mixing.gather import Roots, gather
    from benchmark.prepared.corpus import PreparedCorpus

    torch.set_num_threads(1)
    config = load_config(name, arguments.changes)
    corpus = PreparedCorpus(arguments.corpus)
    roots = Roots(arguments.speech_root, dict(arguments.noise_root))
    training_corpus = collect(corpus, gather(with_more_babble(corpus.recipe, config.data), roots))
    data = TrainingData(training_corpus, config.data, config.training.batch_s, config.training.seed)
    model = build_model(config, training_corpus.scales.names).train()
    optimiser = optimiser_of(model, config.training)
    spent: dict[str, float] = defaultdict(float)

    @contextmanager
    def stage(which: str) -> Iterator[None]:
        began = time.process_time()
        yield
        spent[which] += time.process_time() - began

    heard = 0.0
    for group in data.plan(0):  # speech and noise are read and levelled once, in the first epoch
        data.batch(group)
    pieces = (batch for epoch in range(1, 1000) for batch in data.plan(epoch))
    for number, group in enumerate(islice(pieces, 1 + arguments.batches)):
        if number == 1:
            spent.clear()
            heard = 0.0
        with stage("rendering"):
            batch = data.batch(group)
        with stage("forward"):
            output = model(batch.noisy, batch.lengths)
        with stage("loss"):
            loss, _ = total_loss(output, batch, config.losses)
        with stage("backward"):
            loss.backward()  # type: ignore[no-untyped-call]
        with stage("optimiser"):
            torch.nn.utils.clip_grad_norm_(model.parameters(), config.training.clip_norm)
            optimiser.step()
            optimiser.zero_grad(set_to_none=True)
        heard += float(batch.lengths.sum()) / 16000
    speeds = {which: round(heard / spent[which], 1) for which in STAGES}
    return {
        "config": name,
        "audio_s": round(heard, 1),
        **speeds,
        "all": round(heard / sum(spent.values()), 1),
    }


if __name__ == "__main__":
    sys.exit(main())
