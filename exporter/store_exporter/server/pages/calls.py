"""`/calls`: the recent calls of all stores for whoever runs the exporter; dashboards lead here."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from itertools import islice

from aiohttp import web

from ...calls.call import Call
from ...metrics.guard import clean
from ..exporter import Exporter
from .html import Html, page_response, remark, table, tag

MOST = 200
_SLOWEST = 20
_NOTHING = (
    "No such call is remembered here: none failed lately, or it was made by an application that "
    "does not report its calls to this exporter."
)
FILTERS = ("domain", "operation", "error_type", "trace_id")


class CallsPage:
    """Serves `/calls`."""

    def __init__(self, exporter: Exporter) -> None:
        self._exporter = exporter

    async def handle(self, request: web.Request) -> web.Response:
        """Show the latest failures that the parameters choose, newest first, and the slowest."""
        filters = {name: clean(request.query.get(name, "")) for name in FILTERS}
        chosen = {name: value for name, value in filters.items() if value}
        failed, slowest = await asyncio.to_thread(self._calls, chosen)
        title = ", ".join(f"{name} {value}" for name, value in chosen.items()) or "all stores"
        home = tag("nav", tag("a", "Stores", href="./"))
        shown = tag(
            "div",
            tag("header", tag("h1", f"Failed calls: {title}"), home),
            _table(failed) if failed else tag("p", _NOTHING, class_="soft"),
            tag("h2", "Slowest calls") if slowest else None,
            _table(slowest) if slowest else None,
        )
        return page_response("Calls", Html(self._exporter.redact(shown)))

    def _calls(self, chosen: Mapping[str, str]) -> tuple[list[Call], list[Call]]:
        book = self._exporter.calls
        domain = chosen.get("domain", "").lower() or None
        others = {name: value for name, value in chosen.items() if name != "domain"}

        def select(
            read: Callable[[str, str | None], Iterable[Call]],
            rank: Callable[[Call], float],
            most: int,
        ) -> list[Call]:
            found = [call for org in self._exporter.config.orgs for call in read(org, domain)]
            wanted = (c for c in found if all(getattr(c, n) == v for n, v in others.items()))
            return [book.shown(call) for call in islice(sorted(wanted, key=rank), most)]

        return (
            select(book.read, lambda call: -call.time, MOST),
            select(book.slowest, lambda call: -call.duration, _SLOWEST),
        )


def _table(calls: list[Call]) -> Html:
    rows = (
        tag(
            "tr",
            tag("td", _written(call.time), class_="number"),
            tag("td", call.domain, remark(call.org)),
            tag("td", call.operation),
            tag("td", f"{call.duration * 1000:.0f} ms", class_="number"),
            tag("td", f"{call.fault or '-'}"),
            tag("td", _outcome(call), _details(call)),
        )
        for call in calls
    )
    names = ("When", "Store", "Call", "Took", "Fault", "Message")
    return tag("div", table(names, rows), class_="wide calls")


def _outcome(call: Call) -> str:
    return f"{call.error_type}: {call.message}" if call.error_type else "succeeded"


def _details(call: Call) -> Html | None:
    status = f"HTTP {call.status}" if call.status else ""
    trace = f"trace {call.trace_id}" if call.trace_id else ""
    return remark(" · ".join(filter(None, (status, trace))))


def _written(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
