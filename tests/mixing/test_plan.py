from __future__ import annotations

from collections import Counter, defaultdict
from itertools import pairwise

import numpy as np
import pytest

from benchmark.errors import CorpusError, RecipeError
from benchmark.mixing.manifest import plan_hash
from benchmark.mixing.noise_index import generated_noise, recorded_noise, samples_at_16k, talkers_of
from benchmark.mixing.plan import plan, plan_mixtures
from benchmark.mixing.recipe_files import parse_recipe, recipe_text
from benchmark.mixing.sources import Sources
from benchmark.noises.contract import Recording
from benchmark.noises.synthetic import SYNTHETIC
from tests.speechlike import utterance

SPLITS = ("train", "dev", "test")
SNRS = (-5, 0, 5, 10, 15, 20)
GENERATED = 'categories = ["white", "pink", "speech_shaped", "modulated", "machine", "rain"]'


def recipe(*changes, extra=""):
    text = recipe_text("demo_noisy").replace("corpus_voices", "corpus") + extra
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return parse_recipe(text, "test.toml")


def corpus(speakers=10, each=3):
    return [
        utterance(f"{split[:2].upper()}{s}", u, split, 1.0 + 0.1 * u)
        for split in SPLITS
        for s in range(speakers)
        for u in range(each)
    ]


def supply(utterances, recordings=None):
    """The utterances as targets and as talkers, generated noise, and recordings by source."""
    stretches = generated_noise()
    for source, listed in (recordings or {}).items():
        stretches |= recorded_noise(source, listed)
    talkers = talkers_of("corpus", [(item.split, item) for item in utterances])
    return Sources({item.id: item for item in utterances}, talkers, stretches)


def recorded(listed, kind="nonbabble"):
    """Recordings of (category, split, seconds)."""
    return [
        Recording(f"{category}/{split}/{i}.wav", category, kind, split, seconds)
        for i, (category, split, seconds) in enumerate(listed)
    ]


def real_noise(*changes, sources=("demand",), **kinds):
    names = ", ".join(f'"{source}"' for source in sources)
    return recipe(('sources = ["synthetic"]', f"sources = [{names}]"), (GENERATED, "loop = false"), *changes)


def of_kind(rows, kind):
    return [row for row in rows if row["noise_kind"] == kind]


def test_every_utterance_gets_every_condition_once():
    utterances = corpus()
    rows = plan_mixtures(recipe(), utterances, supply(utterances))
    assert len(rows) == len(utterances) * 13
    assert len({row["mixture_id"] for row in rows}) == len(rows)
    first = [row for row in rows if row["utterance_id"] == utterances[0].id]
    assert [(row["noise_kind"], row["snr_db"]) for row in first] == [
        ("clean", None),
        *(("babble", snr) for snr in SNRS),
        *(("nonbabble", snr) for snr in SNRS),
    ]


def test_the_noise_of_an_utterance_and_kind_is_the_same_at_every_snr():
    utterances = corpus()
    heard = defaultdict(list)
    for row in plan_mixtures(recipe(), utterances, supply(utterances)):
        heard[row["utterance_id"], row["noise_kind"]].append((row["noise_category"], row["pieces"]))
    assert len(heard) == 3 * len(utterances)
    for (_, kind), found in heard.items():
        assert len(found) == (1 if kind == "clean" else len(SNRS))
        assert all(one == found[0] for one in found)


@pytest.mark.parametrize("each", [2, 6, 7, 13, 40])
def test_categories_are_dealt_evenly_over_the_utterances_of_a_speaker(each):
    utterances = corpus(speakers=9, each=each)
    counts = defaultdict(Counter)
    for row in of_kind(plan_mixtures(recipe(), utterances, supply(utterances)), "nonbabble"):
        counts[row["speaker"], row["split"], row["snr_db"]][row["noise_category"]] += 1
    assert len(counts) == 27 * len(SNRS)
    for found in counts.values():
        there = [found[category] for category in SYNTHETIC]
        assert max(there) - min(there) <= 1


def test_recordings_are_dealt_evenly_over_the_utterances_that_have_their_category():
    utterances = corpus(speakers=9, each=20)
    noise = recorded(
        [("park", split, 9) for split in SPLITS for _ in range(4)] + [("bus", s, 9) for s in SPLITS]
    )
    counts = defaultdict(Counter)
    for row in of_kind(
        plan_mixtures(real_noise(), utterances, supply(utterances, {"demand": noise})), "nonbabble"
    ):
        if row["snr_db"] == 0:
            counts[row["speaker"], row["noise_category"]][row["pieces"][0]["noise_id"]] += 1
    assert {sum(found.values()) for found in counts.values()} == {10}
    for (_, category), found in counts.items():
        assert sorted(found.values()) == ([2, 2, 3, 3] if category == "park" else [10])


