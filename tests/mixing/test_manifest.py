from __future__ import annotations

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmark.errors import ManifestError
from benchmark.mixing.manifest import (
    MEASURED,
    MIXTURES,
    PLANNED,
    Manifest,
    mixtures_table,
    plan_hash,
    read_table,
    table_of,
)
from benchmark.mixing.table_hash import content_hash, table_hashes
from benchmark.mixing.table_writer import merged, write_table, writing


def row(key: str, **changes):
    planned = {
        "mixture_id": key,
        "utterance_id": "F01/U001",
        "speaker": "F01",
        "split": "test",
        "noise_kind": "babble",
        "noise_category": "babble",
        "noise_source": "corpus",
        "noise_seen": True,
        "talkers": 1,
        "voices": 1,
        "snr_db": -5.0,
        "samples": 16000,
        "looped": False,
        "pieces": [{"noise_id": "corpus:F02/U001", "offset": 3, "at": 0, "frames": 16000, "gain_db": 0.5}],
    }
    return {**planned, **dict.fromkeys(MEASURED.names), **changes}


def test_a_table_comes_back_as_it_was(tmp_path):
    rows = [row("babble/-5/F01/U002"), row("babble/-5/F01/U001", snr_p56_db=-5.01)]
    digest = write_table(tmp_path / "m.parquet", "mixtures", rows, {"recipe": "demo"})
    table = read_table(tmp_path / "m.parquet", "mixtures")
    assert table.rows == sorted(rows, key=lambda item: item["mixture_id"])
    assert table.content_sha256 == digest == content_hash(rows, "mixture_id")
    assert table.facts["recipe"] == "demo"


def test_the_hash_does_not_depend_on_order_codec_or_row_groups(tmp_path):
    rows = [row(f"babble/-5/F01/U{i:03d}") for i in range(20)]
    first = write_table(tmp_path / "a.parquet", "mixtures", rows, {})
    assert write_table(tmp_path / "b.parquet", "mixtures", rows[::-1], {}) == first
    table = pq.read_table(tmp_path / "a.parquet")
    pq.write_table(table, tmp_path / "a.parquet", compression="none", row_group_size=3)
    assert read_table(tmp_path / "a.parquet", "mixtures").content_sha256 == first


def test_the_plan_hash_is_blind_to_what_rendering_measures():
    plain, measured, other = (
        plan_hash([table_of("mixtures", [found])])
        for found in (row("x"), row("x", peak=0.5, pcm_sha256="ab"), row("x", snr_db=0.0))
    )
    assert plain == measured != other


def test_a_table_written_in_parts_is_the_one_written_at_once(tmp_path):
    rows = [row(f"babble/-5/F01/U{i:05d}") for i in range(11_003)]
    once = write_table(tmp_path / "once.parquet", "mixtures", rows, {"recipe": "demo"})
    table = table_of("mixtures", rows)
    parts = [table.slice(0, 4000), table.slice(4000, 7001), table.slice(11_001)]
    with writing(tmp_path / "parts.parquet", "mixtures", parts) as written:
        assert not (tmp_path / "parts.parquet").exists()
        written.say({"recipe": "demo"})
    assert (written.content_sha256, written.plan_sha256) == (once, plan_hash(parts))
    one, two = (read_table(tmp_path / f"{name}.parquet", "mixtures") for name in ("once", "parts"))
    assert one.columns.equals(two.columns)
    assert one.facts == two.facts
    assert pq.ParquetFile(tmp_path / "parts.parquet").metadata.num_row_groups == 5


def test_parts_that_share_a_key_or_lie_in_disorder_are_refused(tmp_path):
    path = tmp_path / "m.parquet"
    first, second = (table_of("mixtures", [row(key)]) for key in "ab")
    for parts, error, text in (
        ([first, second, second], ManifestError, "mixture_id 'b' would be written twice"),
        ([second, first], ValueError, "order"),
    ):
        with pytest.raises(error, match=text), writing(path, "mixtures", parts):
            pass
    assert not list(tmp_path.iterdir())


def test_rows_of_an_earlier_run_are_put_between_those_of_this_one():
    def keys(*names: str) -> pa.Table:
        return pa.table({"key": pa.array(names, pa.string())})

    parts = [keys("b", "d"), keys("f"), keys("h", "i")]
    for others in ("", "a", "j", "ce", "acegjz", "z"):
        found = pa.concat_tables(merged(parts, keys(*others), "key"))["key"].to_pylist()
        assert found == sorted({*"bdfhi", *others})


def test_an_edited_table_is_refused(tmp_path):
    path = tmp_path / "m.parquet"
    write_table(path, "mixtures", [row("x")], {})
    table = pq.read_table(path)
    edited = table.set_column(table.schema.get_field_index("snr_db"), "snr_db", pa.array([20.0]))
    pq.write_table(edited.replace_schema_metadata(table.schema.metadata), path)
    with pytest.raises(ManifestError, match=r"m\.parquet: its content does not match"):
        read_table(path, "mixtures")


@pytest.mark.parametrize("content", [b"", b"PAR1", b"not parquet at all"])
def test_damage_is_named(tmp_path, content):
    path = tmp_path / "m.parquet"
    path.write_bytes(content)
    with pytest.raises(ManifestError, match=r"m\.parquet"):
        read_table(path, "mixtures")


