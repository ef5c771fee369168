"""Whole lives of shops whose answers come late, in part, twice, too slowly or not at all.

The search lags, forgets changes, or both, and so does the list that is no search; processes are
killed and disks are full; the shop changes its currency and its time zone, the API its version; the
app loses its token or a scope and has it again. After every collection that succeeds and reports
nothing, the identity holds; whatever went wrong before, it holds again once the shop answers well.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import replace
from random import Random
from typing import Any

import pytest

from store_demo.stores.shopify.records import iso
from store_demo.stores.shopify.views import gid
from store_exporter.contract import Response
from store_exporter.errors import StoreError
from store_exporter.net.plans import Request
from store_exporter.platforms.shopify.versions import SUPPORTED
from store_exporter.stores.model import Secret
from tests.platforms.shopify.test_identity import MOVES, PAGES, Life, begun
from tests.platforms.shopify.watching import DirectHttp, figures
from tests.platforms.watching import MemoryCursor

LAGS = (0.0, 10.0, 200.0, 5_000.0)
"""Seconds by which the search lags; the overlap of two passes is 300."""
LIST_LAGS = (0.0, 0.0, 5.0, 100.0, 2_000.0)
"""Seconds by which the list that is no search lags, for some orders more than for others."""
CURRENCIES = ("GBP", "EUR", "JPY")
"""Of the shop, one after another."""
ZONES = ("UTC", "America/St_Johns", "Pacific/Kiritimati")
_KEPT_BACK = ("transactions", "totalReceivedSet", "fulfillments", "id", "updatedAt", "test")


class KilledError(BaseException):
    """The process ends at once, so that nothing more is saved."""


class Storm:
    """The shop's HTTP, which fails in many ways.

    Args:
        inner: that answers.
        random: decides.
        cursor: what a process saves.
    """

    def __init__(self, inner: DirectHttp, random: Random, cursor: MemoryCursor) -> None:
        self._inner, self._random, self._cursor = inner, random, cursor
        self.strength = 0.0
        self.left: int | None = None
        """Requests after which the process is killed."""
        self.versions: dict[str, list[float]] = {}
        """When each order changed, by its id, as the list that is no search learns it."""
        self.list_lag = 0.0

    def _now(self) -> bool:
        return self._random.random() < self.strength

    async def send(self, request: Request) -> Response:
        if self.left is not None:
            self.left -= 1
            if self.left < 0:
                self._cursor.is_dead = True
                raise KilledError
        if self._now():
            raise StoreError(self._random.choice(("connection", "timeout", "dns")), "lost")
        if self._now():
            return self._of(request, self._refusal(), 200)
        if self._now():
            return self._of(request, {"errors": "Internal Server Error"}, 503)
        if self._now() and "variables" in request.json:
            # Shorter pages than were requested.
            given = dict(request.json["variables"])
            given |= {"first": max(1, given["first"] // 3)} if "first" in given else {}
            request = replace(request, json={**request.json, "variables": given})
        answer = await self._inner.send(request)
        document = json.loads(answer.body)
        orders = (document.get("data") or {}).get("orders") or {}
        nodes = orders.get("nodes") if "pageInfo" in orders else None
        if nodes and request.json["variables"].get("sort") == "UPDATED_AT":
            nodes[:] = self._lagging(nodes)
        if nodes:
            self._spoil(document, nodes)
        return self._of(request, document, answer.status)

    def _lagging(self, nodes: list[Any]) -> list[Any]:
        """Return what a list shows that learns of changes late."""
        now = self._inner.shop.stock_room.clock()
        found = []
        for node in nodes:
            lag = self.list_lag * (int(node["id"][-4:]) * 7919 % 100 + 1) / 100
            known = [when for when in self.versions.get(node["id"], ()) if when <= now - lag]
            if known:
                found.append({**node, "updatedAt": iso(known[-1])})
        return sorted(found, key=lambda node: str(node["updatedAt"]), reverse=True)

    def _refusal(self) -> dict[str, Any]:
        code = self._random.choice(("THROTTLED", "INTERNAL_SERVER_ERROR", "TIMEOUT"))
        return {"errors": [{"message": "Oh", "extensions": {"code": code}}]}

    def _spoil(self, document: dict[str, Any], nodes: list[Any]) -> None:
        if self._now():
            nodes.append(self._random.choice(nodes))
        if self._now():
            self._random.shuffle(nodes)
        if self._now():
            place = self._random.randrange(len(nodes))
            name = self._random.choice(_KEPT_BACK)
            nodes[place] = {**nodes[place], name: None}
            path = ["orders", "nodes", place, name]
            error = {"message": "Oh", "path": path, "extensions": {"code": "TIMEOUT"}}
            document["errors"] = [error] if self._now() else []
        if self._now():
            nodes[self._random.randrange(len(nodes))] = self._random.choice((None, 7, {}, "x"))
        if self._now():
            document.pop("extensions", None)

    def _of(self, request: Request, document: Any, status: int) -> Response:
        headers = {"content-type": "application/json"}
        if self._now():
            headers["x-shopify-api-version"] = self._random.choice(("2026-07", "2027-01"))
        return Response(status, headers, json.dumps(document).encode(), request.url, {}, None)


class Shop:
    """One shop's life."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        options = self.random.choice(PAGES)
        sees_all = self.random.random() < 0.7
        self.life = begun(Life(sees_all=sees_all, **options), [])
        self.room = self.life.room
        self.room.search_lag = self.random.choice(LAGS)
        self.forgets = self.random.choice((0.0, 0.0, 0.3))
        self.storm = Storm(self.life.shop.http, self.random, self.life.shop.cursor)
        self.storm.list_lag = self.random.choice(LIST_LAGS)
        self.life.shop.http = self.storm  # type: ignore[assignment]
        self.before: dict[str, float] = {}
        self.compared = 0
        self.has_given_up = False
        self.is_new = False
        self.note_changes()

    def live(self, moves: int) -> None:
        for _ in range(moves):
            self.life.shop.clock.advance(self.random.choice((0.0, 1.0, 30.0, 400.0)))
            names = [name for name in MOVES if name != "delete" or self.life.sees_all]
            getattr(self.life, self.random.choice(names))(self.random.randrange(1000))
            self.forget()
            self.note_changes()
            self.govern()
            if not self.life.sees_all:
                # What is too old for the app is compared as it was shown last.
                self.settle()
            elif self.random.random() < 0.5:
                self.storm.strength = self.random.choice((0.0, 0.05, 0.3))
                self.collect_or_break_down()
        self.settle()

    def govern(self) -> None:
        """Have the shop's owner, or Shopify, change what is no order."""
        fate, tokens = self.random.random(), self.life.shop.shop.tokens
        if fate < 0.03:
            self.room.change_currency(self.random.choice(CURRENCIES))
        elif fate < 0.06:
            self.room.zone = self.random.choice(ZONES)
        elif fate < 0.09:
            self.life.shop.settings = {"api_version": self.random.choice(SUPPORTED)}
        elif fate < 0.13:
            lasting = {"admin_token": tokens.admin}
            app = {"client_id": tokens.client_id, "client_secret": tokens.client_secret}
            self.use(self.random.choice((lasting, app)))
        elif fate < 0.17:
            tokens.revoke()
        elif fate < 0.21:
            tokens.scopes ^= {"read_orders"}
        elif fate < 0.25:
            self.settle()
            tokens.scopes ^= {"read_all_orders"}
        elif fate < 0.28:
            self.life.grow_old(self.random.randrange(40))
        # Most of it makes a new connection; and what changed out of the app's sight is noted by one
        # run and read by the next.
        self.is_new = self.is_new or fate < 0.25

    def use(self, credentials: Mapping[str, str]) -> None:
        """Configure other credentials; those that are good without any."""
        secrets = {name: Secret(value) for name, value in credentials.items()}
        self.is_new = self.is_new or secrets != self.life.shop.credentials
        self.life.shop.credentials = secrets

    def note_changes(self) -> None:
        """Note when orders changed, as the list learns it late."""
        for order in self.room.orders.values():
            changes = self.storm.versions.setdefault(gid("Order", order.id), [])
            if not changes or changes[-1] != order.updated:
                changes.append(order.updated)

    def forget(self) -> None:
        """Have the search learn nothing of some changes, for ever or until the next one."""
        now = self.life.shop.clock.now()
        for order in self.room.orders.values():
            if order.updated == now:
                self.room.unsearched.discard(order.id)
                if self.random.random() < self.forgets:
                    self.room.unsearched.add(order.id)

    def collect_or_break_down(self) -> None:
        cursor = self.life.shop.cursor
        fate = self.random.random()
        if fate < 0.1:
            self.storm.left = self.random.randrange(6)
        elif fate < 0.15:
            cursor.fail_after = cursor.saves + self.random.randrange(3)
        try:
            self.collect()
        except (KilledError, OSError):
            fate = 0.0
        finally:
            cursor.is_dead = False
            self.storm.left = cursor.fail_after = None
        if fate < 0.2:
            self.life.shop.restart()
            self.is_new = True

    def settle(self) -> None:
        """Let the shop answer well until nothing is left to read, and compare."""
        self.storm.strength = 0.0
        self.life.shop.shop.tokens.scopes.add("read_orders")
        self.use({})
        if not any(map(self.life.is_shown, self.room.orders.values())):
            self.life.create(0)
            self.note_changes()
        self.life.shop.clock.advance(max(10.0, self.storm.list_lag + 1.0))
        ends = 0
        for _ in range(120):
            found = self.collect()
            if self.has_given_up:
                return
            ends += found is not None and not found["store_collector_backlog{orders}"]
            # What the search does not show is noted by one run and asked for by the next.
            comparison = self.life.shop.cursor.load()["pass"]["comparison"]
            left = (comparison["after"], comparison["awaited"], comparison["again"])
            is_over = left == (None, {}, {})
            if found is not None and ends >= 3 and is_over:
                self.compare(found)
                return
        raise AssertionError("it never settles")

    def collect(self) -> dict[str, float] | None:
        """Collect once; None where it fails or reports a reason."""
        try:
            report = asyncio.run(self.life.shop.collect("orders", **self.life.options))
        except StoreError:
            return None
        found = figures(report)
        for name, value in self.before.items():
            assert found[name] >= value or name.startswith("store_collector"), name
        self.before = found
        is_new, self.is_new = self.is_new, bool(found["store_collector_backlog{orders}"])
        # It says so for a month, and the order counts when it changes.
        self.has_given_up = any("without an id for an hour" in one for one in report.degraded)
        if report.degraded:
            return None
        # A new connection looks for one deleted order first, to learn what that costs; and a pass
        # that began in an earlier run does not see what changed in the second of its cursor.
        lags = self.room.search_lag or self.room.unsearched or self.storm.list_lag
        is_current = not lags and not is_new
        if is_current and self.life.sees_all and not self.is_new:
            self.compare(found)
        return found

    def compare(self, found: dict[str, float]) -> None:
        for currency in CURRENCIES:
            revenue, refunds, corrections = (
                found.get(f"store_{name}_total{{{currency}}}", 0.0)
                for name in ("revenue", "refunds", "order_corrections")
            )
            total = revenue - refunds - corrections
            assert round(total, 6) == float(self.life.own_total(currency)), currency
        self.compared += 1


@pytest.mark.parametrize("seed", range(12))
def test_a_storm_makes_no_other_figure(seed: int) -> None:
    shop = Shop(seed)
    shop.live(25)
    assert shop.compared or shop.has_given_up
