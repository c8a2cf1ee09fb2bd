"""The page as text; what it does in a browser is tested in test_browser.py."""

from __future__ import annotations

import dataclasses
import json
import re

from benchmark.pages.page import page
from benchmark.ranking.audit import KeptOut
from benchmark.ranking.standings import standings
from tests.ranking.results import result

BOARD = {"toy": standings([result("weak", 0.3), result("strong", 0.6), result("oracle", 0.9, hears="clean")])}


def data(text):
    return json.loads(
        re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.S).group(1)
    )


def test_it_asks_no_network():
    text = page(BOARD)
    assert "default-src 'none'" in text
    addresses = set(re.findall(r"""(?:https?:)?//[\w.-]+\.\w+[^\s"']*""", text))
    assert {address for address in addresses if "www.w3.org" not in address} == set()
    assert not re.search(r"<(script|img|audio|iframe)[^>]+src=", text)


def test_the_data_are_those_of_the_standing():
    (recipe,) = data(page(BOARD))["recipes"]
    (measure,) = recipe["measures"]
    assert [recipe["models"][line["model"]]["name"] for line in measure["lines"]] == [
        "strong",
        "weak",
        "oracle",
    ]
    assert measure["lines"][0]["estimates"][0][0] == 0.61
    assert measure["columns"][measure["headline"]]["title"] == "noisy mean"
    assert len(measure["pairs"]) == 3
    assert measure["heat"]["groups"] == ["LA", "TTCD"]
    assert measure["heat"]["values"][0][0] == [0.61, 0.56, 0.56, 0.56]


def test_a_model_without_some_targets_is_partial_and_one_without_some_mixtures_is_not():
    whole, some, few = result("whole", 0.3), result("some", 0.6), result("few", 0.6)
    some = dataclasses.replace(
        some,
        card=dataclasses.replace(some.card, lacks=["TTCD"]),
        scores=[row for row in some.scores if row["parameter"] != "TTCD"],
    )
    few = dataclasses.replace(few, scores=[row for row in few.scores if row["snr_db"] != 5.0])
    (recipe,) = data(page({"toy": standings([whole, some, few])}))["recipes"]
    assert {model["name"]: model["partial"] for model in recipe["models"]} == {
        "whole": False,
        "some": True,
        "few": False,
    }
    assert all(line["lacking"] > 0 for line in recipe["measures"][0]["lines"] if line["model"] != 0)


def test_a_model_cannot_smuggle_markup_into_the_page():
    evil = "</script><script>alert(1)</script>"
    text = page({"toy": standings([result(evil, 0.3)])}, [KeptOut(evil, "<img src=x onerror=alert(1)>")])
    assert "<script>alert" not in text
    assert "<img" not in text
    assert data(text)["recipes"][0]["models"][0]["name"] == evil
    assert data(text)["kept_out"] == [[evil, "<img src=x onerror=alert(1)>"]]


def test_the_same_standings_give_the_same_page():
    assert page(BOARD) == page(BOARD)


def test_values_against_the_number_of_talkers_are_there_where_there_are_several_numbers():
    item = result("m", 0.5)
    for row in item.scores:
        row["talkers"] = {"babble": 8, "nonbabble": 2}.get(row["noise_kind"])
    (measure,) = data(page({"toy": standings([item])}))["recipes"][0]["measures"]
    assert {(entry["talkers"], entry["snr"]) for entry in measure["talkers"]} == {
        (2, -5),
        (2, 5),
        (8, -5),
        (8, 5),
    }
    assert data(page(BOARD))["recipes"][0]["measures"][0]["talkers"] is None
