"""Renders the leaderboard folder from its results, and checks whether it is up to date."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from benchmark.ablation.report import HEADING, RENDERED, reproduction
from benchmark.ablation.variants import RECIPE as ABLATION_RECIPE
from benchmark.ablation.variants import has_ablation
from benchmark.errors import MissingExtraError
from benchmark.files import write_text
from benchmark.pages.page import page
from benchmark.pages.plots import data_hash, snr_plot, stamp
from benchmark.ranking.leaderboard import Leaderboard
from benchmark.ranking.speaker_verification import Verified, rests_on, verification_table
from benchmark.ranking.standings import Standing
from benchmark.ranking.tables import markdown, tidy_csv

_PLOTTED = ("PPMC", "STOI", "PESQLike")
PAGE, README = "index.html", "README.md"
#: Of the recipe of the ablation; pages and notes of other recipes bear the recipe's name as well, see
#: `_of_recipe`.
REPRODUCTION, NOTES = "REPRODUCTION.md", "REPRODUCTION_NOTES.md"


def render(folder: Path, leaderboard: Leaderboard) -> tuple[list[Path], str]:
    """Writes README.md, tables, plots, the page, and the page of each ablation below `folder`.

    What was rendered for recipes or measures that have no results any more is removed.

    REPRODUCTION.md is that of `virtual_noisy`; another recipe that has an ablation of its own has
    REPRODUCTION_RECIPE.md. REPRODUCTION_NOTES.md or REPRODUCTION_NOTES_RECIPE.md, if there is one, is written
    by people and becomes the end of the page.

    Returns:
        What was written; and why there is no page, or "".
    """
    texts = _tables(folder, leaderboard)
    texts |= {name: snr_plot(standing, title) for name, (standing, title) in _plots(leaderboard).items()}
    without_page = ""
    try:
        texts[PAGE] = _page(folder, leaderboard)
    except MissingExtraError as error:
        without_page = str(error)
    leftovers = _leftovers(folder, leaderboard)
    # All is rendered before the first file is replaced, so that an error leaves everything as it was.
    for name, text in texts.items():
        write_text(folder / name, text)
    for name in leftovers:
        (folder / name).unlink()
    return [folder / name for name in texts], without_page


def stale(folder: Path, leaderboard: Leaderboard) -> list[str]:
    """Names of rendered files that are missing, outdated, or belong to no result any more.

    Raises:
        MissingExtraError: The package that renders the page is missing, so the page cannot be judged.
    """
    texts = {
        **_tables(folder, leaderboard),
        PAGE: _page(folder, leaderboard),
    }
    old = []
    for name, text in texts.items():
        path = folder / name
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            old.append(name)
    for name, (standing, _) in _plots(leaderboard).items():
        path = folder / name
        # Plots are compared by the data they show: another matplotlib draws the same curves with other bytes.
        if not path.is_file() or stamp(path.read_text(encoding="utf-8")) != data_hash(standing):
            old.append(name)
    return old + _leftovers(folder, leaderboard)


def _leftovers(folder: Path, leaderboard: Leaderboard) -> list[str]:
    """Tables and plots once rendered here, by their heading and stamp, that would not be now."""
    now = {*_tables(folder, leaderboard), *_plots(leaderboard)}
    return [
        path.name
        for path in sorted([*folder.glob("*.csv"), *folder.glob("*.svg"), *folder.glob("REPRODUCTION*.md")])
        if path.name not in now and path.is_file() and _is_rendered(path)
    ]


def _is_rendered(path: Path) -> bool:
    text = path.read_text(encoding="utf-8", errors="replace")
    if path.suffix == ".csv":
        return text.partition("\n")[0] == tidy_csv([]).strip()
    if path.suffix == ".md":
        # Notes are people's, even if they begin like a page.
        ours = not path.name.startswith(Path(NOTES).stem)
        return ours and text.startswith(HEADING) and f"\n\n{RENDERED}" in text
    return stamp(text) is not None


def _tables(folder: Path, leaderboard: Leaderboard) -> dict[str, str]:
    plots: dict[str, list[str]] = {recipe: [] for recipe in leaderboard.recipes}
    for name, (standing, _) in _plots(leaderboard).items():
        plots[standing.lines[0].card.recipe].append(name)
    ablations = {
        recipe: _of_recipe(REPRODUCTION, recipe)
        for recipe, found in leaderboard.recipes.items()
        if recipe == ABLATION_RECIPE or has_ablation(found)
    }
    tables = {
        README: markdown(
            leaderboard.shown,
            plots,
            leaderboard.kept_out,
            ablations,
            leaderboard.followed,
            leaderboard.trust,
            {recipe: _speakers(found) for recipe, found in leaderboard.speakers.items()},
        )
    }
    tables.update({f"{recipe}.csv": tidy_csv(found) for recipe, found in leaderboard.shown.items()})
    tables.update(
        {
            name: reproduction(leaderboard.recipes[recipe], _notes(folder, recipe))
            for recipe, name in ablations.items()
        }
    )
    return tables


def _page(folder: Path, leaderboard: Leaderboard) -> str:
    return page(
        leaderboard.shown,
        leaderboard.kept_out,
        leaderboard.recordings,
        leaderboard.followed,
        trust=leaderboard.trust,
        speakers=leaderboard.speakers,
        docs=_docs(folder),
    )


def _docs(folder: Path) -> str:
    """Where the guides lie as seen from the page, if both are in a clone of the repository; else ""."""
    clone = Path(__file__).resolve().parents[2]
    here = folder.resolve()
    if not (clone / "docs").is_dir() or not here.is_relative_to(clone):
        return ""
    return f"{'../' * len(here.relative_to(clone).parts)}docs"


def _speakers(found: Sequence[Verified]) -> str:
    """The section of README.md on speaker verification."""
    return (
        "### Speaker verification in noise\n\n"
        f"{rests_on(found)} Clean enrolments against noisy or enhanced recordings, impostors of the same "
        "sex; equal error rate in per\n"
        "cent and detection costs, the lower the better, with 95 % intervals over speakers.\n"
        "\n"
        f"{verification_table(found)}\n"
    )


def _notes(folder: Path, recipe: str) -> str:
    """What people wrote for the end of the reproduction page of a recipe."""
    path = folder / _of_recipe(NOTES, recipe)
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def _of_recipe(name: str, recipe: str) -> str:
    """The name of a file that each recipe with an ablation has."""
    path = Path(name)
    return name if recipe == ABLATION_RECIPE else f"{path.stem}_{recipe}{path.suffix}"


def _plots(leaderboard: Leaderboard) -> dict[str, tuple[Standing, str]]:
    return {
        f"{'_'.join(filter(None, (recipe, item.measure.name, item.track)))}.svg": (
            item,
            f"{item.name} against SNR, {recipe}",
        )
        for recipe, found in leaderboard.shown.items()
        for item in found
        if item.measure.name in _PLOTTED and item.kinds
    }
