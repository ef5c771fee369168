"""The storefront probe: requests the page that visitors see. A platform adds its marks as data."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

from ....contract import Probe, Report, Response, Run
from ....errors import ErrorName, StoreError
from ....net import documents
from ....net.decoding import shown_text
from ....net.fronts import ends_in, forwarded, instead_of_shop, says_closed
from ....net.marks import Marks
from ....net.pages import reported_failure
from ....net.plans import Plan, RedirectError, Request, once
from .probes import slow_response

_HTML = ("text/html", "application/xhtml+xml")
_VISITOR = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
"""What a browser accepts. Where JSON is accepted, a server may report a failure in JSON."""
_MOST_PAGES = 4
"""The most pages that are read, each of which only forwards to the next."""


@dataclass(frozen=True, slots=True)
class ClosedPage:
    """The page that tells visitors that the shop is not open yet.

    Attributes:
        description: what the page does, for the probe's description: "asks for a password".
        degraded: the reason why the store is degraded.
        marks: texts in lower case; the page contains one of them.
        path: a path to which visitors are sent; empty for none.
    """

    description: str
    degraded: str
    marks: Sequence[str]
    path: str = ""

    def is_shown(self, page: str) -> bool:
        """Whether a page, in lower case, is this one."""
        return any(mark in page for mark in self.marks)

    def is_at(self, path: str) -> bool:
        """Whether this is the path of the page, in the folder of any language."""
        return bool(self.path) and f"{path.rstrip('/')}/".endswith(f"{self.path}/")


@dataclass(frozen=True, slots=True)
class StorefrontPages:
    """A platform's own pages that are not pages of a shop.

    Attributes:
        closed: the page that says that the shop is not open yet.
        statuses: error type and message by HTTP statuses that have a special meaning.
    """

    closed: ClosedPage
    statuses: Mapping[int, tuple[ErrorName, str]] = field(default_factory=dict)


RedirectCheck = Callable[[Any, Run, RedirectError], Plan[bool]]
"""Whether a redirect to another host leads to a domain of the store's own."""


def storefront_probe(
    pages: StorefrontPages,
    marks: Marks,
    *,
    query: Mapping[str, str] | None = None,
    moved: RedirectCheck | None = None,
) -> Probe:
    """Return the probe that reads the front page, or the one that is configured, as a visitor.

    `query` is added to the page's address. `moved` returns whether a redirect is one that a healthy
    store sends. No redirect to another host is followed, because requests go only to addresses of
    the configuration.
    """

    def check(api: Any, run: Run) -> Plan[Report]:
        path = str(run.store.settings.get("storefront_path") or "/")
        try:
            response = yield from _visit(run.store.url + path, query or {})
        except RedirectError as error:
            says = _leads_to_closed(error, pages.closed, marks)
            return (yield from _redirected(api, run, error, says, moved))
        except StoreError as error:
            if error.error_type != "response_too_large" or error.status != 200:
                raise
            # Browsers have no such limit, so visitors see the page.
            degraded = [f"The page is too large to be examined: {error.message}."]
            return Report((), degraded, "a page that was read in part")
        source = shown_text(response)
        low = source.lower()
        _check_page(response, source, low, pages, marks)
        degraded = slow_response(response, run)
        closed = pages.closed
        if closed.is_at(urlsplit(response.url).path) or closed.is_shown(low):
            degraded.append(closed.degraded)
        elif words := says_closed(source, marks):
            degraded.append(f"Visitors see a page that says the shop is closed: {words}")
        if ends_in(low):
            degraded.append("The page is incomplete: the program that makes it may have died.")
        return Report((), degraded, f"a page of {len(response.body)} bytes")

    return Probe(
        "storefront",
        check,
        "Reads the front page: if that fails, visitors see an error or nothing. Degraded when it "
        f"is slow or {pages.closed.description}.",
        interval=300.0,
        timeout=15.0,
        critical=True,
        options={"slow_after": 5.0},
    )


