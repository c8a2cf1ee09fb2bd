from __future__ import annotations

import pytest

from benchmark.errors import CorpusError, RecipeError
from benchmark.mixing.manifest import plan_hash
from benchmark.mixing.noise_index import Supply, recordings_of, samples_at_16k, talkers_of
from benchmark.mixing.plan import plan_mixtures
from benchmark.mixing.recipe import parse_recipe, recipe_text
from benchmark.noises.contract import Recording
from tests.speechlike import utterance

SPLITS = ("train", "dev", "test")


def recipe(*changes):
    text = recipe_text("demo_noisy").replace("corpus_voices", "corpus")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return parse_recipe(text, "test.toml")


def corpus(speakers=6, each=3):
    return [
        utterance(f"{split[:2].upper()}{s}", u, split, 1.0 + 0.1 * u)
        for split in SPLITS
        for s in range(speakers)
        for u in range(each)
    ]


def supply(utterances):
    return Supply({"corpus": talkers_of("corpus", [(item.split, item) for item in utterances])})


def noise_files(seconds=30.0):
    return [
        Recording(f"{category}/{split}{i}.wav", category, "nonbabble", split, seconds)
        for category in ("traffic", "kitchen")
        for split in SPLITS
        for i in range(3)
    ]


def test_every_utterance_gets_every_condition_once():
    utterances = corpus()
    rows = plan_mixtures(recipe(), utterances, supply(utterances))
    assert len(rows) == len(utterances) * 13
    assert len({row["mixture_id"] for row in rows}) == len(rows)
    first = [row for row in rows if row["utterance_id"] == utterances[0].id]
    assert [(row["noise_kind"], row["snr_db"]) for row in first] == [
        ("clean", None),
        *(("babble", snr) for snr in (-5, 0, 5, 10, 15, 20)),
        *(("nonbabble", snr) for snr in (-5, 0, 5, 10, 15, 20)),
    ]


def test_the_plan_does_not_depend_on_order_or_on_what_else_is_planned():
    utterances = corpus()
    whole = plan_mixtures(recipe(), utterances, supply(utterances))
    reversed_order = plan_mixtures(recipe(), utterances[::-1], supply(utterances[::-1]))
    assert plan_hash(whole) == plan_hash(reversed_order)
    part = plan_mixtures(recipe(), utterances[4:6], supply(utterances))
    by_id = {row["mixture_id"]: row for row in whole}
    assert all(by_id[row["mixture_id"]] == row for row in part)


def test_seed_version_and_name_change_the_draws():
    utterances = corpus(each=1)
    hashes = {
        plan_hash(plan_mixtures(recipe(change), utterances, supply(utterances)))
        for change in [("seed = 2601", "seed = 1"), ("version = 1", "version = 2"), ("demo_noisy", "other")]
    }
    hashes.add(plan_hash(plan_mixtures(recipe(), utterances, supply(utterances))))
    assert len(hashes) == 4


def test_babble_is_four_others_of_the_same_split_over_the_whole_mixture():
    utterances = corpus()
    lengths = {f"corpus:{item.id}": samples_at_16k(item.duration_s) for item in utterances}
    split_of = {item.speaker: item.split for item in utterances}
    for row in plan_mixtures(recipe(), utterances, supply(utterances)):
        if row["noise_kind"] != "babble":
            continue
        talkers = {piece["noise_id"].split(":")[1].split("/")[0] for piece in row["pieces"]}
        assert len(talkers) == 4
        assert row["speaker"] not in talkers
        assert {split_of[talker] for talker in talkers} == {row["split"]}
        for talker in talkers:
            own = [piece for piece in row["pieces"] if f":{talker}/" in piece["noise_id"]]
            at = 0
            for piece in own:
                assert piece["at"] == at
                assert piece["offset"] + piece["frames"] <= lengths[piece["noise_id"]]
                at += piece["frames"]
            assert at == row["samples"]
        assert all(abs(piece["gain_db"]) <= 3.0 for piece in row["pieces"])


