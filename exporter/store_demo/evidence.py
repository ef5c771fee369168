"""What the running servers say of themselves, asked through their public HTTP APIs."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeVar

import aiohttp

T = TypeVar("T")


class MissingEvidenceError(Exception):
    """What should have happened was not to be seen in time."""


@dataclass(slots=True)
class Evidence:
    """Questions to one running demo, at the base addresses of its parts.

    The owner of the session closes it.
    """

    session: aiohttp.ClientSession
    prometheus: str
    alertmanager: str
    slack: str
    exporter: str

    async def query(self, promql: str) -> dict[tuple[tuple[str, str], ...], float]:
        """Ask Prometheus an instant query; values by sorted label pairs."""
        return {
            tuple(sorted(series["metric"].items())): float(series["value"][1])
            for series in await self._result(promql)
        }

    async def growth(self, name: str, *by: str) -> dict[tuple[str, ...], float]:
        """By how much the stored samples of a counter grew within the hour, to the unit.

        It adds up differences of samples, resets included, as `increase` does before it
        extrapolates. What did not grow is left out.
        """
        found: dict[tuple[str, ...], float] = defaultdict(float)
        for series in await self._result(f"{name}[1h]"):
            values = [float(value) for _, value in series["values"]]
            found[tuple(series["metric"][label] for label in by)] += sum(
                after - before if after >= before else after for before, after in pairwise(values)
            )
        return {key: value for key, value in found.items() if value}

    async def _result(self, promql: str) -> list[dict[str, Any]]:
        body = await self._ask(f"{self.prometheus}/api/v1/query", query=promql)
        if "data" not in body:
            raise MissingEvidenceError(f"Prometheus refuses {promql}: {body.get('error')}")
        found: list[dict[str, Any]] = body["data"]["result"]
        return found

    async def by_domain(self, promql: str) -> dict[str, float]:
        """Ask Prometheus an instant query whose result has one series per domain."""
        result = await self.query(promql)
        return {dict(labels).get("domain", ""): value for labels, value in result.items()}

    async def alerts(self, alertname: str) -> list[dict[str, Any]]:
        """The alerts of that name that Alertmanager holds as active."""
        url = f"{self.alertmanager}/api/v2/alerts"
        found: list[dict[str, Any]] = await self._ask(
            url, filter=f'alertname="{alertname}"', active="true"
        )
        return found

    async def messages(self) -> list[dict[str, Any]]:
        """What the Slack receiver has received, oldest first."""
        found: list[dict[str, Any]] = await self._ask(f"{self.slack}/api/messages")
        return found

    async def operations_of(self, token: str) -> list[dict[str, Any]]:
        """The operations that the exporter's API tells to a token."""
        url = f"{self.exporter}/api/v1/analytics"
        return list((await self._ask(url, token, days="1", limit="1000")).get("metrics", ()))

    async def failures_of(self, token: str, domain: str) -> list[str]:
        """What operations of a store failed by the store's fault, in its words, newest first."""
        url = f"{self.exporter}/api/v1/calls"
        told = await self._ask(url, token, domain=domain, kind="operation", fault="store")
        return [f"{call['operation']}: {call['message']}" for call in told.get("calls", ())]

    async def _ask(self, url: str, token: str = "", **params: str) -> Any:
        headers = _headers(token) if token else None
        async with self.session.get(url, params=params, headers=headers) as answer:
            return await answer.json()

    async def deployed(self, token: str, mark: dict[str, str]) -> None:
        """Tell the exporter's API of a deployment, or raise MissingEvidenceError."""
        url = f"{self.exporter}/api/v1/events"
        async with self.session.post(url, json=mark, headers=_headers(token)) as answer:
            if answer.status != 200:
                raise MissingEvidenceError(f"the API refuses an event: {await answer.text()}")

    async def domains_of(self, token: str) -> set[str]:
        """The stores whose operations the exporter's API tells to a token."""
        return {row["domain"] for row in await self.operations_of(token)}


def _headers(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def until(
    what: str,
    question: Callable[[], Awaitable[T]],
    holds: Callable[[T], bool],
    *,
    timeout: float,  # noqa: ASYNC109 (the caller states a limit, not a deadline of its own)
    every: float = 0.5,
) -> T:
    """Ask until the answer is right and return it.

    Raises:
        MissingEvidenceError: it was not right within `timeout` seconds; names the last answer.
    """
    deadline = time.monotonic() + timeout
    while True:
        answer = await question()
        if holds(answer):
            return answer
        if time.monotonic() > deadline:
            raise MissingEvidenceError(
                f"{what}: not seen within {timeout:g} s; the last answer was {answer!r}"
            )
        await asyncio.sleep(every)
