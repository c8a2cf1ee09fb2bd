"""`python -m benchmark.train`: trains the reference model, or a rung of the ladder beside it."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmark import cli

_EXAMPLE = """  python -m benchmark.train --config joint --corpus prepared/demo_noisy --out runs/joint
  python -m benchmark.train --config joint --corpus prepared/demo_noisy --out runs/joint --resume
  python -m benchmark.train --config joint_whisper --set training.seed=3 --set data.crop_s=4.0 \\
      --corpus DIR --out DIR
  torchrun --nproc-per-node 2 -m benchmark.train --config joint_paper --corpus DIR --out DIR"""


def main(argv: Sequence[str] | None = None) -> int:
    """Parses the command line and trains."""
    parser = cli.parser(
        "train", "Trains the joint model of speech enhancement and inversion, or a part of it.", _EXAMPLE
    )
    parser.add_argument(
        "--config", required=True, metavar="NAME", help="a shipped configuration, or a path ending in .toml"
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        dest="changes",
        metavar="KEY=VALUE",
        help="change the configuration",
    )
    cli.add_corpus(parser)
    parser.add_argument("--out", required=True, type=Path, metavar="DIR", help="where to")
    parser.add_argument(
        "--resume",
        action="store_true",
        help="go on with a run that was interrupted; begin where there is none",
    )
    cli.add_roots(parser)
    parser.add_argument(
        "--epochs", type=cli.positive, metavar="N", help="the same as --set training.epochs=N"
    )
    parser.add_argument("--seed", type=int, metavar="N", help="the same as --set training.seed=N")
    parser.add_argument(
        "--threads", type=cli.positive, metavar="N", help="processor threads (default: torch's own)"
    )
    parser.add_argument(
        "--device", metavar="NAME", help="cpu, cuda, cuda:1 (default: a GPU where there is one)"
    )
    parser.add_argument(
        "--extra-speech",
        action="append",
        default=[],
        type=Path,
        metavar="DIR",
        help="clean speech without articulation, for configurations with data.extra_speech",
    )
    parser.add_argument(
        "--enhancer",
        type=Path,
        metavar="DIR",
        help='a finished run, for configurations with data.heard = "enhanced"',
    )
    parser.add_argument(
        "--render-cache", type=Path, metavar="DIR", help="keep rendered mixtures for runs with the same seed"
    )
    cli.add_json(parser)
    return cli.guarded(_train, parser.parse_args(argv))


def _train(arguments: argparse.Namespace) -> int:
    from benchmark.joint.trained import require_packages

    require_packages("training")
    from benchmark.joint.config_files import load_config

    short = {"epochs": arguments.epochs, "seed": arguments.seed}
    changes = [f"training.{key}={value}" for key, value in short.items() if value is not None]
    config = load_config(arguments.config, [*arguments.changes, *changes])

    # A wrong path is told before torch loads.
    from benchmark.mixing.layout import require_folder

    require_folder(arguments.corpus)

    # Read when torch is loaded: threads that wait for one another must not keep a shared core busy (nine
    # times slower, measured).
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    import torch

    from benchmark.joint.footprint import with_memory
    from benchmark.joint.run import Place, run
    from benchmark.mixing.gather import Roots

    if arguments.threads is not None:
        torch.set_num_threads(arguments.threads)
    place = Place(
        arguments.corpus,
        arguments.out,
        Roots(arguments.speech_root, dict(arguments.noise_root)),
        arguments.extra_speech,
        arguments.enhancer,
        arguments.render_cache,
    )
    card = run(config, place, resume=arguments.resume, device=arguments.device, progress=cli.progress)
    if card:  # of several processes, one tells
        card = with_memory(arguments.out)
        cli.report({"folder": str(arguments.out), **card}, _lines(arguments.out, card), arguments.json)
    return 0


def _lines(folder: Path, card: dict[str, Any]) -> list[str]:
    scores = ", ".join(f"{name.removeprefix('dev_')} {value:.4f}" for name, value in card["dev"].items())
    return [
        f"{folder}: {card['name']}, best of {card['epochs']} epochs: {card['best_epoch']} (dev: {scores})",
        f"{card['parameters']['total'] / 1e6:.2f} M parameters, encoder {card['encoder']['origin']}, "
        f"{card['seconds']:.0f} s on {card['device']}",
    ]


if __name__ == "__main__":
    sys.exit(main())
