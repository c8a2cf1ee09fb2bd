from __future__ import annotations

import pytest

from benchmark.mixing.plan import plan_mixtures
from benchmark.mixing.plan_summary import noise_lines, noise_use, size, size_line
from benchmark.mixing.recipe_files import parse_recipe, recipe_text
from benchmark.mixing.sources import Sources
from tests.mixing.test_plan import GENERATED, TALKERS, corpus, recipe, supply


def test_size_counts_mixtures_hours_and_gigabytes():
    utterances = corpus(speakers=2, each=3)
    counted = size(recipe(), utterances)
    assert (counted["utterances"], counted["conditions"], counted["mixtures"]) == (18, 13, 234)
    seconds = 13 * sum(item.duration_s for item in utterances)
    assert counted["hours"] == pytest.approx(seconds / 3600, abs=0.001)
    assert counted["gigabytes"] == pytest.approx(0.67 * seconds * 32000 / 1e9, abs=0.001)
    assert size_line(counted).startswith("234 mixtures (18 utterances in 13 conditions), 0.07 hours, about")


def test_the_table_says_how_noise_is_spread_over_splits():
    utterances = corpus(speakers=4, each=6)
    chosen = recipe(TALKERS, (GENERATED, f'{GENERATED}\ntest_only = ["rain"]'))
    used = noise_use(plan_mixtures(chosen, utterances, supply(utterances)))
    assert sum(row["mixtures"] * row["snrs"] for row in used) == len(utterances) * 7 * 6
    many = next(row for row in used if row["noise_kind"] == "babble_32" and row["split"] == "test")
    assert (many["mixtures"], many["snrs"], many["talkers"], many["voices"]) == (24, 6, 32, (3, 3))
    rain = [row for row in used if row["noise_category"] == "rain"]
    assert [(row["split"], row["mixtures"], row["noise_seen"], row["uneven"]) for row in rain] == [
        ("test", 4, False, 0)
    ]
    white = [row for row in used if row["noise_category"] == "white"]
    assert [(row["split"], row["uneven"]) for row in white] == [("train", 1), ("dev", 1), ("test", 0)]
    lines = noise_lines(used)
    assert lines[0].split()[:3] == ["noise", "split", "category"]
    assert len(lines) == len(used) + 2
    assert lines[-1].endswith("differ by at most 1")


def test_clean_speech_has_a_size_and_no_table():
    text = recipe_text("demo_noisy")
    clean = parse_recipe(text[: text.index("[mixing]")], "clean.toml")
    utterances = corpus(speakers=1, each=1)
    assert size(clean, utterances)["mixtures"] == 3
    assert noise_lines(noise_use(plan_mixtures(clean, utterances, Sources()))) == []
