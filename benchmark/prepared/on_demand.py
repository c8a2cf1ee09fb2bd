"""A corpus that need not be stored: its tables are, its audio is rendered whenever it is asked for.

Example:
    >>> corpus = benchmark.open("xrmb_noisy", speech_root="/data/xrmb")  # doctest: +SKIP
    >>> corpus.noisy("babble/-5/JW11/tp005").duration_s  # doctest: +SKIP
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import numpy as np

from benchmark import corpora
from benchmark.articulation.tract_variables import CONVENTION_VERSION
from benchmark.audio import FULL_SCALE, flac_bytes
from benchmark.errors import ManifestError, SinbadError
from benchmark.files import cache_folder, mirrored, one_at_a_time, place
from benchmark.mixing.at_16k import brought_to_16k
from benchmark.mixing.build import Selection, build
from benchmark.mixing.gather import Roots, gather, speech_root
from benchmark.mixing.recipe import Recipe, recipe_hash
from benchmark.mixing.recipe_files import parse_recipe, recipe_text
from benchmark.mixing.renderer import Renderer
from benchmark.mixing.rows import Measured, MixtureRow
from benchmark.mixing.sources import Sources
from benchmark.prepared.corpus import PreparedCorpus, open_tables
from benchmark.prepared.verify import same_plan
from benchmark.types import RATE_HZ, Clip, Progress, silent
from benchmark.workers import share_out

#: No planning lasts so long.
_LONGEST_PLANNING_S = 86400.0


def open(  # noqa: A001
    recipe: str,
    *,
    speech_root: Path | str | None = None,
    noise_roots: Mapping[str, Path | str] | None = None,
    limit: int | None = None,
    folder: Path | str | None = None,
    jobs: int = 1,
    progress: Progress = silent,
) -> OnDemandCorpus:
    """Opens the corpus of a recipe without preparing it: mixtures are rendered when asked for.

    Plan and targets are made at once.

    Args:
        recipe: A shipped recipe, or a path ending in .toml.
        speech_root: Folder of the articulatory corpus, where the recipe does not say it.
        noise_roots: Name of a noise corpus to its folder.
        limit: At most so many utterances of each split.
        folder: Where plan and targets are kept (default: in the cache folder, one for each recipe and roots).
        jobs: Worker processes for the targets.
        progress: Told of what is made.

    Raises:
        RecipeError: There is no such recipe, or it is not valid.
        CorpusError: A folder is missing or holds something else.
    """
    text = recipe_text(recipe)
    parsed = parse_recipe(text, recipe)
    speech = None if speech_root is None else mirrored(place(speech_root))
    roots = Roots(speech, {name: place(root) for name, root in (noise_roots or {}).items()})
    sources = gather(parsed, roots)
    planned = Path(folder) if folder is not None else _in_cache(parsed, roots, limit)
    if not _is_planned(planned, parsed, sources):
        write_plan = partial(
            build,
            parsed,
            text,
            sources,
            selection=Selection(limit=limit, plan_only=True),
            jobs=jobs,
            progress=progress,
        )
        if folder is not None:
            write_plan(planned)
        else:
            with _new_beside(planned) as made:
                write_plan(made)
                with one_at_a_time(planned.parent):
                    if not _is_planned(planned, parsed, sources):  # by another process meanwhile
                        shutil.rmtree(planned, ignore_errors=True)
                        made.replace(planned)
    tables = open_tables(planned)
    sources, _ = brought_to_16k(tables.mixtures.values(), sources, jobs, progress)
    return OnDemandCorpus(planned, sources)


class OnDemandCorpus(PreparedCorpus):
    """What `PreparedCorpus` gives, without files of audio; made by `open`.

    The samples are, bit for bit, those that `python -m benchmark.prepare` writes. What rendering measures is
    null in `mixtures` until `measure` has rendered a split once, which scoring does by itself.

    Attributes:
        sources: Speech and noise that it renders from.
    """

    def __init__(self, folder: Path | str, sources: Sources) -> None:
        super().__init__(folder)
        self.mixtures: dict[str, MixtureRow] = dict(self.mixtures)
        self.sources = sources
        self._renderer = Renderer(self.recipe, sources)

    def noisy(self, mixture_id: str) -> Clip:
        """The audio of a mixture, float32 at 16 kHz.

        Raises:
            CorpusError: A source cannot be read.
        """
        pcm = self._renderer.mixed(self._row(mixture_id)).pcm
        return Clip(pcm.astype(np.float32) / np.float32(FULL_SCALE), RATE_HZ)

    def encoded(self, mixture_id: str) -> bytes:
        """The audio of a mixture as the bytes of a FLAC file; errors as `noisy`."""
        return flac_bytes(self._renderer.mixed(self._row(mixture_id)).pcm, RATE_HZ)

    def of_split(self, split: str) -> list[MixtureRow]:
        """Mixtures of one split with all that is measured, in the order of their ids; see `measure`."""
        self.measure(split)
        return super().of_split(split)

    def measure(self, split: str, *, jobs: int = 1, progress: Progress = silent) -> None:
        """Renders the mixtures of a split once and fills in what is measured on them.

        Args:
            split: Which.
            jobs: Worker processes.
            progress: Told of every utterance.

        Raises:
            CorpusError: A source cannot be read.
        """
        groups: dict[str, list[MixtureRow]] = defaultdict(list)
        for row in super().of_split(split):
            if row["pcm_sha256"] is None:
                groups[row["utterance_id"]].append(row)
        tasks = ((self.recipe, rows, self.sources.needed_by(rows)) for rows in groups.values())
        results = share_out(_measured, tasks, jobs)
        for found in progress(results, len(groups), f"measuring {split}"):
            for key, measured in found.items():
                self.mixtures[key] = _completed(self.mixtures[key], measured)


def _measured(recipe: Recipe, rows: Sequence[MixtureRow], sources: Sources) -> dict[str, Measured]:
    renderer = Renderer(recipe, sources)
    return {row["mixture_id"]: renderer.rendered(row).measured for row in rows}


def _completed(row: MixtureRow, measured: Measured) -> MixtureRow:
    return MixtureRow(**{**row, **measured})


def _in_cache(recipe: Recipe, roots: Roots, limit: int | None) -> Path:
    """The folder of a plan: another for each recipe, each place of speech and noise, and each limit.

    And for each state of the speech: targets are computed from files of which a plan says nothing.
    """
    speech = speech_root(recipe, corpora.get(recipe.speech.corpus), roots.speech)
    places = [str(place(root).absolute()) for root in (speech, *roots.noises.values())]
    what = "\n".join([recipe_hash(recipe), *places, str(limit), _state(speech)])
    return cache_folder() / "planned" / f"{recipe.name}-{hashlib.sha256(what.encode()).hexdigest()[:12]}"


@contextmanager
def _new_beside(folder: Path) -> Iterator[Path]:
    """A folder that is not there yet and can take the name `folder`; what is left of it afterwards goes.

    Raises:
        SinbadError: The cache cannot be written.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        _sweep(folder.parent)
        room = tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}.")
    except OSError as error:
        raise SinbadError(
            f"{folder.parent}: cannot be written ({error.strerror}); set SINBAD_CACHE to another folder"
        ) from error
    with room as name:
        yield Path(name) / folder.name


def _sweep(plans: Path) -> None:
    """Takes away what plannings that were killed have left."""
    for left in plans.glob(".*"):
        with suppress(OSError):
            if left.is_dir() and time.time() - left.stat().st_mtime > _LONGEST_PLANNING_S:
                shutil.rmtree(left, ignore_errors=True)


def _state(root: Path) -> str:
    """How many files lie in a folder, how large they are, and when one was last changed."""
    found = [path.stat() for path in root.rglob("*") if path.is_file()]
    newest = max((one.st_mtime_ns for one in found), default=0)
    return f"{len(found)} {sum(one.st_size for one in found)} {newest}"


def _is_planned(folder: Path, recipe: Recipe, sources: Sources) -> bool:
    """Whether a folder holds the very plan that these sources give."""
    try:
        tables = open_tables(folder)
    except ManifestError:
        return False
    same = (
        tables.facts.get("recipe_sha256") == recipe_hash(recipe)
        and tables.facts.get("targets_convention") == CONVENTION_VERSION
    )
    return same and same_plan(tables, recipe, sources)
