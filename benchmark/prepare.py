"""`python -m benchmark.prepare`: builds a noisy articulatory corpus from a recipe."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from benchmark import cli
from benchmark.errors import SinbadError

if TYPE_CHECKING:
    from benchmark.articulation.plausibility import Finding

_EXAMPLE = """  python -m benchmark.prepare --recipe demo_noisy
  python -m benchmark.prepare --recipe xrmb_noisy --speech-root /data/xrmb --split test --jobs 4
  python -m benchmark.prepare --recipe demo_noisy --out s3://bucket/demo_noisy"""


def main(argv: Sequence[str] | None = None) -> int:
    """Parses the command line and prepares."""
    parser = cli.parser("prepare", "Builds a noisy articulatory corpus from a recipe.", _EXAMPLE)
    cli.add_recipe(parser)
    cli.add_roots(parser)
    parser.add_argument("--out", type=cli.folder, metavar="DIR", help="where to (default: prepared/RECIPE)")
    cli.add_engine(parser)
    cli.add_split(parser, "prepare one split only")
    cli.add_limit(parser, "at most N utterances of each split")
    parser.add_argument(
        "--layout",
        choices=("files", "shards"),
        help="audio as a FLAC file a mixture, or as a Parquet file an utterance that holds the bytes, which "
        "Hugging Face `datasets` reads (default: files)",
    )
    parser.add_argument(
        "--plan-only", action="store_true", help="write the plan and the targets, but no audio"
    )
    cli.add_json(parser)
    return cli.guarded(_prepare, parser.parse_args(argv))


def _prepare(arguments: argparse.Namespace) -> int:
    from benchmark.mixing.recipe_files import parse_recipe, recipe_text

    if arguments.plan_only and arguments.layout:
        raise SinbadError("--layout is about audio, and --plan-only writes none; give one of the two")
    text = recipe_text(arguments.recipe)
    recipe = parse_recipe(text, arguments.recipe)

    # A misspelt recipe and a wrong folder are told before the rest loads.
    from benchmark.mixing.gather import Roots, gather

    sources = gather(recipe, Roots(arguments.speech_root, dict(arguments.noise_root)))

    from benchmark.articulation.plausibility import implausible
    from benchmark.mixing.build import Selection, build, chosen_by
    from benchmark.mixing.plan_summary import noise_lines, size, size_line
    from benchmark.workers import engine

    selection = Selection(arguments.split, arguments.limit, arguments.plan_only)
    wanted = size(recipe, chosen_by(selection, sources))
    print(f"{recipe.name}: {size_line(wanted)}", file=sys.stderr)
    folder = arguments.out or Path("prepared") / recipe.name
    jobs = arguments.jobs
    with engine(arguments.backend, jobs, arguments.scheduler):
        found = implausible(sources.targets, sources.sensors, jobs=jobs, progress=cli.progress)
        _tell_implausible(found)
        done = build(
            recipe,
            text,
            sources,
            folder,
            selection,
            layout=arguments.layout,
            jobs=jobs,
            progress=cli.progress,
        )
    remarks = [*sources.remarks, *done.remarks]
    for line in remarks:
        print(f"note: {line}", file=sys.stderr)
    for line in done.left_out:
        print(f"left out: {line}", file=sys.stderr)
    facts = {
        "recipe": recipe.name,
        "folder": str(folder),
        "size": wanted,
        "noise": done.noise,
        "rendered": done.rendered,
        "kept": done.kept,
        "left_out": done.left_out,
        "remarks": remarks,
        "implausible": [finding._asdict() for finding in found],
        "unassigned": sources.unassigned,
        "content_sha256": done.content_sha256,
        "plan_sha256": done.plan_sha256,
    }
    planned = [size_line(wanted), "", *noise_lines(done.noise), ""] if arguments.plan_only else []
    lines = [
        *planned,
        (
            f"{folder}: {done.rendered} mixtures rendered, {done.kept} kept, "
            f"{len(done.left_out)} recordings left out"
        ),
        f"content {done.content_sha256[:16]}, plan {done.plan_sha256[:16]}",
        f"next: python -m benchmark.score --corpus {folder} --model ridge_noisy",
    ]
    cli.report(facts, lines, arguments.json)
    return 0


def _tell_implausible(found: Sequence[Finding]) -> None:
    from benchmark.articulation.plausibility import SAMPLE, lines

    for line in lines(found):
        print(f"implausible: {line}", file=sys.stderr)
    if found:
        print(
            f"note: that is from up to {SAMPLE} recordings of each speaker; nothing is changed by it",
            file=sys.stderr,
        )


if __name__ == "__main__":
    sys.exit(main())
