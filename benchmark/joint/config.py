"""Configurations of the reference model: TOML files that say everything about one training run."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

Count = Annotated[int, Field(ge=1)]
Share = Annotated[float, Field(ge=0.0, le=1.0)]
Weight = Annotated[float, Field(ge=0.0)]
Speed = Annotated[float, Field(ge=0.8, le=1.25)]
Snr = Annotated[float, Field(ge=-40.0, le=60.0)]


class Section(BaseModel):
    """A table of a configuration: unknown keys and wrong types are errors."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class EncoderConfig(Section):
    """The shared encoder.

    Attributes:
        spec: Its name: "small", "hf:NAME or directory", "torchaudio:BUNDLE or file", "whisper-tiny.en".
        layers: Layers of two dilated convolutions (only "small").
        width: Size of a hidden state (only "small").
        dropout: Share of values set to zero while training ("small" and "whisper-tiny.en"; others have their
            own).
        hidden_stretches: Stretches of time (in a second) and of frequency that are hidden from it while
            training, as in SpecAugment ("small" and "whisper-tiny.en").
        front_norm: Whether each frame of the log-mel spectrum is normalised before the first layer, which
            takes its loudness away (only "small"; weights older than version 1.0 have it).
        trained: Which parts learn: "all", "none", "last:N" (the last N layers), "no-front" (all above the
            front end).
    """

    spec: str = "small"
    layers: Count = 4
    width: Count = 160
    dropout: Share = 0.1
    hidden_stretches: Annotated[int, Field(ge=0)] = 0
    front_norm: bool = True
    trained: Annotated[str, Field(pattern=r"^(all|none|no-front|last:[1-9]\d*)$")] = "all"


class InverterConfig(Section):
    """From the weighted sum of the encoder's layers to trajectories.

    Attributes:
        blocks: Conformer blocks.
        width: Width of a block.
        heads: Attention heads of a block.
        dropout: Share of values set to zero while training.
        hears: What the inverter hears: "encoder", the shared encoder alone; "bottleneck", also the hidden
            states of the enhancer; "enhanced", the encoder twice, which listens once more, to the enhanced
            speech.
    """

    blocks: Annotated[int, Field(ge=0)] = 2
    width: Count = 160
    heads: Count = 4
    dropout: Share = 0.1
    hears: Literal["encoder", "bottleneck", "enhanced"] = "encoder"

    @model_validator(mode="after")
    def _divisible(self) -> InverterConfig:
        if self.width % self.heads:
            raise ValueError(f"has width = {self.width}, which {self.heads} heads cannot share")
        return self


class EnhancerConfig(Section):
    """The enhancer, conditioned on the shared encoder.

    Attributes:
        domain: "spectrum": a mask on the compressed magnitudes of a short-time spectrum; "waveform": learned
            analysis and synthesis filters, as the paper has it, which take ten times as long.
        width: Width of its bottleneck.
        blocks: Dilated convolutions at its bottleneck.
        dropout: Share of values set to zero while training.
    """

    domain: Literal["spectrum", "waveform"] = "spectrum"
    width: Count = 160
    blocks: Annotated[int, Field(ge=0)] = 4
    dropout: Share = 0.0


class LossConfig(Section):
    """Weights of what is minimised.

    That is enhancement * (si_sdr + stft) + inversion * (correlation + rmse + consistency), each part times
    its weight.

    Attributes:
        si_sdr: Negative SI-SDR of the enhanced speech, in tens of decibels.
        stft: Distance of the compressed spectra of the enhanced speech: at the resolution of the mask, or
            over several resolutions where enhancement is on the waveform.
        consistency: Distance between what the inverter hears of the mixture and what it would hear of the
            clean speech in it.
        correlation: One minus the correlation of each trajectory.
        rmse: Root mean square error of each trajectory, in standard deviations.
        enhancement: All of enhancement.
        inversion: All of inversion.
    """

    si_sdr: Weight = 1.0
    stft: Weight = 1.0
    consistency: Weight = 0.0
    correlation: Weight = 1.0
    rmse: Weight = 0.2
    enhancement: Weight = 1.0
    inversion: Weight = 1.0