def test_the_plan_does_not_depend_on_order_or_on_other_speakers():
    utterances = corpus()
    whole = plan_mixtures(recipe(), utterances, supply(utterances))
    backwards = supply(utterances[::-1])
    again = plan_mixtures(recipe(), utterances[::-1], backwards)
    assert plan_hash(whole.parts()) == plan_hash(again.parts())
    by_id = {row["mixture_id"]: row for row in whole}
    wanted = {item.id for item in utterances[4:6]}
    part = plan(recipe(), supply(utterances), wanted)
    assert {row["utterance_id"] for row in part} == wanted
    assert all(by_id[row["mixture_id"]] == row for row in part)


def test_a_missing_recording_changes_little_and_nothing_of_other_speakers():
    utterances = corpus(speakers=9, each=40)
    there = supply(utterances)
    before = {row["mixture_id"]: row for row in plan_mixtures(recipe(), utterances, there)}
    lost = utterances[17]
    after = plan_mixtures(recipe(), [item for item in utterances if item is not lost], there)
    assert len(after) == len(before) - 13
    changed = {row["utterance_id"] for row in after if before[row["mixture_id"]] != row}
    speakers = {item.id: (item.speaker, item.split) for item in utterances}
    assert {speakers[key] for key in changed} <= {(lost.speaker, lost.split)}
    assert len(changed) <= 5
    assert all(before[row["mixture_id"]] == row for row in of_kind(after, "babble"))


def test_a_missing_noise_recording_leaves_most_of_the_others_as_they_were():
    utterances = corpus(speakers=9, each=40)
    noise = recorded([(name, split, 9) for name in ("park", "bus") for split in SPLITS for _ in range(5)])
    before = {
        row["mixture_id"]: row
        for row in plan_mixtures(real_noise(), utterances, supply(utterances, {"demand": noise}))
    }
    lost = next(item for item in noise if item.split == "test")
    rest = [item for item in noise if item is not lost]
    after = plan_mixtures(real_noise(), utterances, supply(utterances, {"demand": rest}))
    used = {
        key
        for key, row in before.items()
        if any(piece["noise_id"].endswith(lost.id) for piece in row["pieces"])
    }
    changed = {row["mixture_id"] for row in after if before[row["mixture_id"]] != row}
    assert used <= changed
    assert {before[key]["split"] for key in changed} == {"test"}
    assert {before[key]["noise_kind"] for key in changed} == {"nonbabble"}
    assert len(changed - used) < 0.5 * len(used)


def test_seed_version_and_name_change_the_plan():
    utterances = corpus(each=1)
    changes = [("seed = 2601", "seed = 1"), ("version = 2", "version = 3"), ("demo_noisy", "other")]
    hashes = {
        plan_hash(plan_mixtures(recipe(*change), utterances, supply(utterances)).parts())
        for change in ([], *([change] for change in changes))
    }
    assert len(hashes) == 4


def streams(row):
    """The pieces of each talker of a row, in the order of the plan: a talker starts where a piece is at 0."""
    found = []
    for piece in row["pieces"]:
        if piece["at"] == 0:
            found.append([])
        found[-1].append(piece)
    return found


def test_babble_is_eight_others_of_the_same_split_over_the_whole_mixture():
    utterances = corpus()
    lengths = {f"corpus:{item.id}": samples_at_16k(item.duration_s) for item in utterances}
    split_of = {item.speaker: item.split for item in utterances}
    for row in of_kind(plan_mixtures(recipe(), utterances, supply(utterances)), "babble"):
        assert row["talkers"] == row["voices"] == 8
        talkers = [{piece["noise_id"].split(":")[1].split("/")[0] for piece in own} for own in streams(row)]
        assert len(set.union(*talkers)) == len(talkers) == 8
        assert row["speaker"] not in set.union(*talkers)
        assert {split_of[name] for name in set.union(*talkers)} == {row["split"]}
        for own in streams(row):
            at = 0
            for piece in own:
                assert piece["at"] == at
                assert piece["offset"] + piece["frames"] <= lengths[piece["noise_id"]]
                at += piece["frames"]
            assert at == row["samples"]
        assert all(abs(piece["gain_db"]) <= 3.0 for piece in row["pieces"])


TALKERS = ("talkers = 8", "talkers = [1, 2, 4, 8, 16, 32]")


def test_a_list_of_talkers_makes_a_kind_for_each_number_and_few_are_among_many():
    utterances = corpus(speakers=6)
    rows = plan_mixtures(recipe(TALKERS), utterances[:2], supply(utterances))
    for key in {row["utterance_id"] for row in rows}:
        by_number = {row["talkers"]: row for row in rows if row["utterance_id"] == key and row["snr_db"] == 0}
        del by_number[0]
        assert sorted(by_number) == [1, 2, 4, 8, 16, 32]
        for number, row in by_number.items():
            assert row["noise_kind"] == f"babble_{number}"
            assert row["voices"] == min(number, 5)
            if number <= 5:
                assert streams(row) == streams(by_number[32])[:number]


