"""`python -m benchmark.verify`: compares a prepared corpus on disk with its manifest."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from benchmark import cli

_EXAMPLE = """  python -m benchmark.verify --corpus prepared/demo_noisy
  python -m benchmark.verify --corpus prepared/xrmb_noisy --replan --speech-root /data/xrmb"""


def main(argv: Sequence[str] | None = None) -> int:
    """Parses the command line and verifies."""
    parser = cli.parser(
        "verify",
        "Reads every file of a prepared corpus and compares hashes; exit status 1 if any differ.",
        _EXAMPLE,
    )
    cli.add_corpus(parser)
    parser.add_argument(
        "--replan", action="store_true", help="also derive the plan again from recipe and sources"
    )
    cli.add_roots(parser)
    cli.add_engine(parser)
    cli.add_json(parser)
    return cli.guarded(_verify, parser.parse_args(argv))


def _verify(arguments: argparse.Namespace) -> int:
    from benchmark.mixing.layout import require_folder

    require_folder(arguments.corpus)

    # A wrong path is told before these load.
    from benchmark.mixing.gather import Roots, gather
    from benchmark.prepared.corpus import open_tables, read_recipe
    from benchmark.prepared.verify import same_plan, verify
    from benchmark.workers import engine

    corpus = open_tables(arguments.corpus)
    with engine(arguments.backend, arguments.jobs, arguments.scheduler):
        verdict = verify(corpus, jobs=arguments.jobs, progress=cli.progress)
    same = True
    lines = [
        *(f"missing: {path}" for path in verdict.missing),
        *(f"changed: {path}" for path in verdict.changed),
        *(f"unexpected: {path}" for path in verdict.unexpected),
        f"{verdict.checked} mixtures checked: {len(verdict.missing)} missing, {len(verdict.changed)} "
        f"changed, {len(verdict.unexpected)} unexpected",
    ]
    facts = {
        "checked": verdict.checked,
        "missing": verdict.missing,
        "changed": verdict.changed,
        "unexpected": verdict.unexpected,
    }
    if arguments.replan:
        recipe = read_recipe(corpus.folder)
        sources = gather(recipe, Roots(arguments.speech_root, dict(arguments.noise_root)))
        same = same_plan(corpus, recipe, sources)
        facts["same_plan"] = same
        lines.append(
            "the plan derived again is " + ("the same" if same else "DIFFERENT: other sources or code")
        )
    cli.report(facts, lines, arguments.json)
    return 0 if verdict.ok and same else cli.FOUND_PROBLEMS


if __name__ == "__main__":
    sys.exit(main())
