"""Every shipped recipe on a synthetic corpus of its format, from inspect to score."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from benchmark import inspect, prepare, score, verify
from benchmark.articulation import tract_variables
from benchmark.corpora import mocha
from benchmark.files import demo_corpus
from benchmark.mixing.gather import Roots, gather
from benchmark.mixing.manifest import plan_hash
from benchmark.mixing.plan import plan_mixtures
from benchmark.mixing.recipe_files import load_recipe, recipe_names, recipe_text
from tests import recipe_corpora
from tests.corpora import writers
from tests.noises import corpora as noise_corpora

#: What the splits of each recipe do not share, besides noise and babble talkers.
CLAIMS = {
    "demo_noisy": {"speaker", "prompt"},
    "virtual_noisy": {"speaker", "prompt"},
    "xrmb_noisy": {"speaker"},
    "xrmb_noisy_strict": {"speaker", "prompt"},
    "hprc_noisy": {"speaker", "prompt"},
    "mngu0_noisy": {"prompt"},
    "mocha_noisy": {"prompt"},
    "usc_timit_noisy": {"speaker", "prompt"},
    "spire_noisy": {"speaker", "prompt"},
    "folder_noisy": {"speaker"},
    "demo_noisy_talkers": {"speaker", "prompt"},
    "virtual_noisy_talkers": {"speaker", "prompt"},
    "virtual_noisy_voices": {"speaker", "prompt"},
    "xrmb_noisy_noisex": {"speaker"},
    "hprc_noisy_noisex": {"speaker", "prompt"},
}
CLAIMS |= {
    f"{name}_real": CLAIMS[name] for name in CLAIMS if name.removesuffix("_noisy") in recipe_corpora.WRITERS
}
PAIRS = (("train", "dev"), ("train", "test"), ("dev", "test"))


@pytest.fixture(scope="session")
def noise_roots(tmp_path_factory) -> dict[str, Path]:
    return noise_corpora.everywhere(
        tmp_path_factory.mktemp("noise"), ("musan", "demand", "noisex92", "kde_voices")
    )


@pytest.fixture(scope="session")
def speech_roots(tmp_path_factory) -> dict[str, Path]:
    base = tmp_path_factory.mktemp("speech")
    for name, write in recipe_corpora.WRITERS.items():
        write(base / name)
    return {name: base / name for name in recipe_corpora.WRITERS} | {"virtual": demo_corpus()}


def test_every_shipped_recipe_is_held_to_its_claims():
    assert sorted(CLAIMS) == recipe_names()


@pytest.mark.parametrize("name", sorted(CLAIMS))
def test_splits_share_nothing_that_they_claim_not_to(name, speech_roots, noise_roots):
    recipe = load_recipe(name)
    gathered = gather(recipe, Roots(speech_roots[recipe.speech.corpus], noise_roots))
    assert not gathered.damaged
    rows = plan_mixtures(recipe, gathered.targets, gathered)
    prompts = {utterance.id: utterance.prompt for utterance in gathered.targets}
    used = {
        split: {"speaker": set(), "prompt": set(), "noise": set(), "talker": set()}
        for split in ("train", "dev", "test")
    }
    for row in rows:
        here = used[row["split"]]
        here["speaker"].add(row["speaker"])
        here["prompt"].add(prompts[row["utterance_id"]])
        if row["talkers"]:
            talkers = {talker(piece["noise_id"]) for piece in row["pieces"]}
            assert row["speaker"] not in talkers
            assert len(talkers) == row["voices"]
            assert sum(piece["at"] == 0 for piece in row["pieces"]) == row["talkers"]
            here["talker"] |= talkers
        here["noise"] |= {part for piece in row["pieces"] for part in parts(piece)}
    assert all(used[split]["speaker"] and used[split]["noise"] for split in used)
    crowds = {row["noise_source"] for row in rows if row["snr_db"] is not None and row["talkers"] is None}
    assert crowds == ({"noisex92"} if name.endswith("_noisex") else set())
    assert all(used[split]["talker"] for split in used) == (not crowds)
    for one, two in PAIRS:
        for what in ("noise", "talker", *CLAIMS[name]):
            assert used[one][what].isdisjoint(used[two][what]), (what, one, two)
        # A voice that babbles in one split is not among the targets of another.
        assert used[one]["talker"].isdisjoint(used[two]["speaker"])
        assert used[two]["talker"].isdisjoint(used[one]["speaker"])


def talker(noise_id: str) -> str:
    source, _, name = noise_id.partition(":")
    folders = name.removeprefix("ktuberling/sounds/").removeprefix("klettres/").split("/")
    return name if source == "musan" else folders[0]


def parts(piece) -> list[tuple[str, int]]:
    """What no other split may hear: a recording, or the tenths of a second of one that is divided in time."""
    if not piece["noise_id"].startswith("noisex92:"):
        return [(piece["noise_id"], 0)]
    first, last = piece["offset"] // 1600, (piece["offset"] + piece["frames"]) // 1600
    return [(piece["noise_id"], tenth) for tenth in range(first, last + 1)]


@pytest.mark.parametrize("name", sorted(CLAIMS))
def test_noise_is_paired_over_snrs_and_even_over_the_utterances_of_a_speaker(name, speech_roots, noise_roots):
    recipe = load_recipe(name)
    sources = gather(recipe, Roots(speech_roots[recipe.speech.corpus], noise_roots))
    heard, counts = {}, {}
    for row in plan_mixtures(recipe, sources.targets, sources):
        if row["snr_db"] is not None:
            assert heard.setdefault((row["utterance_id"], row["noise_kind"]), row["pieces"]) == row["pieces"]
            group = counts.setdefault((row["speaker"], row["split"], row["noise_kind"], row["snr_db"]), {})
            group[row["noise_category"]] = group.get(row["noise_category"], 0) + 1
    there = {}
    for (_, split, kind, _), found in counts.items():
        there.setdefault((split, kind), set()).update(found)
    for (_, split, kind, _), found in counts.items():
        each = [found.get(category, 0) for category in there[split, kind]]
        assert max(each) - min(each) <= 1


def test_categories_kept_for_the_test_split_are_told_apart(speech_roots, noise_roots):
    recipe = load_recipe("xrmb_noisy_noisex")
    sources = gather(recipe, Roots(speech_roots["xrmb"], noise_roots))
    rows = [row for row in plan_mixtures(recipe, sources.targets, sources) if row["snr_db"] is not None]
    unseen = {row["noise_category"] for row in rows if not row["noise_seen"]}
    assert unseen == {"buccaneer1", "factory1", "hfchannel", "m109"}
    assert {row["split"] for row in rows if not row["noise_seen"]} == {"test"}
    assert any(row["noise_seen"] for row in rows if row["split"] == "test")


@pytest.mark.parametrize("name", ["xrmb_noisy", "spire_noisy"])
def test_babble_comes_from_the_other_speakers_where_there_are_enough(name, speech_roots):
    recipe = load_recipe(name)
    gathered = gather(recipe, Roots(speech_roots[recipe.speech.corpus]))
    rows = plan_mixtures(recipe, gathered.targets, gathered)
    assert {row["noise_source"] for row in rows if row["noise_kind"] == "babble"} == {"corpus"}


def babble_sources(text: str, speech: Path, folder: Path) -> dict[str, set[str]]:
    """Split to where its babble comes from."""
    path = folder / "recipe.toml"
    path.write_text(text)
    recipe = load_recipe(str(path))
    gathered = gather(recipe, Roots(speech))
    found: dict[str, set[str]] = {}
    for row in plan_mixtures(recipe, gathered.targets, gathered):
        if row["noise_kind"] == "babble":
            found.setdefault(row["split"], set()).add(row["noise_source"])
    return found


ONLY_IN_TRAIN = {"train": {"corpus"}, "dev": {"shipped_voices"}, "test": {"shipped_voices"}}


def test_a_speaker_alone_in_a_split_hears_the_embedded_voices(speech_roots, tmp_path):
    assert babble_sources(recipe_text("hprc_noisy"), speech_roots["hprc"], tmp_path) == ONLY_IN_TRAIN


def test_speakers_who_are_in_several_splits_do_not_babble(speech_roots, tmp_path):
    text = recipe_text("mocha_noisy").replace("talkers = 8", "talkers = 1")
    found = babble_sources(text, speech_roots["mocha"], tmp_path)
    assert found == {split: {"shipped_voices"} for split in ("train", "dev", "test")}


def test_with_a_speaker_of_mocha_left_out_the_others_babble(tmp_path):
    writers.write_mocha(tmp_path / "mocha", mocha.SPEAKERS, sentences=1, seconds=0.5)
    text = recipe_text("mocha_noisy").replace('"standard"', '"leave_fsew0_out"')
    assert babble_sources(text, tmp_path / "mocha", tmp_path) == ONLY_IN_TRAIN


def test_real_noise_keeps_both_sources_and_every_kind_of_piece(speech_roots, noise_roots):
    recipe = load_recipe("xrmb_noisy_real")
    gathered = gather(recipe, Roots(speech_roots["xrmb"], noise_roots))
    rows = plan_mixtures(recipe, gathered.targets, gathered)
    again = plan_mixtures(recipe, gathered.targets[::-1], gathered)
    assert plan_hash(rows.parts()) == plan_hash(again.parts())
    for split in ("train", "dev", "test"):
        mine = [row for row in rows if row["split"] == split and row["noise_kind"] == "nonbabble"]
        assert {row["noise_source"] for row in mine} == {"demand", "musan"}
        assert {"noise", "domestic", "nature"} <= {row["noise_category"] for row in mine}
        assert not any(row["looped"] for row in mine)


def walk(text: str, speech: Path, folder: Path, capsys, *noise: str) -> dict:
    """Inspects, prepares, verifies and scores with one SNR, because more would repeat the same steps."""
    path = folder / "recipe.toml"
    path.write_text(text.replace("snr_db = [-5.0, 0.0, 5.0, 10.0, 15.0, 20.0]", "snr_db = [0.0]"))
    roots = ["--speech-root", str(speech), *(option for root in noise for option in ("--noise-root", root))]
    assert inspect.main(["--recipe", str(path), *roots, "--json"]) == 0
    seen = json.loads(capsys.readouterr().out)
    assert seen["damaged"] == []
    out = folder / "prepared"
    assert prepare.main(["--recipe", str(path), *roots, "--out", str(out), "--limit", "2", "--json"]) == 0
    done = json.loads(capsys.readouterr().out)
    assert done["left_out"] == []
    assert done["rendered"] > 0
    for trajectories in (out / "trajectories").iterdir():
        metadata = pq.read_schema(trajectories).metadata
        assert metadata[b"sinbad.convention"].decode() == tract_variables.CONVENTION_VERSION
    assert verify.main(["--corpus", str(out), *roots, "--replan"]) == 0
    capsys.readouterr()
    results = ["--out", str(folder / "results"), "--measures", "PPMC", "--json"]
    assert score.main(["--corpus", str(out), "--model", "ridge_clean", *results]) == 0
    card = json.loads(capsys.readouterr().out)
    assert card["failed"] == 0
    assert card["expected"] > 0
    return seen


@pytest.mark.parametrize("corpus", sorted(recipe_corpora.WRITERS))
def test_the_whole_way_without_noise_corpora(corpus, speech_roots, tmp_path, capsys):
    seen = walk(recipe_text(f"{corpus}_noisy"), speech_roots[corpus], tmp_path, capsys)
    assert all(speaker["lost_share"] for speaker in seen["speakers"])


def test_the_whole_way_with_recorded_noise(speech_roots, noise_roots, tmp_path, capsys):
    noise = [f"{name}={root}" for name, root in noise_roots.items()]
    seen = walk(recipe_text("hprc_noisy_real"), speech_roots["hprc"], tmp_path, capsys, *noise)
    assert {row["kind"] for row in seen["noise"]["musan"]} == {"talker", "nonbabble"}


def test_the_whole_way_of_an_ag50x_corpus(tmp_path, capsys):
    """No recipe is shipped for one's own articulograph; the one for folders serves with another reader."""
    writers.write_ag50x(tmp_path / "speech", speakers=("S1", "S2"))
    text = recipe_text("folder_noisy").replace('corpus = "folder"', 'corpus = "ag50x"')
    walk(text, tmp_path / "speech", tmp_path, capsys)


