"""Write small synthetic corpora, each in the layout and with the quirks of the real one."""

from __future__ import annotations

import io
import pickle
import struct
import zipfile
from collections import OrderedDict
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import scipy.io
import soundfile
from numpy.typing import NDArray

from tests.corpora import voices

XRMB_STEP_US = 6866
XRMB_PELLETS = ("UL", "LL", "T1", "T2", "T3", "T4", "MNI", "MNM")
MOCHA_CHANNELS = (
    *("ui_x", "li_x", "ul_x", "ll_x", "tt_x", "ui_y", "li_y", "ul_y", "ll_y", "tt_y"),
    *("tb_x", "td_x", "v_x ", "****", "bn_x", "tb_y", "td_y", "v_y ", "****", "bn_y"),
)
MNGU0_COILS = ("T3", "T2", "T1", "ref", "jaw", "head", "upperlip", "lowerlip")
_MNGU0_PLACES = tuple(f"{coil}_{axis}" for coil in ("T3", "T2", "T1", "JAW", "UL", "LL") for axis in "xy")
MNGU0_NORMALISED = tuple(name + order for order in ("", "_d", "_dd") for name in _MNGU0_PLACES)
_IN_XRMB = {"ul": "UL", "ll": "LL", "tt": "T1", "tb": "T3", "td": "T4", "li": "MNI"}


def write_wav(path: Path, samples: NDArray[np.float64], rate_hz: int) -> None:
    """RIFF, 16 bit."""
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, samples, rate_hz, subtype="PCM_16", format="WAV")


def sphere_bytes(samples: NDArray[np.float64], rate_hz: int, big_endian: bool = False) -> bytes:
    """NIST SPHERE, 16 bit PCM."""
    fields = [
        "NIST_1A",
        "   1024",
        f"sample_count -i {len(samples)}",
        f"sample_rate -i {rate_hz}",
        "channel_count -i 1",
        "sample_n_bytes -i 2",
        f"sample_byte_format -s2 {'10' if big_endian else '01'}",
        "sample_sig_bits -i 16",
        "sample_coding -s3 pcm",
        "end_head",
    ]
    header = ("\n".join(fields) + "\n").encode().ljust(1024)
    return header + np.rint(samples * 32767).astype(">i2" if big_endian else "<i2").tobytes()


def est_bytes(
    times: NDArray[np.float64],
    values: NDArray[np.float64],
    names: Sequence[str],
    *,
    ascii_rows: bool = False,
    order: str = "<",
    present: NDArray[np.bool_] | None = None,
) -> bytes:
    """EST Track."""
    flags = np.ones(len(times)) if present is None else present.astype(float)
    rows = np.column_stack([times, flags, values])
    header = [
        "EST_File Track",
        f"DataType {'ascii' if ascii_rows else 'binary'}",
        f"NumFrames {len(times)}",
        *([] if ascii_rows else [f"ByteOrder {'01' if order == '<' else '10'}"]),
        f"NumChannels {len(names)}",
        "EqualSpace 1",
        "BreaksPresent true",
        "CommentChar ;",
        "",
        *(f"Channel_{i} {name}" for i, name in enumerate(names)),
        "EST_Header_End",
    ]
    head = ("\n".join(header) + "\n").encode()
    if not ascii_rows:
        return head + rows.astype(f"{order}f4").tobytes()
    lines = [
        "\t".join(f"{number:.6f}" for number in row) for row in rows.astype(np.float32).astype(np.float64)
    ]
    return head + ("\n".join(lines) + "\n").encode()


def pos_bytes(positions: NDArray[np.float64], rate_hz: int | None, version: str = "V003") -> bytes:
    """Carstens: positions (frames, sensors, 7); without a rate as an AG500 writes them."""
    body = positions.astype("<f4").tobytes()
    if rate_hz is None:
        return body
    fields = f"NumberOfChannels={positions.shape[1]}\nSamplingFrequencyHz={rate_hz}\n"
    extra = "Comment=made for a test\n" if version == "V003" else ""
    size = len(f"AG50xDATA_{version}\n00000000\n{fields}{extra}") + 2
    return f"AG50xDATA_{version}\n{size:08d}\n{fields}{extra}".encode() + b"\x00\x1a" + body


