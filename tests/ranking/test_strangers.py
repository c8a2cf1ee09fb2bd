"""A result of a stranger that cannot be right is kept out and named, and never stops the leaderboard."""

from __future__ import annotations

import csv
import datetime
import io
import json
import os
import re

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmark import leaderboard
from benchmark.ranking.audit import admit
from benchmark.scoring.phone_scores import read_phone_scores
from benchmark.scoring.results import card_hash, write_result
from benchmark.scoring.score_rows import scores_hash
from tests.ranking.results import edited, result, with_phones

IMAGE = "<img src=x onerror=alert(1)>"


def of_bytes(folder):
    write_as(folder, "speaker", lambda column: column.cast(pa.binary()))


def of_dates(folder):
    write_as(folder, "snr_db", lambda column: pa.array([datetime.date(2026, 1, 1)] * len(column)))


def of_lists(folder):
    write_as(folder, "reason", lambda column: pa.array([["a"]] * len(column)))


def of_invalid_utf8(folder):
    broken = pa.Array.from_buffers(
        pa.string(), 1, [None, pa.py_buffer(b"\0\0\0\0\2\0\0\0"), pa.py_buffer(b"\xff\xfe")]
    )
    write_as(folder, "speaker", lambda column: broken.take(pa.array([0] * len(column))))


def of_thirty_million_rows(folder):
    table = pq.read_table(folder / "scores.parquet").slice(0, 1)
    big = table.take(pa.array([0] * 1_000_000, pa.int32()))
    with pq.ParquetWriter(folder / "scores.parquet", big.schema, compression="zstd") as writer:
        for _ in range(30):
            writer.write_table(big)
    edited(folder / "card.json", expected=30_000_000, ok=30_000_000)


def of_a_pipe(folder):
    (folder / "card.json").unlink()
    os.mkfifo(folder / "card.json")


def of_a_link(folder):
    elsewhere = folder.parent.parent / "elsewhere.json"
    (folder / "card.json").rename(elsewhere)
    (folder / "card.json").symlink_to(elsewhere)


def of_a_kind_called_as_an_average(folder):
    table = pq.read_table(folder / "scores.parquet")
    kinds = pa.array([kind.replace("nonbabble", "noisy") for kind in table["noise_kind"].to_pylist()])
    table = table.set_column(
        table.schema.get_field_index("noise_kind"), table.schema.field("noise_kind"), kinds
    )
    pq.write_table(table, folder / "scores.parquet")
    edited(folder / "card.json", scores_sha256=scores_hash(table))


def write_as(folder, name, change):
    table = pq.read_table(folder / "scores.parquet")
    table = table.set_column(table.schema.get_field_index(name), name, change(table[name].combine_chunks()))
    pq.write_table(table, folder / "scores.parquet")


def written(text):
    return lambda folder: (folder / "card.json").write_bytes(text)


def with_fields(**changes):
    """A card with other content, raw, whose hash of itself fits as far as it can."""

    def change(folder):
        content = {**json.loads((folder / "card.json").read_text()), **changes}
        (folder / "card.json").write_text(json.dumps({**content, "card_sha256": card_hash(content)}))

    return change


