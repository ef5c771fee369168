"""A store as the rest of the program sees it, whatever file or service it came from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .maintenance import Window


class Secret:
    """A value that only `reveal` shows; it never appears in repr, str, logs or dumps.

    Args:
        value: the secret.
        source: reads it again, and raises ValueError if it cannot; None if it cannot have changed.
    """

    __slots__ = ("_source", "_value")

    def __init__(self, value: str, source: Callable[[], Secret] | None = None) -> None:
        self._value = value
        self._source = source

    def afresh(self) -> Secret:
        """Return the secret as its source has it now; itself if the source cannot be read."""
        try:
            return self if self._source is None else self._source()
        except ValueError:
            return self

    def reveal(self) -> str:
        """Return the secret itself."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(<masked>)"

    def __str__(self) -> str:
        return "<masked>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash((Secret, self._value))


class Unreadable:
    """Takes the place of an unusable secret of a store; the store is watched without it.

    Not a dataclass, because pydantic would write one as a dictionary.

    Attributes:
        problem: why it cannot be read, or what is wrong with its form; free of secrets.
    """

    __slots__ = ("problem",)

    def __init__(self, problem: str) -> None:
        self.problem: str = problem

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Unreadable) and other.problem == self.problem

    def __hash__(self) -> int:
        return hash((Unreadable, self.problem))

    def __repr__(self) -> str:
        return str(self)

    def __str__(self) -> str:
        return f"<unreadable: {self.problem}>"


@dataclass(frozen=True, slots=True)
class Schedule:
    """How often and how long one probe or collector of one store may run, and its options.

    Attributes:
        interval: seconds between runs.
        timeout: seconds for one run.
        enabled: whether it runs at all.
        options: its own options, with the defaults filled in.
        critical: for a probe, whether its failure makes the store critical rather than degraded;
            None leaves that to the platform.
    """

    interval: float
    timeout: float
    enabled: bool = True
    options: Mapping[str, Any] = field(default_factory=dict)
    critical: bool | None = None


@dataclass(frozen=True, slots=True)
class Proxy:
    """The proxy that requests to a store go through.

    Attributes:
        url: its address, such as `http://proxy.example.com:3128`.
        username: user name for the proxy; "" if it needs none.
        password: password of that user.
        no_proxy: hosts, domains with their subdomains, addresses and networks that are reached
            without it; `*` for all.
    """

    url: str
    username: str = ""
    password: Secret | None = None
    no_proxy: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Store:
    """One store to watch. Every field comes from configuration or discovery.

    Attributes:
        org: the tenant that owns it.
        domain: its host name and identity.
        platform: name of the platform's folder.
        url: base address without a trailing slash, such as `https://shop.example.com`.
        credentials: the platform's credentials by configuration key; secret ones are `Secret`, or
            `Unreadable`.
        settings: the platform's other settings by configuration key.
        probes: schedule by probe name.
        collectors: schedule by collector name.
        requests_per_hour: the API budget for all requests of this exporter to the store.
        concurrency: most requests to the store at the same time.
        max_body_bytes: size of the largest response that is read.
        ca_file: PEM file with further trusted issuers, if any.
        lists: whether carts and products are listed one by one, by name.
        proxy: what requests go through, if anything.
        maintenance: windows in which nobody is alerted about it.
        networks: for a discovered store, the networks besides the public internet that its name
            may lead to; None for other stores, which may be anywhere.
    """

    org: str
    domain: str
    platform: str
    url: str
    credentials: Mapping[str, Secret | Unreadable | str] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    probes: Mapping[str, Schedule] = field(default_factory=dict)
    collectors: Mapping[str, Schedule] = field(default_factory=dict)
    requests_per_hour: int = 600
    concurrency: int = 1
    max_body_bytes: int = 5 * 1024 * 1024
    ca_file: str | None = None
    lists: bool = True
    proxy: Proxy | None = None
    maintenance: tuple[Window, ...] = ()
    networks: tuple[str, ...] | None = None

    @property
    def problem(self) -> str:
        """Which credentials are unusable and why; "" if all are usable."""
        unreadable = (
            f"credentials.{name}: {value.problem}"
            for name, value in self.credentials.items()
            if isinstance(value, Unreadable)
        )
        return "; ".join(unreadable)

    @property
    def labels(self) -> tuple[str, str, str]:
        """The values of the labels org, domain and platform."""
        return (self.org, self.domain, self.platform)
