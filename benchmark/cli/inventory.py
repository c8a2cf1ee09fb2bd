"""What there is to choose from, and what each still needs here: behind `python -m benchmark.list`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from benchmark.errors import CorpusError, MissingExtraError, SinbadError

if TYPE_CHECKING:
    from benchmark.metrics import Measure

#: Sources of noise that need no folder: the speech corpus itself, the embedded voices, the generator.
_BUILT_IN = frozenset({"corpus", "corpus_voices", "shipped_voices", "synthetic"})


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that can be named on a command line.

    Attributes:
        name: As it is named there.
        title: One line.
        needs: What is missing before it can be used here; empty if it is ready.
        facts: Further columns for machines.
    """

    name: str
    title: str
    needs: tuple[str, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def ready(self) -> bool:
        """Whether it can be used as things are."""
        return not self.needs


def recipes() -> list[Item]:
    """The shipped recipes."""
    from benchmark.mixing.recipe_files import load_recipe, recipe_names

    items = []
    for name in recipe_names():
        try:
            recipe = load_recipe(name)
        except SinbadError as error:
            items.append(Item(name, "cannot be read", (str(error),)))
            continue
        wanted = [
            source for section in (recipe.babble, recipe.nonbabble) if section for source in section.sources
        ]
        folders = [source for source in dict.fromkeys(wanted) if source not in _BUILT_IN]
        needs = _speech(recipe.speech.root) + tuple(f"--noise-root {source}=DIR" for source in folders)
        items.append(Item(name, recipe.title, needs))
    return items


def corpora() -> list[Item]:
    """The corpora of articulation that can be read."""
    from benchmark.corpora import CORPORA

    return [
        Item(name, corpus.title, () if name == "virtual" else (f"--speech-root DIR ({corpus.home})",))
        for name, corpus in CORPORA.items()
    ]


def noises() -> list[Item]:
    """The noise corpora that can be read, and the generator."""
    from benchmark.noises import NOISES, get
    from benchmark.noises.synthetic import SYNTHETIC

    items = [Item("synthetic", f"generated: {', '.join(SYNTHETIC)}")]
    for name in NOISES:
        corpus = get(name)
        items.append(Item(name, corpus.title, (f"--noise-root {name}=DIR ({corpus.home})",)))
    return items


def models() -> list[Item]:
    """The built-in models."""
    from benchmark.models.published_inverters import PUBLISHED
    from benchmark.models.registry import REGISTERED

    published = [
        Item(name, known.title, ("its package, in a Python of its own: --python PATH",))
        for name, known in PUBLISHED.items()
    ]
    # A model that needs more than the core reports the version of its package, or that there is none.
    return [
        Item(
            entry.name,
            entry.title,
            (f"its package: pip install 'sinbad-bench[{entry.extra}]'",) if entry.version == "absent" else (),
        )
        for entry in REGISTERED.values()
    ] + published


def encoders() -> list[Item]:
    """The encoders that the joint model can stand on."""
    from benchmark.joint.encoders.registry import available

    return [
        Item(offer.name, f"{offer.title} ({offer.origin})", (*_joint_extra(), *offer.needs))
        for offer in available()
    ]


def configs() -> list[Item]:
    """The shipped configurations of the joint model and of the rungs of the ladder beside it."""
    from benchmark.joint.config_files import config_names, load_config
    from benchmark.joint.encoders.registry import available

    needs = {offer.name.partition(":")[0]: offer.needs for offer in available()}
    items = []
    for name in config_names():
        try:
            config = load_config(name)
        except SinbadError as error:
            items.append(Item(name, "cannot be read", (str(error),)))
        else:
            kind = config.encoder.spec.partition(":")[0]
            items.append(Item(name, config.title or name, (*_joint_extra(), *needs.get(kind, ()))))
    return items


#: Units of measures that need more words than their symbol.
_UNITS: Mapping[str, str] = MappingProxyType(
    {
        "1": "without unit",
        "own": "in the unit of the parameter",
        "SD": "in standard deviations of the target",
    }
)
_WORST_IN: Mapping[str, str] = MappingProxyType({"SD": " standard deviations"})


def measures() -> list[Item]:
    """The measures, variants included."""
    from benchmark.metrics.registry import available, classes, parse

    items = []
    for name in available():
        title = (classes()[name.partition("(")[0]].__doc__ or "").partition("\n")[0].rstrip(".")
        try:
            facts = _measure_facts(parse(name))
        except MissingExtraError as error:
            items.append(Item(name, title, (str(error).rpartition(": ")[2],)))
        else:
            scale = (
                f"{_UNITS.get(facts['unit'], facts['unit'])}, {facts['better']} is better, a failure counts "
                f"as {facts['worst']:g}{_WORST_IN.get(facts['worst_unit'], '')}"
                + ("" if facts["ranked"] else ", not ranked")
            )
            items.append(Item(name, f"{title}; {scale}", facts=facts))
    return items


def ready_measures() -> list[str]:
    """The measures that can be computed here, without a further package."""
    return [item.name for item in measures() if item.ready]


def _measure_facts(measure: Measure) -> dict[str, Any]:
    return {
        "of": measure.kind,
        "unit": measure.unit,
        "range": list(measure.range),
        "better": "higher" if measure.higher_is_better else "lower",
        "worst": measure.worst,
        "worst_unit": "SD" if measure.unit == "own" else measure.unit,  # errors in mm, Hz and 1 alike
        "ranked": measure.ranked,
        "version": measure.version,
        "source": measure.source,
    }


#: What can be listed, by name.
SECTIONS: Mapping[str, Callable[[], list[Item]]] = MappingProxyType(
    {
        "recipes": recipes,
        "corpora": corpora,
        "noises": noises,
        "models": models,
        "encoders": encoders,
        "configs": configs,
        "measures": measures,
    }
)


def _joint_extra() -> tuple[str, ...]:
    from benchmark.joint.trained import packages_missing

    return ("pip install 'sinbad-bench[joint]'",) if packages_missing() else ()


def _speech(root: str | None) -> tuple[str, ...]:
    if root is None:
        return ("--speech-root DIR",)
    place, _, name = root.partition(":")
    if place == "cache":
        from benchmark.files import cache_folder
        from benchmark.virtual.store import read_info

        try:
            complete = bool(read_info(cache_folder() / name)["complete"])
        except CorpusError:
            complete = False
        if not complete:
            return (f"python -m benchmark.synthesise {name}",)
    return ()
