"""The class `Platform`, and how the platforms are found.

    platforms/<name>/
        __init__.py      what applications import: the clients and their types (needs httpx only)
        platform.py      PLATFORM, a `Platform`: what the exporter and the command line need
        connection.py    the connection to one store: address, credentials, remembered state
        auth.py          authentication of requests
        marks.py         how to recognise the platform's own pages and credentials
        api.py           requests as plans, and what the responses mean
        client.py        the clients' constructor
        operations/      PLANS, a plan for each operation that the platform can do
        probes.py        probes
        collectors/      collectors

None of these modules does I/O: plans say what to send, and the drivers of the kit and of probing
send it.

A folder here is a built-in platform. Another distribution adds one by an entry point that names its
`Platform`:

    [project.entry-points."store_exporter.platforms"]
    acme = "acme_stores.platform:PLATFORM"

For `registry` both kinds are entry points. They are imported when a store first needs them.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import EntryPoint
from typing import Any, NoReturn

from ..contract import Collector, Finding, Probe, Report, Run, Setting
from ..errors import ErrorName, StoreError
from ..extras import missing
from ..net.marks import GENERIC, Marks
from ..net.plans import Plan, Request
from ..net.redactor import Redactor
from ..stores.model import Secret, Store
from .kit.connection import Api, Connection
from .kit.operations.plans import Planned
from .registry import built_in, declared, names

__all__ = ["Installed", "Platform", "built_in", "codes_of", "load", "names", "redactor_of"]

LIVENESS = "liveness"
"""The name, on every platform, of the probe that decides whether a store is up: rules use it."""
_SHOWN = 300

log = logging.getLogger(__name__)


def no_problem(credentials: Mapping[str, Any]) -> str | None:
    """Accept any combination of credentials; the default of `Platform.problem`."""
    del credentials
    return None


@dataclass(frozen=True, slots=True, eq=False)
class Platform:
    """Everything that the exporter knows about a platform; compared by identity.

    Attributes:
        name: value of the label `platform`, and the folder's name.
        title: for people.
        credentials: keys under `credentials:`.
        settings: keys under `settings:`.
        operations: what it can do, by name.
        unsupported: operations that it cannot do, with the reason.
        problem: returns what is wrong with the combination of credentials, such as a missing half
            of a pair, or None.
        diagnose: what `doctor` checks: access, permissions, clock, configuration; by default the
            liveness probe. It changes nothing in the store and raises `StoreError` if it cannot
            continue.
        probes: by name; exactly one has `liveness`, and this is its name.
        collectors: by name.
        connect: makes the synchronous client for a store; its methods are the operations.
        connection: makes the connection to a store, for monitoring; it takes the store and, by
            keyword, the clocks `monotonic` and `now`.
        marks: how to recognise the platform's own pages and credentials.
        codes: error types by the platform's own error codes, for errors that applications report.
        unusable: why an installed platform cannot be used; empty if it can.
    """

    name: str
    title: str
    credentials: tuple[Setting, ...]
    settings: tuple[Setting, ...]
    operations: Mapping[str, Planned[..., Any]]
    probes: Mapping[str, Probe]
    collectors: Mapping[str, Collector]
    connect: Callable[[Store], Any]
    connection: Callable[..., Connection[Any]]
    unsupported: Mapping[str, str] = field(default_factory=dict)
    problem: Callable[[Mapping[str, Any]], str | None] = no_problem
    diagnose: Callable[[Any, Run], Plan[Sequence[Finding]]] | None = None
    marks: Marks = GENERIC
    codes: Mapping[str, ErrorName] = field(default_factory=dict)
    unusable: str = ""


@cache
def load(name: str) -> Platform:
    """Return the platform with this name.

    A platform that is installed but cannot be used is `unusable`: its liveness probe fails with the
    reason. So its stores are listed and show what is wrong, and no other store is affected.

    Raises:
        KeyError: there is no such platform.
    """
    entries = declared()[name]
    try:
        return _loaded(entries)
    except _UnusableError as error:
        problem = f"the platform {name} cannot be used: {error}"
        log.error(problem, extra={"platform": name}, exc_info=error.__cause__)
        return _unusable(name, problem)


class Installed(Mapping[str, Platform]):
    """Every platform by its name, each imported at first use."""

    def __getitem__(self, name: str) -> Platform:
        return load(name)

    def __iter__(self) -> Iterator[str]:
        return iter(names())

    def __len__(self) -> int:
        return len(names())


class _UnusableError(Exception):
    """An installed platform cannot be used; the message names its distribution and the reason."""


def _loaded(entries: Sequence[EntryPoint]) -> Platform:
    entry, *others = entries
    if others:
        listed = " and ".join(sorted(map(_brought_by, entries)))
        raise _UnusableError(f"it is brought by {listed}; uninstall all but one")
    where = f"{entry.value.partition(':')[0]} of {_brought_by(entry)}"
    try:
        platform = entry.load()
    except (Exception, SystemExit) as error:  # a foreign module may raise anything
        reason = missing(error, "it") or f"{type(error).__name__}: {error}"
        line = " ".join(reason.split())[:_SHOWN]
        raise _UnusableError(f"{where} cannot be imported: {line}") from error
    if not isinstance(platform, Platform):
        raise _UnusableError(f"{entry.value} of {_brought_by(entry)} is no Platform")
    if platform.name != entry.name:
        raise _UnusableError(f"{where} calls itself {platform.name}")
    checks: list[tuple[str, Probe | Collector]] = [*platform.probes.items()]
    checks += platform.collectors.items()
    for name, check in checks:
        if check.name != name:
            raise _UnusableError(f"{where} has {check.name} under the name {name}")
    if [probe.name for probe in platform.probes.values() if probe.liveness] != [LIVENESS]:
        needed = f"one probe that decides on liveness, called {LIVENESS}"
        raise _UnusableError(f"{where} must have {needed}")
    return platform


def _brought_by(entry: EntryPoint) -> str:
    return f"{entry.dist.name} {entry.dist.version}" if entry.dist else "store-exporter"


class _Unasked(Connection[Api]):
    """A store whose platform cannot be used."""

    api_type = Api

    def sign(self, request: Request) -> Request:
        return request


def _unusable(name: str, problem: str) -> Platform:
    def fail(*_: object) -> NoReturn:
        raise StoreError("exception", problem)

    def check(*_: object) -> Plan[Report]:
        yield from ()
        fail()

    def diagnose(*_: object) -> Plan[Sequence[Finding]]:
        yield from ()
        return (Finding("platform", "fail", problem, "Install it anew, or remove its stores."),)

    liveness = Probe(LIVENESS, check, problem, critical=True, liveness=True)
    return Platform(
        name=name,
        title=name,
        credentials=(),
        settings=(),
        operations={},
        probes={liveness.name: liveness},
        collectors={},
        connect=fail,
        connection=_Unasked.of,
        diagnose=diagnose,
        unusable=problem,
    )


def redactor_of(store: Store) -> Redactor:
    """Return the redactor that masks secrets of a store and its proxy, and texts like them.

    Creating it takes longer than a request to the store, so keep it as long as the store.
    """
    values = (*store.credentials.values(), store.proxy and store.proxy.password)
    secrets = [value for value in values if isinstance(value, Secret)]
    return Redactor(secrets, load(store.platform).marks.secrets)


def codes_of(platform: str) -> Mapping[str, ErrorName]:
    """Return error types by a platform's own error codes."""
    return load(platform).codes
