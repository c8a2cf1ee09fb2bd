"""What the commands share: options, progress on long work, and how an outcome or an error is reported."""

from benchmark.cli.options import (
    add_corpus,
    add_engine,
    add_jobs,
    add_json,
    add_limit,
    add_recipe,
    add_results,
    add_roots,
    add_split,
    as_called,
    folder,
    number,
    parser,
    positive,
)
from benchmark.cli.progress import progress
from benchmark.cli.reports import FOUND_PROBLEMS, INTERRUPTED, TERMINATED, USAGE, guarded, report
from benchmark.files import OWN_LEADERBOARD

__all__ = [
    "FOUND_PROBLEMS",
    "INTERRUPTED",
    "OWN_LEADERBOARD",
    "TERMINATED",
    "USAGE",
    "add_corpus",
    "add_engine",
    "add_jobs",
    "add_json",
    "add_limit",
    "add_recipe",
    "add_results",
    "add_roots",
    "add_split",
    "as_called",
    "folder",
    "guarded",
    "number",
    "parser",
    "positive",
    "progress",
    "report",
]
