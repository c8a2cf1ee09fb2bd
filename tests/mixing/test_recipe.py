from __future__ import annotations

import pytest

from benchmark.errors import RecipeError
from benchmark.mixing.recipe import load_recipe, parse_recipe, recipe_hash, recipe_names, recipe_text


@pytest.mark.parametrize("name", recipe_names())
def test_every_shipped_recipe_is_valid_and_named_as_its_file(name):
    assert load_recipe(name).name == name


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "talkers = 4",
            "talker = 4",
            r"line \d+: unknown key 'babble.talker'; did you mean 'talkers'\? allowed here: sources",
        ),
        (
            "[-5.0, 0.0",
            "['loud', 0.0",
            r"line \d+: 'mixing.snr_db.0' = 'loud': input should be a valid number",
        ),
        ("[-5.0, 0.0", "[-5.0, -5.0", r"mixing.snr_db lists one SNR twice"),
        ("[-5.0, 0.0", "[5.0000001, 0.0", r"mixing.snr_db lists one SNR twice"),
        ("[-5.0, 0.0", "[-500.0, 0.0", r"'mixing.snr_db.0' = -500.0: input should be greater"),
        (
            '"tv6"',
            '"tv7"',
            r"line \d+: 'speech.targets' = 'tv7': input should be 'tv6', 'tv9', 'tv10' or 'pellets'",
        ),
        ("seed = 2601", "", r"the key 'seed' is missing"),
        ('["white", "pink"', '["white", "white"', r"line \d+: nonbabble.categories lists one name twice"),
        ("[babble]", "[bable]", r"line \d+: unknown key 'bable'; did you mean 'babble'\?"),
        ("talkers = 4", "talkers = 0", r"'babble.talkers' = 0: input should be greater than or equal to 1"),
        ("talkers = 4", "talkers = '4'", r"'babble.talkers' = '4': input should be a valid integer"),
        ("seed = ", "seed == ", r"is not valid TOML: .*line 4"),
        ('name = "demo_noisy"', 'name = "Demo Noisy"', r"line 2: 'name' = 'Demo Noisy'"),
    ],
)
def test_what_is_wrong_is_said_with_key_and_allowed_values(old, new, message):
    text = recipe_text("demo_noisy")
    assert old in text
    with pytest.raises(RecipeError, match=message):
        parse_recipe(text.replace(old, new), "my.toml")


def test_a_recipe_without_noise_is_refused():
    text = recipe_text("demo_noisy")
    with pytest.raises(RecipeError, match=r"needs a table \[babble\], \[nonbabble\] or both"):
        parse_recipe(text[: text.index("[babble]")], "my.toml")


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
    with pytest.raises(RecipeError, match="cannot be read"):
        load_recipe(str(tmp_path / "none.toml"))


def test_comments_do_not_change_the_hash_and_values_do():
    text = recipe_text("demo_noisy")
    same = parse_recipe("# a remark\n" + text, "a")
    other = parse_recipe(text.replace("seed = 2601", "seed = 2602"), "b")
    assert recipe_hash(same) == recipe_hash(load_recipe("demo_noisy"))
    assert recipe_hash(other) != recipe_hash(same)
