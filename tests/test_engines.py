"""Whoever does the work, the results are the same, and a worker that is lost takes nothing with it."""

from __future__ import annotations

import json
import os
import signal
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path

import dask
import pytest

from benchmark import cli, prepare, score, verify
from benchmark.errors import SinbadError
from benchmark.workers import BACKENDS, Backend, engine, share_out


def _dies_at_first(folder: Path, number: int) -> int:
    """Kills its process where the third task is done for the first time."""
    marker = folder / "died"
    if number == 3 and not marker.exists():
        marker.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return number * number


def _always_dies() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _refuses(number: int) -> None:
    raise SinbadError(f"number {number} is wrong")


def _where() -> str:
    return str(Path.cwd())


@pytest.mark.parametrize("backend", ["loky", "dask", "ray"])
def test_work_of_a_lost_worker_is_done_again(
    backend: Backend, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Workers import this module from wherever they stand.
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[1]))
    monkeypatch.chdir(tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with engine(backend, 2):
            given = [(tmp_path, number) for number in range(12)]
            assert list(share_out(_dies_at_first, given, 2)) == [number**2 for number in range(12)]
            assert (tmp_path / "died").exists()
            assert set(share_out(_where, [()] * 3, 2, in_order=False)) == {str(tmp_path)}
            with pytest.raises(SinbadError, match=r"^number 7 is wrong$"):
                list(share_out(_refuses, [(7,)], 2))


def test_work_that_kills_every_worker_is_an_error_with_advice() -> None:
    with pytest.raises(SinbadError, match="fewer --jobs"):
        list(share_out(_always_dies, [(), ()], 2))


def test_an_address_without_a_cluster_is_refused() -> None:
    with pytest.raises(SinbadError, match="--scheduler goes with --backend dask or ray"):
        engine("loky", 1, "tcp://127.0.0.1:1").__enter__()
    # Setting a value before `distributed` has put in its defaults would take all of these away afterwards.
    import distributed  # noqa: F401

    soon = dask.config.set({"distributed.comm.timeouts.connect": "200ms"})
    with soon, pytest.raises(SinbadError, match="no Dask scheduler answers"):
        engine("dask", 1, "tcp://127.0.0.1:1").__enter__()


def test_the_option_offers_all_backends() -> None:
    parser = cli.parser("prepare", "", "")
    cli.add_engine(parser)
    action = next(action for action in parser._actions if action.dest == "backend")
    assert tuple(action.choices or ()) == BACKENDS


@pytest.mark.slow
def test_a_corpus_is_the_same_whoever_prepared_it_though_workers_are_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import ray
    from distributed import Client, LocalCluster

    def said(status: int) -> dict[str, object]:
        assert status == 0
        return dict(json.loads(capsys.readouterr().out))

    def prepared(name: str, *backend: str) -> object:
        call = ["--recipe", "demo_noisy", "--split", "test", "--json", "--out", str(tmp_path / name)]
        return said(prepare.main([*call, *backend]))["content_sha256"]

    monkeypatch.chdir(tmp_path)
    expected = prepared("serial", "--backend", "serial")
    assert prepared("loky", "--jobs", "2") == expected
    assert prepared("ray", "--backend", "ray", "--jobs", "2") == expected
    killed = []
    call = ["--model", "noisy", "--measures", "STOI", "--json", "--limit", "1"]
    with (
        LocalCluster(n_workers=3, threads_per_worker=1, dashboard_address=None) as cluster,
        Client(cluster.scheduler_address, set_as_default=False) as client,
    ):

        def killing(items: Iterable[object], total: int, what: str) -> Iterator[object]:
            for done, item in enumerate(items, start=1):
                yield item
                if what == "rendering" and done == 2:
                    killed.append(min(client.run(os.getpid).values()))
                    os.kill(killed[0], signal.SIGKILL)

        monkeypatch.setattr(cli, "progress", killing)
        address = ["--backend", "dask", "--scheduler", cluster.scheduler_address]
        assert prepared("dask", *address) == expected
        assert len(killed) == 1
        assert said(verify.main(["--corpus", "dask", "--json", *address]))["changed"] == []
        on_dask = said(score.main(["--corpus", "dask", *call, *address, "--store", "store"]))
    alone = said(score.main(["--corpus", "serial", *call, "--store", "other", "--backend", "serial"]))
    assert on_dask["scores_sha256"] == alone["scores_sha256"]
    assert not ray.is_initialized()