def test_where_voices_repeat_the_same_samples_are_never_heard_at_the_same_time():
    utterances = corpus(speakers=3, each=2)
    for row in plan_mixtures(recipe(TALKERS), utterances[:3], supply(utterances)):
        heard = Counter()
        for piece in row["pieces"]:
            heard[piece["noise_id"], piece["at"] - piece["offset"]] += 1
        if row["talkers"]:
            assert len(streams(row)) == row["talkers"]
            assert row["voices"] == min(2, row["talkers"])
            clashes = [key for key, count in heard.items() if count > 1]
            for noise_id, late in clashes:  # one stretch may return later, where its talker starts again
                spans = sorted(
                    (piece["at"], piece["at"] + piece["frames"])
                    for piece in row["pieces"]
                    if (piece["noise_id"], piece["at"] - piece["offset"]) == (noise_id, late)
                )
                assert all(end <= start for (_, end), (start, _) in pairwise(spans))


def test_looping_talkers_are_told_in_the_plan():
    utterances = corpus(each=1)
    long = utterance("TE0", 9, "test", 30.0)
    rows = plan_mixtures(recipe(), [*utterances, long], supply(utterances))
    looped = [row for row in rows if row["looped"]]
    assert {row["utterance_id"] for row in looped} == {long.id}
    assert {row["noise_kind"] for row in looped} == {"babble"}


def test_the_first_source_with_enough_voices_babbles_and_else_the_one_with_most():
    utterances = corpus(speakers=3, each=1)
    target = [item for item in utterances if item.split == "test"][:1]
    both = recipe(('sources = ["corpus"]', 'sources = ["corpus", "shipped_voices"]'))
    for voices, source, heard in ((8, "shipped_voices", 8), (3, "shipped_voices", 3), (2, "corpus", 2)):
        there = supply(utterances)
        others = [("test", utterance(f"B{i}", 0, "test")) for i in range(voices)]
        talkers = {**there.talkers, **talkers_of("shipped_voices", others)}
        rows = of_kind(plan_mixtures(both, target, Sources(there.speech, talkers, there.stretches)), "babble")
        assert {(row["noise_source"], row["voices"]) for row in rows} == {(source, heard)}
    alone = [item for item in target if item.speaker == "TE0"]
    with pytest.raises(
        CorpusError, match=r"needs talkers .* corpus has none; add 'shipped_voices' to babble"
    ):
        plan_mixtures(recipe(), alone, supply(alone))


def test_noise_recordings_stay_in_their_split_and_inside_the_file():
    utterances = corpus(each=1)
    noise = recorded([(name, split, 30) for name in ("traffic", "kitchen") for split in SPLITS])
    rows = of_kind(
        plan_mixtures(real_noise(), utterances, supply(utterances, {"demand": noise})), "nonbabble"
    )
    for row in rows:
        (piece,) = row["pieces"]
        assert f"/{row['split']}/" in piece["noise_id"]
        assert piece["offset"] + piece["frames"] <= 30 * 16000
        assert (row["talkers"], row["voices"]) == (0, 0)
    assert {row["noise_category"] for row in rows} == {"traffic", "kitchen"}


def test_short_noise_is_an_error_unless_the_recipe_loops():
    utterances = corpus(each=1)
    there = supply(utterances, {"demand": recorded([("bus", split, 0.4) for split in SPLITS])})
    with pytest.raises(CorpusError, match=r"is longer than 0\.4 s; set nonbabble\.loop = true"):
        plan_mixtures(real_noise(), utterances, there)
    rows = plan_mixtures(real_noise(("loop = false", "loop = true")), utterances, there)
    assert all(row["looped"] == (row["noise_kind"] == "nonbabble") for row in rows)


def test_an_unknown_category_is_refused():
    utterances = corpus(each=1)
    with pytest.raises(RecipeError, match="nonbabble: synthetic has no category thunder; there are machine,"):
        plan_mixtures(recipe((GENERATED, 'categories = ["thunder"]')), utterances, supply(utterances))


def test_categories_and_sources_without_recordings_in_a_split_are_left_to_the_others():
    utterances = corpus(each=2)
    noise = {
        "demand": recorded([("park", "train", 9), ("bus", "train", 9), ("bus", "test", 9)]),
        "musan": recorded([("noise", "dev", 9), ("noise", "test", 9)]),
    }
    rows = plan_mixtures(real_noise(sources=noise), utterances, supply(utterances, noise))
    seen = {
        (row["split"], row["noise_source"], row["noise_category"], row["noise_seen"])
        for row in of_kind(rows, "nonbabble")
    }
    assert seen == {
        ("train", "demand", "park", True),
        ("train", "demand", "bus", True),
        ("dev", "musan", "noise", False),
        ("test", "demand", "bus", True),
        ("test", "musan", "noise", False),
    }
    alone = {"demand": recorded([("park", "train", 9)])}
    with pytest.raises(CorpusError, match="nonbabble: no recording of demand belongs to the split 'dev'"):
        plan_mixtures(real_noise(), utterances, supply(utterances, alone))


