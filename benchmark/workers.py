"""Shares out work to processes of this machine or to a cluster; processes end with their command."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import threading
import time
import warnings
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager, suppress
from itertools import chain
from typing import Any, Literal, TypeVar, get_args

import joblib
import threadpoolctl
from joblib.externals.loky.process_executor import TerminatedWorkerError
from joblib.parallel import (
    AutoBatchingMixin,
    ParallelBackendBase,
    get_active_backend,
    register_parallel_backend,
)

import benchmark
from benchmark.errors import MissingExtraError, SinbadError

Result = TypeVar("Result")
Backend = Literal["loky", "dask", "ray", "serial"]
#: Who can do the work: processes of this machine, a Dask or a Ray cluster, or this process alone.
BACKENDS: tuple[Backend, ...] = get_args(Backend)

_LOOKS_EVERY_S = 0.5
_PR_SET_PDEATHSIG = 1
#: How often work is done again whose worker died, before it is taken for what kills them.
_DONE_AGAIN = 3


@contextmanager
def engine(backend: Backend, jobs: int, scheduler: str | None = None) -> Iterator[None]:
    """Lets a backend do all that is shared out within the `with` block; results are the same with each.

    Args:
        backend: One of `BACKENDS`.
        jobs: Workers of a local cluster; `loky` is told by each call of `share_out`.
        scheduler: Address of a running cluster: "tcp://HOST:8786" for Dask, "HOST:6379", "ray://HOST:10001"
            or "auto" for Ray. Without one a local cluster is started and stopped again.

    Raises:
        MissingExtraError: Dask or Ray is not installed.
        SinbadError: The cluster cannot be reached, or work killed its workers again and again.
    """
    if scheduler is not None and backend not in ("dask", "ray"):
        raise SinbadError(f"--scheduler goes with --backend dask or ray, not with {backend}")
    if backend == "dask":
        with _dask(jobs, scheduler):
            yield
    elif backend == "ray":
        with _ray(jobs, scheduler):
            yield
    else:
        with joblib.parallel_config(backend="sequential" if backend == "serial" else backend):
            yield


def share_out(
    work: Callable[..., Result],
    arguments: Iterable[tuple[Any, ...]],
    jobs: int,
    *,
    in_order: bool = True,
    batch_size: int | str = "auto",
) -> Iterator[Result]:
    """Yields `work(*each)` for each tuple of arguments; starts when the first result is asked for.

    One job works in this process, and with one thread, as every worker does: several threads of linear
    algebra take longer over small matrices, and may differ in the last bit. More jobs are processes of
    joblib's `loky`, or of the backend that `engine` or `joblib.parallel_config` names; those of `loky` end
    within a second of this process, however it ends. Work whose worker dies is done again.

    Args:
        work: A function that can be pickled.
        arguments: Its positional arguments, one tuple a task; tuples are drawn while earlier tasks run.
        jobs: Worker processes; a cluster uses all that it has.
        in_order: Whether results come in the order of `arguments`, or each as soon as it is there.
        batch_size: Tasks that travel to a worker together.

    Raises:
        SinbadError: A task killed its workers again and again.
    """
    tasks = enumerate(arguments)
    waiting: dict[int, tuple[Any, ...]] = {}
    for _ in range(1 + _DONE_AGAIN):
        given = chain(list(waiting.items()), tasks)
        try:
            for number, result in _results(work, _noted(given, waiting), jobs, in_order, batch_size):
                del waiting[number]
                yield result
        except TerminatedWorkerError:
            continue
        return
    raise SinbadError(
        f"a worker process died {1 + _DONE_AGAIN} times at the same work, most likely for want of memory; "
        "run the same command again with fewer --jobs"
    )


def _noted(
    given: Iterable[tuple[int, tuple[Any, ...]]], waiting: dict[int, tuple[Any, ...]]
) -> Iterator[tuple[int, tuple[Any, ...]]]:
    for number, each in given:
        waiting[number] = each
        yield number, each


def _results(
    work: Callable[..., Result],
    given: Iterable[tuple[int, tuple[Any, ...]]],
    jobs: int,
    in_order: bool,
    batch_size: int | str,
) -> Iterator[tuple[int, Result]]:
    backend = type(get_active_backend()[0]).__name__
    # Only `loky` starts workers that are children of this process.
    watch = {"initializer": end_with, "initargs": (os.getpid(),)} if jobs != 1 else {}
    parallel = joblib.Parallel(
        n_jobs=jobs if backend == "LokyBackend" else -1,
        return_as="generator" if in_order else "generator_unordered",
        batch_size=batch_size,
        **(watch if backend == "LokyBackend" else {}),
    )
    alone = backend == "SequentialBackend" or (backend == "LokyBackend" and jobs == 1)
    here = (os.getcwd(), benchmark.__version__) if backend in _OF_CLUSTERS else None  # noqa: PTH109
    results = parallel(joblib.delayed(_done)(work, number, each, here) for number, each in given)
    try:
        # `yield from` would close them before the warning is kept back.
        with threadpoolctl.threadpool_limits(1 if alone else None, user_api="blas"):
            for result in results:  # noqa: UP028
                yield result
    finally:
        # Where results are no longer wanted, joblib advises the programmer; the user has nothing to do with
        # it.
        with warnings.catch_warnings(), _silent_dealer():
            warnings.simplefilter("ignore", UserWarning)
            results.close()


@contextmanager
def _silent_dealer() -> Iterator[None]:
    """Keeps back the traceback of loky's own thread, from which work is taken while it hands some out."""
    before = threading.excepthook

    def hook(seen: threading.ExceptHookArgs) -> None:
        if seen.thread is None or seen.thread.name != "ExecutorManagerThread":
            before(seen)

    threading.excepthook = hook
    try:
        yield
    finally:
        threading.excepthook = before


