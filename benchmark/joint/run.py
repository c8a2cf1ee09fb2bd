"""One training run from its configuration to the folder that it leaves."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from benchmark import corpora
from benchmark.errors import CorpusError, ModelError
from benchmark.files import alone_in
from benchmark.joint import checkpoint
from benchmark.joint.build import build_encoder, build_model
from benchmark.joint.card import CARD, read_card
from benchmark.joint.config import JointConfig
from benchmark.joint.data import TrainingData
from benchmark.joint.encoders.freezing import set_trainable
from benchmark.joint.encoders.small import SmallEncoder
from benchmark.joint.export import finish
from benchmark.joint.mixtures import with_more_babble
from benchmark.joint.model import JointModel
from benchmark.joint.pretraining import MaskedPrediction
from benchmark.joint.processes import Processes, started
from benchmark.joint.start import start_encoder, start_model
from benchmark.joint.tasks import JointTask, PretrainingTask, Task
from benchmark.joint.trained import load_trained
from benchmark.joint.training import Training, resumable
from benchmark.joint.training_corpus import TrainingCorpus, collect
from benchmark.mixing.gather import Roots, gather, speech_root
from benchmark.prepared.corpus import PreparedCorpus
from benchmark.randomness import Randomness
from benchmark.types import Progress, Utterance, silent


@dataclass(frozen=True, slots=True)
class Place:
    """Where a run finds what it needs, and where it leaves what it makes.

    Attributes:
        corpus: A prepared corpus.
        out: Folder of the run.
        roots: Speech and noise on disk.
        extra_speech: Folders of clean speech without articulation.
        enhancer: Folder of a finished run that enhances, for `data.heard = "enhanced"`.
        render_cache: Where rendered mixtures are kept for other runs.
    """

    corpus: Path
    out: Path
    roots: Roots = field(default_factory=Roots)
    extra_speech: Sequence[Path] = ()
    enhancer: Path | None = None
    render_cache: Path | None = None


def run(
    config: JointConfig,
    place: Place,
    *,
    resume: bool = False,
    device: str | None = None,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Trains a model and returns its card.

    Args:
        config: What to train and how.
        place: Where everything lies.
        resume: Whether a run that was interrupted goes on; without one, a new run begins.
        device: "cpu", "cuda", "cuda:1" ...; None: a GPU where there is one.
        progress: Told of every step.

    Raises:
        SinbadError: Something is missing or does not fit; nothing was trained.
        ModelError: Training diverged; the last checkpoint is left.
    """
    _check(config, place, resume)
    config = _anywhere(config)
    where = _device(device)
    with started(where) as processes:
        holds = alone_in(place.out) if processes.leads else nullcontext()
        with holds:
            if processes.leads:
                for folder in (place.out, place.out / checkpoint.FOLDER):
                    for torn in folder.glob(".*.part"):  # of a run that was killed while it wrote
                        torn.unlink()
            return _run(config, place, resume, where, processes, progress if processes.leads else silent)


def _check(config: JointConfig, place: Place, resume: bool) -> None:
    enhanced = config.data.heard == "enhanced"
    if enhanced and place.enhancer is None:
        raise ModelError(
            f"{config.name}: hears enhanced speech (data.heard); name the enhancer with --enhancer DIR, a "
            "folder that `python -m benchmark.train --config se_alone` has filled"
        )
    if place.enhancer is not None and not enhanced:
        raise ModelError(
            f"{config.name}: does not hear enhanced speech; leave out --enhancer, or set "
            'data.heard = "enhanced"'
        )
    if place.extra_speech and not config.data.extra_speech:
        raise ModelError(
            f"{config.name}: uses no extra speech; leave out --extra-speech, or set data.extra_speech = true"
        )
    if config.task == "pretraining" and config.encoder.spec != "small":
        raise ModelError(
            f"{config.name}: only the encoder 'small' is pretrained here, not '{config.encoder.spec}'"
        )
    if checkpoint.stands(place.out) and not resume:
        raise ModelError(
            f"{place.out}: holds a run; add --resume to go on with it, or choose another folder with --out"
        )


