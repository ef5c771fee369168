"""The contract of a platform: one folder under `platforms/` whose module `platform` has `PLATFORM`.

    platforms/<name>/
        __init__.py      what applications import: the clients and their types (needs httpx only)
        platform.py      PLATFORM, a `Platform`: what the exporter and the command line need
        connection.py    what is known of one store: address, credentials, what is remembered
        auth.py          how a request proves who it is
        marks.py         by what its own pages and credentials are known
        api.py           requests as plans, and what the answers mean
        client.py        the clients' constructor
        operations/      a plan for each operation that the platform can do
        probes.py        probes
        collectors/      collectors

All of it is without I/O: plans say what to send, and drivers of the kit and of probing send it.
Nothing outside the folder names the platform; `load` and `names` find it by its folder.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Any, Literal

from ..contract import Collector, Probe, Run
from ..errors import ERROR_TYPES, StoreError
from ..net.marks import GENERIC, Marks
from ..net.plans import Plan
from ..net.redactor import Redactor
from ..stores.model import Secret, Store
from .kit.connection import Connection
from .kit.operations import Planned


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

    @classmethod
    def failed(
        cls, check: str, error: StoreError, state: Literal["warn", "fail"] = "fail"
    ) -> Finding:
        """Return that a check failed, with the advice for its error type."""
        advice = ERROR_TYPES[error.error_type].advice
        return cls(check, state, f"{error.error_type}: {error.message}", advice)


def no_problem(credentials: Mapping[str, Any]) -> str | None:
    """Find nothing wrong with credentials taken together."""
    del credentials
    return None


def no_findings(api: Any, run: Run) -> Plan[Sequence[Finding]]:
    """Diagnose nothing; for a platform that has nothing of its own to look at."""
    del api, run
    yield from ()
    return ()


@dataclass(frozen=True, slots=True)
class Platform:
    """Everything the exporter knows of a platform.

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


@cache
def names() -> tuple[str, ...]:
    """Names of all platforms, sorted."""
    package = importlib.import_module("store_exporter.platforms")
    return tuple(
        sorted(
            m.name for m in pkgutil.iter_modules(package.__path__) if m.ispkg and m.name != "kit"
        )
    )


@cache
def load(name: str) -> Platform:
    """Return the platform of that name.

    Raises:
        KeyError: there is none.
    """
    if name not in names():
        raise KeyError(name)
    module = importlib.import_module(f"store_exporter.platforms.{name}.platform")
    platform: Platform = module.PLATFORM
    return platform


def redactor_of(store: Store) -> Redactor:
    """Return what hides a store's secrets, and what looks like a credential of its platform."""
    values = (value for value in store.credentials.values() if isinstance(value, Secret))
    return _redactor(store.platform, frozenset(values))


@lru_cache(maxsize=10_000)
def _redactor(platform: str, secrets: frozenset[Secret]) -> Redactor:
    return Redactor(secrets, load(platform).marks.secrets)
