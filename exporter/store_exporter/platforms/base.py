"""What a platform is, and how the platforms are found.

    platforms/<name>/
        __init__.py      what applications import: the client and its types (needs httpx only)
        platform.py      PLATFORM, a `Platform`: what the exporter and the command line need

A folder here is a built-in platform. Another distribution brings one by an entry point, which
names its `Platform`:

    [project.entry-points."store_exporter.platforms"]
    bigcommerce = "store_exporter_bigcommerce.platform:PLATFORM"

Both are entry points from here on, and are imported when a store needs them.
"""

from __future__ import annotations

import logging
import pkgutil
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any, Literal, NoReturn

from ..contract import Collector, Context, Probe, Report
from ..errors import StoreError
from ..extras import missing
from ..stores.model import Store

GROUP = "store_exporter.platforms"
"""The group of the entry points by which installed distributions bring platforms."""

_SHARED = ("kit",)
_SHOWN = 300

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Setting:
    """One key under `credentials:` or `settings:` of a store of this platform.

    Attributes:
        name: the YAML key.
        description: one sentence for the configuration reference.
        secret: whether the value is a credential, given as an `env:` or `file:` reference.
        required: whether the key must be there.
        default: the value when it is absent.
        check: returns what is wrong with a value, or None; the value is a plain string.
    """

    name: str
    description: str
    secret: bool = False
    required: bool = False
    default: Any = None
    check: Callable[[str], str | None] | None = None


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of an operation, as documentation and command line show it."""

    name: str
    type: str
    description: str
    required: bool = False
    default: Any = None


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of a platform, described for documentation, command line and tests.

    Attributes:
        name: value of the label `operation`; the same on all platforms.
        description: one sentence.
        parameters: what it takes.
        result: the name of the result type.
        errors: error types it is expected to raise beyond those of any request.
        calls: API calls it makes, as `METHOD path` or GraphQL operation names.
        example: one example call, as Python.
        writes: whether it changes anything in the store other than the shopper's own cart.
        notes: what else there is to know, in paragraphs.
    """

    name: str
    description: str
    parameters: tuple[Parameter, ...]
    result: str
    errors: tuple[str, ...]
    calls: tuple[str, ...]
    example: str
    writes: bool = False
    notes: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of what `doctor` found out about a store.

    Attributes:
        check: what was looked at, in a word or two.
        state: ok, warn or fail.
        message: what was found.
        advice: what to do about it; empty when it is ok.
    """

    check: str
    state: Literal["ok", "warn", "fail"]
    message: str
    advice: str = ""


def no_problem(credentials: Mapping[str, Any]) -> str | None:
    """Find nothing wrong with credentials taken together."""
    del credentials
    return None


async def no_findings(context: Context) -> Sequence[Finding]:
    """Diagnose nothing; for a platform that has nothing of its own to look at."""
    del context
    return ()


@dataclass(frozen=True, slots=True)
class Platform:
    """Everything the exporter knows of a platform.

    Attributes:
        name: value of the label `platform`, and the folder's name.
        title: for people.
        credentials: keys under `credentials:`.
        settings: keys under `settings:`.
        operations: by name.
        aliases: other accepted names of operations.
        unsupported: operations of other platforms that this one cannot do, with the reason.
        problem: returns what is wrong with the credentials taken together, such as one of a pair
            that is missing, or None.
        diagnose: what `doctor` looks at beyond the probes: permissions, clock, configuration. It
            changes nothing in the store and raises `StoreError` when it cannot go on.
        probes: by name; exactly one has `liveness`.
        collectors: by name.
        connect: makes the synchronous client for a store; its methods are the operations.
        unusable: why the platform cannot be used, for one that is installed and cannot; otherwise
            empty.
    """

    name: str
    title: str
    credentials: tuple[Setting, ...]
    settings: tuple[Setting, ...]
    operations: Mapping[str, Operation]
    probes: Mapping[str, Probe]
    collectors: Mapping[str, Collector]
    connect: Callable[[Store], Any]
    aliases: Mapping[str, str] = field(default_factory=dict)
    unsupported: Mapping[str, str] = field(default_factory=dict)
    problem: Callable[[Mapping[str, Any]], str | None] = no_problem
    diagnose: Callable[[Context], Awaitable[Sequence[Finding]]] = no_findings
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
    """Every platform by its name, each imported when it is asked for."""

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


def _unusable(name: str, problem: str) -> Platform:
    def fail(*_: object) -> NoReturn:
        raise StoreError("exception", problem)

    async def check(context: Context) -> Report:
        fail(context)

    async def diagnose(context: Context) -> Sequence[Finding]:
        del context
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
        diagnose=diagnose,
        unusable=problem,
    )
