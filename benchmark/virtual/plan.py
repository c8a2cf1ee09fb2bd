"""What each virtual corpus holds, decided before a sound is made."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass

from benchmark.errors import CorpusError
from benchmark.randomness import Randomness
from benchmark.types import SPLITS
from benchmark.virtual.prosody import Pitch, Segment, pitch, segments
from benchmark.virtual.sentences import Sentence, sentences
from benchmark.virtual.voices import Voice, cast

# Part of every utterance's identity: raise it when anything in the generator changes the sound or the
# articulation.
GENERATOR_VERSION = 2
_PRESSURE_DPA = 8000.0
# The synthesiser refuses articulators that are faster.
_CRISPEST_MS = 10.0


@dataclass(frozen=True, slots=True)
class Line:
    """One utterance to be spoken.

    Attributes:
        id: "VOICE/U001".
        split: "train", "dev", "test" or "babble".
        text: What is said.
        segments: Phones in time.
        pitch: Where F0 goes.
        tau_ms: Time constant of the articulators in this utterance.
        pressure_dpa: Lung pressure, which sets vocal effort.
    """

    id: str
    split: str
    text: str
    segments: tuple[Segment, ...]
    pitch: Pitch
    tau_ms: float
    pressure_dpa: float

    @property
    def duration_ms(self) -> int:
        """Length in milliseconds."""
        return self.segments[-1].end_ms


@dataclass(frozen=True, slots=True)
class Part:
    """A voice and everything it says."""

    voice: Voice
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Cast:
    """The size of a corpus.

    Attributes:
        version: Raised when the content changes.
        targets: Voices that are targets, for each sex and split.
        babble: Voices that only babble, for each sex and split.
        lines: Utterances for each target voice of a split.
        babble_lines: Utterances for each babble voice.
    """

    version: int
    targets: dict[str, dict[str, int]]
    babble: dict[str, dict[str, int]]
    lines: dict[str, int]
    babble_lines: int


CORPORA = {
    "demo": Cast(
        version=2,
        targets={"F": {"train": 3, "dev": 1, "test": 2}, "M": {"train": 3, "dev": 1, "test": 2}},
        babble={sex: dict.fromkeys(SPLITS, 4) for sex in "FM"},
        lines={"train": 6, "dev": 3, "test": 4},
        babble_lines=1,
    ),
    "virtual": Cast(
        version=2,
        targets={sex: {"train": 6, "dev": 2, "test": 2} for sex in "FM"},
        babble={sex: dict.fromkeys(SPLITS, 4) for sex in "FM"},
        lines={"train": 36, "dev": 26, "test": 30},
        babble_lines=4,
    ),
}


def plan(corpus: str) -> list[Part]:
    """Everything that a corpus holds; the same every time.

    Args:
        corpus: "demo" or "virtual".

    Raises:
        CorpusError: There is no such corpus.
    """
    if corpus not in CORPORA:
        raise CorpusError(f"no virtual corpus {corpus!r}; there are {', '.join(CORPORA)}")
    size = CORPORA[corpus]
    targets = cast(corpus, size.targets, babble=False)
    babblers = cast(corpus, size.babble, babble=True)
    return [
        *(Part(voice, _target_lines(corpus, voice, size.lines[voice.split])) for voice in targets),
        *(Part(voice, _babble_lines(corpus, voice, size.babble_lines)) for voice in babblers),
    ]


def fingerprint(voice: Voice, line: Line) -> str:
    """A hash of everything that decides how a line sounds, as hexadecimal digits."""
    whole = {"generator": GENERATOR_VERSION, "voice": asdict(voice), "line": asdict(line)}
    return hashlib.blake2b(json.dumps(whole, sort_keys=True).encode(), digest_size=16).hexdigest()


def _target_lines(corpus: str, voice: Voice, count: int) -> tuple[Line, ...]:
    chosen = sentences(f"{corpus}/{voice.name}", voice.split, count)
    return tuple(_line(corpus, voice, voice.split, i, (sentence,)) for i, sentence in enumerate(chosen))


def _babble_lines(corpus: str, voice: Voice, count: int) -> tuple[Line, ...]:
    # Two sentences a recording: babble wants long stretches of speech and few pauses.
    chosen = sentences(f"{corpus}/{voice.name}", "babble", 2 * count)
    return tuple(_line(corpus, voice, "babble", i, (chosen[2 * i], chosen[2 * i + 1])) for i in range(count))


def _line(corpus: str, voice: Voice, split: str, index: int, said: tuple[Sentence, ...]) -> Line:
    randomness = Randomness(("line", corpus, voice.name, index))

    def around(purpose: str, centre: float, spread: float, digits: int) -> float:
        return round(centre * (1.0 + spread * (randomness.integer(purpose, 0, 2001) - 1000) / 1000.0), digits)

    timed = segments(said, voice, around("tempo", 1.0, 0.06, 4), randomness)
    return Line(
        id=f"{voice.name}/U{index + 1:03d}",
        split=split,
        text=" ".join(sentence.text for sentence in said),
        segments=timed,
        pitch=pitch(timed, voice, randomness),
        tau_ms=max(around("tau", voice.tau_ms, 0.08, 2), _CRISPEST_MS),
        pressure_dpa=around("pressure", _PRESSURE_DPA, 0.2, 1),
    )
