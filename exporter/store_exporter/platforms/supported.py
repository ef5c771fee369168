"""Which operations each platform supports.

Of a built-in platform only the list of its operations is imported, not how to watch its stores, and
the plans of operations when one of them is shown.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from importlib import import_module
from typing import Any, NamedTuple

from ..errors import ERROR_TYPES, ErrorName, Fault
from ..spec.operations import OPERATIONS
from .kit.operations.plans import Planned, Plans
from .registry import declared, names

_OF_NO_REQUEST: tuple[ErrorName, ...] = ("unsupported_operation", "local_failure", "exception")
ANY_REQUEST = tuple(
    entry.name
    for entry in ERROR_TYPES.values()
    if entry.fault is not Fault.CUSTOMER and entry.name not in _OF_NO_REQUEST
)
"""Error types that every operation may raise, whatever it does."""


class Supported(NamedTuple):
    """What one platform can do.

    Attributes:
        name: of the platform.
        title: for people.
        operations: what it can do, by name.
        unsupported: operations that it cannot do, with the reason.
        unusable: why the platform cannot be used; empty if it can.
    """

    name: str
    title: str
    operations: Mapping[str, Planned[..., Any]]
    unsupported: Mapping[str, str]
    unusable: str = ""

    def reason(self, name: str) -> str:
        """Return why it cannot do an operation."""
        return self.unsupported.get(name, "the platform has no such operation")


def platforms() -> tuple[Supported, ...]:
    """Return all platforms that can be used, those that can do most first."""
    usable = (platform for platform in map(_supported, names()) if not platform.unusable)
    return tuple(sorted(usable, key=lambda p: (-len(p.operations), p.name)))


def problems() -> tuple[str, ...]:
    """Return what is wrong with the platforms that cannot be used."""
    return tuple(problem for name in names() if (problem := _supported(name).unusable))


def _supported(name: str) -> Supported:
    entry, *others = declared()[name]
    if entry.dist is None and not others:
        plans: Plans = import_module(f"{__package__}.{name}.operations").PLANS
        return Supported(name, plans.title, plans.planned, plans.unsupported)
    from .base import load

    found = load(name)
    return Supported(name, found.title, found.operations, found.unsupported, found.unusable)


def document() -> dict[str, Any]:
    """Return everything about the operations as plain data, for JSON."""
    return {
        "errors_of_any_operation": [_error(name) for name in ANY_REQUEST],
        "operations": [
            {"name": name, "platforms": {p.name: _described(p, name) for p in platforms()}}
            for name in OPERATIONS
        ],
    }


def _described(platform: Supported, name: str) -> dict[str, Any]:
    planned = platform.operations.get(name)
    if planned is None:
        return {"supported": False, "reason": platform.reason(name)}
    spec = planned.spec
    return {
        "supported": True,
        "description": spec.description,
        "notes": "\n\n".join(part for part in (spec.notes, planned.notes) if part),
        "aliases": sorted(spec.aliases),
        "parameters": [dataclasses.asdict(parameter) for parameter in spec.parameters],
        "result": spec.result,
        "errors": [_error(kind) for kind in planned.errors],
        "calls": list(planned.calls),
        "example": spec.example,
        "writes": spec.writes,
    }


def _error(name: str) -> dict[str, str]:
    entry = ERROR_TYPES[name]
    return {"type": entry.name, "fault": entry.fault.value, "meaning": entry.meaning}
