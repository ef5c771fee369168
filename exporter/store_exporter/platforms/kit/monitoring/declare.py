"""Makes plans probes and collectors; the plan's name and docstring become name and description.

@collector(interval=3600.0, most=500)
def customers(api: Api, run: Run) -> Plan[Report]:
"Customers, by one count: what it reads and what that costs the store."
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeVar

from ....contract import Check, Collector, Probe
from ....stores.model import Store

JobT = TypeVar("JobT", Probe, Collector)


def probe(
    *,
    interval: float = 60.0,
    timeout: float = 10.0,
    critical: bool = False,
    liveness: bool = False,
    requests: int = 1,
    applies: Callable[[Store], bool] | None = None,
    **options: Any,
) -> Callable[[Check], Probe]:
    """Make a plan a probe; the arguments are those of `Probe`, further ones its options."""
    own: dict[str, Any] = {"critical": critical, "liveness": liveness}
    if applies is not None:
        own["applies"] = applies
    own |= {"interval": interval, "timeout": timeout, "requests": requests}
    return partial(_made, Probe, own, options)


def collector(
    *, interval: float = 300.0, timeout: float = 60.0, requests: int = 1, **options: Any
) -> Callable[[Check], Collector]:
    """Make a plan a collector; the arguments are those of `Collector`, further ones its options."""
    own = {"interval": interval, "timeout": timeout, "requests": requests}
    return partial(_made, Collector, own, options)


def _made(
    kind: Callable[..., JobT], own: Mapping[str, Any], options: Mapping[str, Any], check: Check
) -> JobT:
    return kind(check.__name__, check, _description(check), options=options, **own)


def by_name(*made: JobT) -> dict[str, JobT]:
    """Return probes or collectors by their names."""
    return {one.name: one for one in made}


def _description(check: Check) -> str:
    """Return a plan's docstring as one paragraph, without what it raises."""
    return " ".join((inspect.getdoc(check) or "").partition("\n\nRaises:")[0].split())
