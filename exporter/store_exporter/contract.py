"""The types that platforms and the exporter exchange.

A probe or collector is a plan (`net/plans.py`): a generator that yields requests, receives their
responses, and returns a report. It records nothing itself. For a failure that it understands, it
raises `StoreError`. The runner classifies all other exceptions, enforces the deadline, records the
result and remembers it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from .errors import ERROR_TYPES, StoreError
from .events.page import Facts
from .metrics.families import Sample
from .stores.model import Store


@dataclass(frozen=True, slots=True)
class Response:
    """An HTTP response, read completely within the size limit.

    Attributes:
        status: HTTP status.
        headers: names in lower case.
        body: decompressed, at most as long as the requested limit.
        url: the address that responded, after permitted redirects.
        phases: seconds per phase (resolve, connect, tls, processing, transfer); phases that did
            not happen, as on a reused connection, are absent.
        certificate_expiry: over https, the Unix time at which the presented certificate expires.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str
    phases: Mapping[str, float] = field(default_factory=dict)
    certificate_expiry: float | None = None


@dataclass(frozen=True, slots=True)
class Resolve:
    """A step of a probe's plan: look up a host name. The plan receives the addresses, as strings.

    If the name does not resolve, a `StoreError` of type dns is thrown into the plan.
    """

    host: str
    port: int


class Cursor(Protocol):
    """A collector's saved state for one store: a JSON document, replaced atomically.

    One document contains the position in the store's data and the counters up to it. When the run
    ends, also by a failure, the last saved document is made durable, and the figures are published
    only then. So nothing is counted twice or lost, whenever the process dies.
    """

    def load(self) -> dict[str, Any]:
        """Return the document saved last, by this run or an earlier one; empty at first."""
        ...

    def save(self, document: Mapping[str, Any]) -> None:
        """Replace the document.

        Raises:
            TypeError: it contains something that JSON cannot represent.
            ValueError: it is too large, or contains numbers that are not finite.
        """
        ...

    def discard(self, why: str) -> None:
        """Start over, because the saved document is not usable. The loss is reported.

        Args:
            why: what is wrong with it, for the log.
        """
        ...


@dataclass(frozen=True, slots=True)
class Run:
    """What one run of a probe or collector receives besides the platform's API.

    Attributes:
        store: the store.
        options: this probe's or collector's own options from the configuration, with defaults
            filled in.
        cursor: a collector's state, kept from run to run.
        now: Unix time in seconds; passed in so that tests can choose it.
        timeout: seconds that the run may take, not counting waits for other runs.
    """

    store: Store
    options: Mapping[str, Any]
    cursor: Cursor
    now: Callable[[], float]
    timeout: float = math.inf


@dataclass(slots=True)
class Report:
    """What a probe or collector found.

    Attributes:
        samples: the figures to publish until the next run.
        degraded: reasons why the store works, but not well, one sentence each; empty if it works
            well.
        summary: one line for a person: what was requested and what came back.
        facts: properties of the store that rarely change, and whose change may explain a failure:
            by kind, the value of each component, such as the version of each plugin. A kind must be
            complete: a component that is missing from it counts as removed.
    """

    samples: Sequence[Sample] = ()
    degraded: Sequence[str] = ()
    summary: str = ""
    facts: Facts = field(default_factory=dict)


Check = Callable[[Any, Run], Generator[Any, Any, Report]]
"""A probe or collector: makes a plan from the platform's own API object and a run.

The steps of the plan are requests, pauses and `Resolve`.
"""


def _always(_: Store) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Probe:
    """One health check that a platform offers.

    Attributes:
        name: value of the label `probe`.
        check: makes the plan of a run.
        description: one sentence: what it requests and what its failure means.
        interval: seconds between runs unless configured.
        timeout: seconds for one run unless configured.
        critical: whether the store is critical, rather than degraded, while this probe fails.
        liveness: whether `store_up` is this probe's result; true for one probe per platform.
        options: option names that the configuration may set, with their defaults.
        requests: HTTP requests that one run sends, for the estimate of the budget.
        applies: whether the store has what the probe checks. If not, the probe does not run,
            because its success would prove nothing.
    """

    name: str
    check: Check
    description: str
    interval: float = 60.0
    timeout: float = 10.0
    critical: bool = False
    liveness: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)
    requests: int = 1
    applies: Callable[[Store], bool] = _always


def _nothing_wrong(_name: str, _value: Any) -> str | None:
    return None


@dataclass(frozen=True, slots=True)
class Collector:
    """One group of business figures that a platform offers.

    Attributes:
        name: value of the label `collector`.
        check: makes the plan of a run.
        description: one sentence: what it reads and what that costs the store.
        interval: seconds between runs unless configured; figures disappear after three intervals.
        timeout: seconds for one run unless configured.
        options: option names that the configuration may set, with their defaults.
        wrong_option: takes an option's name and value; returns what is wrong with it, or None.
        requests: HTTP requests that one run usually sends, for the estimate of the budget.
    """

    name: str
    check: Check
    description: str
    interval: float = 300.0
    timeout: float = 60.0
    options: Mapping[str, Any] = field(default_factory=dict)
    wrong_option: Callable[[str, Any], str | None] = _nothing_wrong
    requests: int = 1


@dataclass(frozen=True, slots=True)
class Setting:
    """One key under `credentials:` or `settings:` of a store of this platform.

    Attributes:
        name: the YAML key.
        description: one sentence for the configuration reference.
        secret: whether the value is a credential, given as an `env:` or `file:` reference.
        required: whether the key must be present.
        default: the value when it is absent.
        check: returns what is wrong with a value, or None; the value is a plain string.
        asked: whether `store-exporter init` asks for it; not for a credential that few stores need.
    """

    name: str
    description: str
    secret: bool = False
    required: bool = False
    default: Any = None
    check: Callable[[str], str | None] | None = None
    asked: bool = True


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of `doctor`'s result for a store.

    Attributes:
        check: what was checked, in a word or two.
        state: ok, warn or fail.
        message: what was found.
        advice: what to do about it; empty if the state is ok.
    """

    check: str
    state: Literal["ok", "warn", "fail"]
    message: str
    advice: str = ""

    @classmethod
    def failed(
        cls, check: str, error: StoreError, state: Literal["warn", "fail"] = "fail"
    ) -> Finding:
        """Return the finding of a failed check, with the advice for its error type."""
        advice = ERROR_TYPES[error.error_type].advice
        return cls(check, state, f"{error.error_type}: {error.message}", advice)
