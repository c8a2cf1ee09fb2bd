from __future__ import annotations

from benchmark.mixing.recent import Recent


def test_what_was_not_used_for_longest_makes_room() -> None:
    recent: Recent[bytes] = Recent(1.0, len)  # 16,000 samples
    for name in ("a", "b"):
        assert recent.keep(name, bytes(8000)) == bytes(8000)
    assert recent.get("a") is not None
    recent.keep("c", bytes(8000))
    assert [recent.get(name) is not None for name in "abc"] == [True, False, True]


def test_the_latest_stays_however_long_it_is() -> None:
    recent: Recent[bytes] = Recent(1.0, len)
    recent.keep("short", bytes(100))
    recent.keep("long", bytes(50_000))
    assert recent.get("long") is not None
    assert len(recent) == 1
