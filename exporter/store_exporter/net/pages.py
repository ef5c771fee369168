"""What a page is that came in the place of JSON. No I/O."""

from __future__ import annotations

import html
import re
import time
from collections.abc import Mapping

from . import placeholders, refusals, strangers
from .decoding import text_after_json
from .marks import Marks
from .plans import seconds_of
from .refusals import Finding

TITLE = re.compile(r"<title[^>]{0,200}>(.{0,300}?)</title", re.IGNORECASE | re.DOTALL)
HEADING = re.compile(r"<h[12][^>]{0,200}>(.{0,300}?)</h[12]", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"<[^>]{0,300}>")
_HIDDEN = re.compile(r"<(!--|script\b|style\b|title\b|noscript\b)", re.IGNORECASE)
_SHOWN_AGAIN = {
    name: re.compile(end, re.IGNORECASE)
    for name, end in (
        ("!--", "-->"),
        *((name, rf"</{name}\s*>?") for name in ("script", "style", "title", "noscript")),
    )
}
HEAD = 20_000
"""Characters of a page that are looked at."""
_FIRST, LAST = 5_000, 2_000
"""Characters at a page's beginning and end in which it says who made it."""
_NO_SITE = (403, 404, 410)
"""Statuses that hosts give, besides 200, where there is no such site."""
_MARKUP_MOST = 4_000
"""Characters of markup, without programs and styles, that a notice has at most."""
_LITTLE = 600
"""Characters of text that a notice has at most."""
SCRIPTS = _FIRST
"""Characters in which a page that tests visitors names itself."""
_MARKUP = re.compile(r"^[{\[]|<")
_SHORT = 100
"""Characters of a text that is quoted whole."""
_OR_OVERLOAD = re.compile(
    r"[ck]apaci[td]|용량|overload|überlast|surcharg|sobrecarg|sovraccaric|overbelast|överbelast|przeciąż|obciąż"
    r"|přetíž|túlterhel|ylikuorm|a\u015f\u0131r\u0131 y\u00fck|перегру|перевантаж|過負荷|过载|過載"
)
"""What a page says, in the languages of Apache's, that names maintenance as one of two causes."""
_CAUSE = re.compile(
    r"too many (?:requests|connections)|(?:backend|fetch|request|query|connection) failed"
    r"|(?:bad|invalid) gateway|gateway time-?out|internal server error|upstream|no healthy"
    r"|(?:fatal|critical|parse|application|runtime) error|connection (?:refused|reset|timed out)"
    r"|(?:limit|quota) (?:is |was |has been )?(?:reached|exceeded)|sqlstate\[|guru meditation"
)
"""Failures that are no maintenance, whatever else a page that names one says."""
HEADLINE = 30
"""Characters of a text that may stand for a title where a response has none."""
_PLANNED_SECONDS = 60.0
"""A 503 that says to come back after this or later was planned; overload asks for seconds."""


def blocked_by(who: str, status: int, title: str = "") -> Finding:
    """Return the finding that somebody refuses or tests the visitor by a response of its own."""
    status_and_title = f"HTTP {status}: {title}" if title else f"HTTP {status}"
    return "blocked", f"{who} answered in the store's place ({status_and_title})"


def plain(source: str, marks: Marks, length: int = 160) -> str:
    """Return markup as a line of text."""
    return marks.redact.line(html.unescape(_TAG.sub(" ", source)), length)


def planned(headers: Mapping[str, str]) -> bool:
    """Whether a 503 tells when the store will be back, as WordPress does while it is updated."""
    seconds = seconds_of(headers.get("retry-after", ""), time.time())
    return seconds is not None and seconds >= _PLANNED_SECONDS


def begin(source: str) -> str:
    """Return as much of a page as is looked at."""
    return source[:HEAD]


def ends(source: str) -> str:
    """Return what a page begins and ends with, in lower case."""
    if len(source) <= _FIRST + LAST:
        return source.lower()
    return f"{source[:_FIRST]} {source[-LAST:]}".lower()


def is_platforms(page: str, low: str, marks: Marks) -> bool:
    """Whether a page has a mark of the platform; it is looked for at the ends first."""
    if any(mark in low for mark in marks.pages):
        return True
    if len(page) <= _FIRST + LAST:
        return False
    whole = page.lower()
    return any(mark in whole for mark in marks.pages)


def stranger(page: str, low: str, title: str, marks: Marks) -> Finding | None:
    """Return what a page is that has no mark of the platform; None where it may be a shop's."""
    if strangers.is_front(low):
        return None
    text = text_of(page, marks)
    return strangers.judge(title, found_in(HEADING, page, marks), text, low, marks)


def text_of(page: str, marks: Marks) -> str | None:
    """Return all the text that a page shows; None where it is more than a notice has."""
    markup, position = "", 0
    while True:
        hidden = _HIDDEN.search(page, position, position + _MARKUP_MOST + 1)
        markup += page[position : hidden.start() if hidden else len(page)] + " "
        if len(markup) > _MARKUP_MOST:
            return None
        end = _SHOWN_AGAIN[hidden[1].lower()].search(page, hidden.end()) if hidden else None
        if end is None:
            text = html.unescape(_TAG.sub(" ", markup)).strip()
            return marks.redact.line(text, _LITTLE) if len(text) <= _LITTLE else None
        position = end.end()


