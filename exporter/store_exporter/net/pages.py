"""What a page is that came in the place of JSON, or of a shop's front. No I/O."""

from __future__ import annotations

import html
import re
import time
from collections.abc import Callable, Mapping

from . import placeholders, refusals
from .decoding import text_after_json
from .marks import GENERIC, Marks
from .plans import seconds_of

Finding = tuple[str, str]
"""Error type and message."""

_TITLE = re.compile(r"<title[^>]{0,200}>(.{0,300}?)</title", re.IGNORECASE | re.DOTALL)
_HEADING = re.compile(r"<h[12][^>]{0,200}>(.{0,300}?)</h[12]", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"<[^>]{0,300}>")
UNCHANGED = 304
HEAD = 20_000
"""Characters of a page that are looked at."""
_LONG = 30_000
"""Characters that the page of a shop's front has at least, and a notice or test has not."""
_FORWARD = re.compile(
    r"<meta[^>]{1,60}http-equiv=[\"']?refresh[^>]{1,60}url=[\"']?https?://([^\"'/>:]{1,100})"
    r"|location(?:\.href|\.replace)?\s*[=(]\s*[\"']https?://([^\"'/:]{1,100})",
    re.IGNORECASE,
)
_FORWARDING = 1_500
"""Characters that a page has at most which does nothing but lead elsewhere."""
_SCRIPTS = 5_000
"""Characters in which a page that tests visitors names itself."""
_MARKUP = re.compile(r"^[{\[]|<")
_SHORT = 100
"""Characters of a text that is quoted whole."""
_PLANNED_SECONDS = 60.0
"""A 503 that says to come back after this or later was planned; overload asks for seconds."""


def answered_by(who: str, status: int, title: str = "") -> Finding:
    """Return the finding that somebody refuses or tests the visitor by an answer of its own."""
    told = f"HTTP {status}: {title}" if title else f"HTTP {status}"
    return "blocked", f"{who} answered in the store's place ({told})"


def plain(source: str, marks: Marks, length: int = 160) -> str:
    """Return markup as a line of text."""
    return marks.redact.line(html.unescape(_TAG.sub(" ", source)), length)


def planned(headers: Mapping[str, str]) -> bool:
    """Whether a 503 tells when the store will be back, as WordPress does while it is updated."""
    asked = seconds_of(headers.get("retry-after", ""), time.time())
    return asked is not None and asked >= _PLANNED_SECONDS


def instead_of_shop(source: str, host: str, marks: Marks = GENERIC) -> Finding | None:
    """Return what a page is that came as a success and is none of a shop; None for any other.

    Args:
        source: the page.
        host: the shop's, in lower case.
        marks: those of the platform, with the generic ones.

    Returns:
        Error type and message.
    """
    page = source[:HEAD].lstrip("\ufeff")
    low = page.lower()
    title = _found(_TITLE, page, marks) or plain(page[:_SCRIPTS], marks, 80)
    found = challenged(200, low, marks, title) or _instead(200, title, low, title, marks)
    if found or len(source) > _LONG or any(mark in low for mark in marks.pages):
        return found
    # No shop looks like that: its titles can be read more boldly.
    forward = _FORWARD.search(source) if len(source) <= _FORWARDING else None
    if forward and (forward[1] or forward[2]).lower() != host:
        return "redirect", f"the page only leads visitors to {forward[1] or forward[2]}"
    what = placeholders.kind_of_stranger(title)
    if what:
        return "invalid_response", f"in the store's place is {what} ({title})"
    return _refused(200, title, marks) or _closed(200, low, title, "", marks)


def judged(status: int, headers: Mapping[str, str], source: str, marks: Marks) -> Finding:
    """Return what an answer is that should have been JSON and is not.

    Args:
        status: of HTTP.
        headers: names in lower case.
        source: the body as text.
        marks: those of the platform, with the generic ones.
    """
    page = source[:HEAD].lstrip("\ufeff")
    low = page.lower()
    title = _found(_TITLE, page, marks)
    if who := marks.challenged_by(headers):
        return answered_by(who, status)
    heading = _found(_HEADING, page, marks)
    words = title
    if status >= 500 and heading.lower() not in title.lower():
        # WordPress says "Database Error" in the title, and which in the heading.
        words = f"{title}: {heading}" if title else heading
    elif not title and len(page) <= _SHORT and not _MARKUP.search(page):
        words = plain(page, marks)
    return (
        refusals.of_cloudflare(low if "cloudflare" in headers.get("server", "") else "")
        or challenged(status, low, marks, title)
        or _instead(status, page, low, title, marks)
        or _closed(status, low, title, heading, marks)
        or blocked(status, low, marks, title)
        or _refused(status, title, marks)
        or _closed_for_now(status, headers, title)
        or _by_status(status, low, words, marks.server(headers) or "the web server")
        or _broken(source, page, title, marks)
    )


def challenged(status: int, low: str, marks: Marks, title: str = "") -> Finding | None:
    """Return who tests or refuses visitors by a page or JSON of its own, whatever its status.

    Args:
        status: of HTTP.
        low: the head of the page or JSON, in lower case.
        marks: those of the platform, with the generic ones.
        title: of the page.
    """
    head = low[:_SCRIPTS]
    who = next((who for mark, who in marks.interstitials if mark in head), "")
    return answered_by(who, status, title) if who else None


