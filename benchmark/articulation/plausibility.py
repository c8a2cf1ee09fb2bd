"""Checks whether a speaker's articulation is plausible: unit, axes, sensors, rate, lost values.

Each check looks at what no head and no recording can be, and says in one line what was seen and what to do. A
line is a question to the person who knows the recordings, not proof: nothing is changed and nothing is left
out because of it.

A bounded sample of recordings is read of each speaker, always the same one, so that preparing stays quick.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmark.articulation import audio_lag
from benchmark.articulation.orientation import misplaced
from benchmark.articulation.outline import nearest
from benchmark.articulation.palate_estimate import estimate
from benchmark.articulation.target_sets import traced_outline
from benchmark.articulation.tract_variables import Track, track
from benchmark.errors import CorpusError, LengthError
from benchmark.formats.raw_values import UNITS_MM
from benchmark.types import Progress, Trajectories, Utterance, silent
from benchmark.workers import share_out

#: Recordings of each speaker that are read.
SAMPLE = 12

#: Where the sensors of an adult mostly are, mm; the origin does not matter.
_USUAL: Mapping[str, tuple[float, float]] = {
    "upper_lip": (11.0, 6.0),
    "lower_lip": (9.0, -16.0),
    "jaw": (-2.0, -13.0),
    "tongue_tip": (-12.0, -3.0),
    "tongue_front": (-23.0, 5.0),
    "tongue_mid": (-36.0, 4.0),
    "tongue_back": (-50.0, 2.0),
    "velum": (-66.0, 4.0),
}
#: Tract variables that cannot be known without a sensor.
_NEEDED_FOR: Mapping[str, tuple[str, ...]] = {
    "upper_lip": ("LA",),
    "lower_lip": ("LA", "LP"),
    "tongue_tip": ("TTCL", "TTCD"),
    "tongue_front": ("TBCL", "TBCD"),
    "tongue_mid": ("TBCL", "TBCD"),
    "tongue_back": ("TBCL", "TBCD"),
}
#: Heads differ from the usual one by less than this factor, children's among them; centimetres and inches by
#: 2.5.
_HEADS_DIFFER = 1.75
#: Lengths in mm that a unit of the files may have: those with a name, and the parts of a millimetre that
#: recorders write.
_UNITS: Mapping[str, float] = {**UNITS_MM, "0.01": 0.01, "0.1": 0.1}
#: Channels that were normalised have a standard deviation near 1 about one common place.
_NORMALISED = (0.5, 2.0)

#: Rates at which articulation is recorded.
_RATES = (
    *(50.0, 60.0, 80.0, 100.0, 120.0, 125.0, 145.645, 160.0),
    *(200.0, 240.0, 250.0, 300.0, 400.0, 500.0, 1000.0, 1250.0),
)
_RATE_APART = 0.01
#: Ratios of length that differ by less are one factor; or by less than the second, if a rate in use then
#: fits.
_RATIO_SPREAD, _RATIO_SPREAD_KNOWN = 0.006, 0.02
#: Differences of length that differ by less are one difference: the recordings are all equally long.
_OFFSETS_DIFFER_S = 0.02
_FEWEST_LENGTHS = 3
_LENGTHS_APART_S = 0.1

_FEWEST_CODED = 3
_CODE_APART_MM = 3.0
_CODE_RANGES = 5.0
_SAME_SHARE = 0.99

#: A lag is told if it is at least so long, and explains so much more of the audio than no lag and than chance
#: do.
_LAG_S, _LAG_GAIN, _LAG_OVER_CHANCE = 0.08, 0.05, 0.05
_LAG_ALIKE_S, _LAG_ALIKE_SHARE, _LAG_APART_SHARE = 0.04, 0.75, 0.25

_LIPS_SPEECH_S = 8.0
_LIPS_MEET_MM = 30.0
_LIPS_MOVE_MM = 1.5

#: Sensors are some mm thick and traces are not exact; further beyond the palate, or never near it, the tongue
#: cannot be.
_BEYOND_MM, _BEYOND_SHARE, _FAR_MM = 4.0, 0.1, 12.0
#: A palate is 40 to 60 mm long; an estimate of less than half tells nothing.
_PALATE_MM = 20.0
#: Traces are no shorter than a piece of palate and no longer than palate, velum and pharynx.
_TRACE_MM = (12.0, 250.0)
_PALATE_POINTS = 2000


class Finding(NamedTuple):
    """Something that cannot be, or hardly.

    Attributes:
        speaker: Whose recordings.
        kind: One of `KINDS`.
        what: What was seen.
        advice: What to do about it.
        lag_s: By how much the articulation comes late in all recordings, where that is what was found.
    """

    speaker: str
    kind: str
    what: str
    advice: str
    lag_s: float | None = None


#: Kinds of finding, the worst first.
KINDS = ("unit", "sensors", "axes", "rate", "lag", "lost", "lips", "lengths", "outline")


@dataclass
class _Sample:
    """What was read of one speaker."""

    speaker: str
    unit: str
    start_s: float
    recordings: list[dict[str, Track]] = field(default_factory=list)
    never_seen: set[str] = field(default_factory=set)
    timed: list[audio_lag.Recording] = field(default_factory=list)
    lengths: list[tuple[float, float]] = field(default_factory=list)
    rates_hz: set[float] = field(default_factory=set)
    seconds: float = 0.0

    @property
    def roles(self) -> list[str]:
        """Sensors that were seen at all."""
        return list(dict.fromkeys(role for recording in self.recordings for role in recording))

    def tracks(self, role: str) -> list[Track]:
        """One sensor in all recordings that have it."""
        return [recording[role] for recording in self.recordings if role in recording]

    def together(self, role: str) -> NDArray[np.float64]:
        """All known positions of a sensor, mm, shape (frames, 2)."""
        return np.concatenate([found.xy[found.valid] for found in self.tracks(role)])

    def without(self, role: str, code: NDArray[np.float64] | None = None) -> None:
        """Takes out a sensor, or those of its frames that hold `code`."""
        for recording in self.recordings:
            if role not in recording:
                continue
            xy, valid = recording.pop(role)
            rest = np.zeros_like(valid) if code is None else valid & (xy != code).any(axis=1)
            if rest.any():
                recording[role] = Track(xy, rest)


def implausible(
    utterances: Sequence[Utterance],
    sensors: Mapping[str, str],
    *,
    jobs: int = 1,
    progress: Progress = silent,
) -> list[Finding]:
    """What cannot be in the articulation of some speakers, sorted by kind, the worst first, then by speaker.

    Args:
        utterances: Of a corpus; those without trajectories are passed over.
        sensors: Role to channel prefix, as in `Corpus.sensors`.
        jobs: Worker processes.
        progress: Told of every speaker.
    """
    samples = sampled(utterances)
    results = share_out(speaker_findings, ((members, sensors) for members in samples.values()), jobs)
    found = [finding for findings in progress(results, len(samples), "plausibility") for finding in findings]
    return sorted(_one_start(found), key=lambda finding: (KINDS.index(finding.kind), finding.speaker))


def _one_start(findings: Sequence[Finding]) -> list[Finding]:
    """Gives speakers whose lag is nearly the same one common advice, so that one `start_s` will do."""
    lags = [finding.lag_s for finding in findings if finding.lag_s is not None]
    if not lags or max(lags) - min(lags) > _LAG_S:
        return list(findings)
    middle = float(np.median(lags))
    typical = min(
        (finding for finding in findings if finding.lag_s is not None),
        key=lambda finding: abs((finding.lag_s or 0.0) - middle),
    )
    return [
        finding if finding.lag_s is None else finding._replace(advice=typical.advice) for finding in findings
    ]


def sampled(utterances: Iterable[Utterance], most: int = SAMPLE) -> dict[str, list[Utterance]]:
    """Up to `most` recordings with trajectories of each speaker, evenly spread, in order of their ids."""
    by_speaker: dict[str, list[Utterance]] = defaultdict(list)
    for utterance in sorted(utterances, key=lambda utterance: utterance.id):
        if utterance.trajectories is not None:
            by_speaker[utterance.speaker].append(utterance)
    return {
        speaker: [members[i * len(members) // most] for i in range(most)] if len(members) > most else members
        for speaker, members in sorted(by_speaker.items())
    }


def lines(findings: Sequence[Finding]) -> list[str]:
    """One line for each kind of finding; speakers who get the same advice share a line.

    What was seen is told of the first of them.
    """
    groups: dict[tuple[str, str], list[Finding]] = defaultdict(list)
    for finding in findings:
        groups[finding.kind, finding.advice].append(finding)
    said = []
    for group in groups.values():
        speakers = list(dict.fromkeys(finding.speaker for finding in group))
        others = f" (and {len(speakers) - 1} more speakers: {_some(speakers[1:])})" if speakers[1:] else ""
        said.append(f"{speakers[0]}{others}: {group[0].what}; {group[0].advice}")
    return said


def speaker_findings(utterances: Sequence[Utterance], sensors: Mapping[str, str]) -> list[Finding]:
    """What cannot be in these recordings of one speaker."""
    sample = _read(utterances, sensors)
    found = [*_lost(sample), *_rate_or_lengths(sample)]
    if not any(finding.kind == "rate" for finding in found):
        found += _lag(sample)
    if unit := _unit(sample):
        return [*found, *unit]  # Millimetres mean nothing then.
    misplaced_sensors = _same_values(sample) or _places(sample)
    wall = [] if misplaced_sensors else _palate(sample, utterances)
    return [*found, *misplaced_sensors, *_lips(sample), *wall]


def _read(utterances: Sequence[Utterance], sensors: Mapping[str, str]) -> _Sample:
    first = utterances[0]
    sample = _Sample(first.speaker, str(first.extra.get("unit", "")), float(first.extra.get("start_s", 0.0)))
    for utterance in utterances:
        try:
            moved = utterance.trajectories() if utterance.trajectories else None
        except LengthError as apart:
            sample.lengths.append((apart.audio_s, apart.articulation_s))
            sample.rates_hz.add(apart.rate_hz)
            continue
        except CorpusError:
            continue  # Damage is reported where recordings are read one by one.
        if moved is None:
            continue
        recorded_s = moved.duration_s if moved.recorded_s is None else moved.recorded_s
        sample.lengths.append((utterance.duration_s, recorded_s))
        sample.rates_hz.add(moved.rate_hz)
        sample.seconds += moved.duration_s
        sample.timed += _timed(utterance, moved)
        tracks = {role: track(moved, sensors, role) for role in sensors}
        sample.never_seen.update(role for role, one in tracks.items() if one is not None)
        sample.recordings.append(
            {role: one for role, one in tracks.items() if one is not None and one.valid.any()}
        )
    sample.never_seen.difference_update(sample.roles)
    return sample


def _timed(utterance: Utterance, moved: Trajectories) -> list[audio_lag.Recording]:
    try:
        found = audio_lag.recording(utterance.audio(), moved)
    except CorpusError:
        return []  # Damaged audio is reported where recordings are read one by one.
    return [] if found is None else [found]


def _lag(sample: _Sample) -> list[Finding]:
    """Whether articulation and audio are shifted in time, by one lag for all recordings or by several."""
    found = audio_lag.estimate(sample.timed)
    if (
        found is None
        or found.explained < found.unshifted + _LAG_GAIN
        or found.explained < max(found.chance, 0.0) + _LAG_OVER_CHANCE
    ):
        return []
    lags, gains = np.array(found.lags_s), np.array(found.gains)
    middle = float(np.median(lags))
    if np.mean(np.abs(lags - middle) <= _LAG_ALIKE_S) >= _LAG_ALIKE_SHARE:
        if abs(middle) < _LAG_S:
            return []
        side = "late" if middle > 0 else "early"
        what = f"the articulation comes about {abs(middle):.2f} s too {side} for its audio"
        advice = _mend(
            sample, f"write start_s = {sample.start_s - middle:.2f} in [trajectories] of corpus.toml"
        )
        return [Finding(sample.speaker, "lag", what, advice, middle)]
    apart = (np.abs(lags - middle) >= _LAG_S) & (gains > _LAG_GAIN)
    if apart.sum() < max(2, _LAG_APART_SHARE * len(lags)):
        return []
    what = (
        f"the articulation is shifted against the audio by another time in each of {len(lags)} recordings, "
        f"from {_side(lags.min())} to {_side(lags.max())}"
    )
    return [Finding(sample.speaker, "lag", what, "align audio and articulation of each recording first")]


def _side(lag_s: float) -> str:
    return f"{abs(lag_s):.2f} s {'late' if lag_s > 0 else 'early'}"


def _lost(sample: _Sample) -> list[Finding]:
    """Sensors that never move, and values that stand for lost ones. Both are taken out of the sample."""
    found = []
    rest = (
        'take its role out of [sensors], or write it as "" in the [speakers] table of one speaker, or name '
        "its channel rightly"
    )
    dead = f"the coil is dead or not connected{_mend(sample, ': ' + rest, '')}"
    for role in sorted(sample.never_seen):
        what = f"{_said(role)} is lost in all frames of {_recordings(len(sample.recordings))}"
        what += f", so that {', '.join(_NEEDED_FOR[role])} are never valid" if role in _NEEDED_FOR else ""
        found.append(Finding(sample.speaker, "lost", what, dead))
    for role in sample.roles:
        tracks, together = sample.tracks(role), sample.together(role)
        if not any(np.ptp(one.xy[one.valid], axis=0).any() for one in tracks):
            what = f"{_said(role)} never moves: it is always at {_pair(together[0])}"
            found.append(Finding(sample.speaker, "lost", what, dead))
            sample.without(role)
        elif (code := lost_code(together)) is not None:
            frames = int((together == code).all(axis=1).sum())
            value = float(np.abs(code).max()) / length_mm(sample.unit)
            what = f"{_said(role)} is at exactly {_pair(code)} in {frames} frames, far from its other places"
            rest = f"write missing = {value:g} in [trajectories] of corpus.toml"
            advice = _mend(sample, f"if that stands for lost values, {rest}", "it may stand for lost values")
            found.append(Finding(sample.speaker, "lost", what, advice))
            sample.without(role, code)
    return found


def _recordings(number: int) -> str:
    return "one recording" if number == 1 else f"{number} recordings"


def lost_code(xy: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """The pair of values that stands for lost ones: repeated exactly, and far from all the others."""
    # One complex number a pair, because those are counted fast; 0 is added so that there is no -0.
    pairs, counts = np.unique(xy[:, 0] + 0.0 + 1j * (xy[:, 1] + 0.0), return_counts=True)
    for i in np.argsort(-counts, kind="stable")[:3]:
        if counts[i] < _FEWEST_CODED or counts[i] > len(xy) - _FEWEST_CODED:
            continue
        pair = np.array([pairs[i].real, pairs[i].imag])
        others = xy[(xy != pair).any(axis=1)]
        low, middle, high = np.quantile(others, [0.05, 0.5, 0.95], axis=0)
        # (0, 0) is what most recorders write; any other pair must lie where the sensor cannot get.
        least = _CODE_APART_MM if not pair.any() else _CODE_RANGES * float(np.hypot(*(high - low)))
        if float(np.hypot(*(pair - middle))) > least:
            return pair
    return None


def _same_values(sample: _Sample) -> list[Finding]:
    """Roles that were given one and the same channel."""
    found = []
    for one, other in combinations(sample.roles, 2):
        both = [recording for recording in sample.recordings if one in recording and other in recording]
        same = [float((recording[one].xy == recording[other].xy).all(axis=1).mean()) for recording in both]
        if same and float(np.mean(same)) > _SAME_SHARE:
            what = f"{_said(one)} and {_said(other)} have the very same values"
            advice = (
                "one of the two is given the other's "
                f"channel{_mend(sample, ': correct [sensors] of corpus.toml', '')}"
            )
            found.append(Finding(sample.speaker, "sensors", what, advice))
    return found


def _places(sample: _Sample) -> list[Finding]:
    """Whether the sensors lie as they do in a head."""
    places = {role: _middle(sample.together(role)) for role in sample.roles}
    advice = _mend(sample, "correct [sensors] or [axes] of corpus.toml")
    return [Finding(sample.speaker, "axes", what, advice) for what in misplaced(places)]


def _unit(sample: _Sample) -> list[Finding]:
    """Whether the sensors lie as far apart as in a head, whichever of them is which."""
    roles = [role for role in sample.roles if role in _USUAL]
    if len(roles) < 2:
        return []
    places = {role: _middle(sample.together(role)) for role in roles}
    apart, usual = _spread([places[role] for role in roles]), _spread([_USUAL[role] for role in roles])
    moves = float(np.median([sample.together(role).std(axis=0).mean() for role in roles]))
    if apart < moves and _NORMALISED[0] < moves < _NORMALISED[1]:
        return [
            Finding(
                sample.speaker,
                "unit",
                "all sensors lie about one place and move by one unit: the channels look normalised",
                (
                    "give positions as they were measured: tract variables need millimetres in one system "
                    "of coordinates"
                ),
            )
        ]
    if apart < moves:
        return [
            Finding(
                sample.speaker,
                "unit",
                "all sensors lie about one place: the mean of each channel seems to have been taken away",
                (
                    "give positions as they were measured: tract variables need all sensors in one system "
                    "of coordinates"
                ),
            )
        ]
    factor = usual / apart
    if 1 / _HEADS_DIFFER < factor < _HEADS_DIFFER:
        return []
    stated = length_mm(sample.unit)
    name = unit_of(places, stated)
    mm = _UNITS[name]
    what = (
        f"the head is {_length(apart / usual * 60.0)} wide, from lips to tongue back, where about 60 mm is "
        "usual"
    )
    if mm == stated or not 1 / _HEADS_DIFFER < mm / (stated * factor) < _HEADS_DIFFER:
        advice = (
            f"the unit is wrong by a factor of {factor:.3g}, and no unit in use fits: ask who recorded it"
        )
    elif sample.unit:
        written = name if name[0].isdigit() else f'"{name}"'
        advice = (
            f'looks like {_unit_name(name)}; write unit = {written} instead of "{sample.unit}" in corpus.toml'
        )
    else:
        advice = (
            f"looks like {_unit_name(name)}; the files are not in the unit that this corpus is published in"
        )
    return [Finding(sample.speaker, "unit", what, advice)]


def unit_of(places: Mapping[str, tuple[float, float]], stated_mm: float = 1.0) -> str:
    """The unit in which the sensors lie as far apart as in a human head.

    It is given as `corpus.toml` states units: by name, or as a number of millimetres.

    Args:
        places: Role to where its sensor mostly is, in units of `stated_mm`.
        stated_mm: Length of the unit in which `places` were read.
    """
    known = [role for role in places if role in _USUAL]
    if len(known) < 2 or _spread([places[role] for role in known]) == 0:
        return "mm"
    factor = _spread([_USUAL[role] for role in known]) / _spread([places[role] for role in known])
    return min(_UNITS, key=lambda unit: abs(float(np.log(_UNITS[unit] / (stated_mm * factor)))))


def _rate_or_lengths(sample: _Sample) -> list[Finding]:
    """A wrong rate, or else the recordings that differ from their audio by more than 0.1 s."""
    if not sample.lengths:
        return []
    audio_s, recorded_s = np.array(sample.lengths).reshape(-1, 2).T
    apart = recorded_s - audio_s
    if finding := _rate(sample, audio_s, recorded_s):
        return [finding]
    far = np.abs(apart) > _LENGTHS_APART_S
    if not far.any():
        return []
    worst = int(np.abs(apart).argmax())
    longer = "longer" if apart[worst] > 0 else "shorter"
    what = (
        f"in {int(far.sum())} of {len(apart)} recordings the articulation differs in length from the audio "
        f"by more than 0.1 s (at most {abs(apart[worst]):.2f} s {longer})"
    )
    return [
        Finding(
            sample.speaker, "lengths", what, "only the overlap is used; make sure that both start together"
        )
    ]


def _rate(sample: _Sample, audio_s: NDArray[np.float64], recorded_s: NDArray[np.float64]) -> Finding | None:
    """Whether articulation is longer or shorter than its audio by one factor in all recordings."""
    if len(audio_s) < _FEWEST_LENGTHS or len(sample.rates_hz) != 1 or audio_s.min() <= 0:
        return None
    (rate_hz,) = sample.rates_hz
    factor = float(np.median(recorded_s / audio_s))
    fitting = known_rate(rate_hz * factor)
    # What a factor leaves unexplained, in seconds, against what one constant difference would leave.
    by_factor, by_offset = np.std(recorded_s / factor - audio_s), np.std(recorded_s - audio_s)
    spread = np.std(recorded_s / audio_s) / factor
    better = by_factor < by_offset / 2 and by_offset > _OFFSETS_DIFFER_S
    known = fitting in _RATES
    one_factor = spread < (_RATIO_SPREAD_KNOWN if better and known else _RATIO_SPREAD) and (better or known)
    if abs(factor - 1) < _RATE_APART or not one_factor:
        return None
    longer = "longer" if factor > 1 else "shorter"
    what = f"the articulation of every recording is {abs(factor - 1):.1%} {longer} than its audio"
    advice = f"the rate of {rate_hz:g} seems wrong: a rate of {fitting:g} would fit"
    return Finding(sample.speaker, "rate", what, advice)


def known_rate(rate_hz: float) -> float:
    """The nearest rate that recorders use, or the given one to a tenth if none is within 1 %."""
    near = min(_RATES, key=lambda known: abs(known / rate_hz - 1))
    return near if abs(near / rate_hz - 1) < _RATE_APART else round(rate_hz, 1)


def _lips(sample: _Sample) -> list[Finding]:
    """Lips that never meet, or never part, in seconds of speech."""
    apart = [
        np.hypot(*(one.xy - other.xy)[one.valid & other.valid].T)
        for one, other in (
            (recording["upper_lip"], recording["lower_lip"])
            for recording in sample.recordings
            if "upper_lip" in recording and "lower_lip" in recording
        )
    ]
    together = np.concatenate(apart) if apart else np.zeros(0)
    if sample.seconds < _LIPS_SPEECH_S or together.size < 2:
        return []
    least, most = (float(value) for value in np.quantile(together, [0.005, 0.98]))
    advice = "make sure that [sensors] names sensors on the lips"
    if least > _LIPS_MEET_MM:
        what = (
            f"the lips never meet: their sensors come no closer than {least:.0f} mm in {sample.seconds:.0f} s"
        )
        return [Finding(sample.speaker, "lips", what, advice)]
    if most - least < _LIPS_MOVE_MM:
        what = (
            f"the lips hardly part: the distance of their sensors changes by {most - least:.1f} mm in "
            f"{sample.seconds:.0f} s"
        )
        return [Finding(sample.speaker, "lips", what, advice)]
    return []


def _mend(
    sample: _Sample, described: str, published: str = "these files differ from the corpus as it is published"
) -> str:
    """Chooses the advice: `described` for a folder with a `corpus.toml`, `published` for a known corpus."""
    return described if sample.unit else published


def _palate(sample: _Sample, utterances: Sequence[Utterance]) -> list[Finding]:
    """Whether the tongue stays below the palate and reaches it, or whether a palate can be estimated."""
    tongue = [sample.together(role) for role in sample.roles if role.startswith("tongue")]
    if not tongue:
        return []
    points = np.concatenate(tongue)
    points = points[:: max(1, len(points) // _PALATE_POINTS)]
    try:
        wall = traced_outline(utterances)
    except CorpusError:
        return []  # A damaged trace is reported as damage.
    if wall is None:
        wall = estimate(tongue)
        length = 0.0 if wall is None else float(wall.along[-1])
        if length >= _PALATE_MM or sample.seconds < _LIPS_SPEECH_S:
            return []
        what = f"no palate was traced, and the one that the tongue's reach gives is only {length:.0f} mm long"
        return [
            Finding(sample.speaker, "outline", what, "tongue constrictions mean little: trace the palate")
        ]
    long = float(wall.along[-1])
    if not _TRACE_MM[0] < long < _TRACE_MM[1]:
        what = f"the trace of palate and pharynx is {_length(long)} long"
        return [
            Finding(
                sample.speaker, "outline", what, "the trace seems to have another unit than the trajectories"
            )
        ]
    distance = nearest(wall, points).distance
    beyond, closest = float(np.mean(distance < -_BEYOND_MM)), float(np.quantile(distance, 0.01))
    advice = "the trace seems to have another unit, other axes or another origin than the trajectories"
    if beyond > _BEYOND_SHARE:
        what = (
            f"the tongue lies beyond the palate by more than {_BEYOND_MM:g} mm in {beyond:.0%} of the frames"
        )
        return [Finding(sample.speaker, "outline", what, advice)]
    if closest > _FAR_MM and sample.seconds > _LIPS_SPEECH_S:
        what = f"the tongue comes no closer to the palate than {closest:.0f} mm in {sample.seconds:.0f} s"
        return [Finding(sample.speaker, "outline", what, advice)]
    return []


def _middle(xy: NDArray[np.float64]) -> tuple[float, float]:
    x, y = np.median(xy, axis=0)
    return float(x), float(y)


def _spread(places: Sequence[tuple[float, float]]) -> float:
    """Mean distance between all pairs."""
    return float(np.mean([np.hypot(a[0] - b[0], a[1] - b[1]) for a, b in combinations(places, 2)]))


def length_mm(unit: str) -> float:
    """Length in mm of a unit as `corpus.toml` states it, by name or number; 1 where none is stated."""
    return UNITS_MM[unit] if unit in UNITS_MM else float(unit or 1.0)


def _unit_name(name: str) -> str:
    return {"0.01": "1/100 mm", "0.1": "1/10 mm"}.get(name, name)


def _length(mm: float) -> str:
    return f"{mm:.3g} mm" if mm < 1000 else f"{mm / 1000:,.3g} m"


def _pair(xy: NDArray[np.float64]) -> str:
    return f"({xy[0]:g}, {xy[1]:g})"


def _some(names: Sequence[str], most: int = 3) -> str:
    return ", ".join(names[:most]) + (" ..." if len(names) > most else "")


def _said(role: str) -> str:
    return f"the {role.replace('_', ' ')}"
