"""The small TOML file by which any lab describes its own recordings.

```toml
title = "Our EMA recordings"
licence = "internal"

[audio]
files = "wav/{speaker}/{recording}.wav"

[trajectories]
files = "ema/{speaker}/{recording}.csv"     # .npy .npz .csv .tsv .txt .parquet .mat .pos, SSFF
rate_hz = 200
unit = "mm"

[sensors]
upper_lip = "ul"                            # channels ul_x and ul_y
lower_lip = "ll"
tongue_tip = "tt"
tongue_mid = "tb"
tongue_back = "td"

[axes]
x = "-x"                                    # the file's x grows backwards
y = "y"
rotation_deg = 6.5                          # turns the head until the bite plane lies level, anticlockwise

[phones]
files = "phones/{speaker}/{recording}.csv"  # optional, see `phone_files`

[speakers.S03]                              # optional, for whom something is otherwise
sensors = { jaw = "", tongue_tip = "tt2" }  # no jaw sensor; the tongue tip is in channels tt2_x and tt2_y
rotation_deg = -4.0
start_s = 0.0

[splits]
train = ["S01", "S02"]                      # all recordings of these speakers,
dev = ["S02/r17", "S02/r18"]                # but for those that are named here, as SPEAKER/RECORDING
test = ["S03"]
```

So one speaker can be divided, too. Where `files` has no `{speaker}`, the speaker is called "speaker":
"speaker/r17". Recordings that [splits] names neither by themselves nor by their speaker take no part. `babble
= [...]` lists speakers who only babble, for recipes with "corpus_voices" among `babble.sources`.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, field_validator

from benchmark.corpora.contract import ROLES
from benchmark.errors import CorpusError
from benchmark.formats.raw_values import UNITS_MM
from benchmark.types import SPLITS

FILE_NAME = "corpus.toml"
_SPLITS = (*SPLITS, "babble")
_SCALARS = ("velum_opening", "f0")


def _template(text: str) -> str:
    if "}{" in text:
        raise ValueError(
            f"'{text}': nothing tells where one field ends and the next begins; put something between "
            f"them, such as '{text.replace('}{', '}_{')}', and name the files so"
        )
    return PurePosixPath(text).as_posix()


#: Names of files below the folder, with {speaker}, {recording}, {prompt}; "./" in front changes nothing.
Template = Annotated[str, Field(min_length=1), AfterValidator(_template)]
#: Role to the name of its sensor or channel; "" where there is none.
Sensors = dict[str, str | int]
_Degrees = Annotated[float, Field(ge=-180, le=180)]
_Seconds = Annotated[float, Field(ge=-60, le=60)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=False)


class AudioTable(_Table):
    """Where the audio is; `channel` picks one of several, from 0."""

    files: Template
    channel: Annotated[int, Field(ge=0)] | None = None


class TrajectoryTable(_Table):
    """Where the articulation is and how to read it.

    `names` names all columns of files that do not name them, or not as SENSOR_AXIS; `time` is a column of
    seconds; `unit` is a name or how many mm it is long, as 0.01 for 1/100 mm; |value| >= `missing` is lost,
    and with 0 so is a sensor at exactly (0, 0); frame 0 is `start_s` after the first audio sample, or before
    it where that is negative. `channel` says how columns are named where that is not SENSOR_AXIS:
    "{sensor}{axis}_raw", or "*pos{axis}" where "*" stands for anything. `variable` names one of several
    matrices of a MATLAB file. `files` with {sensor} stands for one file a sensor.
    """

    files: Template
    rate_hz: Annotated[float, Field(gt=0, le=20_000)] | None = None
    unit: Literal["um", "mm", "cm", "inch", "dm", "m"] | Annotated[float, Field(gt=0)] = "mm"
    names: tuple[str, ...] = ()
    channel: Annotated[str, Field(pattern=r"\{axis\}")] = "{sensor}_{axis}"
    variable: str | None = None
    time: str | None = None
    missing: Annotated[float, Field(ge=0)] | tuple[Annotated[float, Field(ge=0)], ...] = ()
    start_s: _Seconds = 0.0
    length_limit_s: Annotated[float, Field(gt=0)] = 1.0

    @property
    def unit_mm(self) -> float:
        """Length of the unit in millimetres."""
        return UNITS_MM[self.unit] if isinstance(self.unit, str) else self.unit

    @property
    def missing_codes(self) -> tuple[float, ...]:
        """What stands for lost values, in the unit of the files."""
        return self.missing if isinstance(self.missing, tuple) else (self.missing,)


class AxesTable(_Table):
    """Which axis of the files runs forwards and which upwards; "-" in front turns it round.

    `rotation_deg` then turns everything anticlockwise as seen with the face to the right, until the bite
    plane lies level.
    """

    x: Annotated[str, Field(pattern=r"^-?\w+$")] = "x"
    y: Annotated[str, Field(pattern=r"^-?\w+$")] = "y"
    rotation_deg: _Degrees = 0.0


class PalateTable(_Table):
    """Outlines as text of two columns or as SSFF, in the unit and the axes of the trajectories."""

    files: Template
    pharynx: Template | None = None


class PhoneTable(_Table):
    """Where the phones in time are, one CSV file a recording; recordings without one are not labelled."""

    files: Template


class SpeakerTable(_Table):
    """What is otherwise for one speaker; roles that `sensors` does not name are as for all."""

    sensors: Sensors = {}
    rotation_deg: _Degrees | None = None
    start_s: _Seconds | None = None

    @field_validator("sensors")
    @classmethod
    def _known_roles(cls, sensors: Sensors) -> Sensors:
        return _with_known_roles(sensors)


class FolderConfig(_Table):
    """The whole description."""

    title: str = "a folder of recordings"
    licence: str = ""
    citation: str = ""
    audio: AudioTable
    trajectories: TrajectoryTable
    sensors: Sensors
    axes: AxesTable = AxesTable()
    palate: PalateTable | None = None
    phones: PhoneTable | None = None
    speakers: dict[str, SpeakerTable] = {}
    splits: dict[str, tuple[str, ...]] = {}

    @field_validator("sensors")
    @classmethod
    def _known_roles(cls, sensors: Sensors) -> Sensors:
        if not sensors:
            raise ValueError(f"names no sensor; roles are {', '.join(ROLES)}")
        return _with_known_roles(sensors)

    @field_validator("splits")
    @classmethod
    def _known_splits(cls, splits: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        unknown = sorted(set(splits) - set(_SPLITS))
        if unknown:
            raise ValueError(f"splits are {', '.join(_SPLITS)}; not {', '.join(unknown)}")
        count = Counter(name for names in splits.values() for name in names)
        twice = sorted(name for name, times in count.items() if times > 1)
        if twice:
            raise ValueError(f"{', '.join(twice)} is in more than one split")
        # A voice that babbles may be heard in training, so nothing else of it may be tested.
        babble = splits.get("babble", ())
        torn = sorted(
            name for name in count if "/" in name and (name in babble or name.split("/")[0] in babble)
        )
        if torn:
            raise ValueError(
                f"{', '.join(torn)}: who babbles does nothing else; name speakers in 'babble' alone"
            )
        return splits

    def of_speaker(self, speaker: str) -> FolderConfig:
        """The description as it applies to one speaker: with their own entries, without sensors they lack."""
        own = self.speakers.get(speaker, SpeakerTable())
        sensors = {role: name for role, name in {**self.sensors, **own.sensors}.items() if name != ""}
        axes, trajectories = self.axes, self.trajectories
        if own.rotation_deg is not None:
            axes = axes.model_copy(update={"rotation_deg": own.rotation_deg})
        if own.start_s is not None:
            trajectories = trajectories.model_copy(update={"start_s": own.start_s})
        return self.model_copy(update={"sensors": sensors, "axes": axes, "trajectories": trajectories})

    def split_of(self, speaker: str, recording: str) -> str | None:
        """The split that names the recording, else the one that names its speaker."""
        found = (
            split
            for wanted in (f"{speaker}/{recording}", speaker)
            for split, names in self.splits.items()
            if wanted in names
        )
        return next(found, None)


def _with_known_roles(sensors: Sensors) -> Sensors:
    """The same, if all keys are roles.

    Raises:
        ValueError: Otherwise.
    """
    if unknown := sorted(set(sensors) - set(ROLES)):
        raise ValueError(f"roles are {', '.join(ROLES)}; not {', '.join(unknown)}")
    return sensors


def load(root: Path) -> FolderConfig:
    """Read the description of a folder.

    Raises:
        CorpusError: It is missing, no TOML, or a field is missing, misspelt or wrong; the message names the
            field.
    """
    path = root / FILE_NAME
    try:
        raw: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise CorpusError(
            f"{path}: missing; it describes the recordings (see benchmark/corpora/folder_config.py)"
        ) from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise CorpusError(f"{path}: not readable as TOML ({error})") from error
    try:
        return FolderConfig.model_validate(raw)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        raise CorpusError(f"{path}: {field}: {first['msg']}") from None


def is_scalar(role: str) -> bool:
    """Whether a role names one channel instead of a pair of coordinates."""
    return role in _SCALARS
