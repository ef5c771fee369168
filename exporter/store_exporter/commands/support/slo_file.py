"""The file of objectives for `generate --slo`: read and validated, with all problems at once."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from ... import markdown
from ...config import ConfigError
from ...config.load import read
from ...config.model import reference
from ...config.model.section import Section, as_tuple
from ...config.model.types import Domain, Duration, Org, Says
from ...config.model.values import duration_text
from ...config.secrets import SecretSource
from ...config.yaml.checker import Checker
from ...config.yaml.document import Path as Place
from ...config.yaml.document import parse
from ...config.yaml.explain import by_key
from ...metrics.catalogue.operations import LATENCY_BUCKETS
from ...mixin.objectives import Objective, ObjectiveKind, Override
from ...mixin.policy import BURN_RATES

# An alert looks for a budget that is spent this many times too fast. Below this target, even a
# store where everything fails never gets there.
LEAST = 100 * (1 - 1 / max(rate.factor for rate in BURN_RATES))
_BOUNDS = ", ".join(duration_text(bound) for bound in LATENCY_BUCKETS)


def _kind(value: Any) -> ObjectiveKind:
    if value not in tuple(ObjectiveKind):
        raise ValueError(f"must be one of {', '.join(ObjectiveKind)}")
    return ObjectiveKind(value)


def _target(value: Any) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise ValueError("must be a number of percent, such as 99.5")
    if not LEAST < value < 100:
        raise ValueError(
            f"must be above {LEAST:.2f} and below 100 percent: at a lower target the fastest alert "
            "could never fire, and 100 leaves no error budget"
        )
    return float(value)


def _names(value: Any) -> Any:
    names = as_tuple(value)
    if isinstance(names, tuple) and not all(isinstance(n, str) and 0 < len(n) < 254 for n in names):
        raise ValueError("must be a list of names")
    return names


Target = Annotated[float, BeforeValidator(_target), Says("number of percent")]
KindOf = Annotated[
    ObjectiveKind, BeforeValidator(_kind), Says(" or ".join(f"`{k}`" for k in ObjectiveKind))
]
Names = Annotated[tuple[str, ...], BeforeValidator(_names)]


class Match(Section):
    """What an objective is restricted to."""

    org: Names = Field((), max_length=1000, description="Orgs.")
    domain: Names = Field((), max_length=1000, description="Domains.")
    platform: Names = Field((), max_length=20, description="Platforms.")
    operation: Names = Field((), max_length=200, description="Operations.")


class OverrideSection(Section):
    """Other figures for one org, or for one of its domains."""

    org: Org = Field(description="The org.")
    domain: Domain | None = Field(None, description="One of its domains; all when left out.")
    target: Target | None = Field(None, description="Share of good operations, in percent.")
    minimum_operations: int | None = Field(
        None,
        ge=1,
        le=10**9,
        description="Operations in a window below which alerts are silent.",
    )


class ObjectiveSection(Section):
    """One objective."""

    name: str = Field(
        pattern=r"^[a-z][a-z0-9_-]{0,39}$",
        description="Its name, the value of the label slo; lower case, unique in the file.",
    )
    kind: KindOf = Field(description="Kind of objective.")
    target: Target = Field(
        description="Share of good operations, or of the time for uptime, in percent, "
        f"above {LEAST:.2f} and below 100; at a lower target the fastest alert could never fire."
    )
    threshold: Duration | None = Field(
        None,
        description="Of latency only: how long a good operation may take; a bound of the duration "
        f"histogram's classic buckets ({_BOUNDS}), so that classic and native histograms agree.",
    )
    minimum_operations: int = Field(
        100,
        ge=1,
        le=10**9,
        description="Minimum number of operations (for uptime, of half minutes with known "
        "health) in an alert's long window; below it the alert is silent, so that "
        "three failed calls at night do not page anyone.",
    )
    match: Match = Field(default_factory=Match.usual, description="Restrictions of the objective.")
    overrides: Annotated[tuple[OverrideSection, ...], BeforeValidator(as_tuple)] = Field(
        (),
        max_length=1000,
        description="Different values for an org, or for one of its domains; the most specific "
        "one applies.",
    )


class ObjectivesFile(Section):
    """The file's top level."""

    objectives: Any = Field(description="The objectives, a list.")


def tables() -> str:
    """Return the reference of the file's keys as Markdown."""
    sections: dict[str, type[Section]] = {
        "`objectives[]`": ObjectiveSection,
        "`objectives[].match`": Match,
        "`objectives[].overrides[]`": OverrideSection,
    }
    return markdown.page(
        block
        for title, section in sections.items()
        for block in (f"### {title}", reference.keys_table(by_key(section)))
    )


def load(path: Path) -> tuple[Objective, ...]:
    """Read the objectives of a file.

    Raises:
        ConfigError: with every problem of the file.
    """
    parsed = parse(read(path), str(path))
    checker = Checker(parsed, SecretSource(path.absolute().parent, {}, resolve=False))
    data = {} if parsed.data is None else parsed.data
    checker.validate(ObjectivesFile, data, ())
    objectives = _objectives(checker, data) if isinstance(data, dict) else []
    if not objectives and not checker.problems:
        checker.complain(("objectives",), "must be a list with at least one objective")
    if checker.problems:
        raise ConfigError(checker.problems)
    return tuple(objectives)


def _objectives(checker: Checker, data: Mapping[str, Any]) -> list[Objective]:
    found: list[Objective] = []
    names: dict[Any, Place] = {}
    for path, item in checker.items(data, "objectives"):
        section = checker.validate(ObjectiveSection, item, path)
        if section is None:
            continue
        checker.unique(names, section.name, (*path, "name"), "the name")
        _check(checker, section, path)
        found.append(_objective(section))
    return found


def _check(checker: Checker, section: ObjectiveSection, path: Place) -> None:
    if section.kind is ObjectiveKind.LATENCY and section.threshold is None:
        checker.complain(path, "an objective on latency needs a threshold, such as 2500ms")
    if section.kind is ObjectiveKind.UPTIME and section.match.operation:
        complaint = "belongs to objectives on operations only; uptime is a store's"
        checker.complain((*path, "match", "operation"), complaint)
    if section.kind is not ObjectiveKind.LATENCY and section.threshold is not None:
        checker.complain((*path, "threshold"), "belongs to objectives on latency only")
    elif section.threshold not in (None, *LATENCY_BUCKETS):
        bounds = ", ".join(f"{bound:g}" for bound in LATENCY_BUCKETS)
        complaint = f"must be a bound of the histogram's buckets; in seconds: {bounds}"
        checker.complain((*path, "threshold"), complaint)
    seen: dict[Any, Place] = {}
    for index, override in enumerate(section.overrides):
        where = (*path, "overrides", index)
        checker.unique(
            seen, (override.org, override.domain), where, "an override of the same stores"
        )
        if override.target is None and override.minimum_operations is None:
            checker.complain(where, "changes nothing: give target or minimum_operations")


def _objective(section: ObjectiveSection) -> Objective:
    return Objective(
        name=section.name,
        kind=section.kind,
        target=round(section.target / 100, 8),
        threshold=section.threshold or 0.0,
        minimum_operations=section.minimum_operations,
        match=tuple((label, values) for label, values in section.match if values),
        overrides=tuple(
            Override(
                org=each.org,
                domain=each.domain,
                target=None if each.target is None else round(each.target / 100, 8),
                minimum_operations=each.minimum_operations,
            )
            for each in section.overrides
        ),
    )