def test_looping_talkers_are_told_in_the_plan():
    utterances = corpus(each=1)
    long = utterance("TE0", 9, "test", 30.0)
    rows = plan_mixtures(recipe(), [*utterances, long], supply(utterances))
    looped = [row for row in rows if row["looped"]]
    assert {row["utterance_id"] for row in looped} == {long.id}
    assert all(row["noise_kind"] == "babble" for row in looped)


def test_too_few_talkers_fall_back_to_the_next_source_and_the_plan_says_so():
    utterances = corpus(speakers=2, each=1)
    voices = [utterance(f"B{i}", 0, "test") for i in range(4)]
    talkers = {
        **supply(utterances).talkers,
        "shipped_voices": talkers_of("shipped_voices", [("test", v) for v in voices]),
    }
    both = recipe(('sources = ["corpus"]', 'sources = ["corpus", "shipped_voices"]'))
    target = [item for item in utterances if item.split == "test"][:1]
    rows = plan_mixtures(both, target, Supply(talkers))
    assert {row["noise_source"] for row in rows if row["noise_kind"] == "babble"} == {"shipped_voices"}
    with pytest.raises(CorpusError, match=r"babble needs 4 talkers .* found corpus: 1; add 'shipped_voices'"):
        plan_mixtures(recipe(), target, supply(utterances))


def test_noise_recordings_stay_in_their_split_and_inside_the_file():
    utterances = corpus(each=1)
    talkers = supply(utterances).talkers
    _, recordings = recordings_of("demand", noise_files())
    changed = recipe(
        ('sources = ["synthetic"]', 'sources = ["demand"]'),
        ('categories = ["white", "pink", "speech_shaped", "modulated", "machine", "rain"]', "loop = false"),
    )
    rows = plan_mixtures(changed, utterances, Supply(talkers, {"demand": recordings}))
    seen = set()
    for row in rows:
        if row["noise_kind"] == "nonbabble":
            (piece,) = row["pieces"]
            assert f"/{row['split']}" in piece["noise_id"]
            assert piece["offset"] + piece["frames"] <= 30 * 16000
            seen.add(row["noise_category"])
    assert seen == {"traffic", "kitchen"}


def test_short_noise_is_an_error_unless_the_recipe_loops():
    utterances = corpus(each=1)
    _, recordings = recordings_of("demand", noise_files(seconds=0.4))
    there = Supply(supply(utterances).talkers, {"demand": recordings})
    base = [
        ('sources = ["synthetic"]', 'sources = ["demand"]'),
        ('categories = ["white", "pink", "speech_shaped", "modulated", "machine", "rain"]', "loop = false"),
    ]
    with pytest.raises(CorpusError, match=r"longer than 0\.4 s; set nonbabble\.loop = true"):
        plan_mixtures(recipe(*base), utterances, there)
    rows = plan_mixtures(recipe(*base, ("loop = false", "loop = true")), utterances, there)
    assert all(
        row["looped"] == (row["noise_kind"] == "nonbabble") for row in rows if row["noise_kind"] != "babble"
    )


def test_an_unknown_category_is_refused():
    utterances = corpus(each=1)
    with pytest.raises(RecipeError, match="synthetic has none of thunder; it has white"):
        plan_mixtures(
            recipe(('["white", "pink", "speech_shaped", "modulated", "machine", "rain"]', '["thunder"]')),
            utterances,
            supply(utterances),
        )


def real_noise(changes=(), **kinds):
    """The recipe with noise of recordings, one list of (category, split, seconds) a source."""
    recordings = {
        source: recordings_of(
            source,
            [
                Recording(f"{category}/{split}/{i}.wav", category, "nonbabble", split, seconds)
                for i, (category, split, seconds) in enumerate(listed)
            ],
        )[1]
        for source, listed in kinds.items()
    }
    names = ", ".join(f'"{source}"' for source in kinds)
    text = 'categories = ["white", "pink", "speech_shaped", "modulated", "machine", "rain"]'
    return recipe(('sources = ["synthetic"]', f"sources = [{names}]"), (text, ""), *changes), recordings


