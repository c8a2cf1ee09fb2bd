"""A prepared corpus: a folder of mixtures, clean speech and targets, or only of their plan.

    DIR/recipe.toml manifest.parquet utterances.parquet
    DIR/audio/clean/UTTERANCE.flac  DIR/audio/babble/-5/UTTERANCE.flac  DIR/trajectories/SPEAKER.parquet
    DIR/phones.parquet      where the recordings are labelled
    DIR/shards/SPLIT/UTTERANCE.parquet      in place of audio/, where it was prepared so

Example:
    >>> corpus = PreparedCorpus("prepared/demo_noisy")  # doctest: +SKIP
    >>> corpus.noisy("babble/-5/F01/U001").duration_s  # doctest: +SKIP
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from benchmark.errors import CorpusError, ManifestError
from benchmark.files import place
from benchmark.mixing.audio_store import AudioStore, audio_store
from benchmark.mixing.layout import (
    MANIFEST,
    RECIPE,
    UTTERANCES,
    require_folder,
    talkers_path,
    trajectories_path,
)
from benchmark.mixing.manifest import read_table
from benchmark.mixing.phone_table import FILE_NAME, labels_hash, read_labels
from benchmark.mixing.recipe import Recipe, recipe_hash
from benchmark.mixing.recipe_files import parse_recipe
from benchmark.mixing.row_table import RowTable
from benchmark.mixing.rows import MixtureRow, UtteranceRow
from benchmark.mixing.table_hash import corpus_hash, split_hash
from benchmark.mixing.talkers import talker_tracks
from benchmark.mixing.trajectory_table import read_trajectories
from benchmark.types import Clip, Segment, Trajectories

if TYPE_CHECKING:
    import pandas as pd

    from benchmark.prepared.notebook import Shown


@dataclass(frozen=True, slots=True)
class Tables:
    """The tables of a prepared corpus as they lie on disk; see `PreparedCorpus` for what they hold."""

    folder: Path
    facts: dict[str, str]
    mixtures: Mapping[str, MixtureRow]
    utterances: dict[str, UtteranceRow]


def open_tables(folder: Path) -> Tables:
    """Opens the tables of a prepared corpus, whatever has become of its other files.

    Raises:
        ManifestError: `folder` holds no prepared corpus, or its tables were damaged or edited.
    """
    require_folder(folder)
    mixtures = read_table(folder / MANIFEST, "mixtures")
    utterances = read_table(folder / UTTERANCES, "utterances")
    by_id = {row["utterance_id"]: row for row in utterances.rows}
    named = mixtures.columns["utterance_id"].unique().to_pylist()
    unknown = next((key for key in named if key not in by_id), None)
    if unknown is not None:
        raise ManifestError(
            f"{folder / UTTERANCES}: lacks {unknown}, of which there are mixtures; prepare again"
        )
    content = corpus_hash(mixtures.content_sha256, utterances.content_sha256)
    facts = {**mixtures.facts, "content_sha256": content}
    return Tables(folder, facts, RowTable(mixtures.columns, "mixture_id"), by_id)


def read_recipe(folder: Path) -> Recipe:
    """The recipe that lies in a prepared corpus.

    Raises:
        ManifestError: It cannot be read.
        RecipeError: It is not valid.
    """
    path = folder / RECIPE
    try:
        return parse_recipe(path.read_text(encoding="utf-8"), str(path))
    except OSError as error:
        raise ManifestError(f"{path}: cannot be read ({error.strerror}); prepare the corpus again") from error
    except UnicodeDecodeError as error:
        raise ManifestError(f"{path}: is damaged; prepare the corpus again") from error


def same_recipe(tables: Tables) -> bool:
    """Whether the recipe on disk says what the tables were made from.

    Raises:
        ManifestError: It cannot be read.
        RecipeError: It is not valid.
    """
    return recipe_hash(read_recipe(tables.folder)) == tables.facts.get("recipe_sha256")


class PreparedCorpus:
    """Opens a prepared corpus; tables at once, audio and trajectories on demand.

    Attributes:
        folder: Its folder.
        recipe: The recipe as it was used.
        mixtures: Plan rows with what rendering measured, by mixture id, sorted.
        utterances: One row an utterance, by utterance id.
        facts: What the manifest says of itself: recipe, version, hashes. "content_sha256" covers mixtures,
            utterances and targets.
    """

    def __init__(self, folder: Path | str) -> None:
        """Opens the tables and compares the recipe with what they were made from.

        Raises:
            ManifestError: `folder` holds no prepared corpus, or its tables or its recipe were damaged or
                edited.
        """
        tables = open_tables(place(folder))
        self.folder = tables.folder
        self.facts = tables.facts
        self.mixtures = tables.mixtures
        self.utterances = tables.utterances
        if (self.folder / RECIPE).exists() and not same_recipe(tables):
            raise ManifestError(
                f"{self.folder / RECIPE}: was edited after the corpus was prepared; put it back as it was, "
                "or prepare the edited recipe into another folder"
            )

    @cached_property
    def recipe(self) -> Recipe:
        """The recipe as it was used."""
        return read_recipe(self.folder)

    @cached_property
    def phones(self) -> Mapping[str, tuple[Segment, ...]]:
        """The phones in time of every utterance that is labelled, by utterance id.

        Raises:
            ManifestError: The table is damaged or was edited.
        """
        path = self.folder / FILE_NAME
        return read_labels(path) if path.is_file() else {}

    @cached_property
    def audio(self) -> AudioStore:
        """Where its audio lies: in files or in shards."""
        return audio_store(self.folder)

    @property
    def splits(self) -> list[str]:
        """The splits that it holds."""
        return sorted({row["split"] for row in self.utterances.values()})

    def of_split(self, split: str) -> list[MixtureRow]:
        """Mixtures of one split, in the order of their ids.

        Raises:
            ManifestError: It holds none.
        """
        rows = self._rows_of(split)
        if not rows:
            raise ManifestError(
                f"{self.folder}: holds no mixture of the split '{split}', only {', '.join(self.splits)}; "
                f"prepare it with --split {split}"
            )
        return rows

    def _rows_of(self, split: str) -> list[MixtureRow]:
        if isinstance(self.mixtures, RowTable):
            return self.mixtures.where("split", split)
        return [row for row in self.mixtures.values() if row["split"] == split]

    def split_hash(self, split: str) -> str:
        """Hash of what a model is scored on: mixtures of a split, targets of their utterances.

        It does not depend on which other splits were prepared.
        """
        targets = {key: row["targets_sha256"] for key, row in self.utterances.items()}
        return split_hash(self.of_split(split), targets)

    def labels_hash(self, split: str) -> str:
        """Content hash of the phones of a split, "" if none of its utterances has a phone of a known class.

        It is no part of `split_hash`: labels change no recording, no target and no score of whole utterances.
        """
        own = {key for key, row in self.utterances.items() if row["split"] == split}
        labels = {key: segments for key, segments in self.phones.items() if key in own}
        known = any(item.phone_class for segments in labels.values() for item in segments)
        return labels_hash(labels) if known else ""

    def noisy(self, mixture_id: str) -> Clip:
        """The audio of a mixture, float32 at 16 kHz.

        Raises:
            CorpusError: It is missing or damaged.
        """
        return self.audio.clip(self._row(mixture_id))

    def encoded(self, mixture_id: str) -> bytes:
        """The audio of a mixture as the bytes of a FLAC file.

        Raises:
            CorpusError: It is missing or damaged.
        """
        return self.audio.encoded(self._row(mixture_id))

    def _row(self, mixture_id: str) -> MixtureRow:
        if mixture_id not in self.mixtures:
            raise CorpusError(f"{mixture_id}: is no mixture of {self.folder}")
        return self.mixtures[mixture_id]

    def clean(self, utterance_id: str) -> Clip:
        """The clean speech of an utterance as it was prepared, float32 at 16 kHz.

        Raises:
            CorpusError: It is missing or damaged.
        """
        return self.noisy(f"clean/{utterance_id}")

    def targets(self, utterance_id: str) -> Trajectories:
        """The target trajectories of an utterance.

        Raises:
            ManifestError: The corpus holds none for it, or the file is damaged.
        """
        speaker = self.utterances[utterance_id]["speaker"]
        path = trajectories_path(self.folder, speaker)
        found = _read_speaker(path, path.stat().st_mtime_ns if path.is_file() else 0).get(utterance_id)
        if found is None:
            raise ManifestError(f"{path}: holds no trajectories of {utterance_id}; prepare the corpus again")
        return found

    def talkers(self, mixture_id: str) -> list[Trajectories]:
        """Articulation of the talkers in a mixture, on its time axis, as far as it is known.

        The list is empty for noise that is not babble.

        Raises:
            ManifestError: A file is damaged.
        """
        row = self.mixtures[mixture_id]
        if not row["talkers"] or not (self.folder / "talkers").is_dir():
            return []
        return talker_tracks(row, self._articulation_of, self.targets(row["utterance_id"]))

    def _articulation_of(self, noise_id: str) -> Trajectories | None:
        source, _, name = noise_id.partition(":")
        path = talkers_path(self.folder, source, name.partition("/")[0])
        return _read_speaker(path, path.stat().st_mtime_ns).get(name) if path.is_file() else None

    def mixtures_frame(self) -> pd.DataFrame:
        """The mixtures as a table for pandas, one row each, by mixture id."""
        return _frame(self.mixtures.values(), "mixture_id")

    def utterances_frame(self) -> pd.DataFrame:
        """The utterances as a table for pandas, one row each, by utterance id."""
        return _frame(self.utterances.values(), "utterance_id")

    def show(self, key: str) -> Shown:
        """In a notebook: player, waveform and targets of a mixture, or of an utterance's mixtures.

        Args:
            key: A mixture id or an utterance id.
        """
        from benchmark.prepared.notebook import show

        return show(self, key)

    def __repr__(self) -> str:
        name = f"{self.facts.get('recipe')}, version {self.facts.get('version')}"
        return (
            f"PreparedCorpus({str(self.folder)!r}: {name}; {len(self.mixtures)} mixtures of "
            f"{len(self.utterances)} utterances; {', '.join(self.splits)})"
        )

    def _repr_html_(self) -> str:
        from benchmark.prepared.notebook import overview_html

        return overview_html(self)

    def __iter__(self) -> Iterator[MixtureRow]:
        return iter(self.mixtures.values())

    def __len__(self) -> int:
        return len(self.mixtures)


def _frame(rows: Iterable[MixtureRow] | Iterable[UtteranceRow], key: str) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame.from_records([dict(row) for row in rows], index=key)


@lru_cache(maxsize=64)
def _read_speaker(path: Path, changed_ns: int) -> dict[str, Trajectories]:
    """Kept per file and time of change, so that a rewritten file is read again."""
    return read_trajectories(path)
