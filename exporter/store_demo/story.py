"""The story of the demo: all is well, a store fails, Slack hears of it, the store recovers.

Every step waits for evidence from the running servers, so the story that a person watches is the
story that `--check` verifies.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from store_exporter.errors import ERROR_TYPES
from store_exporter.metrics.catalogue import health, operations

from .evidence import MissingEvidenceError, T, until
from .scene import Pace, api_token, outage
from .stack import Stack
from .stores.base import cast

ALERT = "StoreDown"
_PATIENCE = 60.0
"""Seconds for what does not depend on the pace, such as a slow machine."""


class Story:
    """Tells the story once; a part raises `MissingEvidenceError` if its facts are not so in time.

    `tell` is called with each sentence of the story, `verified` with each fact. The patience, in
    seconds, is by default what the pace makes reasonable.
    """

    def __init__(
        self,
        stack: Stack,
        pace: Pace,
        *,
        tell: Callable[[str], None],
        verified: Callable[[str], None],
        patience: float | None = None,
    ) -> None:
        self._stack = stack
        self._evidence = stack.evidence
        self._pace = pace
        self._tell = tell
        self._verified = verified
        self._domains = sorted(role.domain for role in cast())
        self._failing = next(role.domain for role in cast() if role.fails)
        self._patience = patience or _PATIENCE + 8 * pace.scrape + 3 * pace.calm

    async def all_is_well(self) -> None:
        """Every store is up and operations are counted for each."""
        await self._until(
            "every store is up in Prometheus",
            lambda: self._evidence.by_domain(health.UP.name),
            lambda up: up == dict.fromkeys(self._domains, 1.0),
        )
        self._verified(f"Prometheus sees {len(self._domains)} stores up")
        counted = await self._until(
            "operations are counted for every store",
            lambda: self._evidence.by_domain(f"sum by (domain) ({operations.OPERATIONS.name})"),
            lambda count: all(count.get(domain, 0) >= 5 for domain in self._domains),
        )
        self._verified(f"Prometheus counts operations: {_shown(counted)}")
        await asyncio.sleep(self._pace.calm)

    async def store_fails(self) -> None:
        """A store fails, is reported as down, alone, and Slack gets the message."""
        (org,) = (role.org for role in cast() if role.domain == self._failing)
        mark = {"domain": self._failing, "application": "checkout", "version": "2.4"}
        await self._evidence.deployed(api_token(org), mark)
        self._tell(f"{org} deploys version 2.4 of its checkout, and tells the exporter")
        self._tell(f"{self._failing} loses its database: every page is now an HTTP 500")
        self._outage = self._stack.stores[self._failing].faults.add(outage())
        await self._until(
            f"{self._failing} is down in Prometheus",
            lambda: self._evidence.by_domain(health.UP.name),
            lambda up: up == {d: float(d != self._failing) for d in self._domains},
        )
        self._verified(f"Prometheus reports {self._failing} as down, and no other store")
        found = await self._until(
            f"Alertmanager holds {ALERT}", lambda: self._evidence.alerts(ALERT), bool
        )
        domains = {alert["labels"]["domain"] for alert in found}
        if domains != {self._failing}:
            raise MissingEvidenceError(f"Alertmanager holds {ALERT} for {domains}")
        self._verified(f"Alertmanager holds {ALERT} for {self._failing}, and for no other store")
        await self._message("FIRING", f"Slack received the message that {self._failing} is down")
        told = [message["text"] for message in await self._evidence.messages()]
        if not any("deploy checkout 2.4" in text for text in told):
            raise MissingEvidenceError(f"no message names the deployment before it: {told}")
        self._verified("It names what changed just before: the deployment of checkout 2.4")
        failed = await self._until(
            "the exporter shows a call of a shopper that failed",
            partial(self._evidence.failures_of, api_token(org), self._failing),
            bool,
        )
        self._verified(f"The exporter shows which calls fail, such as {failed[0]}")
        await asyncio.sleep(self._pace.calm)

    async def store_recovers(self) -> None:
        """The store works again, and Slack is told so."""
        self._tell(f"{self._failing} has its database again")
        self._stack.stores[self._failing].faults.remove(self._outage)
        await self._until(
            "the alert has ended in Alertmanager",
            lambda: self._evidence.alerts(ALERT),
            lambda found: not found,
        )
        self._verified("Alertmanager holds the alert no more")
        await self._message("RESOLVED", "Slack received the message that it is resolved")

    async def orgs_see_their_own(self) -> None:
        """The API tells each org's application of its own stores and of no other."""
        for org in sorted({role.org for role in cast()}):
            own = {role.domain for role in cast() if role.org == org}
            await self._until(
                f"{org} sees the operations of its own stores",
                partial(self._evidence.domains_of, api_token(org)),
                own.__eq__,
            )
        self._verified("The API answers each org's token with that org's stores, and no others")

    async def shoppers_restart(self) -> None:
        """The application ends and starts again, with far fewer calls."""
        self._tell("The application is deployed anew; at night it has few calls")
        await self._stack.end_shoppers()
        await self._stack.start_shoppers(4 * self._pace.errand)
        await asyncio.sleep(self._pace.calm)

    async def figures_agree(self) -> None:
        """The application ends; what it did in all its lives is what Prometheus and the API say."""
        await self._stack.end_shoppers()
        made = self._stack.calls()
        calls: Counter[tuple[str, ...]] = Counter()
        errors: Counter[tuple[str, ...]] = Counter()
        for (domain, operation, error_type), count in made.items():
            calls[domain, operation] += count
            if error_type is not None:
                fault = str(ERROR_TYPES[error_type].fault)
                errors[domain, operation, error_type, fault] += count
        by = ("domain", "operation")
        for what, truth, question in (
            ("operations", calls, partial(self._evidence.growth, operations.OPERATIONS.name, *by)),
            (
                "errors",
                errors,
                partial(
                    self._evidence.growth,
                    operations.OPERATION_ERRORS.name,
                    *by,
                    "error_type",
                    "fault",
                ),
            ),
            ("operations by the API", calls, self._told_calls),
            ("errors by the API", errors, self._told_errors),
        ):
            await self._until(
                f"the {what} equal those of the shoppers, {dict(truth)}",
                question,
                dict(truth).__eq__,
            )
        failed = sum(errors.values())
        self._verified(
            f"Prometheus and the API count exactly what the shoppers did in two lives: "
            f"{calls.total()} operations, {failed} of them failed"
        )

    async def _until(
        self, what: str, question: Callable[[], Awaitable[T]], holds: Callable[[T], bool]
    ) -> T:
        return await until(what, question, holds, timeout=self._patience)

    async def _rows(self) -> list[dict[str, Any]]:
        orgs = sorted({role.org for role in cast()})
        told = [await self._evidence.operations_of(api_token(org)) for org in orgs]
        return [row for rows in told for row in rows if row["total_operations"]]

    async def _told_calls(self) -> dict[tuple[str, ...], float]:
        return {
            (row["domain"], row["operation"]): row["total_operations"] for row in await self._rows()
        }

    async def _told_errors(self) -> dict[tuple[str, ...], float]:
        return {
            (row["domain"], row["operation"], kind, str(ERROR_TYPES[kind].fault)): count
            for row in await self._rows()
            for kind, count in row["errors_by_type"].items()
        }

    async def _message(self, status: str, fact: str) -> None:
        def there(messages: list[dict[str, Any]]) -> bool:
            return any(
                status in m["text"].upper() and ALERT in m["text"] and self._failing in m["text"]
                for m in messages
            )

        messages = await self._until(fact, self._evidence.messages, there)
        refused = [problem for message in messages for problem in message["problems"]]
        if refused:
            raise MissingEvidenceError(f"Slack would refuse a message: {refused[0]}")
        others = [
            domain
            for domain in self._domains
            if domain != self._failing
            and any(ALERT in m["text"] and domain in m["text"] for m in messages)
        ]
        if others:
            raise MissingEvidenceError(f"Slack was told that {others} are down, and they are not")
        self._verified(fact)


def _shown(figures: dict[str, float]) -> str:
    return ", ".join(f"{domain} {value:g}" for domain, value in sorted(figures.items()))
