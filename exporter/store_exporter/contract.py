"""What a platform receives and returns: responses, a run to work with, and what it reports.

A probe or collector is a plan (`net/plans.py`): a generator that yields what is to be sent, is sent
the response, and returns a report. It records nothing. It raises `StoreError` for a failure it
understands; the runner classifies everything else, keeps the deadline, records the result and
remembers it.
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
    """One HTTP response, read whole within the size limit.

    Attributes:
        status: HTTP status.
        headers: names in lower case.
        body: decompressed, at most the requested limit.
        url: the address that responded, after permitted redirects.
        phases: seconds per phase (resolve, connect, tls, processing, transfer); phases that did
            not happen, as on a reused connection, are absent.
        certificate_expiry: Unix time at which the presented certificate expires, over https.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str
    phases: Mapping[str, float] = field(default_factory=dict)
    certificate_expiry: float | None = None


@dataclass(frozen=True, slots=True)
class Resolve:
    """A step of a probe's plan: look a host name up. The plan is sent the addresses, as strings.

    A name that does not resolve is a `StoreError` of type dns, thrown into the plan.
    """

    host: str
    port: int


class Cursor(Protocol):
    """A collector's persisted memory for one store: a JSON document, replaced atomically.

    The position in the store's data and the counters that belong to it stand in the same document.
    When the run ends, by a failure as well, the last saved document is made durable, and only then
    figures are published; so nothing is counted twice or lost, whenever the process dies.
    """

    def load(self) -> dict[str, Any]:
        """Return the last saved document, also of this run; empty at first."""
        ...

    def save(self, document: Mapping[str, Any]) -> None:
        """Replace the document.

        Raises:
            TypeError: it has something in it that JSON has not.
            ValueError: it is too large, or has numbers in it that are not finite.
        """
        ...

    def discard(self, why: str) -> None:
        """Start afresh, because the saved document makes no sense; the loss is reported.

        Args:
            why: what is wrong with it, for the log.
        """
        ...


@dataclass(frozen=True, slots=True)
class Run:
    """What one run of a probe or collector has besides the platform's API.

    Attributes:
        store: the store.
        options: this probe's or collector's own options from the configuration, with defaults
            filled in.
        cursor: what a collector remembers of the store from run to run.
        now: Unix time in seconds; passed in so that tests can choose it.
        timeout: seconds that the run may take, without waits for other runs.
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
        degraded: why the store works but not well, one sentence each; empty when it is well.
        summary: one line for a person: what was requested and what came back.
        facts: what rarely changes of the store and may explain a failure when it does: by kind,
            the value of each component, such as the version of each plugin. A kind that is named
            is reported whole: what is missing in it is gone.
    """

    samples: Sequence[Sample] = ()
    degraded: Sequence[str] = ()
    summary: str = ""
    facts: Facts = field(default_factory=dict)


Check = Callable[[Any, Run], Generator[Any, Any, Report]]
"""What a probe or collector is: from the platform's own API object and a run to a plan.

Its steps are requests and pauses, and `Resolve`.
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
        applies: whether a store has what is looked at; where it has not, the probe does not run,
            for a success would be green and prove nothing.
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
        interval: seconds between runs unless configured; figures disappear after three.
        timeout: seconds for one run unless configured.
        options: option names that the configuration may set, with their defaults.
        wrong_option: given an option's name and value, says what is wrong with it; None where
            nothing is.
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
