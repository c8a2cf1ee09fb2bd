"""Tries a model on a few recordings and says in plain words what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from benchmark.audio import FULL_SCALE, pcm16, read_clip, resample
from benchmark.errors import CorpusError, ModelError
from benchmark.files import demo_corpus
from benchmark.metrics.parameters import TV6, TV9, TV10
from benchmark.models.enrolled import TRACK as ENROLMENT
from benchmark.models.entry import TASKS, Entry, Pair, Predictions
from benchmark.prepared.corpus import PreparedCorpus
from benchmark.randomness import gaussian
from benchmark.runners.channels import channel_fault, matched
from benchmark.runners.limits import TOO_LONG
from benchmark.runners.open_runner import RunOptions, open_runner
from benchmark.runners.prediction import Item, Prediction, Runner
from benchmark.types import RATE_HZ, Clip, Trajectories

#: Estimates may be so much longer or shorter than what was heard, in seconds; the measures cut or fill them
#: up.
_TOLERATED_S = 0.05
_LATEST_S = 0.001
_NOISE = "noise/repeat"
_UNCOUNTED = (
    "not counted as part of the model, because nothing in its code names them; if it reads them, write "
    "their names out or hand them over with --model-arg"
)
#: A command that hangs on one recording of a batch is noticed after the time of all of them.
_BATCH = 3


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was tried.

    Attributes:
        verdict: "good", "bad" (scores would suffer), or "odd" (worth a look).
        what: What was tried.
        text: What came of it.
    """

    verdict: Literal["good", "bad", "odd"]
    what: str
    text: str


def check_model(entry: Entry, options: RunOptions, corpus: PreparedCorpus | None = None) -> Iterator[Finding]:
    """Tries a model on speech, silence, noise, short and long input, and recordings of three rates.

    After a recording that takes longer than the limit nothing more is tried: a model that never ends would
    take that long each time.

    Args:
        entry: The model.
        options: How it is run.
        corpus: What it learns from, if it does.

    Raises:
        ModelError: It cannot be made, or there is nothing to try.
    """
    if isinstance(entry.how, Predictions):
        raise ModelError(
            "predictions are files, not a model to be tried; score them, and failures will be named"
        )
    tried = replace(options, batch=min(options.batch, _BATCH), tasks=TASKS)
    runner = open_runner(entry, tried, None, corpus=corpus)
    items = _recordings()
    try:
        tasks = runner.tasks()
        facts = "".join(f", {name.removeprefix('model ')} {value}" for name, value in runner.facts().items())
        yield Finding("good", "it loads", f"and has {' and '.join(sorted(tasks))}{facts}")
        if entry.uncounted:
            yield Finding("odd", "files", f"{', '.join(entry.uncounted[:5])}: {_UNCOUNTED}")
        told = items["speech"] if entry.track == ENROLMENT else None
        given = _heard(runner, items, told)
        hung = next((name for name, prediction in given.items() if _took_too_long(prediction)), None)
        runner.close()
        again = None if hung else next(runner.run([Item("speech", items["speech"], told)]))
    finally:
        runner.close()
    for name, prediction in given.items():
        if "/" not in name or name == hung:
            yield from _look(name.partition("/")[0], items[name], prediction, tasks)
    if again is None:
        yield Finding(
            "bad", "stopped", f"{_left(items, given)}; mend this first, or allow more with --timeout"
        )
        return
    yield from _memory(given, again)
    if "enhance" in tasks:
        yield from _delay(items["speech"], given["speech"])
    if "invert" in tasks and not isinstance(entry.how, Pair):
        yield from _channels(given["speech"], corpus)
    yield from _vectors(given)
    yield _speed(items, given)


def _heard(runner: Runner, items: Mapping[str, Clip], told: Clip | None) -> dict[str, Prediction]:
    """What a model makes of the recordings, up to the first that takes too long."""
    given: dict[str, Prediction] = {}
    # The first by itself: a command that never ends shows it there, before it is given several at a time.
    for names in (list(items)[:1], list(items)[1:]):
        heard = [Item(name.partition("/")[0], items[name], told) for name in names]
        for name, prediction in zip(names, runner.run(heard), strict=False):
            given[name] = prediction
            if _took_too_long(prediction):
                return given
    return given


def _took_too_long(prediction: Prediction) -> bool:
    return any(error.startswith(TOO_LONG) for error in prediction.errors)


def _left(items: Mapping[str, Clip], given: Mapping[str, Prediction]) -> str:
    """What was not tried."""
    left = [name for name in items if name not in given and "/" not in name]
    return f"not tried after that: {', '.join(left)}" if left else "nothing more was tried after that"