def test_one_speaker_of_xrmb_and_nothing_else_is_enough(tmp_path, capsys):
    writers.write_xrmb(tmp_path / "xrmb", ("JW11",), ("tp001", "tp002"), seconds=0.9)
    options = [
        "--recipe",
        "xrmb_noisy",
        "--speech-root",
        str(tmp_path / "xrmb"),
        "--out",
        str(tmp_path / "out"),
    ]
    assert prepare.main([*options, "--plan-only", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["left_out"] == []


@pytest.mark.real
def test_the_real_recording_of_xrmb_prepares(real_samples, tmp_path, capsys):
    options = [
        "--recipe",
        "xrmb_noisy",
        "--speech-root",
        str(real_samples / "xrmb"),
        "--out",
        str(tmp_path / "out"),
    ]
    assert prepare.main([*options, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["rendered"] == 13


def test_remarks_on_noise_reach_whoever_prepares(speech_roots, tmp_path, capsys):
    noise = noise_corpora.noisex92(tmp_path / "noisex", rate_hz=16000)
    text = recipe_text("mngu0_noisy").replace('sources = ["synthetic"]', 'sources = ["noisex92"]')
    (tmp_path / "mine.toml").write_text(
        "\n".join(line for line in text.splitlines() if "categories" not in line)
    )
    options = [
        "--recipe",
        str(tmp_path / "mine.toml"),
        "--speech-root",
        str(speech_roots["mngu0"]),
        "--plan-only",
    ]
    assert prepare.main([*options, "--noise-root", f"noisex92={noise}", "--out", str(tmp_path / "out")]) == 0
    error = capsys.readouterr().err
    assert (
        "note: noisex92: babble.wav and 14 more: sampled at 16000 Hz where NOISEX-92 is at 19980 Hz" in error
    )