def _done(
    work: Callable[..., Result], number: int, arguments: tuple[Any, ...], here: tuple[str, str] | None
) -> tuple[int, Result]:
    """Does a task; on a machine of a cluster, where relative paths mean what they mean to the command.

    Arguments travel as a tuple, because Dask would keep large ones on some worker alone, with which they
    would be lost.
    """
    if here is not None:
        folder, version = here
        if version != benchmark.__version__:
            raise SinbadError(
                f"{socket.gethostname()}: has version {benchmark.__version__} of this package where the "
                f"command has {version}; install the same on all machines"
            )
        try:
            os.chdir(folder)
        except OSError as error:
            raise SinbadError(
                f"{socket.gethostname()}: has no folder {folder} ({error.strerror}); workers must see the "
                "disk of the command under the same name"
            ) from error
    return number, work(*arguments)


@contextmanager
def _dask(jobs: int, scheduler: str | None) -> Iterator[None]:
    try:
        from distributed import Client, KilledWorker, LocalCluster
    except ImportError as error:
        raise MissingExtraError("distributed", "cluster", "--backend dask") from error
    try:
        with ExitStack() as stack:
            address = scheduler
            if address is None:
                local = LocalCluster(n_workers=jobs, threads_per_worker=1, dashboard_address=None)
                address = stack.enter_context(local).scheduler_address
            client = stack.enter_context(Client(address, set_as_default=False))
            stack.enter_context(joblib.parallel_config(backend="dask", client=client))
            yield
    except KilledWorker as error:
        raise SinbadError(
            "work of the Dask cluster killed its workers again and again, most likely for want of memory; "
            "give each more, and run the same command again"
        ) from error
    except OSError as error:
        if scheduler is None or error.filename is not None:
            raise
        raise SinbadError(f"{scheduler}: no Dask scheduler answers there ({error})") from error


@contextmanager
def _ray(jobs: int, scheduler: str | None) -> Iterator[None]:
    try:
        import ray
    except ImportError as error:
        raise MissingExtraError("ray", "cluster", "--backend ray") from error
    local: dict[str, Any] = {"num_cpus": jobs, "include_dashboard": False}
    try:
        ray.init(
            log_to_driver=False, configure_logging=False, **({"address": scheduler} if scheduler else local)
        )
    except (ConnectionError, ValueError, RuntimeError) as error:
        raise SinbadError(f"{scheduler or 'ray'}: no Ray cluster answers there ({error})") from error
    register_parallel_backend("ray tasks", RayBackend)
    try:
        with joblib.parallel_config(backend="ray tasks"):
            yield
    except ray.exceptions.WorkerCrashedError as error:
        raise SinbadError(
            "work of the Ray cluster killed its workers again and again, most likely for want of memory; "
            "give each more, and run the same command again"
        ) from error
    finally:
        ray.shutdown()


class RayBackend(AutoBatchingMixin, ParallelBackendBase):  # type: ignore[misc]
    """joblib's tasks as tasks of Ray, which does them again where a worker is lost.

    Ray's own backend for joblib is a pool of actors, gives results only at the end, and fails with an actor.
    """

    supports_retrieve_callback = True

    def effective_n_jobs(self, n_jobs: int) -> int:
        """All processors of the cluster."""
        import ray

        return max(1, int(ray.cluster_resources().get("CPU", 1)))

    def submit(
        self, func: Callable[[], Any], callback: Callable[[Future[Any]], None] | None = None
    ) -> Future[Any]:
        """Hands a batch of tasks to the cluster."""
        import ray

        future: Future[Any] = ray.remote(_called).options(max_retries=_DONE_AGAIN).remote(func).future()
        if callback is not None:
            future.add_done_callback(callback)
        return future

    def retrieve_result_callback(self, future: Future[Any]) -> Any:
        """What came of a batch.

        Raises:
            Exception: Whatever a task raised.
        """
        import ray

        try:
            return future.result()
        except ray.exceptions.RayTaskError as error:
            raise error.cause from None


def _called(batch: Callable[[], Result]) -> Result:
    return batch()


_OF_CLUSTERS = frozenset({"DaskDistributedBackend", RayBackend.__name__})


def end_with(parent: int) -> None:
    """Ends this process as soon as its parent is gone, were it by SIGKILL; returns at once.

    A process that stays in native code for seconds notices when it is back; see `killed_with_parent`.

    Args:
        parent: Process id of the parent.
    """
    threading.Thread(target=_end_with, args=(parent,), name="ends with its parent", daemon=True).start()


def killed_with_parent() -> None:
    """Asks Linux to kill this process when the thread ends that started it; elsewhere does nothing."""
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_LOOKS_EVERY_S)
    os._exit(1)