def _recordings() -> dict[str, Clip]:
    """What is tried; names with a slash are there for the order only."""
    files = sorted((demo_corpus() / "audio").rglob("*.flac"))
    if not files:
        raise CorpusError(f"{demo_corpus()}: the embedded corpus is missing; install the package again")
    speech = resample(read_clip(files[0]), RATE_HZ).samples[: 3 * RATE_HZ].astype(np.float32)
    speech *= 0.3 / max(float(np.abs(speech).max()), 1e-9)
    noise = (0.03 * gaussian("check_model", 2 * RATE_HZ)).astype(np.float32)
    tried = {
        "speech": Clip(speech, RATE_HZ),
        "speech/repeat": Clip(speech, RATE_HZ),
        _NOISE: Clip(noise, RATE_HZ),
        "speech/after": Clip(speech, RATE_HZ),
        "noise": Clip(noise, RATE_HZ),
        "silence": Clip(np.zeros(RATE_HZ, np.float32), RATE_HZ),
        "0.1 s of speech": Clip(speech[8000:9600], RATE_HZ),
        "10 ms of speech": Clip(speech[8000:8160], RATE_HZ),
        "30 s of speech": Clip(np.resize(speech, 30 * RATE_HZ), RATE_HZ),
        "speech recorded at 8 kHz": resample(Clip(speech, RATE_HZ), 8000),
        "speech recorded at 44.1 kHz": resample(Clip(speech, RATE_HZ), 44100),
    }
    # As recordings of a corpus are: samples of 16 bits.
    return {
        name: Clip(pcm16(clip.samples).astype(np.float32) / FULL_SCALE, clip.rate_hz)
        for name, clip in tried.items()
    }


def _look(name: str, clip: Clip, given: Prediction, tasks: frozenset[str]) -> Iterator[Finding]:
    """Whether there is an estimate, and of the right length."""
    wrong = dict.fromkeys(reason for reason in given.errors if reason)
    for reason in wrong:
        yield Finding("bad", name, reason)
    lengths = {"enhance": given.enhanced, "invert": given.trajectories, "represent": given.features}
    for task, estimate in lengths.items():
        if task not in tasks or estimate is None:
            continue
        own = estimate.duration_s
        allowed = _TOLERATED_S + (0 if isinstance(estimate, Clip) else 1 / estimate.rate_hz)
        if abs(own - clip.duration_s) > allowed:
            yield Finding("bad", name, f"{task} gave {own:.3f} s for {clip.duration_s:.3f} s")
            return
        if isinstance(estimate, Trajectories) and not np.isfinite(estimate.values).all():
            yield Finding("bad", name, "invert gave values that are not finite")
            return
    if not wrong:
        yield Finding("good", name, "an estimate of the right length, finite")


def _memory(given: dict[str, Prediction], again: Prediction) -> Iterator[Finding]:
    """Whether the same recording gets the same answer: at once, after another one, and in a fresh start."""
    first = given["speech"]
    if all(part is None for part in _arrays(first)):
        return
    if _difference(first, again) > 0:
        size = _difference(first, again)
        yield Finding(
            "bad" if size > 1e-4 else "odd",
            "started again",
            (
                f"the same recording got another answer (by {size:.1e}); seed what is random, or "
                "switch it off (eval mode)"
            ),
        )
    elif max(_difference(first, given["speech/repeat"]), _difference(first, given["speech/after"])) > 0:
        yield Finding(
            "bad",
            "heard twice",
            (
                "the answer depends on what was heard before: state is carried between calls; reset "
                "it at the start of each"
            ),
        )
    else:
        yield Finding(
            "good", "heard again", "at once, after another recording, and started again: the same answer"
        )


def _difference(one: Prediction, other: Prediction) -> float:
    """Largest difference relative to the largest value; infinite if kinds or shapes differ."""
    largest = 0.0
    for a, b in zip(_arrays(one), _arrays(other), strict=True):
        if (a is None) != (b is None):
            return float("inf")
        if a is None or b is None:
            continue
        if a.shape != b.shape:
            return float("inf")
        if a.size:
            scale = max(float(np.abs(a).max()), 1e-9)
            largest = max(largest, float(np.nan_to_num(np.abs(a - b), nan=0.0).max()) / scale)
    return largest


def _arrays(prediction: Prediction) -> list[NDArray[np.floating] | None]:
    return [
        None if prediction.enhanced is None else prediction.enhanced.samples,
        None if prediction.trajectories is None else prediction.trajectories.values,
        None if prediction.features is None else prediction.features.values,
        prediction.embedding,
    ]


