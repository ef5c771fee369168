"""The landing page: each store's state, its last probe, and why it failed."""

from __future__ import annotations

import asyncio
import re
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self
from urllib.parse import urlencode

from aiohttp import web

from ..._version import __version__
from ...config.model.values import duration_text
from ...metrics.guard import clean
from ...stores.model import Store
from ...stores.owners import REASONS
from ...turns import in_turns
from ..exporter import Exporter
from ..status import WORST_FIRST, Check, State, Status, worst_first
from .html import Html, join, page_response, remark, table, tag

STORES_PER_PAGE = 100
_REFUSALS_SHOWN = 20
_CALLS_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Choice:
    """The stores to show.

    Attributes:
        search: a part of the domain or the org; empty for all stores.
        state: the state; empty for all stores.
    """

    search: str = ""
    state: str = ""

    @classmethod
    def of(cls, request: web.Request) -> Self:
        """Read it from a request's parameters; an unknown state is ignored."""
        state = request.query.get("state", "")
        search = clean(request.query.get("search", "")).strip().lower()
        return cls(search, state if state in WORST_FIRST else "")

    def __contains__(self, entry: tuple[Store, State]) -> bool:
        store, state = entry
        found = self.search in store.domain or self.search in store.org.lower()
        return found and self.state in ("", state)

    def link(self, **others: str) -> str:
        """Return the address of the page with this choice, with some parameters changed."""
        parameters = {"search": self.search, "state": self.state, **others}
        return "?" + urlencode({name: value for name, value in parameters.items() if value})


