"""Renders the leaderboard folder from its results, and tells whether what lies there is what would be rendered."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from benchmark.errors import ManifestError
from benchmark.files import write_text
from benchmark.harness.results import Result, read_results
from benchmark.prepared import MANIFEST, PreparedCorpus
from benchmark.standings.aggregate import Standing, standings
from benchmark.standings.plots import data_hash, snr_plot, stamp
from benchmark.standings.tables import markdown, tidy_csv

_PLOTTED = ("PPMC", "STOI")


def collect(results: Path, manifests: Path) -> dict[str, list[Standing]]:
    """Standings of every recipe that has results.

    Args:
        results: Folder of results.
        manifests: Folder of the committed manifests, which results have to agree with.

    Raises:
        StandingsError: A result is damaged, or results cannot be compared.
    """
    return {
        recipe: standings(found, _committed(manifests / recipe, found))
        for recipe, found in read_results(results).items()
    }


def render(folder: Path, found: Mapping[str, list[Standing]]) -> list[Path]:
    """Writes README.md, one CSV a recipe and the plots below `folder`; returns what was written."""
    written = []
    for name, text in _tables(found).items():
        write_text(folder / name, text)
        written.append(folder / name)
    for name, (standing, title) in _plots(found).items():
        write_text(folder / name, snr_plot(standing, title))
        written.append(folder / name)
    return written


def stale(folder: Path, found: Mapping[str, list[Standing]]) -> list[str]:
    """Names of rendered files that are missing or show something else than the results say."""
    old = []
    for name, text in _tables(found).items():
        path = folder / name
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            old.append(name)
    for name, (standing, _) in _plots(found).items():
        path = folder / name
        # Plots are compared by the data they show: another matplotlib draws the same curves with other bytes.
        if not path.is_file() or stamp(path.read_text(encoding="utf-8")) != data_hash(standing):
            old.append(name)
    return old


def _committed(folder: Path, results: list[Result]) -> str | None:
    if not (folder / MANIFEST).is_file():
        return None
    corpus = PreparedCorpus(folder)
    split = results[0].card.split
    try:
        return corpus.split_hash(split)
    except ManifestError:
        return None


def _tables(found: Mapping[str, list[Standing]]) -> dict[str, str]:
    plots: dict[str, list[str]] = {recipe: [] for recipe in found}
    for recipe, items in found.items():
        plots[recipe] = [_plot_name(recipe, item) for item in items if item.measure.name in _PLOTTED]
    tables = {"README.md": markdown(found, plots)}
    tables.update({f"{recipe}.csv": tidy_csv(items) for recipe, items in found.items()})
    return tables


def _plots(found: Mapping[str, list[Standing]]) -> dict[str, tuple[Standing, str]]:
    return {
        _plot_name(recipe, item): (item, f"{item.measure.name} against SNR, {recipe}")
        for recipe, items in found.items()
        for item in items
        if item.measure.name in _PLOTTED
    }


def _plot_name(recipe: str, standing: Standing) -> str:
    return f"{recipe}_{standing.measure.name}.svg"