def _delay(heard: Clip, given: Prediction) -> Iterator[Finding]:
    """Whether enhanced speech comes out when it went in, with its sign and about its level."""
    if given.enhanced is None:
        return
    rate = given.enhanced.rate_hz
    reference = np.asarray(resample(heard, rate).samples, np.float64)
    estimate = np.asarray(given.enhanced.samples, np.float64)
    size = 1 << int(np.ceil(np.log2(len(reference) + len(estimate))))
    spectrum = np.fft.rfft(estimate, size) * np.conj(np.fft.rfft(reference, size))
    correlation = np.fft.irfft(spectrum, size)
    peak = int(np.argmax(np.abs(correlation)))
    lag = peak - size if peak > size // 2 else peak
    if not estimate.any():
        yield Finding("bad", "delay", "enhance gave nothing but zeros for clear speech")
        return
    if abs(lag) > _LATEST_S * rate:
        side = "late" if lag > 0 else "early"
        yield Finding(
            "bad",
            "delay",
            (
                f"enhanced speech comes {abs(lag)} samples ({1000 * abs(lag) / rate:.1f} ms) too "
                f"{side}; shift it back"
            ),
        )
    else:
        yield Finding("good", "delay", f"{lag} samples at {rate} Hz")
    if correlation[peak] < 0:
        yield Finding("bad", "sign", "enhanced speech is upside down; multiply by -1")
    gain = 20 * np.log10(np.sqrt(np.mean(estimate**2)) / np.sqrt(np.mean(reference**2)))
    if abs(gain) > 12:
        yield Finding("odd", "level", f"clear speech comes out {gain:+.0f} dB; full scale is 1.0")


def _channels(given: Prediction, corpus: PreparedCorpus | None) -> Iterator[Finding]:
    """Whether articulation bears names that are scored, and moves."""
    moved = given.trajectories
    if moved is None:
        return
    if not moved.values.size:
        what = "channels" if len(moved.values) else "frames"
        yield Finding("bad", "movement", f"invert gave no {what} for three seconds of speech")
        return
    yield _names(moved.names, corpus)
    still = [
        name for name, spread in zip(moved.names, np.ptp(moved.values, axis=0), strict=True) if not spread > 0
    ]
    if still:
        yield Finding("bad", "movement", f"{', '.join(still)} did not move in three seconds of speech")
    else:
        yield Finding("good", "movement", f"{len(moved.names)} channels at {moved.rate_hz:g} frames a second")


def _vectors(given: Mapping[str, Prediction]) -> Iterator[Finding]:
    """What features and embeddings are like."""
    features, embedding = given["speech"].features, given["speech"].embedding
    if features is not None:
        frames, channels = features.values.shape
        moving = int((np.ptp(features.values, axis=0) > 0).sum()) if frames else 0
        text = f"{channels} channels at {features.rate_hz:g} frames a second"
        if moving < channels:
            text += f"; {channels - moving} of them did not change in three seconds of speech"
        yield Finding("good" if moving == channels else "odd" if moving else "bad", "features", text)
    if embedding is not None:
        sizes = {len(item.embedding) for item in given.values() if item.embedding is not None}
        noise = given["noise"].embedding
        if len(sizes) > 1:
            yield Finding(
                "bad", "embedding", f"vectors of different lengths: {', '.join(map(str, sorted(sizes)))}"
            )
        elif noise is not None and np.array_equal(noise, embedding):
            yield Finding("bad", "embedding", "speech and noise got the same vector")
        else:
            yield Finding("good", "embedding", f"{len(embedding)} dimensions")


def _names(given: tuple[str, ...], corpus: PreparedCorpus | None) -> Finding:
    """Whether the channels are those that a corpus is scored by."""
    if corpus is not None:
        wanted = corpus.targets(next(iter(corpus.utterances))).names
        if fault := channel_fault(given, wanted):
            return Finding("bad", "names", fault)
        return _partly(given, wanted) or Finding("good", "names", f"all targets: {', '.join(wanted)}")
    sets = {"tv6": TV6, "tv9": TV9, "tv10": TV10}
    whole = [
        name
        for name, wanted in sets.items()
        if not channel_fault(given, wanted) and not _partly(given, wanted)
    ]
    if whole:
        return Finding("good", "names", f"all of {whole[-1]}; a corpus with other targets refuses it")
    lacking = ", ".join(name for name in TV6 if name not in matched(given, TV6))
    return Finding(
        "odd",
        "names",
        f"gives {', '.join(given)}; of the six tract variables it lacks {lacking}. On a corpus of which it "
        "gives some targets it is scored on these, without a rank, and where it gives none it is refused: "
        "name the corpus with --corpus to see whether it fits. Any channels can be scored through a "
        "readout: score --readout clean",
    )


def _partly(given: tuple[str, ...], wanted: tuple[str, ...]) -> Finding | None:
    """That some targets are not given, if so."""
    lacking = [name for name in wanted if name not in matched(given, wanted)]
    if not lacking:
        return None
    text = (
        f"does not give {', '.join(lacking)}: it is scored on the other targets, shown as "
        "partial, and has no rank"
    )
    return Finding("odd", "names", text)


def _speed(items: dict[str, Clip], given: dict[str, Prediction]) -> Finding:
    clip = items["30 s of speech"]
    seconds = given["30 s of speech"].seconds
    if seconds <= 0:
        return Finding("odd", "speed", "not measured")
    times = clip.duration_s / seconds
    return Finding(
        "good" if times > 0.1 else "odd", "speed", f"{times:.1f} times real time on 30 s of speech"
    )
