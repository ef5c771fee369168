"""Detects responses that say that the shop is temporarily closed, not that it failed. No I/O."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping

from . import strangers
from .marks import Marks
from .page_text import WebPage
from .plans import seconds_of
from .refusals import Finding

_OR_OVERLOAD = re.compile(
    r"[ck]apaci[td]|용량|overload|überlast|surcharg|sobrecarg|sovraccaric|overbelast|överbelast|przeciąż|obciąż"
    r"|přetíž|túlterhel|ylikuorm|a\u015f\u0131r\u0131 y\u00fck|перегру|перевантаж|過負荷|过载|過載"
)
"""Texts that name maintenance as one of two causes, in the languages of Apache's page."""
_CAUSE = re.compile(
    r"too many (?:requests|connections)|(?:backend|fetch|request|query|connection) failed"
    r"|(?:bad|invalid) gateway|gateway time-?out|internal server error|upstream|no healthy"
    r"|(?:fatal|critical|parse|application|runtime) error|connection (?:refused|reset|timed out)"
    r"|(?:limit|quota) (?:is |was |has been )?(?:reached|exceeded)|sqlstate\[|guru meditation"
)
"""Failures: a page that names one is not about maintenance, no matter what else it says."""
HEADLINE = 30
"""The most characters of a text that replaces a missing title."""
_PLANNED_SECONDS = 60.0
"""Seconds. A 503 with a Retry-After of at least this is planned; an overload has a few seconds."""
_SHOWN = 100
"""The most characters of a page's text that are quoted."""


def planned(headers: Mapping[str, str]) -> bool:
    """Whether a 503 says when the store will be back, as WordPress does during updates."""
    seconds = seconds_of(headers.get("retry-after", ""), time.time())
    return seconds is not None and seconds >= _PLANNED_SECONDS


def tells_of_maintenance(named: str, text: str, marks: Marks) -> bool:
    """Whether a response with status 503 gives maintenance as the cause.

    In a title, a single word is enough. In a text, a word may be part of an address or of advice on
    whom to ask, so a phrase is required, and the text before it must not name a failure.

    Args:
        named: titles and headings, in lower case.
        text: the rest of its text, in lower case; a short text counts as a title.
        marks: the platform's marks, with the generic ones.
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
    """Return the text before the first phrase that says that a shop is closed; None without one."""
    starts = [start for phrase in marks.closed_phrases if (start := text.find(phrase)) >= 0]
    return text[: min(starts)] if starts else None


def _names_failure(words: str) -> bool:
    return _CAUSE.search(words) is not None or strangers.tells_of_lost_database(words)


def closed_by_words(status: int, page: WebPage) -> Finding | None:
    """Return the finding that the shop is closed, if a page has words or marks that say so."""
    if status in (404, 410):
        # The title of a "page not found" page contains the shop's name.
        return None
    marks, text = page.marks, ""
    if status == 503:
        text = page.text or ""
        named, said = f"{page.title} {page.heading}".lower(), text.lower()
        first = f"{named} {_before_phrase(said, marks) or ''}"
        closed = any(mark in page.low for mark in marks.maintenance) and not _names_failure(first)
        closed = closed or tells_of_maintenance(named, said, marks)
    else:
        closed = any(word in page.title.lower() for word in marks.closed)
        # Responses of an API have no headings.
        closed = closed or (
            status == 200
            and any(words in page.heading.lower() for words in marks.closed_sites)
            # If a shop's front page comes in the place of the API, its headings may announce new
            # products.
            and not strangers.is_front(page.start.lower())
        )
    shown = page.title or page.heading or text[:_SHOWN] or "maintenance page"
    return closed_for_now(shown) if closed else None


def closed_by_plan(status: int, headers: Mapping[str, str], title: str) -> Finding | None:
    """Return the finding that the shop is closed, if a 503 says when it will be back."""
    if status == 503 and planned(headers):
        return closed_for_now(title or "it says when to come back")
    return None


def closed_by_plugin(status: int, page: WebPage) -> Finding | None:
    """Return the finding that the shop is closed, if a 503 has one plugin's files and no failure.

    The shop's owner chose the words of the plugin's page.
    """
    plugin = page.marks.plugin_of(page.low) if status == 503 else ""
    if not plugin:
        return None
    said = f"{page.title} {page.heading} {page.text or ''}".lower()
    if _names_failure(said) or _OR_OVERLOAD.search(said):
        return None
    return "maintenance", f"the store is closed for now by its plugin {plugin}"


def closed_for_now(shown: str) -> Finding:
    """Return the finding that the shop is closed, with the words or mark that show it."""
    return "maintenance", f"the store is closed for now: {shown}"
