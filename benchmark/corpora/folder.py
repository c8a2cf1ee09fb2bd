"""Any folder of recordings, described by a `corpus.toml` (see `folder_config`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

from benchmark.corpora import contract, folder_config
from benchmark.corpora.folder_audio import read_clip, read_header
from benchmark.corpora.folder_config import FolderConfig
from benchmark.corpora.folder_templates import filled, fitting, pattern
from benchmark.corpora.folder_tracks import (
    PREFIXES,
    channel_names,
    missing_sensors,
    no_channel,
    read_anatomy,
    read_trajectories,
)
from benchmark.corpora.unread_files import SOUNDS
from benchmark.errors import CorpusError
from benchmark.formats import array_files, phone_files
from benchmark.types import Anatomy, Segment, Utterance


def read(root: Path) -> list[Utterance]:
    """List all recordings for which a file of trajectories is found.

    Raises:
        CorpusError: The description is missing or wrong, fits no file, or its splits name whom no recording
            is of.
    """
    config = folder_config.load(root)
    files = [(path, path.relative_to(root).as_posix()) for path in contract.walk(root)]
    found = fitting(files, config.trajectories.files, _sensors(config))
    if not found:
        fields = "{speaker}, {recording} and {prompt} stand for parts of names, all else for itself"
        raise CorpusError(f"{_unfitting(root, 'trajectories.files', config.trajectories.files)}; {fields}")
    # A speaker of whom there is audio alone is not misspelt: `ignored` tells what they lack.
    _refuse_unknown(root, config, [fields for _, fields in (*found, *fitting(files, config.audio.files))])
    _refuse_unfitting(root, config, [fields for _, fields in found])
    if "{sensor}" not in config.trajectories.files:
        _refuse_unknown_sensors(config, found)
    recordings: dict[tuple[str, str], dict[str, Path]] = {}
    if "{sensor}" in config.trajectories.files:
        for path, names in found:
            recordings.setdefault((names["speaker"], names["recording"]), {})[names["sensor"]] = path
        if absent := sorted(set(_sensors(config)) - {fields["sensor"] for _, fields in found}):
            raise CorpusError(
                f"{root / folder_config.FILE_NAME}: [sensors] names {', '.join(absent)}, of which there is "
                f"no file like {config.trajectories.files}; correct the name or take it out"
            )
        found = [
            each
            for each in found
            if next(iter(recordings[each[1]["speaker"], each[1]["recording"]].values())) == each[0]
        ]
    return _with_notes(
        config,
        [
            _utterance(
                root, config, path, fields, recordings.get((fields["speaker"], fields["recording"]), {})
            )
            for path, fields in found
        ],
    )


def looks_like(root: Path) -> bool:
    """Whether a description lies in the folder itself."""
    return (root / folder_config.FILE_NAME).is_file()


def ignored(root: Path) -> list[contract.Ignored]:
    """Trajectories and audio that the description does not name, and audio without trajectories."""
    config = folder_config.load(root)
    tracks, sounds = pattern(config.trajectories.files, _sensors(config)), pattern(config.audio.files)
    outlines = (config.palate.files, config.palate.pharynx) if config.palate else ()
    labels = (config.phones.files,) if config.phones else ()
    others = [pattern(template) for template in (*outlines, *labels) if template]
    files = [(path, path.relative_to(root).as_posix()) for path in contract.walk(root)]
    recorded = fitting(files, config.trajectories.files, _sensors(config))
    heard = {filled(config.audio.files, fields) for _, fields in recorded}
    found = []
    for path, name in files:
        why = ""
        if path.suffix.lower() == Path(config.trajectories.files).suffix.lower():
            if not any(pattern.fullmatch(name) for pattern in (tracks, *others)):
                why = f"not named like {config.trajectories.files}"
        elif path.suffix.lower() in (*SOUNDS, Path(config.audio.files).suffix.lower()) and name not in heard:
            why = "no trajectories" if sounds.fullmatch(name) else f"not named like {config.audio.files}"
        if why:
            found.append(contract.Ignored(name, why))
    return found


def _utterance(
    root: Path, config: FolderConfig, path: Path, fields: dict[str, str], parts: Mapping[str, Path]
) -> Utterance:
    speaker, recording = fields["speaker"], fields["recording"]
    config = config.of_speaker(speaker)
    sound = root / filled(config.audio.files, fields)
    identity = f"{speaker}/{recording}"
    extra: dict[str, str | int | float] = {
        "unit": str(config.trajectories.unit),
        "start_s": config.trajectories.start_s,
    }
    audio_s = 0.0
    try:
        contract.portable_id(identity, path)
        header = read_header(sound)
        audio_s = header.duration_s
        if config.audio.channel is None and header.channels > 1:
            raise CorpusError(
                f"{sound}: has {header.channels} channels; say which is the voice in audio.channel"
            )
        articulation_s = array_files.length_s(path)
        if articulation_s is not None:
            articulation_s += config.trajectories.start_s
            extra |= contract.lengths(path, audio_s, articulation_s, config.trajectories.length_limit_s)
        contract.add_note(extra, header.note)
    except CorpusError as error:
        extra["problem"] = str(error)
    return Utterance(
        id=identity,
        speaker=speaker,
        prompt=fields.get("prompt", recording),
        duration_s=audio_s,
        audio=partial(read_clip, sound, config.audio.channel),
        trajectories=partial(read_trajectories, path, config, audio_s, dict(parts)),
        anatomy=_anatomy(root, config, fields),
        split=config.split_of(speaker, recording),
        extra=extra,
        phones=_phones(root, config, fields),
    )


def _refuse_unknown(root: Path, config: FolderConfig, recordings: list[dict[str, str]]) -> None:
    """A speaker whose name is misspelt would be missing from a split, and nobody would see it."""
    known = {fields["speaker"] for fields in recordings}
    if strangers := sorted(set(config.speakers) - known):
        raise CorpusError(
            f"{root / folder_config.FILE_NAME}: [speakers] names {', '.join(strangers[:5])}, of whom there "
            f"is no recording like {config.trajectories.files}; correct the name or take it out"
        )
    known |= {f"{fields['speaker']}/{fields['recording']}" for fields in recordings}
    unknown = sorted({name for names in config.splits.values() for name in names} - known)
    if unknown:
        raise CorpusError(
            f"{root / folder_config.FILE_NAME}: [splits] names {', '.join(unknown[:5])}, of whom there is "
            f"no recording like {config.trajectories.files}; correct the name or take it out"
        )


def _refuse_unknown_sensors(config: FolderConfig, found: list[tuple[Path, dict[str, str]]]) -> None:
    """Refuses sensors that are in no speaker's first sound recording: their names are misspelt.

    A sensor that only some speakers lack counts as lost in their recordings.
    """
    unseen = dict.fromkeys(config.sensors, "")
    first: dict[str, tuple[Path, tuple[str, ...]]] = {}
    for path, fields in found:
        if fields["speaker"] in first:
            continue
        try:
            columns = array_files.read_columns(path, config.trajectories.variable)
            names = channel_names(path, config, columns)
        except CorpusError:
            continue  # is said of this recording when it is read
        first[fields["speaker"]] = path, names
        missing = missing_sensors(path, config, names)
        unseen = {role: missing[role] for role in unseen if role in missing}
        if not unseen:
            return
    if first:
        path, names = next(iter(first.values()))
        raise no_channel(path, next(iter(unseen.values())), names)


def _refuse_unfitting(root: Path, config: FolderConfig, recordings: list[dict[str, str]]) -> None:
    """Refuses optional templates that fit no file.

    A misspelt one would else go unnoticed, and the palate be estimated or the phones be missing.
    """
    palate, phones = config.palate, config.phones
    optional = {
        "palate.files": palate.files if palate else None,
        "palate.pharynx": palate.pharynx if palate else None,
        "phones.files": phones.files if phones else None,
    }
    for field, template in optional.items():
        if template and not any((root / filled(template, fields)).is_file() for fields in recordings):
            raise CorpusError(
                f"{_unfitting(root, field, template)}; correct it, or take it out if there are no such files"
            )


def _unfitting(root: Path, field: str, template: str) -> str:
    return f"{root / folder_config.FILE_NAME}: {field} = '{template}' fits no file below {root}"


def _with_notes(config: FolderConfig, utterances: list[Utterance]) -> list[Utterance]:
    """Notes which speakers lack a palate where others have one; their first utterance carries the note."""
    if config.palate is None:
        return utterances
    traced = {utterance.speaker for utterance in utterances if utterance.anatomy is not None}
    noted = []
    for utterance in utterances:
        if utterance.speaker in traced or "problem" in utterance.extra:
            noted.append(utterance)
            continue
        traced.add(utterance.speaker)
        note = f"speaker {utterance.speaker} has no palate like {config.palate.files}; it is estimated"
        extra = {**utterance.extra}
        contract.add_note(extra, note)
        noted.append(replace(utterance, extra=extra))
    return noted


def _sensors(config: FolderConfig) -> list[str]:
    """Names of all sensors that the description mentions."""
    maps = (config.sensors, *(speaker.sensors for speaker in config.speakers.values()))
    return sorted({str(name) for sensors in maps for name in sensors.values() if name != ""})


def _anatomy(root: Path, config: FolderConfig, fields: dict[str, str]) -> partial[Anatomy] | None:
    if config.palate is None:
        return None
    palate = root / filled(config.palate.files, fields)
    if not palate.is_file():
        return None
    wall = root / filled(config.palate.pharynx, fields) if config.palate.pharynx else None
    return partial(read_anatomy, palate, wall if wall and wall.is_file() else None, config)


def _phones(root: Path, config: FolderConfig, fields: dict[str, str]) -> partial[tuple[Segment, ...]] | None:
    if config.phones is None:
        return None
    path = root / filled(config.phones.files, fields)
    return partial(phone_files.read_phones, path) if path.is_file() else None


CORPUS = contract.Corpus(
    name="folder",
    title="a folder described by corpus.toml",
    home="your own recordings",
    licence="yours",
    citation="yours",
    layout="corpus.toml, and the audio and trajectories that it names; its [splits] list speakers, or single "
    "recordings as SPEAKER/RECORDING (see benchmark/corpora/folder_config.py)",
    sensors=PREFIXES,
    read=read,
    looks_like=looks_like,
    ignored=ignored,
    notes="Trajectories: .npy .npz .csv .tsv .txt (NDI Wave and AG501 exports among them) .parquet .mat, "
    "Carstens .pos, or SSFF.",
)