def _instead(status: int, page: str, low: str, title: str, marks: Marks) -> Finding | None:
    """Say what stands in the store's place where there is no site."""
    what = placeholders.kind(title or plain(page[:_SCRIPTS], marks, 80), low[:_SCRIPTS])
    if not what:
        return None
    named = f"{what} ({title})" if title else what
    return (
        "server_error" if status >= 500 else "invalid_response",
        f"in the store's place is {named}",
    )


def _found(pattern: re.Pattern[str], page: str, marks: Marks) -> str:
    match = pattern.search(page)
    return plain(match.group(1), marks, 80) if match else ""


def _closed(status: int, low: str, title: str, heading: str, marks: Marks) -> Finding | None:
    if status in (404, 410):
        # A shop's name stands in the title of the page that says that there is no such page.
        return None
    shown = f"{title} {heading}".lower() if status == 503 else title.lower()
    told = status == 503 and any(mark in low for mark in marks.maintenance)
    if told or any(word in shown for word in marks.closed):
        return "maintenance", f"the store is closed for now: {title or 'maintenance page'}"
    return None


def _closed_for_now(status: int, headers: Mapping[str, str], title: str) -> Finding | None:
    if status == 503 and planned(headers):
        return "maintenance", f"the store is closed for now: {title or 'it says when to come back'}"
    return None


def blocked(status: int, seen: str, marks: Marks, title: str = "") -> Finding | None:
    """Return who refuses or tests the visitor in a page or JSON; None for nobody.

    Args:
        status: of HTTP.
        seen: the head of the page or JSON, in lower case.
        marks: those of the platform, with the generic ones.
        title: of the page.
    """
    if status not in (200, *refusals.REFUSING) and status not in refusals.FIREWALLS:
        return None
    # A shop's own page may mention a captcha; with these statuses it is a firewall's page. What
    # counts requests may name itself, too.
    if status == 429 or (status == 200 and "<form" in seen):
        return None
    for mark, name in marks.blockers:
        if mark in seen:
            return answered_by(name, status, title)
    return None


def _refused(status: int, title: str, marks: Marks) -> Finding | None:
    low = title.lower()
    tested = status in (200, 429, 503) and any(word in low for word in marks.tests)
    # With other statuses it is that already.
    if tested or (status in (200, 503) and any(word in low for word in marks.refused)):
        return "blocked", f"the request is refused before the store (HTTP {status}: {title})"
    return None


def _by_status(status: int, low: str, title: str, who: str) -> Finding | None:
    if status >= 500:
        # "502 Bad Gateway" says again what the sentence begins with.
        title = title.removeprefix(str(status)).strip(" |:-\u2013\u2014")
    page = f" ({title})" if title else ""
    rows: tuple[tuple[Callable[[int], bool], str, str], ...] = (
        (lambda s: s == 429, "rate_limited", "too many requests"),
        (lambda s: s == 401, "blocked", f"{who} asks for a password of its own"),
        (lambda s: s in (403, 405, 406, 451), "blocked", f"{who} refuses the request"),
        (lambda s: s in refusals.FIREWALLS, "blocked", f"{who} refuses the request"),
        (
            lambda s: s == 400 and any(said in low for said in refusals.PLAIN_TO_TLS),
            "redirect",
            "this port speaks https and no plain http: begin url with https://",
        ),
        (
            lambda s: s == 400 and any(said in low for said in refusals.WANTS_CERTIFICATE),
            "blocked",
            f"{who} lets nobody in without a client's certificate: set url to the public address",
        ),
        (lambda s: s == 402, "maintenance", "the site is closed because it has not been paid for"),
        (lambda s: s == 408, "timeout", "the web server waited too long for the request"),
        (lambda s: s in (404, 410), "api_not_found", "there is no API at this address"),
        (lambda s: s == 511, "blocked", "a network before the store asks for a login"),
        (lambda s: s >= 500, "server_error", f"the store answered with HTTP {status}"),
        (lambda s: s >= 400, "invalid_response", f"HTTP {status} without a JSON error"),
        (
            lambda s: s == UNCHANGED,
            "invalid_response",
            "HTTP 304 to a request for all of it, as a broken cache answers",
        ),
    )
    for matches, error_type, message in rows:
        if matches(status):
            return error_type, message + page
    return None


def _broken(source: str, page: str, title: str, marks: Marks) -> Finding:
    """Say what is wrong with a body that came as a success."""
    low = page.lower()
    if not page:
        return "invalid_response", "the answer is empty"
    if any(mark in low for mark in marks.login_pages):
        return "redirect", "the API answers with a login page"
    if page.startswith(("{", "[")):
        return "invalid_response", _truncated_or_trailing(source.lstrip("\ufeff"), marks)
    if "<html" in low or "<!doctype" in low:
        page_name = title or "without a title"
        return "invalid_response", f"the answer is a web page, not JSON: {page_name}"
    # Notices of PHP and of plugins come first and the JSON after them.
    shown = marks.redact.line(page, 120)
    return "invalid_response", f"something was printed before the JSON: {shown}"


def _truncated_or_trailing(source: str, marks: Marks) -> str:
    """Say whether JSON ends too soon or something comes after it, such as a comment of a cache."""
    rest = text_after_json(source)
    if rest is None:
        return "the JSON is broken or cut off"
    return f"something was printed after the JSON: {marks.redact.line(rest.strip(), 120)}"