def _anywhere(config: JointConfig) -> JointConfig:
    """The configuration with the whole paths of what it names on disk, valid from other folders too."""
    if config.init is not None and Path(config.init).is_dir():
        config = config.model_copy(update={"init": str(Path(config.init).resolve())})
    kind, colon, place = config.encoder.spec.partition(":")
    bundle, equals, file = place.rpartition("=")
    if not colon or not Path(file).exists():
        return config
    spec = f"{kind}:{bundle}{equals}{Path(file).resolve()}"
    return config.model_copy(update={"encoder": config.encoder.model_copy(update={"spec": spec})})


def _keep_apart(corpus: PreparedCorpus, place: Place) -> None:
    """Speech of the corpus itself is no extra speech: its test split would be learnt from."""
    own = [corpus.folder]
    if place.extra_speech:
        own.append(speech_root(corpus.recipe, corpora.get(corpus.recipe.speech.corpus), place.roots.speech))
    for folder in place.extra_speech:
        for root in own:
            one, other = folder.resolve(), root.resolve()
            if one.is_relative_to(other) or other.is_relative_to(one):
                raise CorpusError(
                    f"{folder}: holds or lies in {root}, the corpus that the model is tested on; give "
                    "other speech with --extra-speech"
                )


def _device(wanted: str | None) -> torch.device:
    if wanted is None:
        wanted = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(wanted)
    except RuntimeError as error:
        raise ModelError(f"--device {wanted}: is no device; use cpu, cuda or cuda:0") from error
    if device.type == "cuda":
        if not torch.cuda.is_available():
            raise ModelError(f"--device {wanted}: there is no GPU that torch can use here; use --device cpu")
        if "LOCAL_RANK" in os.environ:
            device = torch.device("cuda", int(os.environ["LOCAL_RANK"]))
        torch.cuda.set_device(device)
    return device


def _run(
    config: JointConfig,
    place: Place,
    resume: bool,
    device: torch.device,
    processes: Processes,
    progress: Progress,
) -> dict[str, Any]:
    corpus = PreparedCorpus(place.corpus)
    if place.roots.speech is None and corpus.recipe.speech.root is None:
        raise CorpusError(
            f"{place.corpus}: training mixes its speech with other noise in every epoch; say where "
            "the corpus itself lies with --speech-root DIR, and noise with --noise-root NAME=DIR, "
            "as when it was prepared"
        )
    _keep_apart(corpus, place)
    training_corpus = collect(
        corpus,
        gather(with_more_babble(corpus.recipe, config.data), place.roots),
        own_extra=config.data.extra_speech and not place.extra_speech,
        extra_folders=place.extra_speech,
    )
    if config.task == "joint" and config.data.extra_speech and not training_corpus.extra:
        raise CorpusError(
            f"{corpus.folder}: its corpus has no voices that only babble; give a folder with "
            "--extra-speech DIR, or set data.extra_speech = false"
        )
    data = TrainingData(
        training_corpus,
        config.data,
        config.training.batch_s,
        config.training.seed,
        render_cache=place.render_cache,
        enrolled=config.enrolment != "none",
    )
    facts_of_corpus = _corpus_facts(corpus)
    task, origin = _task(config, place, training_corpus, device, processes, facts_of_corpus)
    about = {
        **facts_of_corpus,
        "speech_s": round(data.speech_s, 1),
        "dev_split": "of the corpus" if "dev" in corpus.splits else "held out of the train split",
        "extra_speech_s": round(data.extra_s, 1),
        "extra_speech_sha256": _listing_sha256(training_corpus.extra),
        **origin,
    }
    training = Training(
        task,
        data,
        config,
        place.out,
        device=device,
        processes=processes,
        run={"config": resumable(config), "data": _identity(about), "processes": processes.count},
        progress=progress,
    )
    if resume:
        training.resume()
    training.train()
    if not processes.leads:
        return {}
    if isinstance(task.model, MaskedPrediction):
        task.model.encoder.origin = "self-supervised"
    facts = {**about, **_device_facts(device, processes)}
    return finish(place.out, task.model, config, training.progressed, facts)