class DataConfig(Section):
    """What is trained on; every epoch draws a new mixture for each utterance of the train split.

    Attributes:
        kinds: Conditions that are drawn: "clean" and names of kinds of noise, as in the column `noise_kind`.
            None: clean speech and every kind of the corpus' recipe.
        clean_share: Probability of the clean condition, where it stands beside noise.
        snr_db: Signal-to-noise ratios that are drawn; None takes those of the corpus' recipe.
        more_babble: Sources of talkers beside those of the recipe, for training alone: "corpus" lets the
            speakers of the train split babble behind one another. One source is drawn for each mixture.
        crop_s: Longer utterances are cut to a stretch of this many seconds, drawn anew each epoch; None
            trains on whole ones.
        speeds: Each recording of the train split is played at one of these, drawn anew each epoch, with pitch
            and formants as of a tape; multiples of 0.05.
        microphone_db: Each mixture goes through a smooth response that is drawn anew, up to so many decibels
            up or down; 0 leaves it as it is.
        heard: What the model hears: the mixture, the clean speech in it, or the mixture after an enhancer
            (`--enhancer`).
        extra_speech: Whether enhancement also learns from speech without articulation: folders given by
            `--extra-speech`, or else the corpus' own voices that only babble.
    """

    kinds: Annotated[list[str], Field(min_length=1)] | None = None
    clean_share: Share = 0.1
    snr_db: Annotated[list[Snr], Field(min_length=1)] | None = None
    more_babble: list[Literal["corpus", "corpus_voices", "shipped_voices"]] = []
    crop_s: Annotated[float, Field(ge=0.5, le=60.0)] | None = None
    speeds: Annotated[list[Speed], Field(min_length=1)] = [1.0]
    microphone_db: Annotated[float, Field(ge=0.0, le=24.0)] = 0.0
    heard: Literal["noisy", "clean", "enhanced"] = "noisy"
    extra_speech: bool = False

    @model_validator(mode="after")
    def _once(self) -> DataConfig:
        if self.kinds is not None and len(set(self.kinds)) != len(self.kinds):
            raise ValueError("lists one of its kinds twice")
        if odd := [speed for speed in self.speeds if abs(speed * 20 - round(speed * 20)) > 1e-9]:
            raise ValueError(f"has the speed {odd[0]}, which is no multiple of 0.05")
        return self


class TrainingConfig(Section):
    """How it is trained, after a linear warm-up.

    Attributes:
        epochs: At most.
        batch_s: Seconds of audio in a batch, padding included.
        optimiser: "adamw", or "muon": Muon for the matrices of blocks, which needs fewer epochs, and AdamW
            for the rest.
        learning_rate: Of what AdamW changes.
        matrix_learning_rate: Of what Muon changes.
        encoder_learning_rate: Of what AdamW changes in the encoder; None: the same. What Muon changes there
            is slowed down alike.
        weight_decay: Of everything but vectors.
        warmup: Steps over which the rate rises from zero.
        schedule: "plateau": multiplied with `plateau_factor` after `patience` epochs without a better dev
            score; "cosine": falls to zero over the epochs of a cycle; "constant".
        cycle: Epochs over which the cosine falls, before it starts again from the top (warm restarts,
            Loshchilov and Hutter 2017): a run that has ended with a cycle can go on for another. None: it
            falls once, over all epochs.
        plateau_factor: What the rate is multiplied with on a plateau.
        patience: See `schedule`.
        early_stop: Epochs without a better dev score after which training ends; None: never.
        watch: What "better" means: "ppmc", "si_sdr" (both of the dev split, higher is better), "loss" (lower
            is); None: PPMC where there is an inverter, else SI-SDR where there is an enhancer, else the loss.
        clip_norm: Longer gradients are shortened to this norm.
        seed: Of weights, order, mixtures, crops and dropout.
        precision: "bfloat16": autocast, on a GPU only; on a CPU it is float32 in any case.
    """

    epochs: Count = 40
    batch_s: Annotated[float, Field(gt=0.0)] = 24.0
    optimiser: Literal["adamw", "muon"] = "adamw"
    learning_rate: Annotated[float, Field(gt=0.0)] = 5e-4
    matrix_learning_rate: Annotated[float, Field(gt=0.0)] = 0.02
    encoder_learning_rate: Annotated[float, Field(gt=0.0)] | None = None
    weight_decay: Weight = 1e-3
    warmup: Annotated[int, Field(ge=0)] = 100
    schedule: Literal["plateau", "cosine", "constant"] = "plateau"
    cycle: Count | None = None
    plateau_factor: Annotated[float, Field(gt=0.0, lt=1.0)] = 0.5
    patience: Count = 5
    early_stop: Count | None = 8
    watch: Literal["ppmc", "si_sdr", "loss"] | None = None
    clip_norm: Annotated[float, Field(gt=0.0)] = 1.0
    seed: Annotated[int, Field(ge=0)] = 1
    precision: Literal["float32", "bfloat16"] = "float32"

    @model_validator(mode="after")
    def _something_falls(self) -> TrainingConfig:
        if self.cycle is not None and self.schedule != "cosine":
            raise ValueError(f"has cycle = {self.cycle}, which needs schedule = 'cosine'")
        return self

    @property
    def cycle_epochs(self) -> int:
        """Epochs over which the cosine falls."""
        return self.epochs if self.cycle is None else self.cycle