def test_another_table_is_refused(tmp_path):
    write_table(tmp_path / "m.parquet", "mixtures", [row("x")], {})
    with pytest.raises(ManifestError, match="is not a table of utterances"):
        read_table(tmp_path / "m.parquet", "utterances")
    with pytest.raises(ManifestError, match="not found"):
        read_table(tmp_path / "none.parquet", "mixtures")


def test_a_failed_write_leaves_what_was_there(tmp_path):
    path = tmp_path / "m.parquet"
    write_table(path, "mixtures", [row("x")], {})
    before = path.read_bytes()
    with pytest.raises(ManifestError, match="twice"):
        write_table(path, "mixtures", [row("x"), row("x")], {})
    with pytest.raises(ManifestError, match="schema"):
        write_table(path, "mixtures", [row("y", snr_db="loud")], {})
    assert path.read_bytes() == before
    assert [item.name for item in tmp_path.iterdir()] == ["m.parquet"]


def test_numbers_enter_the_hash_exactly():
    assert json.dumps(0.1 + 0.2) != json.dumps(0.3)
    assert content_hash([{"k": "a", "v": 0.1 + 0.2}], "k") != content_hash([{"k": "a", "v": 0.3}], "k")


def test_the_hash_by_columns_is_that_by_rows():
    numbers = (0.0, -0.0, 1e-7, 0.1 + 0.2, -5.0, 1e300, 12345678.9, None)
    rows = [
        row(
            f'babble/{i}/é"\\\u2028{i}',
            snr_db=number,
            peak=number,
            talkers=None if i % 2 else i,
            noise_seen=(True, False, None)[i % 3],
            pieces=row("x")["pieces"] * (i % 3),
            pcm_sha256=None if i % 2 else "ab",
        )
        for i, number in enumerate(numbers)
    ]
    table = pa.Table.from_pylist(rows[::-1], MIXTURES)
    whole, planned = table_hashes(table, "mixture_id", MIXTURES.names, PLANNED.names)
    assert whole == content_hash(rows, "mixture_id")
    assert planned == content_hash(
        [{name: one[name] for name in PLANNED.names} for one in rows], "mixture_id"
    )
    assert table_hashes(table[:0], "mixture_id") == [content_hash([], "mixture_id")]
    assert table_hashes(table[2:5], "mixture_id") == [content_hash(rows[3:6], "mixture_id")]


def test_a_plan_becomes_a_table_with_null_where_nothing_was_measured():
    plan = pa.Table.from_pylist([row("x"), row("y")], PLANNED)
    rows = mixtures_table(plan, {"y": row("y", peak=0.5)}).to_pylist()
    assert rows == [row("x"), row("y", peak=0.5)]


@pytest.fixture
def manifest(tmp_path):
    rows = [
        row(f"{kind}/{snr}/F01/U{i:03d}", noise_kind=kind, snr_db=snr)
        for kind in ("babble", "rain")
        for snr in (-5.0, 0.0)
        for i in range(5)
    ]
    rows += [row("clean/F01/U000", noise_kind="clean", snr_db=None)]
    write_table(tmp_path / "m.parquet", "mixtures", rows, {"recipe": "demo"})
    return tmp_path / "m.parquet"


def test_one_condition_is_selected_without_the_others(manifest):
    opened = Manifest(manifest)
    assert (len(opened), opened.facts["recipe"]) == (21, "demo")
    found = opened.select(noise_kind="rain", snr_db=-5.0)
    assert found["mixture_id"].to_pylist() == [f"rain/-5.0/F01/U{i:03d}" for i in range(5)]
    assert found.schema.names == MIXTURES.names
    assert opened.select(["mixture_id"], snr_db=None).to_pylist() == [{"mixture_id": "clean/F01/U000"}]
    assert len(opened.select(["samples"])) == 21
    with pytest.raises(ManifestError, match=r"m\.parquet: has no column noise"):
        opened.select(noise="rain")


def test_damage_is_told_when_a_part_is_selected(manifest):
    sound, content = Manifest(manifest).select(), manifest.read_bytes()
    told = []
    for at in range(4, len(content) - 4, 53):
        manifest.write_bytes(content[:at] + bytes([content[at] ^ 0xFF]) + content[at + 1 :])
        try:
            assert Manifest(manifest).select().equals(sound), at
        except ManifestError as error:
            told.append(str(error))
    assert len(told) > 20
    assert all(str(manifest) in message for message in told)
    manifest.write_bytes(b"PAR1")
    with pytest.raises(ManifestError, match=r"m\.parquet: is not a readable Parquet file"):
        Manifest(manifest)


def test_a_column_of_another_type_is_refused(tmp_path):
    path = tmp_path / "m.parquet"
    write_table(path, "mixtures", [row("x")], {})
    table = pq.read_table(path)
    for other in (pa.nulls(1), pa.array([{"a": 1}])):
        edited = table.set_column(table.schema.get_field_index("looped"), "looped", other)
        pq.write_table(edited.replace_schema_metadata(table.schema.metadata), path)
        with pytest.raises(ManifestError, match=r"m\.parquet: (was edited|its content)"):
            read_table(path, "mixtures")