HOSTILE = {
    "5,000 digits": written(b'{"expected": ' + b"9" * 5000 + b"}"),
    "deep": written(b"[" * 100_000),
    "deep within": written(b'{"model": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"),
    "a list": written(b"[1, 2]"),
    "a number": written(b"5"),
    "no UTF-8": written(b'{"title": "\xff\xfe"}'),
    "too large": written(b" " * 5_000_000),
    "NaN in reasons": with_fields(reasons={"crashed": float("nan")}),
    "a list in reasons": with_fields(reasons=[1]),
    "text in reasons": with_fields(reasons={"crashed": "often"}),
    "a lone surrogate": with_fields(title="\ud800"),
    "a number as title": with_fields(title=3),
    "infinite seconds": with_fields(seconds=float("inf")),
    "negative seconds": with_fields(seconds=-1.0),
    "huge counts": with_fields(expected=10**15),
    "a fraction as count": with_fields(expected=60.5),
    "true as count": with_fields(failed=True),
    "a measure of numbers": with_fields(measures={"PPMC": 1}),
    "a link": of_a_link,
    "bytes": of_bytes,
    "dates": of_dates,
    "lists": of_lists,
    "invalid UTF-8": of_invalid_utf8,
    "30 M rows": of_thirty_million_rows,
    "a pipe": of_a_pipe,
    "a kind called noisy": of_a_kind_called_as_an_average,
}


@pytest.fixture
def good(tmp_path):
    write_result(tmp_path / "results", with_phones(result("a", 0.3)))
    write_result(tmp_path / "results", result("b", 0.4))
    return tmp_path


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_result_is_kept_out_and_named(good, name):
    HOSTILE[name](good / "results" / "toy" / "b")
    found = admit(good / "results", good / "no manifests")["toy"]
    assert [item.card.model for item in found.results] == ["a"]
    assert [what for what, _ in found.kept_out] == ["toy/b"]
    assert str(good) not in found.kept_out[0].reason


def test_the_page_is_rendered_around_all_of_them(good, capsys):
    for number, change in enumerate(HOSTILE.values()):
        folder = write_result(good / "results", result(f"h{number}", 0.5))
        change(folder)
    assert leaderboard.main(["--out", str(good)]) == 0
    text = (good / "README.md").read_text()
    assert all(f"- `toy/h{number}`: " in text for number in range(len(HOSTILE)))
    assert "`a`" in text
    assert leaderboard.main(["--out", str(good), "--check"]) == 1
    capsys.readouterr()
    assert leaderboard.main(["--out", str(good), "--recipe", "toy", "--by", "speaker"]) == 0
    assert capsys.readouterr().err.count("kept out: ") == len(HOSTILE)


def test_hostile_scores_by_phone_class_are_kept_out_and_the_result_stays(good):
    path = good / "results" / "toy" / "a" / "phone_scores.parquet"
    facts = pq.read_schema(path).metadata
    for measures in (b"[" * 100_000, b"[1]", b'"PPMC"', b"\xff"):
        pq.write_table(
            pq.read_table(path).replace_schema_metadata({**facts, b"sinbad.measures": measures}), path
        )
        found = admit(good / "results", good / "no manifests")["toy"]
        assert len(found.results) == 2
        assert [what for what, _ in found.kept_out] == ["toy/a: phone classes"]


@pytest.mark.parametrize(
    "name", ["$\\frac{$", IMAGE, "[x](javascript:alert(1))", "=1+1", "_hidden", "a`b`", "a|b"]
)
def test_names_of_models_are_plain_text_everywhere(good, name):
    write_result(good / "results", result(name, 0.6))
    assert leaderboard.main(["--out", str(good)]) == 0
    readme, svg = ((good / file).read_text() for file in ("README.md", "toy_PPMC.svg"))
    outside = re.sub(r"(`+)(?!`).*?(?<!`)\1(?!`)", "", readme)
    for markup in ("<img", "](javascript", "$"):
        assert markup not in outside
    assert "<img" not in svg
    assert "<img" not in (good / "index.html").read_text()
    rows = list(csv.DictReader(io.StringIO((good / "toy.csv").read_text())))
    assert not [row for row in rows if row["model"].startswith(("=", "+", "-", "@"))]
    shown = name.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert shown in svg


def test_a_recipe_or_split_cannot_become_markup(good):
    write_result(good / "results", result("x", 0.5, recipe=IMAGE))
    for folder in (good / "results" / "toy" / "a", good / "results" / "toy" / "b"):
        edited(folder / "card.json", split="**bold** ![](https://a.b/c.png) `x`")
    assert leaderboard.main(["--out", str(good)]) == 0
    text = (good / "README.md").read_text()
    assert f"- `{IMAGE}/x`: its folder bears no name of a recipe" in text
    assert "split `` **bold** ![](https://a.b/c.png) `x` ``" in text


def test_words_of_a_card_cannot_become_markup(good):
    title = "![x](https://a.b/c.png) [y](javascript:alert(1)) <b> https://a.b www.a.b $x$ *z* | \x1b[31m"
    edited(good / "results" / "toy" / "a" / "card.json", title=title, source=title, licence=title)
    assert leaderboard.main(["--out", str(good)]) == 0
    text = (good / "README.md").read_text()
    assert "https://a.b" not in text
    assert "www.a.b" not in text
    assert "](" not in text.replace("![toy_PPMC.svg](toy_PPMC.svg)", "")
    assert "\x1b" not in text
    assert "<b>" not in text


def test_nothing_is_replaced_unless_all_was_rendered(good, monkeypatch):
    assert leaderboard.main(["--out", str(good)]) == 0
    before = {path.name: path.read_bytes() for path in good.iterdir() if path.is_file()}
    write_result(good / "results", result("c", 0.9))

    def broken(*_, **__):
        raise RuntimeError("a fault of the page")

    monkeypatch.setattr("benchmark.pages.render.page", broken)
    with pytest.raises(RuntimeError):
        leaderboard.main(["--out", str(good)])
    assert {path.name: path.read_bytes() for path in good.iterdir() if path.is_file()} == before


def test_recordings_cannot_name_files_elsewhere(good):
    secret = good / "secret.mp3"
    secret.write_bytes(b"secret")
    folder = good / "items" / "toy"
    folder.mkdir(parents=True)
    description = {
        "recipe": "toy",
        "corpus_sha256": "c" * 64,
        "rate_hz": 50,
        "sounds": {"../../secret.mp3": "0" * 64},
        "items": [],
    }
    (folder / "items.json").write_text(json.dumps(description))
    assert leaderboard.main(["--out", str(good)]) == 0
    assert "is no name of a recording" in (good / "README.md").read_text()


def test_phone_scores_come_back_whatever_sorts_the_dictionary(good):
    path = good / "results" / "toy" / "a" / "phone_scores.parquet"
    right = read_phone_scores(path.parent).content_sha256
    table = pq.read_table(path)
    pq.write_table(table, path, row_group_size=7, use_dictionary=False)
    assert read_phone_scores(path.parent).content_sha256 == right