def _task(
    config: JointConfig,
    place: Place,
    training_corpus: TrainingCorpus,
    device: torch.device,
    processes: Processes,
    facts_of_corpus: Mapping[str, Any],
) -> tuple[Task, dict[str, Any]]:
    """What is trained, from its first weights, and where those come from."""
    torch.manual_seed(Randomness(("weights", config.training.seed)).integer("torch", 0, 2**63))
    bfloat16 = config.training.precision == "bfloat16"
    model: JointModel | MaskedPrediction
    if config.task == "pretraining":
        encoder = build_encoder(config.encoder)
        if not isinstance(encoder, SmallEncoder):
            raise ModelError(f"{config.name}: only the encoder 'small' is pretrained here")
        model = MaskedPrediction(encoder)
    else:
        model = build_model(config, training_corpus.scales.names)
        mean, deviation = training_corpus.scales.average()
        model.target_mean.copy_(torch.from_numpy(mean))
        model.target_deviation.copy_(torch.from_numpy(deviation))
    origin: dict[str, Any] = {"init": None, "enhancer": None}
    if config.init is not None:
        origin["init"] = (
            start_encoder(model.encoder, config.init)
            if isinstance(model, MaskedPrediction)
            else start_model(model, config, facts_of_corpus)
        )
    set_trainable(model.encoder, config.encoder.trained)
    if isinstance(model, MaskedPrediction):
        return PretrainingTask(model, processes=processes, bfloat16=bfloat16), origin
    enhancer = None
    if place.enhancer is not None:
        enhancer = load_trained(place.enhancer)
        if enhancer.enhancer is None:
            raise ModelError(
                f"{place.enhancer}: holds a model that does not enhance; name another with --enhancer"
            )
        if enhancer.enrolment is not None:
            raise ModelError(
                f"{place.enhancer}: holds a model that is told whom to follow; name another with --enhancer"
            )
        enhancer = enhancer.to(device)
        origin["enhancer"] = _named(read_card(place.enhancer))
    task = JointTask(model, config.losses, processes=processes, enhancer=enhancer, bfloat16=bfloat16)
    return task, origin


def _identity(about: Mapping[str, Any]) -> dict[str, Any]:
    """What of these facts must be the same for a run to go on: of what it began with, only which it was."""
    begun = about["init"]
    return {**about, "init": begun and {name: begun[name] for name in ("name", "weights_sha256")}}


def _named(card: Mapping[str, Any]) -> dict[str, Any]:
    """Which model a card is of."""
    if "weights_sha256" not in card:
        raise ModelError(
            f"{CARD} of '{card.get('name')}' does not say which weights it is of; train it again"
        )
    return {"name": card.get("name"), "weights_sha256": card["weights_sha256"]}


def _listing_sha256(utterances: Sequence[Utterance]) -> str:
    """Which recordings there are, and how long they are."""
    listed = [(utterance.id, round(utterance.duration_s, 6)) for utterance in utterances]
    return hashlib.sha256(json.dumps(listed).encode()).hexdigest()


def _corpus_facts(corpus: PreparedCorpus) -> dict[str, Any]:
    """What the speech, the noise and the targets of training depend on, prepared or planned."""
    rows = {
        key: row["targets_sha256"]
        for key, row in corpus.utterances.items()
        if row["split"] in {"train", "dev"}
    }
    return {
        "recipe": corpus.facts["recipe"],
        "recipe_sha256": corpus.facts["recipe_sha256"],
        "train_dev_sha256": hashlib.sha256(json.dumps(rows, sort_keys=True).encode()).hexdigest(),
    }


def _device_facts(device: torch.device, processes: Processes) -> dict[str, Any]:
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu"
    return {"device": name, "threads": torch.get_num_threads(), "processes": processes.count}
