"""Every alert. `groups` lists them, `document` makes a rule file of them."""

from __future__ import annotations

from typing import Any

from .. import policy
from ..model import Alert, Group, as_document
from ..objectives import DEFAULT, Objective
from . import (
    business,
    delivery,
    evaluation,
    exporter,
    health,
    instrumentation,
    objectives,
    outages,
    replicas,
    sales,
    state,
    stores,
    surges,
    upkeep,
)


def groups(of: tuple[Objective, ...] = DEFAULT) -> list[Group]:
    """Every group of alerts."""
    subjects = (
        stores,
        health,
        upkeep,
        sales,
        surges,
        business,
        exporter,
        delivery,
        evaluation,
        state,
        replicas,
        instrumentation,
        objectives,
    )
    others = (group for subject in subjects for group in subject.GROUPS)
    return [*outages.groups(of), *others]


def alerts() -> list[Alert]:
    """Every alerting rule of `groups`."""
    return [rule for group in groups() for rule in group.rules if isinstance(rule, Alert)]


def document(
    links: policy.Links = policy.LINKS, of: tuple[Objective, ...] = DEFAULT, *, pace: float = 1.0
) -> dict[str, Any]:
    """Return the rule file's content.

    Args:
        links: where Grafana and the runbooks are.
        of: the objectives whose error budgets have alerts.
        pace: factor on every `for`; a demonstration uses less than 1.
    """
    return as_document(groups(of), grafana=links.grafana, runbooks=links.runbooks, pace=pace)