def test_a_category_without_recordings_in_a_split_is_left_to_the_others():
    utterances = corpus(each=1)
    chosen, recordings = real_noise(
        demand=[("park", "train", 9), ("bus", "train", 9), ("bus", "dev", 9), ("park", "test", 9)]
    )
    rows = plan_mixtures(chosen, utterances, Supply(supply(utterances).talkers, recordings))
    seen = {(row["split"], row["noise_category"]) for row in rows if row["noise_kind"] == "nonbabble"}
    assert seen == {("train", "park"), ("train", "bus"), ("dev", "bus"), ("test", "park")}


def test_a_source_without_recordings_in_a_split_is_left_to_the_others():
    utterances = corpus(each=1)
    chosen, recordings = real_noise(
        demand=[("park", "train", 9), ("park", "test", 9)], musan=[("noise", "dev", 9), ("noise", "test", 9)]
    )
    rows = plan_mixtures(chosen, utterances, Supply(supply(utterances).talkers, recordings))
    seen = {(row["split"], row["noise_source"]) for row in rows if row["noise_kind"] == "nonbabble"}
    assert seen == {("train", "demand"), ("dev", "musan"), ("test", "demand"), ("test", "musan")}
    alone, there = real_noise(demand=[("park", "train", 9)])
    with pytest.raises(
        CorpusError, match="demand: none of its non-babble recordings belongs to the split 'dev'"
    ):
        plan_mixtures(alone, utterances, Supply(supply(utterances).talkers, there))


def test_a_category_whose_recordings_are_all_too_short_is_left_to_the_others():
    utterances = corpus(each=1)
    listed = [(name, split, seconds) for name, seconds in (("click", 0.5), ("rain", 9)) for split in SPLITS]
    chosen, recordings = real_noise(musan=listed)
    rows = plan_mixtures(chosen, utterances, Supply(supply(utterances).talkers, recordings))
    assert {row["noise_category"] for row in rows if row["noise_kind"] == "nonbabble"} == {"rain"}
    assert not any(row["looped"] for row in rows if row["noise_kind"] == "nonbabble")


def test_only_recordings_that_are_long_enough_are_drawn_and_all_of_them():
    utterances = corpus(speakers=30, each=1)
    lengths = (0.3, 0.9, 1.0, 1.5, 2.0)
    chosen, recordings = real_noise(musan=[("rain", split, s) for split in SPLITS for s in lengths])
    rows = plan_mixtures(chosen, utterances, Supply(supply(utterances).talkers, recordings))
    used = {row["pieces"][0]["noise_id"] for row in rows if row["noise_kind"] == "nonbabble"}
    assert len(used) == 9
    assert all(
        row["pieces"][0]["frames"] == row["samples"] for row in rows if row["noise_kind"] == "nonbabble"
    )


def test_chosen_categories_that_a_split_lacks_are_an_error_that_names_them():
    utterances = corpus(each=1)
    chosen, recordings = real_noise(
        [("[nonbabble]", '[nonbabble]\ncategories = ["park"]')],
        demand=[("park", "train", 9), ("bus", "dev", 9)],
    )
    with pytest.raises(CorpusError, match="non-babble recordings of park belongs to the split 'dev'"):
        plan_mixtures(chosen, utterances, Supply(supply(utterances).talkers, recordings))
    other, _ = real_noise([("[nonbabble]", '[nonbabble]\ncategories = ["moon"]')], demand=[])
    with pytest.raises(RecipeError, match="demand has none of moon; it has park, bus"):
        plan_mixtures(other, utterances, Supply(supply(utterances).talkers, recordings))


def test_a_crowd_that_is_too_short_is_not_blamed_on_other_noise():
    _, others = recordings_of(
        "hall", [Recording(f"{split}.wav", "crowd", "babble", split, 0.5) for split in SPLITS]
    )
    chosen = recipe(('sources = ["corpus"]', 'sources = ["hall"]'))
    with pytest.raises(CorpusError, match=r"name longer recordings in babble\.sources"):
        plan_mixtures(chosen, corpus(), Supply({}, {"hall": others}))
