"""What the running servers say of themselves, asked through their public HTTP APIs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import aiohttp

T = TypeVar("T")


class MissingEvidenceError(Exception):
    """What should have happened was not to be seen in time."""


@dataclass(slots=True)
class Evidence:
    """Questions to one running demo.

    Attributes:
        session: for the requests; its owner closes it.
        prometheus: base address of Prometheus.
        alertmanager: base address of Alertmanager.
        slack: base address of the Slack receiver.
        exporter: base address of the exporter.
    """

    session: aiohttp.ClientSession
    prometheus: str
    alertmanager: str
    slack: str
    exporter: str

    async def query(self, promql: str) -> dict[tuple[tuple[str, str], ...], float]:
        """Ask Prometheus an instant query; values by sorted label pairs."""
        url = f"{self.prometheus}/api/v1/query"
        async with self.session.get(url, params={"query": promql}) as answer:
            body = await answer.json()
            if answer.status != 200:
                raise MissingEvidenceError(f"Prometheus refuses {promql}: {body.get('error')}")
        return {
            tuple(sorted(series["metric"].items())): float(series["value"][1])
            for series in body["data"]["result"]
        }

    async def by_domain(self, promql: str) -> dict[str, float]:
        """Ask Prometheus an instant query whose result has one series per domain."""
        result = await self.query(promql)
        return {dict(labels).get("domain", ""): value for labels, value in result.items()}

    async def alerts(self, alertname: str) -> list[dict[str, Any]]:
        """The alerts of that name that Alertmanager holds as active."""
        url = f"{self.alertmanager}/api/v2/alerts"
        params = {"filter": f'alertname="{alertname}"', "active": "true"}
        async with self.session.get(url, params=params) as answer:
            found: list[dict[str, Any]] = await answer.json()
            return found

    async def messages(self) -> list[dict[str, Any]]:
        """What the Slack receiver has received, oldest first."""
        async with self.session.get(f"{self.slack}/api/messages") as answer:
            found: list[dict[str, Any]] = await answer.json()
            return found

    async def domains_of(self, token: str) -> set[str]:
        """The stores whose operations the exporter's API tells to a token."""
        url = f"{self.exporter}/api/v1/analytics"
        headers = {"Authorization": f"Bearer {token}"}
        async with self.session.get(url, headers=headers) as answer:
            return {row["domain"] for row in (await answer.json()).get("metrics", ())}


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
