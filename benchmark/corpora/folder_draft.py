"""A first draft of `corpus.toml`, guessed from the files of a folder; what a person must decide is marked."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import permutations, product
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmark.articulation import plausibility
from benchmark.articulation.orientation import misplaced
from benchmark.audio import SUFFIXES as SOUNDS
from benchmark.corpora import contract, sensor_names
from benchmark.corpora.folder_audio import read_header
from benchmark.corpora.folder_config import FILE_NAME
from benchmark.errors import CorpusError
from benchmark.files import write_text
from benchmark.formats import array_files
from benchmark.formats.columns import Columns
from benchmark.types import SPLITS

#: Suffixes of files that are neither sound nor articulation.
_OTHERS = frozenset(
    [
        ".toml",
        ".md",
        ".pdf",
        ".png",
        ".jpg",
        ".json",
        ".xml",
        ".textgrid",
        ".lab",
        ".phn",
        ".doc",
        ".docx",
        ".py",
        ".m",
        ".zip",
    ]
)
_TIMES = ("time", "t", "times", "seconds", "sec", "time_s", "time (s)", "timestamp")
_LOOKED_AT = 5
_LARGE = 3
DECIDE = "# DECIDE:"


class _Names(NamedTuple):
    """Files of one kind: their template, and (speaker, recording) to path."""

    template: str
    files: dict[tuple[str, str], Path]


class _Layout(NamedTuple):
    sounds: _Names
    tracks: _Names


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
    layout = _layout(root)
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


def _layout(root: Path) -> _Layout:
    """The kinds of file that pair up best: sound, and what can be read as articulation."""
    by_suffix: dict[str, list[Path]] = defaultdict(list)
    for path in contract.walk(root):
        by_suffix[path.suffix].append(path.relative_to(root))
    sounds = {suffix: paths for suffix, paths in by_suffix.items() if suffix.lower() in SOUNDS}
    # MVIEW keeps both in one file; audio files beside it go first.
    sounds |= {suffix: paths for suffix, paths in by_suffix.items() if _with_sound(root, suffix, paths[0])}
    if not sounds:
        raise CorpusError(
            f"{root}: holds no audio ({', '.join(SOUNDS)}, or MVIEW's .mat); a draft needs "
            "audio and articulation"
        )
    best: tuple[int, _Layout] | None = None
    for suffix, paths in by_suffix.items():
        if suffix.lower() in (*SOUNDS, *_OTHERS) or not _readable(root, paths):
            continue
        for sound in sounds.values():
            for heard, moved in product(_namings(root, sound), _namings(root, paths)):
                both = len(set(heard.files) & set(moved.files))
                if both and (best is None or both > best[0]):
                    best = both, _Layout(heard, moved)
    if best is None:
        kinds = ", ".join(sorted(by_suffix))
        raise CorpusError(
            f"{root}: no file of articulation that can be read has a name like that of an audio file; "
            f"there are files of kinds {kinds}"
        )
    return best[1]


def _with_sound(root: Path, suffix: str, path: Path) -> bool:
    """Whether files of a kind hold articulation and its audio."""
    if suffix.lower() != ".mat":
        return False
    try:
        return read_header(root / path).frames > 0
    except CorpusError:
        return False


def _readable(root: Path, paths: Sequence[Path]) -> bool:
    """Whether a file of a kind holds frames of at least four channels."""
    largest = max(paths, key=lambda path: (root / path).stat().st_size)
    try:
        columns = array_files.read_columns(root / largest)
    except CorpusError:
        return False
    frames, channels = columns.values.shape
    return bool(channels >= 4 and frames > channels)


def _namings(root: Path, paths: Sequence[Path]) -> list[_Names]:
    """Ways in which the names of files may state speaker and recording, those with a speaker first."""
    found = []
    for depth in {len(path.parts) for path in paths}:
        own = [path for path in paths if len(path.parts) == depth]
        folders = [sorted({path.parts[level] for path in own}) for level in range(depth - 1)]
        varying = [level for level, names in enumerate(folders) if len(names) > 1]
        ending = _common_ending([path.stem for path in own])
        speakers = [*varying[:1], None] if varying else [None, *range(depth - 1)]
        for level in speakers:
            found += (
                _by_folder(root, own, level, ending) if level is not None else _by_stem(root, own, ending)
            )
    return [names for names in found if names.files]


def _by_folder(root: Path, paths: Sequence[Path], level: int, ending: str) -> list[_Names]:
    """Speakers are folders at one level; their names may be repeated at the front of the file's name."""
    first = paths[0]
    joint = next(
        (j for j in ("_", "-") if all(path.stem.startswith(path.parts[level] + j) for path in paths)), None
    )
    prefix = f"{{speaker}}{joint}" if joint else ""
    parts = [("{speaker}" if i == level else part) for i, part in enumerate(first.parts[:-1])]
    template = "/".join([*parts, f"{prefix}{{recording}}{ending}{first.suffix}"])
    files = {}
    for path in paths:
        others = [part for i, part in enumerate(path.parts[:-1]) if i != level]
        if others != [part for i, part in enumerate(first.parts[:-1]) if i != level]:
            continue
        stem = path.stem.removesuffix(ending)
        stem = stem[len(path.parts[level]) + 1 :] if joint else stem
        files[path.parts[level], stem] = root / path
    return [_Names(template, files)]


def _by_stem(root: Path, paths: Sequence[Path], ending: str) -> list[_Names]:
    """Takes the first part of file names as speakers if some then have several recordings.

    Else all files are taken to be of one speaker.
    """
    folder = paths[0].parts[:-1]
    own = [path for path in paths if path.parts[:-1] == folder]
    where, suffix = "/".join([*folder, ""]) if folder else "", paths[0].suffix
    stems = {path: path.stem.removesuffix(ending) for path in own}
    found = []
    for joint in ("_", "-"):
        divided = {path: stem.split(joint, 1) for path, stem in stems.items()}
        if not all(len(parts) == 2 and all(parts) for parts in divided.values()):
            continue
        speakers = Counter(parts[0] for parts in divided.values())
        if 2 * len(speakers) <= len(own) and len(speakers) > 1:
            files = {(parts[0], parts[1]): root / path for path, parts in divided.items()}
            found.append(_Names(f"{where}{{speaker}}{joint}{{recording}}{ending}{suffix}", files))
    files = {("speaker", stem): root / path for path, stem in stems.items()}
    return [*found, _Names(f"{where}{{recording}}{ending}{suffix}", files)]


def _common_ending(stems: Sequence[str]) -> str:
    """What all names end in, from a joint on and without digits, such as "_ema"."""
    if len(set(stems)) < 2:
        return ""
    shared = stems[0]
    while shared and not all(stem.endswith(shared) for stem in stems):
        shared = shared[1:]
    match = re.search(r"[_\-.][A-Za-z]+$", shared)
    return match[0] if match else ""


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
        name for name in traces if "pal" in name.lower() and not name.lower().endswith((*SOUNDS, *_OTHERS))
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