def test_only_recordings_that_are_long_enough_are_used_and_all_of_them():
    utterances = corpus(speakers=10, each=10)
    listed = [("rain", split, s) for split in SPLITS for s in (0.3, 0.9, 2.0, 2.5, 3.0)]
    noise = recorded([*listed, *(("click", split, 0.5) for split in SPLITS)])
    rows = of_kind(
        plan_mixtures(real_noise(), utterances, supply(utterances, {"demand": noise})), "nonbabble"
    )
    assert len({row["pieces"][0]["noise_id"] for row in rows}) == 9
    assert {row["noise_category"] for row in rows} == {"rain"}
    assert all(row["pieces"][0]["frames"] == row["samples"] for row in rows)


def test_categories_that_are_kept_for_the_test_split_are_not_seen():
    utterances = corpus(each=6)
    held = recipe((GENERATED, f'{GENERATED}\ntest_only = ["rain", "pink"]'))
    by_split = defaultdict(dict)
    for row in of_kind(plan_mixtures(held, utterances, supply(utterances)), "nonbabble"):
        by_split[row["split"]][row["noise_category"]] = row["noise_seen"]
    seen = dict.fromkeys(("white", "speech_shaped", "modulated", "machine"), True)
    assert by_split == {"train": seen, "dev": seen, "test": {**seen, "rain": False, "pink": False}}


KINDS = """
[kinds.engine]
sources = ["synthetic"]
categories = ["machine"]
snr_db = [-10.0]

[kinds.pair]
talkers = 2
sources = ["corpus"]
snr_db = [0.0, 3.0]
"""


def test_a_recipe_may_name_further_kinds_of_noise_with_their_own_snrs():
    utterances = corpus(each=1)
    rows = plan_mixtures(recipe(extra=KINDS), utterances, supply(utterances))
    found = {(row["noise_kind"], row["snr_db"], row["talkers"]) for row in rows if row["noise_kind"] in KINDS}
    assert found >= {("engine", -10.0, 0), ("pair", 0.0, 2), ("pair", 3.0, 2)}
    assert {row["noise_category"] for row in of_kind(rows, "engine")} == {"machine"}
    assert {row["mixture_id"].rsplit("/", 2)[0] for row in of_kind(rows, "pair")} == {"pair/0", "pair/3"}


def test_a_recorded_crowd_is_babble_of_talkers_whom_nobody_counted():
    utterances = corpus(each=1)
    crowd = {"hall": recorded([("crowd", split, 9) for split in SPLITS], "babble")}
    wanted = recipe(('sources = ["corpus"]', 'sources = ["hall"]'))
    rows = of_kind(plan_mixtures(wanted, utterances, supply(utterances, crowd)), "babble")
    facts = {(row["noise_category"], row["noise_source"], row["talkers"], row["voices"]) for row in rows}
    assert facts == {("babble", "hall", None, None)}
    short = {"hall": recorded([("crowd", split, 0.5) for split in SPLITS], "babble")}
    with pytest.raises(CorpusError, match=r"name longer recordings in babble\.sources"):
        plan_mixtures(wanted, utterances, supply(utterances, short))


def test_a_recipe_of_clean_speech_needs_no_noise():
    text = recipe_text("demo_noisy")
    clean = parse_recipe(text[: text.index("[mixing]")], "clean.toml")
    utterances = corpus(each=1)
    rows = plan_mixtures(clean, utterances, Sources())
    assert [row["mixture_id"] for row in rows] == [f"clean/{item.id}" for item in utterances]
    assert not np.any([row["pieces"] for row in rows])


def test_a_plan_has_the_same_rows_one_by_one_and_as_columns():
    utterances = corpus(speakers=3, each=2)
    planned = plan_mixtures(recipe(), utterances, supply(utterances))
    rows = list(planned)
    assert len(rows) == len(planned) == 13 * len(utterances)
    assert (planned[-1], planned[3:5]) == (rows[-1], rows[3:5])
    with pytest.raises(IndexError):
        planned[len(rows)]
    by_id = sorted(rows, key=lambda row: row["mixture_id"])
    assert [row for part in planned.parts() for row in part.to_pylist()] == by_id
    some = {utterances[4].id, utterances[1].id}
    assert list(planned.of(some)) == [row for row in rows if row["utterance_id"] in some]
    assert not list(planned.of(()).parts())
