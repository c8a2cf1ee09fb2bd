from __future__ import annotations

import pytest

from benchmark.errors import RecipeError
from benchmark.mixing.recipe import recipe_hash
from benchmark.mixing.recipe_files import load_recipe, parse_recipe, recipe_names, recipe_text


@pytest.mark.parametrize("name", recipe_names())
def test_every_shipped_recipe_is_valid_and_named_as_its_file(name):
    assert load_recipe(name).name == name


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "talkers = 8",
            "talker = 8",
            r"line \d+: unknown key 'babble.talker'; did you mean 'talkers'\? allowed here: snr_db",
        ),
        (
            "[-5.0, 0.0",
            "['loud', 0.0",
            r"line \d+: 'mixing.snr_db.0' = 'loud': input should be a valid number",
        ),
        ("[-5.0, 0.0", "[-5.0, -5.0", r"mixing.snr_db lists -5 twice"),
        ("[-5.0, 0.0", "[5.0000001, 0.0", r"mixing.snr_db lists 5 twice"),
        ("[-5.0, 0.0", "[-500.0, 0.0", r"'mixing.snr_db.0' = -500.0: input should be greater"),
        (
            '"tv6"',
            '"tv7"',
            r"line \d+: speech.targets no target set is called 'tv7'; there are tv6, tv9, tv10, pellets",
        ),
        ('"tv6"', '["LA", "TX_x"]', r"speech.targets no target is called TX_x; there are LA"),
        ('"tv6"', "[]", r"speech.targets no target is called nothing"),
        ("seed = 2601", "", r"the key 'seed' is missing"),
        ('["white", "pink"', '["white", "white"', r"line \d+: nonbabble.categories lists white twice"),
        ("[babble]", "[bable]", r"line \d+: unknown key 'bable'; did you mean 'babble'\?"),
        ("talkers = 8", "talkers = 0", r"'babble.talkers' = 0: input should be greater than or equal to 1"),
        ("talkers = 8", "talkers = [1, 2, 2]", r"line \d+: babble.talkers lists 2 twice"),
        (
            "talkers = 8",
            "talkers = [1, 99]",
            r"'babble.talkers.1' = 99: input should be less than or equal to 32",
        ),
        ("talkers = 8", "talkers = '8'", r"'babble.talkers' = '8': input should be a valid integer"),
        ("seed = ", "seed == ", r"is not valid TOML: .*line 4"),
        ('name = "demo_noisy"', 'name = "Demo Noisy"', r"line 2: 'name' = 'Demo Noisy'"),
    ],
)
def test_what_is_wrong_is_said_with_key_and_allowed_values(old, new, message):
    text = recipe_text("demo_noisy")
    assert old in text
    with pytest.raises(RecipeError, match=message):
        parse_recipe(text.replace(old, new), "my.toml")


def test_a_recipe_without_noise_is_clean_speech_and_one_without_both_is_refused():
    text = recipe_text("demo_noisy")
    speech = text[: text.index("[mixing]")]
    assert parse_recipe(speech, "my.toml").noise_kinds == []
    with pytest.raises(RecipeError, match=r"neither noise nor the clean condition: nothing would be"):
        parse_recipe(speech + "[mixing]\nclean = false\n", "my.toml")


def test_noise_without_an_snr_is_refused_by_name():
    text = recipe_text("demo_noisy").replace("snr_db = ", "# ")
    with pytest.raises(RecipeError, match=r"names no snr_db for babble, nonbabble: give it there or in"):
        parse_recipe(text, "my.toml")
    own = text.replace("[babble]", "[babble]\nsnr_db = [3.0]").replace(
        "[nonbabble]", "[nonbabble]\nsnr_db = [6.0]"
    )
    assert [kind.snr_db for kind in parse_recipe(own, "my.toml").noises] == [(3.0,), (6.0,)]


KINDS = """
[kinds.car]
sources = ["synthetic"]
categories = ["machine"]
snr_db = [-10.0]

[kinds.pair]
talkers = 2
sources = ["corpus_voices"]
"""


