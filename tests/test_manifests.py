"""The committed manifests are of the recipes as they are, paired, balanced, and at the levels they state."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from benchmark.files import manifests_folder
from benchmark.mixing.recipe import recipe_hash
from benchmark.mixing.recipe_files import load_recipe

OPEN = ("demo_noisy", "demo_noisy_talkers", "virtual_noisy", "virtual_noisy_talkers", "virtual_noisy_voices")


def mixtures(name: str) -> pd.DataFrame:
    return pq.read_table(manifests_folder() / name / "manifest.parquet").to_pandas()


@pytest.mark.parametrize("name", OPEN)
def test_a_manifest_is_of_the_recipe_as_it_is(name: str) -> None:
    found = pq.read_schema(manifests_folder() / name / "manifest.parquet").metadata
    recipe = load_recipe(name)
    assert found[b"sinbad.recipe_sha256"].decode() == recipe_hash(recipe)
    assert found[b"sinbad.version"].decode() == str(recipe.version)


@pytest.mark.parametrize("name", OPEN)
def test_within_an_utterance_only_the_gain_of_the_noise_depends_on_the_snr(name: str) -> None:
    table = mixtures(name)
    noisy = table[table.noise_kind != "clean"]
    stretches = noisy.pieces.map(lambda pieces: tuple((p["noise_id"], p["offset"], p["at"]) for p in pieces))
    grouped = noisy.assign(stretches=stretches).groupby(["utterance_id", "noise_kind"])
    assert (grouped[["stretches", "noise_category"]].nunique() == 1).all(axis=None)
    assert (grouped.snr_db.nunique() == noisy.snr_db.nunique()).all()


@pytest.mark.parametrize("name", OPEN)
def test_categories_are_dealt_evenly_over_the_utterances_of_a_speaker(name: str) -> None:
    table = mixtures(name)
    other = table[table.noise_kind == "nonbabble"]
    for (_, speaker, snr_db), rows in other.groupby(["split", "speaker", "snr_db"]):
        counts = [
            (rows.noise_category == category).sum() for category in sorted(other.noise_category.unique())
        ]
        assert max(counts) - min(counts) <= 1, (speaker, snr_db, counts)


@pytest.mark.parametrize("name", OPEN)
def test_levels_are_as_nominal(name: str) -> None:
    table = mixtures(name)
    noisy = table[table.noise_kind != "clean"]
    assert np.abs(noisy.snr_p56_db - noisy.snr_db).max() <= 0.05
    assert table.peak.max() < 1.0
    babble = noisy[noisy.talkers > 0]
    apart = babble.over_mean_db - (babble.snr_db + 10 * np.log10(babble.talkers))
    # Talkers differ by up to 3 dB to either side of their mean. Pauses count in noise and not in the level
    # of a talker: between the single words of `kde_voices` there are many.
    assert apart.max() <= 3.0
    assert apart.min() >= (-6.0 if name == "virtual_noisy_voices" else -3.0)
    assert (babble.over_loudest_db <= babble.over_mean_db + 1e-9).all()


def test_one_talker_is_among_many() -> None:
    table = mixtures("virtual_noisy_talkers")
    voices = {
        key: {piece["noise_id"] for piece in pieces}
        for key, pieces in zip(
            zip(table.utterance_id, table.talkers, table.snr_db, strict=True), table.pieces, strict=True
        )
    }
    for utterance, snr_db in product(table.utterance_id.unique()[:50], (-5.0, 0.0)):
        assert voices[utterance, 1, snr_db] <= voices[utterance, 8, snr_db]
