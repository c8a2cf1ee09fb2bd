"""Which results there are, by their folders alone, so that misspelt names are reported at once."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from benchmark.errors import StandingsError


def result_folders(results: Path) -> dict[str, list[Path]]:
    """The folders that hold a result, by name of their recipe.

    Args:
        results: Folder of results, RESULTS/RECIPE/MODEL.

    Raises:
        StandingsError: There are no results.
    """
    folders = sorted(
        {path.parent for name in ("card.json", "scores.parquet") for path in results.glob(f"*/*/{name}")}
    )
    if not folders:
        raise StandingsError(
            f"{results}: holds no results; score a model with `python -m benchmark.score` first"
        )
    by_recipe: dict[str, list[Path]] = {}
    for folder in folders:
        by_recipe.setdefault(folder.parent.name, []).append(folder)
    return by_recipe


def folders_asked_for(
    folders: Mapping[str, Sequence[Path]], recipe: str | None, models: Collection[str]
) -> list[Path]:
    """The folders that a question is about.

    Args:
        folders: See `result_folders`.
        recipe: Name of a recipe, or None for all.
        models: Models that must be among them.

    Raises:
        StandingsError: There is no such recipe or model.
    """
    if recipe is not None and recipe not in folders:
        raise StandingsError(f"no results of the recipe '{recipe}'; {_there(recipe, folders)}")
    chosen = [folder for name in folders if recipe in (None, name) for folder in folders[name]]
    there = sorted({folder.name for folder in chosen})
    for model in models:
        if model not in there:
            raise StandingsError(f"no results of a model '{model}'; {_there(model, there)}")
    return chosen


def _there(name: str, names: Collection[str]) -> str:
    near = difflib.get_close_matches(name, list(names), n=1)
    return (f"did you mean '{near[0]}'? There are: " if near else "there are: ") + ", ".join(names)