def judged(status: int, headers: Mapping[str, str], source: str, marks: Marks) -> Finding:
    """Return what a response is that should have been JSON and is not.

    Args:
        status: of HTTP.
        headers: names in lower case.
        source: the body as text.
        marks: those of the platform, with the generic ones.
    """
    page, low = begin(source), ends(source)
    title = found_in(TITLE, page, marks)
    if who := marks.challenged_by(headers):
        return blocked_by(who, status)
    heading = found_in(HEADING, page, marks) if status >= 500 else ""
    words = title
    if heading.lower() not in title.lower():
        # WordPress says "Database Error" in the title, and which in the heading.
        words = f"{title}: {heading}" if title else heading
    elif not title and len(page) <= _SHORT and not _MARKUP.search(page):
        words = plain(page, marks)
    return (
        refusals.of_cloudflare(low if "cloudflare" in headers.get("server", "") else "")
        or challenged(status, low, marks, title)
        or instead(status, low, title or plain(page[:SCRIPTS], marks, 80), marks)
        or _closed(status, page, low, (title, heading), marks)
        or blocked(status, low, marks, title)
        or _refused(status, title, marks)
        or _closed_for_now(status, headers, title)
        or _by_words(status, page, low, title, marks)
        or refusals.by_status(status, low, words, marks.server(headers) or "the web server")
        or _broken(source, page, title, marks)
    )


def _by_words(status: int, page: str, low: str, title: str, marks: Marks) -> Finding | None:
    """Return what a page is that neither the shop nor its API made, by what it tells people."""
    if status == 200 and (failure := marks.failed(page.lower())):
        return failure
    if status == 200 and "<" in page[:_SHORT] and not is_platforms(page, low, marks):
        return stranger(page, low, title, marks)
    if status in _NO_SITE:
        heading = found_in(HEADING, low[:SCRIPTS], marks)
        found = strangers.place(title, heading, text_of(page, marks) or "")
        if found and not is_platforms(page, low, marks) and not strangers.is_front(low):
            return found
    return None


def challenged(status: int, low: str, marks: Marks, title: str = "") -> Finding | None:
    """Return who tests or refuses visitors by a page or JSON of its own, whatever its status.

    Args:
        status: of HTTP.
        low: the head of the page or JSON, in lower case.
        marks: those of the platform, with the generic ones.
        title: of the page.
    """
    head = low[:SCRIPTS]
    who = next((who for mark, who in marks.interstitials if mark in head), "")
    if not who and len(low) <= _FIRST + LAST:
        who = next((who for mark, who in marks.notices if mark in low), "")
    return blocked_by(who, status, title) if who else None


def instead(status: int, low: str, named: str, marks: Marks) -> Finding | None:
    """Say what stands in the store's place where there is no site."""
    unset = next((what for mark, what in marks.setup_pages if mark in low), "")
    what = unset or placeholders.kind(named, low[:SCRIPTS])
    if not what:
        return None
    return (
        "server_error" if status >= 500 else "invalid_response",
        f"in the store's place is {what} ({named})" if named else f"in the store's place is {what}",
    )


def found_in(pattern: re.Pattern[str], page: str, marks: Marks) -> str:
    """Return what stands in the first element of a kind, `TITLE` or `HEADING`; "" without one."""
    match = pattern.search(page)
    return plain(match.group(1), marks, 80) if match else ""


def tells_of_maintenance(named: str, text: str, marks: Marks) -> bool:
    """Whether a response with status 503 gives maintenance as the cause.

    A single word says so in a title. In a text it may be part of an address or of the advice whom
    to ask, so that a phrase has to, of which nothing before names a failure.

    Args:
        named: titles and headings, in lower case.
        text: what else it shows, in lower case; one that is short stands for a title.
        marks: those of the platform, with the generic ones.
    """
    if not named.strip() and len(text) <= HEADLINE:
        named = text
    if _names_failure(named):
        return False
    if any(word in named for word in marks.closed):
        return True
    before = _before_phrase(text, marks)
    return before is not None and not (_OR_OVERLOAD.search(text) or _names_failure(before))


def _before_phrase(text: str, marks: Marks) -> str | None:
    """Return what stands before the first phrase that says that a shop is closed, if any does."""
    starts = [start for phrase in marks.closed_phrases if (start := text.find(phrase)) >= 0]
    return text[: min(starts)] if starts else None


def _names_failure(words: str) -> bool:
    return _CAUSE.search(words) is not None or strangers.tells_of_lost_database(words)


def _closed(
    status: int, page: str, low: str, names: tuple[str, str], marks: Marks
) -> Finding | None:
    if status in (404, 410):
        # A shop's name stands in the title of the page that says that there is no such page.
        return None
    title, heading = names
    text = ""
    if status == 503:
        text = text_of(page, marks) or ""
        named, said = f"{title} {heading}".lower(), text.lower()
        first = f"{named} {_before_phrase(said, marks) or ''}"
        closed = any(mark in low for mark in marks.maintenance) and not _names_failure(first)
        closed = closed or tells_of_maintenance(named, said, marks)
    else:
        closed = any(word in title.lower() for word in marks.closed)
    if closed:
        shown = title or heading or text[:_SHORT] or "maintenance page"
        return "maintenance", f"the store is closed for now: {shown}"
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
            return blocked_by(name, status, title)
    return None


def _refused(status: int, title: str, marks: Marks) -> Finding | None:
    low = title.lower()
    tested = status in (200, 429, 503) and any(word in low for word in marks.tests)
    # With other statuses it is that already.
    if tested or (status in (200, 503) and any(word in low for word in marks.refused)):
        return "blocked", f"the request is refused before the store (HTTP {status}: {title})"
    return None


def _broken(source: str, page: str, title: str, marks: Marks) -> Finding:
    """Say what is wrong with a body that came as a success."""
    low = page.lower()
    if not page:
        return "invalid_response", "the answer is empty"
    if any(mark in low for mark in marks.login_pages):
        return "redirect", "the API answers with a login page"
    if page.startswith(("{", "[")):
        return "invalid_response", _truncated_or_trailing(source, marks)
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
