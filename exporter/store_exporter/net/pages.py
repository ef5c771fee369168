"""Classifies pages that arrived instead of JSON. No I/O."""

from __future__ import annotations

import re
from collections.abc import Mapping

from . import placeholders, refusals, strangers
from .decoding import text_after_json
from .maintenance import closed_by_plan, closed_by_plugin, closed_by_words
from .marks import Marks
from .page_text import FIRST, HEADING, LAST, SCRIPTS, WebPage, found_in, plain, text_of
from .refusals import Finding

_NO_SITE = (403, 404, 410)
"""Statuses besides 200 with which hosts respond if they have no such site."""
_MARKUP = re.compile(r"^[{\[]|<")
_PROGRAM = 3_000
"""The most characters in a page that tests whether a visitor's browser runs programs."""
_LOADS = re.compile(
    r"location\.(?:reload|replace|assign)\(|location(?:\.href)?\s*=(?!=)|=[\"']?refresh"
)
_PRINTED_BY = re.compile(r"\bin (/\S{1,200}\.php)(?:\(\d{1,9}\))?.{0,30}? on line (\d{1,9})\b")
"""The end of a notice of PHP, without its markup."""
_FATAL = re.compile(
    r"fatal error(?:</b>)?:\s{1,3}(.{1,200}?) in (?:<b>)?(/[^\s<>\"']{1,200}\.php)"
    r"(?:</b> on line <b>|:| on line )(\d{1,9})",
    re.IGNORECASE | re.DOTALL,
)
"""What PHP writes when a program fails, with markup or without it."""
_SHORT = 100
"""The most characters of a text that is quoted completely."""


def blocked_by(who: str, status: int, title: str = "") -> Finding:
    """Return the finding that `who` refuses or tests the visitor with a response of its own."""
    status_and_title = f"HTTP {status}: {title}" if title else f"HTTP {status}"
    return "blocked", f"{who} responded instead of the store ({status_and_title})"


def judged(status: int, headers: Mapping[str, str], source: str, marks: Marks) -> Finding:
    """Classify a response that should have been JSON and is not.

    Args:
        status: the HTTP status.
        headers: names in lower case.
        source: the body as text.
        marks: the marks of the platform, generic ones included.
    """
    if who := marks.challenged_by(headers):
        return blocked_by(who, status)
    page = WebPage(source, marks)
    low, title = page.low, page.title
    return (
        refusals.of_cloudflare(low if "cloudflare" in headers.get("server", "") else "")
        or challenged(status, low, marks, title)
        or instead(status, page)
        or closed_by_words(status, page)
        or _limited(status, page)
        or blocked(status, low, marks, title)
        or _refused(status, title, marks)
        or closed_by_plan(status, headers, title)
        or closed_by_plugin(status, page)
        or _by_words(status, page)
        or refusals.by_status(
            status, low, _said(status, page), marks.refuser(headers, low) or "the web server"
        )
        or _broken(page)
    )


def _said(status: int, page: WebPage) -> str:
    """Return what a page with an error says: its title, and what is more than that."""
    if status >= 500 and (place := _failed_program(page.start, page.marks)):
        return f"a fatal error of PHP {place}"
    # WordPress writes "Database Error" in the title, and which error in the heading. It reports a
    # fatal error of PHP in a paragraph, in the shop's language.
    title, said = page.title, ""
    if status >= 500:
        said = page.heading or plain(page.text or "", page.marks, _SHORT)
    if said.lower() not in title.lower():
        return f"{title}: {said}" if title else said
    if not title and len(page.start) <= _SHORT and not _MARKUP.search(page.start):
        return plain(page.start, page.marks)
    return title


def _by_words(status: int, page: WebPage) -> Finding | None:
    """Classify a page that neither the shop nor its API made, by its text for people."""
    start, marks = page.start, page.marks
    if status == 200 and (failure := reported_failure(start, start.lower(), marks)):
        return failure
    if status == 200 and "<" in start[:_SHORT] and not page.is_platforms:
        return strangers.judge(page)
    if status in _NO_SITE:
        heading = found_in(HEADING, page.low[:SCRIPTS], marks)
        found = strangers.place(page.title, heading, page.text or "")
        if found and not page.is_platforms and not strangers.is_front(page.low):
            return found
    return None


def reported_failure(source: str, low: str, marks: Marks) -> Finding | None:
    """Return the failure that a page reports, with PHP's own words and the failed program.

    Args:
        source: the page.
        low: the same in lower case.
        marks: the marks of the platform, generic ones included.
    """
    failure = marks.failed(low)
    place = _failed_program(source, marks) if failure else ""
    return (failure[0], f"{failure[1]} {place}") if failure and place else failure