def ssff_bytes(
    values: NDArray[np.float64], names: Sequence[str], rate_hz: float, start_s: float = 0.0
) -> bytes:
    """SSFF, little endian doubles."""
    lines = ["SSFF -- (c) SHLRC", "Machine IBM-PC", f"Record_Freq {rate_hz}", f"Start_Time {start_s}"]
    lines += [f"Column {name} DOUBLE 1" for name in names]
    return ("\n".join([*lines, "-----------------"]) + "\n").encode() + values.astype("<f8").tobytes()


def write_xrmb(
    root: Path,
    speakers: Sequence[str] = ("JW11", "JW12", "JW502"),
    tasks: Sequence[str] = ("tp005", "tp007", "tp007_2"),
    *,
    flat: bool = False,
    upper: bool = False,
    seconds: float = 1.5,
    rate_hz: int = 22050,
    quirks: bool = True,
) -> dict[str, dict[str, NDArray[np.float64]]]:
    """Writes pellets in micrometres with first frames and a gap lost; returns true paths in mm by id."""
    truth = {}
    for number, speaker in enumerate(speakers):
        folder = root if flat else root / speaker
        folder.mkdir(parents=True, exist_ok=True)
        prefix = f"{speaker.lower()}_" if flat else ""
        case: Callable[[str], str] = str.upper if upper else str
        for task_number, task in enumerate(tasks):
            seed = 100 * number + task_number
            paths = voices.pellet_paths(seed, seconds - 0.02, 1e6 / XRMB_STEP_US)
            truth[f"{speaker}/{task}"] = paths
            name = case(f"{prefix}{task}.txy")
            (folder / name).write_text(
                xrmb_text(paths, lost=3 if quirks else 0, crlf=bool(number % 2)), newline=""
            )
            write_wav(folder / case(f"{prefix}{task}.wav"), voices.speech(seed, seconds, rate_hz), rate_hz)
        (folder / f"{prefix}{'pal.dat' if flat else 'PAL.DAT'}").write_text(_micrometres(voices.PALATE))
        (folder / f"{prefix}{'pha.dat' if flat else 'PHA.DAT'}").write_text(_micrometres(voices.PHARYNX))
    return truth


def xrmb_text(paths: dict[str, NDArray[np.float64]], lost: int = 0, crlf: bool = True) -> str:
    """Rows of a `.txy` file; the first `lost` frames, and a few frames of T1, are marked as missing."""
    micrometres = np.rint(np.concatenate([paths[name] for name in XRMB_PELLETS], axis=1) * 1000).astype(int)
    micrometres[:lost] = 1_000_000
    if lost:
        micrometres[60:64, 4] = 1_000_000
    times = np.arange(len(micrometres)) * XRMB_STEP_US
    rows = np.column_stack([times, micrometres])
    return ("\r\n" if crlf else "\n").join("\t".join(map(str, row)) for row in rows)


def write_hprc(
    root: Path, speakers: Sequence[str] = ("F01", "M01"), sentences: int = 2, seconds: float = 1.5
) -> None:
    """MVIEW structures, AUDIO not always first, some compressed; a palate file that is no speech."""
    names = {"TR": "T4", "TB": "T3", "TT": "T1", "UL": "UL", "LL": "LL", "JAW": "MNI"}
    for number, speaker in enumerate(speakers):
        folder = root / speaker / "data"
        folder.mkdir(parents=True, exist_ok=True)
        for sentence in range(1, sentences + 1):
            seed = 1000 * number + sentence
            paths = voices.pellet_paths(seed, seconds, 100.0)
            elements: list[tuple[str, float, NDArray[np.float64]]] = [
                (name, 100.0, _six_columns(paths[own])) for name, own in names.items()
            ]
            audio = voices.speech(seed, seconds, 44100)[:, None]
            elements.insert(sentence % 3, ("AUDIO", 44100.0, audio.astype(np.float32)))
            stem = f"{speaker}_B01_S{sentence:02d}_R01_N"
            save_mview(folder / f"{stem}.mat", stem, elements, f"Sentence {sentence}.", bool(sentence % 2))
        save_mview(folder / f"{speaker}_palate.mat", f"{speaker}_palate", elements[:2], "", True)


