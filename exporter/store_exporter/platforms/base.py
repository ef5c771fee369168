"""What a platform is, and how the platforms are found.

    platforms/<name>/
        __init__.py      what applications import: the clients and their types (needs httpx only)
        platform.py      PLATFORM, a `Platform`: what the exporter and the command line need
        connection.py    what is known of one store: address, credentials, what is remembered
        auth.py          how a request proves who it is
        marks.py         by what its own pages and credentials are known
        api.py           requests as plans, and what the responses mean
        client.py        the clients' constructor
        operations/      a plan for each operation that the platform can do
        probes.py        probes
        collectors/      collectors

All of it is without I/O: plans say what to send, and drivers of the kit and of probing send it.

A folder here is a built-in platform. Another distribution brings one by an entry point, which
names its `Platform`:

    [project.entry-points."store_exporter.platforms"]
    acme = "acme_stores.platform:PLATFORM"

Both are entry points from here on, and are imported when a store needs them.
"""

from __future__ import annotations

import logging
import pkgutil
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
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

GROUP = "store_exporter.platforms"
"""The group of the entry points by which installed distributions bring platforms."""

_SHARED = ("kit",)
_SHOWN = 300

log = logging.getLogger(__name__)


def no_problem(credentials: Mapping[str, Any]) -> str | None:
    """Find nothing wrong with credentials taken together."""
    del credentials
    return None


def no_findings(api: Any, run: Run) -> Plan[Sequence[Finding]]:
    """Diagnose nothing; for a platform that has nothing of its own to look at."""
    del api, run
    yield from ()
    return ()


@dataclass(frozen=True, slots=True, eq=False)
class Platform:
    """Everything the exporter knows of a platform; each is equal to itself alone.

    Attributes:
        name: value of the label `platform`, and the folder's name.
        title: for people.
        credentials: keys under `credentials:`.
        settings: keys under `settings:`.
        operations: what it can do, by name.
        unsupported: operations that it cannot do, with the reason.
        problem: returns what is wrong with the credentials taken together, such as one of a pair
            that is missing, or None.
        diagnose: what `doctor` looks at beyond the probes: permissions, clock, configuration. It
            changes nothing in the store and raises `StoreError` when it cannot go on.
        probes: by name; exactly one has `liveness`.
        collectors: by name.
        connect: makes the synchronous client for a store; its methods are the operations.
        connection: makes the connection to a store, for monitoring; it takes the store and, by
            keyword, the clocks `monotonic` and `now`.
        marks: by what the platform's own pages and credentials are known.
        codes: error types by the platform's own error codes, for errors that others report.
        unusable: why the platform cannot be used, for one that is installed and cannot; otherwise
            empty.
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
    diagnose: Callable[[Any, Run], Plan[Sequence[Finding]]] = no_findings
    marks: Marks = GENERIC
    codes: Mapping[str, ErrorName] = field(default_factory=dict)
    unusable: str = ""


@cache
def names() -> tuple[str, ...]:
    """Names of all platforms, sorted: the built-in ones and those that are installed."""
    return tuple(sorted(_declared()))


@cache
def built_in() -> tuple[str, ...]:
    """Names of the platforms of this distribution, sorted."""
    folders = pkgutil.iter_modules([str(Path(__file__).parent)])
    return tuple(sorted(m.name for m in folders if m.ispkg and m.name not in _SHARED))


@cache
def load(name: str) -> Platform:
    """Return the platform of that name.

    One that is installed but cannot be used is `unusable`, and its liveness probe fails with the
    reason: a store of it is listed and shows what is wrong, and no other store is affected.

    Raises:
        KeyError: there is none.
    """
    declared = _declared()[name]
    try:
        return _loaded(declared)
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
    """An installed platform cannot be used; the message says whose it is and why."""


@cache
def _declared() -> Mapping[str, tuple[EntryPoint, ...]]:
    """Find where each platform is; more than once is for `load` to complain about."""
    found: dict[str, tuple[EntryPoint, ...]] = defaultdict(tuple)
    own = (EntryPoint(n, f"{__package__}.{n}.platform:PLATFORM", GROUP) for n in built_in())
    for entry in (*own, *entry_points(group=GROUP)):
        found[entry.name] += (entry,)
    return dict(found)


def _loaded(declared: Sequence[EntryPoint]) -> Platform:
    entry, *others = declared
    if others:
        listed = " and ".join(sorted(map(_brought_by, declared)))
        raise _UnusableError(f"it is brought by {listed}; uninstall all but one")
    where = f"{entry.value.partition(':')[0]} of {_brought_by(entry)}"
    try:
        platform = entry.load()
    except Exception as error:  # a foreign module may raise anything while it is imported
        reason = missing(error, "it") or f"{type(error).__name__}: {error}"
        line = " ".join(reason.split())[:_SHOWN]
        raise _UnusableError(f"{where} cannot be imported: {line}") from error
    if not isinstance(platform, Platform):
        raise _UnusableError(f"{entry.value} of {_brought_by(entry)} is no Platform")
    if platform.name != entry.name:
        raise _UnusableError(f"{where} calls itself {platform.name}")
    if sum(probe.liveness for probe in platform.probes.values()) != 1:
        raise _UnusableError(f"{where} must have exactly one probe that decides on liveness")
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

    liveness = Probe("liveness", check, problem, critical=True, liveness=True)
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
    """Return what hides secrets of a store and its proxy, and what looks like its platform's."""
    values = (*store.credentials.values(), store.proxy and store.proxy.password)
    secrets = frozenset(value for value in values if isinstance(value, Secret))
    return _redactor(store.platform, secrets)


@lru_cache(maxsize=10_000)
def _redactor(platform: str, secrets: frozenset[Secret]) -> Redactor:
    return Redactor(secrets, load(platform).marks.secrets)
