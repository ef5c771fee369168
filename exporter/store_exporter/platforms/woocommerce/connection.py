"""What the blocking and the asynchronous client have in common: options, signing, plans."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any, Required, TypedDict, TypeVar
from urllib.parse import urlsplit

import httpx

from ...metrics.recorder import Recorder
from ...net.plans import Plan, Policy, Request, Retrier, RetryBudget
from ...net.url import normal
from ...operations.bound import bind
from ...stores.model import Secret
from ..kit.described import Planned
from ..kit.drivers import proxy_for, tls_context
from .api import Api, Facts, wait
from .auth import Credentials

T = TypeVar("T")
PLATFORM = "woocommerce"
MAX_BODY_BYTES = 5 * 1024 * 1024
_LIMITS = httpx.Limits(max_connections=10, max_keepalive_connections=5, keepalive_expiry=30.0)


class Options(TypedDict, total=False):
    """What both clients may be given by keyword; `org` must be."""

    org: Required[str]
    """The tenant; a label of all measurements."""
    domain: str | None
    """The store's identity, a label too; the host of the address unless given."""
    currency: str | None
    """Code of the shop's currency, which is otherwise asked for, once an hour."""
    credentials_in_query: bool
    """For hosts that strip the Authorization header; the key then stands in their logs."""
    policy: Policy | None
    """Timeouts, deadline and repetitions."""
    max_body_bytes: int
    """The largest answer that is read, 5 MiB unless given."""
    ca_file: str | None
    """PEM file with further trusted issuers."""
    recorder: Recorder | None
    """Where to record; the process's own recorder unless given."""
    monotonic: Callable[[], float]
    """Seconds of a clock that never jumps; for tests."""
    now: Callable[[], float]
    """Unix time in seconds; for tests."""
    random: Random
    """For jitter; for tests."""


class Connection:
    """What both clients are made of.

    Raises:
        ValueError: `url` is no http or https address.
    """

    def __init__(
        self,
        url: str,
        consumer_key: str | Secret,
        consumer_secret: str | Secret,
        options: Options,
    ) -> None:
        try:
            self.url = normal(url)
        except ValueError:
            raise ValueError("url is not like https://shop.example.com") from None
        self.org = options["org"]
        self.domain = options.get("domain") or urlsplit(self.url).hostname or ""
        self._tracked = bind(
            org=self.org,
            domain=self.domain,
            platform=PLATFORM,
            recorder=options.get("recorder"),
        )
        self._monotonic = options.get("monotonic", time.monotonic)
        self._now = options.get("now", time.time)
        self._credentials = Credentials(
            _revealed(consumer_key),
            _revealed(consumer_secret),
            in_query=options.get("credentials_in_query", False),
            now=self._now,
        )
        self._policy = options.get("policy") or Policy()
        self._budget = RetryBudget()
        self._facts = Facts(fixed_currency=options.get("currency"))
        self._max_body_bytes = options.get("max_body_bytes", MAX_BODY_BYTES)
        self._ca_file = options.get("ca_file")
        self._random = options.get("random") or Random()  # noqa: S311  # jitter is no secret

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.domain} of {self.org}>"

    def _sign(self, request: Request) -> Request:
        params, headers = self._credentials.authorize(request.method, request.url, request.params)
        return replace(request, params=params, headers={**request.headers, **headers})

    def _plan(self, planned: Planned[..., T], args: Any, kwargs: Any) -> Plan[T]:
        retrier = Retrier(
            self._policy,
            self._budget,
            monotonic=self._monotonic,
            now=self._now,
            random=self._random,
            wait=wait,
        )
        api = Api(self.url, retrier, self._facts, monotonic=self._monotonic, now=self._now)
        return planned.plan(api, *args, **kwargs)

    def _transport_options(self) -> dict[str, Any]:
        secure = self.url.startswith("https:")
        return {
            "verify": tls_context(self._ca_file) if secure else False,
            "limits": _LIMITS,
            "proxy": proxy_for(self.url),
            "trust_env": False,
        }


def _revealed(value: str | Secret) -> str:
    return value.reveal() if isinstance(value, Secret) else value
