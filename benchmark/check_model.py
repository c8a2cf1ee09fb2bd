"""`python -m benchmark.check_model`: tries a model on a few recordings and says what is wrong with it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from benchmark import cli
from benchmark.cli.model_options import add_enrolment, add_model_arguments, load_model, run_options

_EXAMPLE = """  python -m benchmark.check_model my_wrapper.py:MyModel
  python -m benchmark.check_model my_wrapper.py:MyModel --model-arg weights=best.pt \\
      --python ~/torch/bin/python
  python -m benchmark.check_model 'command:octave my_model.m {in} {out}'"""
_SIGNS = {"good": "good", "bad": "BAD ", "odd": "odd "}


def main(argv: Sequence[str] | None = None) -> int:
    """Parses the command line, tries the model, and returns 1 if something is wrong with it."""
    parser = cli.parser(
        "check_model",
        "Tries a model on speech, silence, short and long input, and says what is wrong.",
        _EXAMPLE,
    )
    add_model_arguments(parser, positional=True)
    add_enrolment(parser)
    cli.add_corpus(
        parser, required=False, purpose=": what models learn from, and whose targets they have to give"
    )
    cli.add_json(parser)
    return cli.guarded(_check, parser.parse_args(argv))


def _check(arguments: argparse.Namespace) -> int:
    from dataclasses import asdict

    from benchmark.mixing.layout import require_folder

    # A misspelt model and a wrong folder are told before the rest loads.
    entry = load_model(arguments)
    if arguments.corpus:
        require_folder(arguments.corpus)

    from benchmark.prepared.corpus import PreparedCorpus
    from benchmark.runners.checking import check_model

    corpus = PreparedCorpus(arguments.corpus) if arguments.corpus else None
    findings = list(check_model(entry, run_options(arguments), corpus))
    lines = [f"{_SIGNS[finding.verdict]}  {finding.what}: {finding.text}" for finding in findings]
    bad = sum(finding.verdict == "bad" for finding in findings)
    odd = sum(finding.verdict == "odd" for finding in findings)
    last = f"nothing is wrong, but {odd} findings are worth a look" if odd else "nothing is wrong; score it"
    if bad:
        last = f"{bad} of {len(findings)} checks found something wrong"
    facts = {"bad": bad, "findings": [asdict(finding) for finding in findings]}
    cli.report(facts, [*lines, last], arguments.json)
    return cli.FOUND_PROBLEMS if bad else 0


if __name__ == "__main__":
    sys.exit(main())