def test_further_kinds_are_babble_if_they_have_talkers_and_other_noise_if_not():
    found = parse_recipe(recipe_text("demo_noisy") + KINDS, "my.toml")
    assert found.noise_kinds == ["babble", "nonbabble", "car", "pair"]
    car, pair = found.noises[2:]
    assert (car.table, car.talkers, car.snr_db) == ("kinds.car", 0, (-10.0,))
    assert (pair.table, pair.talkers, pair.snr_db[:2]) == ("kinds.pair", 2, (-5.0, 0.0))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("[kinds.car]", "[kinds.Car]", r"line \d+: 'kinds.Car' = 'Car': string should match pattern"),
        ("[kinds.car]", "[kinds.clean]", "has two conditions called clean"),
        ("[kinds.pair]", "[kinds.babble]", "has two conditions called babble"),
        ("[kinds.car]", "[kinds.noisy]", "calls a kind of noise noisy, as an average"),
        ("[kinds.car]", "[kinds.drop]", "calls a kind of noise drop, as an average"),
        (
            "categories =",
            "category =",
            r"line \d+: unknown key 'kinds.car.category'; did you mean 'categories'\?",
        ),
        (
            "talkers = 2",
            "talkers = 2\nspread = 1",
            r"unknown key 'kinds.pair.spread'; did you mean 'spread_db'\?",
        ),
        (
            "snr_db = [-10.0]",
            'test_only = ["rain"]',
            r"kinds.car keeps rain for the test split .* does not name",
        ),
        ("snr_db = [-10.0]", 'test_only = ["machine"]', r"kinds.car keeps all categories for the test split"),
    ],
)
def test_what_is_wrong_in_a_further_kind_is_said(old, new, message):
    assert old in KINDS
    with pytest.raises(RecipeError, match=message):
        parse_recipe(recipe_text("demo_noisy") + KINDS.replace(old, new), "my.toml")


def test_an_unknown_name_gets_a_guess_and_the_list():
    with pytest.raises(RecipeError, match=r"did you mean 'demo_noisy'\? There are: .*xrmb_noisy"):
        load_recipe("demo_nosy")


def test_a_name_like_no_other_gets_the_list():
    with pytest.raises(RecipeError, match=r"no recipe 'zzz'\. There are: demo_noisy"):
        load_recipe("zzz")


def test_any_file_can_be_a_recipe(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(recipe_text("demo_noisy"))
    assert load_recipe(str(path)) == load_recipe("demo_noisy")


def test_a_recipe_may_begin_with_a_byte_order_mark(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(recipe_text("demo_noisy"), encoding="utf-8-sig")
    assert load_recipe(str(path)) == load_recipe("demo_noisy")


def test_a_path_that_leads_nowhere_is_not_found_and_names_what_is_near(tmp_path):
    (tmp_path / "my_recipe.toml").write_text(recipe_text("demo_noisy"))
    with pytest.raises(RecipeError, match=r"my_recipy\.toml: not found; did you mean 'my_recipe\.toml'\?"):
        load_recipe(str(tmp_path / "my_recipy.toml"))
    with pytest.raises(RecipeError, match=r"not found\. .*The shipped recipe 'demo_noisy' is named without"):
        load_recipe(str(tmp_path / "demo_noisy.toml"))
    with pytest.raises(RecipeError, match=r"not found; there is no folder .*/nowhere"):
        load_recipe(str(tmp_path / "nowhere" / "mine.toml"))
    (tmp_path / "latin.toml").write_bytes(b'title = "\xe9"')
    with pytest.raises(RecipeError, match="is not UTF-8 text"):
        load_recipe(str(tmp_path / "latin.toml"))


def test_comments_do_not_change_the_hash_and_values_do():
    text = recipe_text("demo_noisy")
    same = parse_recipe("# a remark\n" + text, "a")
    other = parse_recipe(text.replace("seed = 2601", "seed = 2602"), "b")
    assert recipe_hash(same) == recipe_hash(load_recipe("demo_noisy"))
    assert recipe_hash(other) != recipe_hash(same)