class JointConfig(Section):
    """One training run, complete.

    Attributes:
        name: In tables; by default that of its file.
        title: One line for tables.
        init: What it begins with: the folder of a run of pretraining, for the encoder "small", or of a model
            that was trained to enhance the same speech with the same encoder and enhancer, both of which are
            taken over. None: the encoder begins from where `encoder.spec` says ("small" from chance), all
            else from chance ("none" on a command line).
        encoder: The shared encoder.
        inverter: None: nothing is inverted.
        enhancer: None: nothing is enhanced.
        enrolment: "film": the model is told whom to follow by clean speech of the same speaker, which scales
            and shifts the channels of all residual blocks of encoder and enhancer; "none": by nothing.
        task: "joint": inversion, enhancement or both; "pretraining": masked prediction, by the encoder alone.
        losses: What is minimised.
        data: What is trained on.
        training: How.
    """

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_]*$")]
    title: str = ""
    init: str | None = None
    encoder: EncoderConfig = EncoderConfig()
    inverter: InverterConfig | None = None
    enhancer: EnhancerConfig | None = None
    enrolment: Literal["none", "film"] = "none"
    task: Literal["joint", "pretraining"] = "joint"
    losses: LossConfig = LossConfig()
    data: DataConfig = DataConfig()
    training: TrainingConfig = TrainingConfig()

    @field_validator("init", mode="before")
    @classmethod
    def _none(cls, init: object) -> object:
        return None if init == "none" else init

    @model_validator(mode="after")
    def _something_to_learn(self) -> JointConfig:
        heads = [name for name in ("inverter", "enhancer") if getattr(self, name) is not None]
        if self.task == "pretraining" and heads:
            raise ValueError(f"has a table [{heads[0]}], but task = 'pretraining' trains the encoder alone")
        if self.task == "joint" and not heads:
            raise ValueError("needs a table [inverter], [enhancer] or both")
        if self.inverter is not None and self.inverter.hears != "encoder" and self.enhancer is None:
            raise ValueError(f"inverter.hears = '{self.inverter.hears}' needs a table [enhancer]")
        if self.task == "pretraining" and self.encoder.trained != "all":
            raise ValueError(
                "task = 'pretraining' needs encoder.trained = 'all': what is not trained "
                "has not learnt from speech"
            )
        if self.task == "pretraining" and self.data.heard == "enhanced":
            raise ValueError("task = 'pretraining' cannot take data.heard = 'enhanced'")
        if self.task == "joint" and not self.losses.enhancement + self.losses.inversion > 0:
            raise ValueError("losses.enhancement and losses.inversion are both 0: nothing would be learnt")
        if self.enrolment == "film" and (self.encoder.spec != "small" or self.task != "joint"):
            raise ValueError("enrolment = 'film' needs task = 'joint' and the encoder 'small'")
        if self.enrolment == "film" and self.data.extra_speech:
            raise ValueError(
                "enrolment = 'film' cannot take data.extra_speech: nobody says what else its speakers say"
            )
        scored = {"ppmc": self.inverter, "si_sdr": self.enhancer}
        watch = self.training.watch
        if watch in scored and scored[watch] is None:
            raise ValueError(f"training.watch = '{watch}': the model has no such score")
        if self.data.extra_speech and self.task == "joint" and self.enhancer is None:
            raise ValueError("data.extra_speech needs a table [enhancer]: inversion cannot learn from it")
        return self

    @property
    def watched(self) -> Literal["ppmc", "si_sdr", "loss"]:
        """What decides which epoch is best."""
        if self.training.watch is not None:
            return self.training.watch
        if self.inverter is not None:
            return "ppmc"
        return "si_sdr" if self.enhancer is not None else "loss"