def write_usc_timit(root: Path, speakers: Sequence[str] = ("f1", "m1"), seconds: float = 1.5) -> None:
    """As MVIEW with three columns a sensor (horizontal, lateral, vertical), audio in files of its own."""
    names = {"TD": "T4", "TB": "T3", "TT": "T1", "UL": "UL", "LL": "LL", "JAW": "MNI"}
    for number, speaker in enumerate(speakers):
        base = root / "EMA" / "Data" / speaker.upper()
        (base / "mat").mkdir(parents=True, exist_ok=True)
        for first in (1, 6):
            seed = 2000 * (number + 1) + first
            paths = voices.pellet_paths(seed, seconds, 100.0)
            elements = [(name, 100.0, _six_columns(paths[own])[:, :3]) for name, own in names.items()]
            stem = f"usctimit_ema_{speaker}_{first:03d}_{first + 4:03d}"
            save_mview(base / "mat" / f"{stem}.mat", stem, elements, "", True)
            write_wav(base / "wav" / f"{stem}.wav", voices.speech(seed, seconds, 20000), 20000)


def save_mview(
    path: Path,
    name: str,
    elements: Sequence[tuple[str, float, NDArray[np.float64]]],
    sentence: str,
    compress: bool,
    phones: Sequence[tuple[str | float, ...]] = (),
) -> None:
    """A structure array with the fields of MVIEW; phones are a label, a start and an end in seconds."""
    fields = ("NAME", "SRATE", "SIGNAL", "SOURCE", "SENTENCE", "WORDS", "PHONES", "LABELS")
    array = np.empty((1, len(elements)), dtype=[(field, object) for field in fields])
    labels = np.empty((1, len(phones)), dtype=[("LABEL", object), ("OFFS", object)])
    for i, (label, *edges) in enumerate(phones):
        labels[0, i] = (label, edges)
    for i, (sensor, rate_hz, signal) in enumerate(elements):
        words = sentence if sensor == "AUDIO" else ""
        spoken = labels if sensor == "AUDIO" and len(phones) else []
        array[0, i] = (sensor, rate_hz, signal, "made for a test", words, [], spoken, [])
    scipy.io.savemat(path, {name: array}, do_compression=compress)


def write_mocha(
    root: Path,
    speakers: Sequence[str] = ("fsew0", "msak0"),
    sentences: int = 2,
    *,
    kind: str = "binary",
    sphere: bool = True,
    seconds: float = 1.5,
) -> None:
    """1/100 mm at 500 Hz, x backwards; `kind` is binary, ascii or headerless; audio lasts longer."""
    for number, speaker in enumerate(speakers):
        folder = root / speaker
        folder.mkdir(parents=True, exist_ok=True)
        for sentence in range(1, sentences + 1):
            seed = 3000 * (number + 1) + sentence
            times, values = mocha_table(seed, seconds)
            stem = folder / f"{speaker}_{sentence:03d}"
            if kind == "headerless":
                rows = np.column_stack([times, np.ones(len(times)), values])
                text = "\n".join(" ".join(f"{number:.6f}" for number in row) + " " for row in rows)
                stem.with_suffix(".ema").write_text(text + "\n")
            else:
                track = est_bytes(times, values, MOCHA_CHANNELS, ascii_rows=kind == "ascii")
                stem.with_suffix(".ema").write_bytes(track)
            audio = voices.speech(seed, seconds + 0.3, 16000)
            if sphere:
                stem.with_suffix(".wav").write_bytes(sphere_bytes(audio, 16000))
            else:
                write_wav(stem.with_suffix(".wav"), audio, 16000)
        if number == 0:
            lines = [f"{-x:.4f}   {y:.4f}" for x, y in voices.PALATE]
            (folder / f"{speaker}_pal.dat").write_text("\n".join(lines) + "\n")