class Landing:
    """Serves `/`."""

    def __init__(self, exporter: Exporter, telemetry_path: str) -> None:
        self._exporter = exporter
        self._telemetry_path = telemetry_path
        self._making = asyncio.Lock()

    async def handle(self, request: web.Request) -> web.Response:
        """Show one page of stores, the worst first; one request at a time, as each is costly."""
        async with self._making:
            return await self._page(request)

    async def _page(self, request: web.Request) -> web.Response:
        choice, states = Choice.of(request), worst_first(self._exporter.states())
        chosen = [entry for entry in states if entry in choice]
        pages = max(1, -(-len(chosen) // STORES_PER_PAGE))
        page = request.query.get("page", "")
        number = min(max(int(page), 1), pages) if re.fullmatch("[0-9]{1,6}", page) else 1
        start = (number - 1) * STORES_PER_PAGE
        shown = []
        async for store, _ in in_turns(chosen[start : start + STORES_PER_PAGE]):
            shown.append(self._store(self._exporter.status(store)))
        return page_response(
            "Stores",
            self._header(),
            self._problem(),
            self._refused(),
            _counts(states, choice),
            _search(choice) if states else None,
            *shown,
            None if chosen else _nothing(configured=bool(states)),
            _pages(number, pages, choice),
        )

    def _header(self) -> Html:
        links = (
            ("calls", "Calls"),
            (self._telemetry_path.lstrip("/"), "Metrics"),
            ("config", "Configuration"),
            ("sd", "Service discovery"),
            ("runbooks/", "Runbooks"),
            ("-/healthy", "Health"),
        )
        version = tag("small", f"version {__version__}")
        return tag(
            "header",
            tag("h1", "store-exporter ", version),
            tag("nav", *(tag("a", text, href=path) for path, text in links)),
        )

    def _problem(self) -> Html | None:
        problem = self._exporter.reload_problem
        if not problem:
            return None
        text = "The configuration has problems and was not reloaded; the old one stays."
        return tag("section", tag("strong", text), tag("pre", problem), class_="banner")

    def _refused(self) -> Html | None:
        refusals = self._exporter.refusals
        if not refusals:
            return None
        shown = sorted(refusals, key=lambda one: REASONS.index(one.reason))[:_REFUSALS_SHOWN]
        lines = [self._exporter.redact.line(str(one)) for one in shown]
        if len(refusals) > len(shown):
            lines.append(f"and {len(refusals) - len(shown)} more")
        text = "Sources of stores name domains that are not watched for them."
        return tag("section", tag("strong", text), tag("pre", "\n".join(lines)), class_="banner")

    def _store(self, status: Status) -> Html:
        store, state, reason = status.store, status.state, status.reason
        last = max((check.at for check in status.checks if check.at is not None), default=None)
        summary = tag(
            "summary",
            tag("span", state, class_="badge"),
            tag(
                "span",
                tag("span", store.domain, class_="domain"),
                tag("br"),
                tag("span", f"{store.org} · {store.platform}", class_="soft"),
                _maintenance(status),
                class_="who",
            ),
            tag("span", _why(reason), class_="why"),
            tag("span", self._ago(last), class_="when soft"),
        )
        rows = (
            tag(
                "tr",
                tag("td", f"{check.name}"),
                tag("td", tag("span", check.state, class_=f"badge {check.state}")),
                tag("td", self._ago(check.at), class_="number"),
                tag("td", _seconds(check.duration), class_="number"),
                tag("td", _why(check), remark(check.advice)),
            )
            for check in status.checks
        )
        checks = table(("Check", "State", "Last run", "Took", "Found"), rows)
        now = f"probe?target={store.domain}&debug=true"
        link = tag("p", tag("a", "Probe it now and show everything", href=now), class_="soft")
        details = tag("div", checks, link, self._calls(store), class_="checks")
        # Texts from stores and applications are masked when they arrive; this catches the rest.
        redacted = self._exporter.redact(tag("details", summary, details, class_=f"store {state}"))
        return Html(redacted)

    def _calls(self, store: Store) -> Html | None:
        book = self._exporter.calls
        calls = book.read(store.org, store.domain)[:_CALLS_SHOWN]
        if not calls:
            return None
        rows = (
            tag(
                "tr",
                tag("td", call.operation),
                tag("td", f"{call.fault}"),
                tag("td", self._ago(call.time), class_="number"),
                tag("td", _seconds(call.duration), class_="number"),
                tag(
                    "td",
                    f"{call.error_type}: {call.message}",
                    remark(f"trace {call.trace_id}" if call.trace_id else ""),
                ),
            )
            for call in map(book.shown, calls)
        )
        more = tag(
            "a", "More of its failed and its slowest calls", href=f"calls?domain={store.domain}"
        )
        failed = table(("Failed call", "Fault", "When", "Took", "Message"), rows)
        return join(failed, tag("p", more, class_="soft"))

    def _ago(self, moment: float | None) -> str:
        if moment is None:
            return "not yet"
        seconds = int(max(time.time() - moment, 0))
        step = 60 if seconds >= 600 else 1
        return f"{duration_text(seconds // step * step)} ago"


def _counts(states: Sequence[tuple[Store, State]], choice: Choice) -> Html:
    counts = Counter(state for _, state in states)
    entries = [("", len(states)), *((state, counts[state]) for state in WORST_FIRST)]
    return tag(
        "nav",
        *(
            tag(
                "a",
                tag("span", state or "stores", class_="soft"),
                tag("strong", str(count)),
                href=choice.link(state=state, search=""),
                aria_current="true" if state == choice.state else None,
            )
            for state, count in entries
        ),
        class_="counts",
    )


def _search(choice: Choice) -> Html:
    kept = tag("input", type="hidden", name_="state", value=choice.state) if choice.state else None
    field = tag(
        "input",
        type="search",
        name_="search",
        value=choice.search,
        placeholder="domain or org",
        aria_label="Search stores by domain or org",
    )
    return tag("form", kept, field, tag("button", "Search"), class_="search")


def _nothing(*, configured: bool) -> Html:
    if not configured:
        return tag("p", "No stores are configured.", class_="soft")
    return tag("p", "There is no such store. ", tag("a", "All stores", href="?"), class_="soft")


def _why(check: Check | None) -> str:
    if check is None:
        return "not probed yet"
    return f"{check.error_type}: {check.message}" if check.error_type else check.message


def _maintenance(status: Status) -> Html | None:
    window = status.maintenance
    if window is None:
        return None
    until = datetime.fromtimestamp(window.end, UTC).strftime("%Y-%m-%d %H:%M UTC")
    return remark(f"in maintenance until {until}: {window.reason}")


def _seconds(duration: float | None) -> str:
    if duration is None:
        return "-"
    return f"{duration * 1000:.0f} ms" if duration < 1 else f"{duration:.1f} s"


def _pages(number: int, pages: int, choice: Choice) -> Html | None:
    if pages == 1:
        return None
    return tag(
        "nav",
        tag("a", "Previous", href=choice.link(page=str(number - 1))) if number > 1 else None,
        tag("span", f"page {number} of {pages}", class_="soft"),
        tag("a", "Next", href=choice.link(page=str(number + 1))) if number < pages else None,
        class_="pages",
    )