def _failed_program(source: str, marks: Marks) -> str:
    """Return where a program failed and why, if PHP wrote that into a page; otherwise ""."""
    found = _FATAL.search(source)
    return f"in {found[2]} (line {found[3]}): {plain(found[1], marks)}" if found else ""


def challenged(status: int, low: str, marks: Marks, title: str = "") -> Finding | None:
    """Return the finding for a service that tests or refuses visitors, whatever the status.

    Args:
        status: the HTTP status.
        low: the head of the page or JSON, in lower case.
        marks: the marks of the platform, generic ones included.
        title: of the page.
    """
    head = low[:SCRIPTS]
    who = next((who for mark, who in marks.interstitials if mark in head), "")
    if not who and len(low) <= FIRST + LAST:
        who = next((who for mark, who in marks.notices if mark in low), "")
    if not who and _only_sets_cookie(low, marks):
        who = "a test of visitors"
    return blocked_by(who, status, title) if who else None


def _only_sets_cookie(low: str, marks: Marks) -> bool:
    """Whether a page only sets a cookie with a script and then reloads."""
    if len(low) > _PROGRAM or "document.cookie" not in low or not _LOADS.search(low):
        return False
    text = text_of(low, marks)
    return text is not None and len(text) <= _SHORT and not strangers.is_front(low)


def instead(status: int, page: WebPage) -> Finding | None:
    """Return what is at the store's address if there is no site."""
    unset = next((what for mark, what in page.marks.setup_pages if mark in page.low), "")
    what = unset or placeholders.kind(page.name, page.low[:SCRIPTS])
    if not what:
        return None
    return (
        "server_error" if status >= 500 else "invalid_response",
        f"instead of the store there is {what}" + (f" ({page.name})" if page.name else ""),
    )


def _limited(status: int, page: WebPage) -> Finding | None:
    if status not in (403, 503):
        return None
    low = page.start.lower()
    who = next((who for mark, who in page.marks.limits if mark in low), "")
    message = f"{who} refuses too many requests (HTTP {status}): allow the exporter's address there"
    return ("rate_limited", message) if who else None


def blocked(status: int, seen: str, marks: Marks, title: str = "") -> Finding | None:
    """Return the finding for a page or JSON that refuses or tests the visitor; None for others.

    Args:
        status: the HTTP status.
        seen: the head of the page or JSON, in lower case.
        marks: the marks of the platform, generic ones included.
        title: of the page.
    """
    if status not in (200, *refusals.REFUSING) and status not in refusals.FIREWALLS:
        return None
    # A shop's own page may mention a captcha; with these statuses it is a firewall's page. A
    # rate limiter may contain its own name, too.
    if status == 429 or (status == 200 and "<form" in seen):
        return None
    for mark, name in marks.blockers:
        if mark in seen:
            return blocked_by(name, status, title)
    return None


def _refused(status: int, title: str, marks: Marks) -> Finding | None:
    low = title.lower()
    tested = status in (200, 429, 503) and any(word in low for word in marks.tests)
    # Other statuses already mean that.
    if tested or (status in (200, 503) and any(word in low for word in marks.refused)):
        return "blocked", f"the request is refused before the store (HTTP {status}: {title})"
    return None


def _broken(page: WebPage) -> Finding:
    start, marks = page.start, page.marks
    low = start.lower()
    if not start:
        return "invalid_response", "the response is empty"
    if any(mark in low for mark in marks.login_pages):
        return "redirect", "the API responds with a login page"
    if start.startswith(("{", "[")):
        return "invalid_response", _truncated_or_trailing(page.source, marks)
    if "<html" in low or "<!doctype" in low:
        page_name = page.title or "without a title"
        return "invalid_response", f"the response is a web page, not JSON: {page_name}"
    # Notices of PHP and of plugins come before the JSON.
    shown = plain(start[:SCRIPTS], marks, SCRIPTS)
    program = _PRINTED_BY.search(shown)
    by = f" by {program[1]} (line {program[2]})" if program else ""
    shown = marks.redact.line(shown, 120)
    return "invalid_response", f"something was printed before the JSON{by}: {shown}"


def _truncated_or_trailing(source: str, marks: Marks) -> str:
    """Say whether JSON ends too early, or is followed by something such as a cache's comment."""
    rest = text_after_json(source)
    if rest is None:
        return "the JSON is broken or cut off"
    return f"something was printed after the JSON: {marks.redact.line(rest.strip(), 120)}"