def mocha_table(seed: int, seconds: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Times and 20 channels."""
    paths = voices.pellet_paths(seed, seconds, 500.0)
    frames = len(paths["UL"])
    columns = []
    for channel in MOCHA_CHANNELS:
        coil, _, axis = channel.strip().partition("_")
        own = _IN_XRMB.get(coil)
        sign = -1.0 if axis == "x" else 1.0
        moves = sign * paths[own][:, "xy".index(axis)] if own else np.zeros(frames)
        columns.append(100.0 * moves)
    return np.arange(frames) / 500.0, np.column_stack(columns)


def write_mngu0(
    root: Path, numbers: Sequence[int] = (1, 10, 20), *, normalised: bool = False, seconds: float = 1.5
) -> None:
    """Centimetres at 200 Hz, py backwards; or the normalised copy, its first 0.2 s of silence cut off."""
    names = {"T3": "T4", "T2": "T3", "T1": "T1", "jaw": "MNI", "upperlip": "UL", "lowerlip": "LL"}
    tracks = root / ("mngu0_s1_ema_norm_1.0.1" if normalised else "mngu0_s1_ema_basic_1.1.0")
    tracks.mkdir(parents=True, exist_ok=True)
    for number in numbers:
        seed = 9000 + number
        paths = voices.pellet_paths(seed, seconds, 200.0)
        frames = len(paths["UL"])
        stem = f"mngu0_s1_{number:04d}"
        write_wav(
            root / "mngu0_s1_wav_16kHz_1.1.0" / f"{stem}.wav", voices.speech(seed, seconds, 16000), 16000
        )
        backup = {coil: paths[own] * (-0.1, 0.1) for coil, own in names.items()}
        if normalised:
            _write_normalised(root, tracks, stem, np.concatenate([backup[coil] for coil in names], axis=1))
            continue
        columns, channels = [], []
        for coil in MNGU0_COILS:
            place = backup.get(coil, np.zeros((frames, 2)))
            for axis, column in (("px", np.zeros(frames)), ("py", place[:, 0]), ("pz", place[:, 1])):
                channels.append(f"{coil}_{axis}")
                columns.append(column)
            channels.append(f"{coil}_rms")
            columns.append(np.ones(frames))
        track = est_bytes(np.arange(frames) / 200.0, np.column_stack(columns), channels)
        (tracks / f"{stem}.ema").write_bytes(track)


def _write_normalised(root: Path, tracks: Path, stem: str, centimetres: NDArray[np.float64]) -> None:
    mean, deviation = np.linspace(-1, 5, 12), np.linspace(0.1, 0.4, 12)
    (tracks / "norm_parms").mkdir(exist_ok=True)
    (tracks / "norm_parms" / "ema_means.txt").write_text("\n".join(f"{x:.9f}" for x in mean))
    (tracks / "norm_parms" / "ema_stds.txt").write_text("\n".join(f"{x:.9f}" for x in deviation))
    values = ((centimetres - mean) / (4 * deviation))[40:]
    deltas = np.gradient(values, axis=0)
    values = np.concatenate([values, deltas, np.gradient(deltas, axis=0)], axis=1)
    track = est_bytes(np.arange(len(values)) / 200.0, values, MNGU0_NORMALISED)
    (tracks / f"{stem}.ema").write_bytes(track)
    label = root / "mngu0_s1_lab_1.1.1" / f"{stem}.lab"
    label.parent.mkdir(exist_ok=True)
    label.write_text("separator ;\nnfields 1\n#\n0.2000 26 #\n0.5000 26 dh\n")


def write_spire(
    root: Path,
    speakers: Sequence[str] = ("spk1", "spk2"),
    sentences: int = 2,
    *,
    tensors: bool = False,
    seconds: float = 1.5,
) -> None:
    """Writes nine coils at 100 Hz in torch's format, arrays or tensors; speaker 2 has x backwards."""
    places = ("UL", "LL", None, None, "MNI", "T1", "T3", "T4", None)
    kept = [0, 1, 2, 3, 8, 9, 10, 11, 12, 13, 14, 15]
    for number, speaker in enumerate(speakers):
        for sentence in range(1, sentences + 1):
            seed = 5000 * (number + 1) + sentence
            paths = voices.pellet_paths(seed, seconds, 100.0)
            still = np.random.default_rng(seed).standard_normal((len(paths["UL"]), 2)) * 0.01
            raw = np.concatenate([paths[name] if name else still for name in places], axis=1)
            raw[:, ::2] *= (1.0, -1.0)[number % 2]
            part = raw[10:-10][:, kept]
            content = {
                "ema_raw": raw,
                "ema_trimmed": raw[10:-10],
                "ema_trimmed_and_normalised_with_6_articulators": (part - part.mean(0)) / part.std(0),
                "phonemes": ["sil", "aa"],
                "durations": [60, len(part) - 60],
                "begin_end": [10, len(raw) - 10],
            }
            stem = f"{speaker}f{sentence:04d}"
            path = root / "processed" / speaker / f"{stem}.pt"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(torch_bytes(content, tensors))
            write_wav(root / "audios" / speaker / f"{stem}.wav", voices.speech(seed, seconds, 16000), 16000)


class _Global:
    """Stands for a function that is only named in a pickle."""

    def __init__(self, module: str, name: str) -> None:
        self.line = f"{module}\n{name}\n".encode()

    def __call__(self) -> None:
        raise AssertionError("only a name")


class _Tensor:
    """Pickles as a torch tensor does."""

    def __init__(self, array: NDArray[np.float64], storages: list[bytes]) -> None:
        self.key = str(len(storages))
        self.array = np.ascontiguousarray(array)
        storages.append(self.array.tobytes())

    def __reduce_ex__(self, protocol: int) -> tuple[object, ...]:
        kind = {"<f8": "DoubleStorage", "<f4": "FloatStorage", "<i8": "LongStorage"}[self.array.dtype.str]
        storage = _Storage(("storage", _Global("torch", kind), self.key, "cpu", self.array.size))
        strides = tuple(step // self.array.itemsize for step in self.array.strides)
        return _Global("torch._utils", "_rebuild_tensor_v2"), (
            *(storage, 0, self.array.shape, strides),
            *(False, OrderedDict()),
        )


class _Storage:
    def __init__(self, identity: tuple[object, ...]) -> None:
        self.identity = identity


class _Pickler(pickle._Pickler):  # type: ignore[name-defined,misc]
    def persistent_id(self, value: object) -> object:
        return value.identity if isinstance(value, _Storage) else None

    def save(self, value: object, save_persistent_id: bool = True) -> None:
        if isinstance(value, _Global):
            self.write(pickle.GLOBAL + value.line)
        else:
            super().save(value, save_persistent_id)


def torch_bytes(content: dict[str, object], tensors: bool) -> bytes:
    """A ZIP archive as torch saves it."""
    storages: list[bytes] = []
    if tensors:
        content = {
            key: _Tensor(value, storages) if isinstance(value, np.ndarray) else value
            for key, value in content.items()
        }
    stream = io.BytesIO()
    _Pickler(stream, protocol=2).dump(content)
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED) as members:
        members.writestr("archive/data.pkl", stream.getvalue())
        for key, storage in enumerate(storages):
            members.writestr(f"archive/data/{key}", storage)
        members.writestr("archive/version", "3\n")
    return archive.getvalue()


def write_ag50x(
    root: Path, speakers: Sequence[str] = ("S1", "S2"), *, ag500: bool = False, seconds: float = 1.5
) -> None:
    """Positions with x forwards and z upwards, sensors 3 to 8, and a map of them."""
    places = {3: "UL", 4: "LL", 5: "T1", 6: "T3", 7: "T4", 8: "MNI"}
    rate_hz = 200 if ag500 else 250
    for number, speaker in enumerate(speakers):
        seed = 7000 + number
        paths = voices.pellet_paths(seed, seconds, rate_hz)
        positions = np.zeros((len(paths["UL"]), 12 if ag500 else 16, 7))
        for sensor, name in places.items():
            positions[:, sensor - 1, 0] = paths[name][:, 0]
            positions[:, sensor - 1, 2] = paths[name][:, 1]
        path = root / "pos" / speaker / "0001.pos"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(pos_bytes(positions, None if ag500 else rate_hz))
        write_wav(root / "wav" / speaker / "0001.wav", voices.speech(seed, seconds, 16000), 16000)
    (root / "corpus.toml").write_text(AG50X_TOML)


AG50X_TOML = """
title = "Positions for a test"
[audio]
files = "wav/{speaker}/{recording}.wav"
[trajectories]
files = "pos/{speaker}/{recording}.pos"
[sensors]
upper_lip = 3
lower_lip = 4
tongue_tip = 5
tongue_mid = 6
tongue_back = 7
jaw = 8
[axes]
x = "x"
y = "z"
[splits]
train = ["S1"]
test = ["S2"]
"""


def write_folder(
    root: Path, suffix: str = ".csv", speakers: Sequence[str] = ("A", "B"), seconds: float = 1.5
) -> None:
    """A lab's own recordings: centimetres, x backwards, five sensors, 200 Hz, NaN where lost, a palate."""
    names = [f"{sensor}_{axis}" for sensor in ("ul", "ll", "tt", "tb", "td") for axis in "xy"]
    for number, speaker in enumerate(speakers):
        for recording in ("r1", "r2"):
            seed = 8000 + 10 * number + int(recording[1])
            paths = voices.pellet_paths(seed, seconds, 200.0)
            values = np.concatenate([paths[own] for own in ("UL", "LL", "T1", "T3", "T4")], axis=1)
            values *= np.tile([-0.1, 0.1], 5)
            if suffix in (".csv", ".npz", ".npy", ".parquet"):
                values[100:103, 4:6] = np.nan
            path = root / "ema" / speaker / f"{recording}{suffix}"
            path.parent.mkdir(parents=True, exist_ok=True)
            _ARRAY_WRITERS[suffix](path, values, names)
            write_wav(root / "wav" / speaker / f"{recording}.wav", voices.speech(seed, seconds, 48000), 48000)
        palate = root / "palate" / f"{speaker}.csv"
        palate.parent.mkdir(exist_ok=True)
        palate.write_text("\n".join(f"{-x / 10},{y / 10}" for x, y in voices.PALATE))
    listed = ", ".join(f'"{name}"' for name in names)
    (root / "corpus.toml").write_text(FOLDER_TOML.format(suffix=suffix, names=f"names = [{listed}]"))


FOLDER_TOML = """
title = "A lab's own recordings"
[audio]
files = "wav/{{speaker}}/{{recording}}.wav"
[trajectories]
files = "ema/{{speaker}}/{{recording}}{suffix}"
rate_hz = 200
unit = "cm"
{names}
[sensors]
upper_lip = "ul"
lower_lip = "ll"
tongue_tip = "tt"
tongue_mid = "tb"
tongue_back = "td"
[axes]
x = "-x"
y = "y"
[palate]
files = "palate/{{speaker}}.csv"
[splits]
train = ["A"]
test = ["B"]
"""


def _csv(path: Path, values: NDArray[np.float64], names: Sequence[str]) -> None:
    lines = [",".join(names), *(",".join(f"{number:.8f}" for number in row) for row in values)]
    path.write_text("\n".join(lines) + "\n")


def _npy(path: Path, values: NDArray[np.float64], names: Sequence[str]) -> None:
    np.save(path, values)


def _npz(path: Path, values: NDArray[np.float64], names: Sequence[str]) -> None:
    np.savez_compressed(path, values=values, names=np.array(names), rate_hz=200.0)


def _parquet(path: Path, values: NDArray[np.float64], names: Sequence[str]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.table({name: values[:, i] for i, name in enumerate(names)}), path)


def _ssff(path: Path, values: NDArray[np.float64], names: Sequence[str]) -> None:
    path.write_bytes(ssff_bytes(values, names, 200.0))


_ARRAY_WRITERS: dict[str, Callable[[Path, NDArray[np.float64], Sequence[str]], None]] = {
    ".csv": _csv,
    ".npy": _npy,
    ".npz": _npz,
    ".parquet": _parquet,
    ".ssff": _ssff,
}


def _six_columns(path: NDArray[np.float64]) -> NDArray[np.float64]:
    """x, lateral, vertical and three angles."""
    lateral = np.full(len(path), 0.5)
    return np.column_stack(
        [path[:, 0], lateral, path[:, 1], *(np.zeros(len(path)) for _ in range(3))]
    ).astype(np.float32)


def _micrometres(points: NDArray[np.float64]) -> str:
    return "\r\n".join(f"{round(x * 1000):8d} {round(y * 1000):8d}" for x, y in points) + "\r\n"


def truncate(path: Path, share: float = 0.5) -> None:
    """Cut a file short."""
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])


def patch(path: Path, at: int, value: int) -> None:
    """Overwrite four bytes."""
    content = bytearray(path.read_bytes())
    content[at : at + 4] = struct.pack("<I", value)
    path.write_bytes(bytes(content))


WRITERS: dict[str, Callable[[Path], object]] = {
    "xrmb": write_xrmb,
    "hprc": write_hprc,
    "mocha": write_mocha,
    "mngu0": write_mngu0,
    "usc_timit": write_usc_timit,
    "spire": write_spire,
    "ag50x": write_ag50x,
    "folder": write_folder,
}
