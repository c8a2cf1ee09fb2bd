"""`python -m maintenance.ship_model`: adds a small copy of a trained model to the package."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmark import cli

_EXAMPLE = """  python -m maintenance.ship_model runs/joint
  python -m maintenance.ship_model runs/joint_seed2 --name joint"""


def main(argv: Sequence[str] | None = None) -> int:
    """Parses the command line and copies."""
    parser = cli.parser(
        "ship_model",
        (
            "Puts a copy of a trained model, in half precision, among those that come with the package; it "
            "is then called by its name."
        ),
        _EXAMPLE,
        package="maintenance",
    )
    parser.add_argument("run", type=Path, metavar="DIR", help="a folder that benchmark.train has filled")
    parser.add_argument("--name", metavar="NAME", help="its name (default: that of its configuration)")
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="the folder of shipped models (default: that of this package)"
    )
    parser.add_argument("--json", action="store_true", help="print the outcome as JSON")
    return cli.guarded(_ship, parser.parse_args(argv))


def _ship(arguments: argparse.Namespace) -> int:
    from benchmark.files import trained_models
    from benchmark.joint.card import WEIGHTS, read_card
    from benchmark.joint.trained import require_packages

    require_packages("copying a trained model")
    from maintenance.small_copy import ship

    name = arguments.name or str(read_card(arguments.run)["name"])
    destination = (arguments.out or trained_models()) / _as_folder(name)
    card = ship(arguments.run, destination)
    size = (destination / WEIGHTS).stat().st_size
    facts = {"folder": str(destination), "bytes": size, "weights_sha256": card["weights_sha256"]}
    cli.report(facts, [f"{destination}: {size / 1e6:.2f} MB"], arguments.json)
    return 0


def _as_folder(name: str) -> str:
    import re

    from benchmark.errors import ModelError

    if not re.fullmatch(r"[a-z0-9][a-z0-9_]*", name):
        raise ModelError(f"the name '{name}' will be a folder: small letters, digits and _ only")
    return name


if __name__ == "__main__":
    sys.exit(main())
