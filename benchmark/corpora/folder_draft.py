"""A first draft of `corpus.toml`, guessed from the files of a folder; what a person must decide is marked."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import permutations, product
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmark.articulation import plausibility
from benchmark.articulation.orientation import misplaced
from benchmark.audio import SUFFIXES as SOUNDS
from benchmark.corpora import contract, sensor_names
from benchmark.corpora.folder_audio import read_header
from benchmark.corpora.folder_config import FILE_NAME
from benchmark.corpora.folder_layout import OTHERS, layout_of
from benchmark.errors import CorpusError
from benchmark.files import write_text
from benchmark.formats import array_files
from benchmark.formats.columns import Columns
from benchmark.types import SPLITS

_TIMES = ("time", "t", "times", "seconds", "sec", "time_s", "time (s)", "timestamp")
_LOOKED_AT = 5
_LARGE = 3
DECIDE = "# DECIDE:"


def write_draft(root: Path) -> tuple[Path, list[str]]:
    """Writes `corpus.toml` into a folder of recordings.

    Returns:
        The file, and the lines of it that a person must look at.

    Raises:
        CorpusError: There is one already, or no pair of audio and articulation is found.
    """
    path = root / FILE_NAME
    if path.exists():
        raise CorpusError(f"{path}: is there already and is left as it is; rename it to have a draft written")
    if not root.is_dir():
        raise CorpusError(f"{root}: is no folder")
    text = draft(root)
    write_text(path, text)
    return path, [line.strip() for line in text.splitlines() if DECIDE in line]


def draft(root: Path) -> str:
    """The text of a first draft.

    Raises:
        CorpusError: No pair of audio and articulation is found.
    """
    layout = layout_of(root)
    pairs = sorted(set(layout.sounds.files) & set(layout.tracks.files))
    some = list(dict.fromkeys(pairs[i * len(pairs) // _LOOKED_AT] for i in range(_LOOKED_AT)))
    columns = [array_files.read_columns(layout.tracks.files[key]) for key in some]
    headers = [read_header(layout.sounds.files[key]) for key in some]
    speakers = sorted({speaker for speaker, _ in pairs})
    lines = [
        (
            f"# A first draft, guessed from the files: {len(pairs)} recordings of {len(speakers)} "
            f"speakers ({_some(speakers)})."
        ),
        (
            "# Lines with DECIDE need a person. Then: python -m benchmark.inspect --recipe "
            "folder_noisy --speech-root DIR"
        ),
        'title = "our recordings"   # DECIDE: a name, and under which terms others may use them',
        'licence = ""',
        "",
        "[audio]",
        f'files = "{layout.sounds.template}"',
    ]
    if headers[0].channels > 1:
        lines.append(
            f"channel = 0   {DECIDE} which of the {headers[0].channels} channels is the voice, counted from 0"
        )
    lines += ["", "[trajectories]", f'files = "{layout.tracks.template}"']
    lines += _trajectories(columns, [header.duration_s for header in headers])
    lines += _palate(root, speakers)
    return "\n".join([*lines, "", *_splits(pairs, speakers)]) + "\n"


def _trajectories(columns: Sequence[Columns], audio_s: Sequence[float]) -> list[str]:
    """The keys of [trajectories] behind `files`, [sensors] and [axes]."""
    first = columns[0]
    lines: list[str] = []
    named = first.names
    if not named:
        width = first.values.shape[1]
        lines.append(
            f"# {DECIDE[2:]} the files name no columns; name all {width} in their order, as "
            "SENSOR_x and SENSOR_y:"
        )
        lines.append("# names = [" + ", ".join(f'"c{i}"' for i in range(1, width + 1)) + "]")
    channels = [sensor_names.channel(name) for name in named]
    if any(
        found and f"{found.sensor}_{found.axis}" != name for found, name in zip(channels, named, strict=True)
    ):
        written = [
            f"{found.sensor}_{found.axis}" if found else name
            for found, name in zip(channels, named, strict=True)
        ]
        lines.append(
            "names = [" + ", ".join(f'"{name}"' for name in written) + "]   # the files' own, as SENSOR_AXIS"
        )
    lines += _rate(columns, audio_s)
    present: dict[str, dict[str, NDArray[np.float64]]] = defaultdict(dict)
    for number, found in enumerate(channels):
        if found:
            present[found.sensor][found.axis] = np.concatenate(
                [c.values[:, number] for c in columns if c.names == named]
            )
    sensors = {name: axes for name, axes in present.items() if len(axes) >= 2}
    roles = sensor_names.roles(list(sensors))
    axes, unit, missing = _geometry({role: sensors[sensor] for role, sensor in roles.items()})
    lines += [*unit, *missing, "", "[sensors]"]
    lines += [f'{role} = "{sensor}"' for role, sensor in roles.items()]
    unused = [sensor for sensor in sensors if sensor not in roles.values()]
    others = f"; other sensors here: {', '.join(unused)}" if unused else ""
    lines.append(f"{DECIDE} compare with the lab's notes which sensor was where{others}")
    lines.append(f"# roles are {', '.join(contract.ROLES)}")
    return [*lines, "", "[axes]", *axes]


def _rate(columns: Sequence[Columns], audio_s: Sequence[float]) -> list[str]:
    first = columns[0]
    if first.rate_hz:
        return [f"# the files state {first.rate_hz:g} frames a second"]
    time = next((name for name in first.names if name.strip().lower() in _TIMES), None)
    if time is not None:
        values = first.values[:, first.names.index(time)]
        steps = np.diff(values[np.isfinite(values)])
        if len(steps) and (steps > 0).all() and 1e-4 < float(np.median(steps)) < 0.1:
            return [f'time = "{time}"']
    rates = [len(one.values) / seconds for one, seconds in zip(columns, audio_s, strict=True) if seconds > 0]
    rate = plausibility.known_rate(float(np.median(rates))) if rates else 100.0
    return [f"rate_hz = {rate:g}   {DECIDE} this is the number of frames over the length of the audio"]


_Coordinates = dict[str, NDArray[np.float64]]


def _geometry(sensors: dict[str, _Coordinates]) -> tuple[list[str], list[str], list[str]]:
    """Lines of [axes], of the unit and of what stands for lost values."""
    axes_there = sorted({axis for coordinates in sensors.values() for axis in coordinates})
    decide = f"{DECIDE} x must grow towards the lips and y upwards"
    if len(sensors) < 2 or len(axes_there) < 2:
        return (
            ['x = "x"', f'y = "y"   {decide}'],
            [f'unit = "mm"   {DECIDE} um, mm, cm, inch, m, or a number of mm'],
            [],
        )
    code = _lost_code(sensors, axes_there)
    medians = {
        role: {axis: _median(values, code) for axis, values in coordinates.items()}
        for role, coordinates in sensors.items()
    }
    ways = []
    for x, y in permutations(axes_there, 2):
        for sign_x, sign_y in product((1, -1), repeat=2):
            places = {
                role: (sign_x * m[x], sign_y * m[y]) for role, m in medians.items() if x in m and y in m
            }
            scale = plausibility.length_mm(plausibility.unit_of(places))
            in_mm = {role: (scale * place[0], scale * place[1]) for role, place in places.items()}
            reach = float(np.ptp([place[1] for place in places.values()])) if places else 0.0
            ways.append((bool(misplaced(in_mm)), -reach, sign_x < 0, sign_y < 0, x, y, places))
    ways.sort(key=lambda way: way[:6])
    wrong, _, turned_x, turned_y, x, y, places = ways[0]
    remark = decide if wrong else f"# guessed from where the sensors lie; {decide[2:]}"
    axes = [f'x = "{"-" * turned_x}{x}"', f'y = "{"-" * turned_y}{y}"   {remark}']
    unit = plausibility.unit_of(places)
    written = unit if unit[0].isdigit() else f'"{unit}"'
    missing = [f"missing = {code:g}   # found in the files, for lost values"] if code is not None else []
    return axes, [f"unit = {written}   # guessed from the size of the head"], missing


def _lost_code(sensors: dict[str, _Coordinates], axes: Sequence[str]) -> float | None:
    for coordinates in sensors.values():
        pairs = np.stack([coordinates[axis] for axis in axes[:2] if axis in coordinates], axis=1)
        pairs = pairs[np.isfinite(pairs).all(axis=1)]
        if pairs.shape[1] == 2 and len(pairs) and (code := plausibility.lost_code(pairs)) is not None:
            return float(np.abs(code).max())
    return None


def _median(values: NDArray[np.float64], code: float | None) -> float:
    kept = values[np.isfinite(values)]
    if code is not None:
        kept = kept[np.abs(kept) < code] if code else kept[kept != 0]
    return float(np.median(kept)) if len(kept) else 0.0


def _palate(root: Path, speakers: Sequence[str]) -> list[str]:
    """The table [palate] where files with "pal" in their name belong to speakers."""
    traces = [path.relative_to(root).as_posix() for path in contract.walk(root)]
    traces = [
        name for name in traces if "pal" in name.lower() and not name.lower().endswith((*SOUNDS, *OTHERS))
    ]
    templates = Counter(
        name.replace(speaker, "{speaker}") for name in traces for speaker in speakers if speaker in name
    )
    if not templates:
        return [
            "",
            "# [palate]",
            '# files = "palate/{speaker}.csv"   # x and y a line; without it the palate is estimated',
        ]
    template, count = templates.most_common(1)[0]
    return [
        "",
        "[palate]",
        (
            f'files = "{template}"   {DECIDE} is this the trace of the palate? {count} of '
            f"{len(speakers)} speakers have it"
        ),
    ]


def _splits(pairs: Sequence[tuple[str, str]], speakers: Sequence[str]) -> list[str]:
    """The table [splits]: by speakers, or by recordings where there are fewer than three speakers."""
    why = f"{DECIDE} a suggestion; speakers of 'test' should be heard nowhere else"
    if len(speakers) >= _LARGE:
        part = max(1, len(speakers) // 8)
        rest = list(speakers)
        divided = {"train": rest[: -2 * part], "dev": rest[-2 * part : -part], "test": rest[-part:]}
    else:
        why = f"{DECIDE} too few speakers to keep some apart: recordings are divided instead"
        divided = {"train": [], "dev": [], "test": []}
        for i, (speaker, recording) in enumerate(pairs):
            split = {8: "dev", 9: "test"}.get(i % 10, "train") if len(pairs) >= 10 else SPLITS[i % 3]
            divided[split].append(f"{speaker}/{recording}")
    lines = [
        f"{split} = [{', '.join(chr(34) + name + chr(34) for name in names)}]"
        for split, names in divided.items()
    ]
    return ["[splits]", why, *lines]


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:_LARGE]) + (" ..." if len(names) > _LARGE else "")