def _visit(url: str, query: Mapping[str, str]) -> Plan[Response]:
    """Request a page as a browser does.

    A redirect to the same page is followed with the cookies that it sets, and so is a page that
    only forwards to another. Any other redirect is raised.
    """
    request = Request("GET", url, params=query, headers=_VISITOR, idempotent=True)
    for _ in range(_MOST_PAGES):
        try:
            response = yield from once(request)
        except RedirectError as error:
            if not error.cookies or "Cookie" in request.headers:
                raise
            headers = {**_VISITOR, "Cookie": error.cookies}
            request = replace(request, url=error.target, params={}, headers=headers)
            continue
        target = forwarded(response)
        if target is None:
            break
        request = replace(request, url=target, params={})
    return response


def _leads_to_closed(error: RedirectError, closed: ClosedPage, marks: Marks) -> list[str]:
    """Return the reason if visitors are redirected to a page that admits only some of them."""
    target = urlsplit(error.target)
    if closed.is_at(target.path):
        return [closed.degraded]
    if marks.leads_to_login(f"{target.path}?{target.query}"):
        return [f"Visitors have to log in: the page leads to {target.path[:80]}."]
    return []


def _redirected(
    api: Any, run: Run, error: RedirectError, closed: list[str], moved: RedirectCheck | None
) -> Plan[Report]:
    """Report a redirect that a healthy store may send; raise any other one.

    `closed` is the reason why the store is degraded, if the redirect leads to a page that admits
    only some visitors; otherwise it is empty.
    """
    target = urlsplit(error.target)
    stays = target.hostname == urlsplit(run.store.url).hostname
    is_fine = closed if stays else moved is not None and (yield from moved(api, run, error))
    if not is_fine:
        raise error
    return Report((), closed, f"visitors are sent to {target.hostname}{target.path}")


def _check_page(
    response: Response, source: str, low: str, pages: StorefrontPages, marks: Marks
) -> None:
    status = response.status
    if who := marks.challenged_by(response.headers):
        raise StoreError("blocked", f"{who} responded instead of the store", status=status)
    if status in pages.statuses:
        raise StoreError(*pages.statuses[status], status=status)
    if status in (200, 404) and (failure := reported_failure(source, low, marks)):
        raise StoreError(*failure, status=status)
    if status != 200:
        _check_status(response, marks)
    host = urlsplit(response.url).hostname or ""
    if not pages.closed.is_shown(low) and (found := instead_of_shop(source, host, marks)):
        raise StoreError(*found, status=status)
    kind = _media_type(response.headers.get("content-type", ""))
    if not source:
        raise StoreError("invalid_response", "the page is empty", status=status)
    if kind not in _HTML or "<" not in source:
        what = f"{kind[:40]}, not HTML" if kind not in _HTML else "text without any markup"
        raise StoreError("invalid_response", f"the page is {what}", status=status)
    if ends_in(low) == "head":
        message = "the page ends within its head, so visitors see nothing"
        raise StoreError("server_error", message, status=status)


def _check_status(response: Response, marks: Marks) -> None:
    """Refuse a page with a status other than 200, unless that is also a success."""
    error = documents.no_document(response, marks)
    if error.error_type == "api_not_found":
        # The message for an API does not fit: here the shop has lost a page.
        message = f"the page {urlsplit(response.url).path} does not exist"
        raise StoreError("invalid_response", message, status=response.status)
    # Browsers show pages with other successful statuses as they show those with 200.
    if response.status >= 300 or error.error_type != "invalid_response":
        raise error


def _media_type(value: str) -> str:
    """Return the media type of a page from its Content-Type; the last if a proxy joined several."""
    types = [one.partition(";")[0].strip().lower() for one in value.split(",")]
    named = [one for one in types if "/" in one]
    return named[-1] if named else _HTML[0]
