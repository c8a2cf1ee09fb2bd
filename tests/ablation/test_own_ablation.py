"""The reproduction page of a recipe that somebody trained the variants on."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace

import pytest

from benchmark import leaderboard
from benchmark.ablation.report import reproduction
from benchmark.ablation.variants import has_ablation
from benchmark.ranking.standings import standings
from benchmark.scoring.results import write_result
from tests.ablation.test_report import LEVELS, line_of, made

OWN = "xrmb_own"
PAGE, NOTES = f"REPRODUCTION_{OWN}.md", f"REPRODUCTION_NOTES_{OWN}.md"
PAIR = ("joint", "si_noisy")


def board_of(folder, models=PAIR, recipe=OWN, **options):
    for model in models:
        write_result(folder / "results", made(model, LEVELS[model], recipe=recipe, **options))
    return ["--out", str(folder)]


def stood(models=PAIR, recipe=OWN, **options):
    return standings(
        [made(model, LEVELS[model], recipe=recipe, **options) for model in models], replicates=200
    )


def pages(folder):
    return sorted(path.name for path in folder.glob("REPRODUCTION*"))


def test_a_recipe_of_ones_own_has_the_page_of_its_ablation(tmp_path):
    words = board_of(tmp_path, LEVELS)
    assert leaderboard.main(words) == 0
    assert pages(tmp_path) == [PAGE]
    page = (tmp_path / PAGE).read_text()
    assert page.startswith(f"# Reproduction on {OWN}\n\nRendered by")
    assert f"Ours: `{OWN}` version 1" in page
    assert "Virtual speakers" not in page
    assert "Shahrebabaki et al., IEEE/ACM TASLP 30:135-147, 2022" in page
    gains = page.partition("### What `joint` gains")[2]
    for variant in ("si_noisy", "se_alone+si_enhanced", "si_clean"):
        assert re.search(rf"\| `{re.escape(variant)}` \|[^|]*\| \+[\d.]+ % \[\+[\d.]+, \+[\d.]+\] \|", gains)
    assert f"[{PAGE}]({PAGE})" in (tmp_path / "README.md").read_text()


def test_variants_that_were_not_run_are_said_to_be_missing():
    page = reproduction(stood())
    gains = page.partition("### What `joint` gains")[2]
    assert re.search(r"\| `si_noisy` \|.*\| 1 \|", gains)
    assert re.search(r"\| `se_alone\+si_clean` \|.*\| not run \| – \| – \| – \|", gains)
    assert "| ours: gain of `joint` over `si_clean` | not run | not run |" in page
    assert (
        "| PPMC over `se_alone+si_noisy`, babble -5 | above it, interval above zero | not run | – |" in page
    )


def test_one_speaker_gives_figures_without_intervals():
    page = reproduction(stood(speakers=1))
    assert "1 speaker, 2 utterances a condition" in page
    assert "nan" not in page.replace("and non-babble", "")
    assert re.search(r"\| `joint` \| [^|]+ \| 0\.\d{3} \| 0\.\d{3} \|", page)
    assert re.search(r"\| `si_noisy` \| [^|]+ \| \+[\d.]+ % \[–, –\] \|", page)
    assert re.search(r"\| retention, babble -5 \| [^|]+ \| [^|]+ \| 0\.\d{3} \[–, –\] \|", page)
    assert "not reached: there is no interval" in page


@pytest.mark.parametrize(
    "conditions",
    [
        [("clean", None), ("babble", 5.0), ("nonbabble", 5.0)],
        [("babble", -5.0), ("nonbabble", -5.0)],
        [("clean", None)],
        [("clean", None), ("babble", -5.0)],
    ],
)
def test_conditions_that_a_recipe_does_not_have_are_left_open(conditions):
    page = reproduction(stood(LEVELS, conditions=conditions, measures=("PPMC", "STOI")))
    assert "nan" not in re.sub("[Nn]on-babble|nonbabble", "", page)
    row = line_of(page.partition("### What")[0], "`joint` | joint: enhancement and inversion on one encoder")
    cells = [cell.strip() for cell in row.split("|")[3:8]]
    has_clean = ("clean", None) in conditions
    for place, key in enumerate([("clean", None), ("babble", -5.0), ("nonbabble", -5.0)]):
        assert (cells[place] == "–") == (key not in conditions)
        if place:
            assert (cells[2 + place] == "–") == (key not in conditions or not has_clean)
    if ("babble", -5.0) not in conditions:
        assert (
            "| PPMC over `si_noisy`, babble -5 | at least 10 %, interval above zero | no score | – |" in page
        )


def test_without_a_seed_in_common_nothing_is_compared():
    results = [
        made("joint_seed2", LEVELS["joint"], recipe=OWN),
        made("si_clean", LEVELS["si_clean"], recipe=OWN),
    ]
    page = reproduction(standings(results, replicates=50))
    assert "| ours: before and after | no seed in common | no seed in common |" in page


def test_the_page_has_notes_of_its_own_and_is_checked(tmp_path, capsys):
    words = board_of(tmp_path)
    (tmp_path / "REPRODUCTION_NOTES.md").write_text("# Reproduction\n\nOf virtual speakers.\n")
    capsys.readouterr()
    assert leaderboard.main([*words, "--check"]) == 1
    assert f"stale: {tmp_path / PAGE}\n" in capsys.readouterr().out
    assert leaderboard.main(words) == 0
    assert leaderboard.main([*words, "--check"]) == 0
    assert "## Notes" not in (tmp_path / PAGE).read_text()
    (tmp_path / NOTES).write_text("# Reproduction\n\nOf ours.\n")
    capsys.readouterr()
    assert leaderboard.main([*words, "--check"]) == 1
    assert capsys.readouterr().out == f"stale: {tmp_path / PAGE}\n"
    assert leaderboard.main(words) == 0
    assert (tmp_path / PAGE).read_text().endswith("## Notes\n\n# Reproduction\n\nOf ours.\n")
    assert leaderboard.main([*words, "--check"]) == 0
    assert pages(tmp_path) == sorted([PAGE, NOTES, "REPRODUCTION_NOTES.md"])


def test_a_page_whose_ablation_is_gone_is_stale_and_removed_but_not_what_people_wrote(tmp_path, capsys):
    words = board_of(tmp_path, [*PAIR, "si_clean"])
    assert leaderboard.main(words) == 0
    mine = {NOTES: "Of ours.\n", "REPRODUCTION_plan.md": "# Reproduction\n\nWhat to run.\n"}
    for name, text in mine.items():
        (tmp_path / name).write_text(text)
    shutil.rmtree(tmp_path / "results" / OWN / "joint")
    capsys.readouterr()
    assert leaderboard.main([*words, "--check"]) == 1
    assert f"stale: {tmp_path / PAGE}\n" in capsys.readouterr().out
    assert leaderboard.main(words) == 0
    assert pages(tmp_path) == sorted(mine)
    assert leaderboard.main([*words, "--check"]) == 0


def test_models_that_learnt_from_another_recipe_make_no_page(tmp_path):
    # As the shipped weights, scored on the demo corpus.
    words = board_of(tmp_path, LEVELS, recipe="demo_own", taught_on="virtual_noisy")
    assert leaderboard.main(words) == 0
    assert pages(tmp_path) == []
    assert "REPRODUCTION" not in (tmp_path / "README.md").read_text()
    assert not has_ablation(stood(recipe="demo_noisy", taught_on="virtual_noisy"))


def test_a_variant_that_learnt_from_another_recipe_is_named_and_not_compared():
    own = [made(model, LEVELS[model], recipe=OWN) for model in PAIR]
    shipped = made("si_clean", LEVELS["si_clean"], recipe=OWN, taught_on="virtual_noisy")
    mixed = made("se_alone+si_clean", LEVELS["se_alone+si_clean"], recipe=OWN)
    source = f"benchmark.joint, trained on virtual_noisy + benchmark.joint, trained on {OWN}"
    mixed = replace(mixed, card=replace(mixed.card, source=source))
    page = reproduction(standings([*own, shipped, mixed], replicates=50))
    assert f"cards do not say that they were trained on {OWN}: `se_alone+si_clean`, `si_clean`." in page
    for model in ("si_clean", "se_alone+si_clean"):
        assert re.search(rf"\| `{re.escape(model)}` \|[^|]*\| not run \|", page)
    assert not has_ablation(standings([own[0], shipped, mixed], replicates=50))


def test_virtual_speakers_are_said_to_be_virtual_on_their_page_only():
    page = reproduction(stood(recipe="virtual_noisy"))
    assert page.startswith("# Reproduction\n\nRendered by")
    assert "Virtual speakers are not XRMB: gains can be set beside the paper's, correlations cannot." in page
    assert "is for those to see to" not in page
