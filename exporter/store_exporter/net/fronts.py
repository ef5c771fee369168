"""Classifies pages at a shop's address: another page, a closed shop, a forwarding page. No I/O."""

from __future__ import annotations

import html
import re
from urllib.parse import urldefrag, urljoin, urlsplit

from ..contract import Response
from . import strangers
from .decoding import shown_text
from .marks import GENERIC, Marks
from .page_text import HEAD, HEADING, LAST, SCRIPTS, TITLE, WebPage, found_in, text_of
from .pages import challenged, instead
from .refusals import Finding

_LONG = 30_000
"""The fewest characters of a shop's front page; notices and tests of visitors have fewer."""
_REFRESH = re.compile(
    r"<meta(?=[^>]{1,400}http-equiv=[\"']?refresh)[^>]{1,400}?content=[\"']?\s*[0-4]?(?:\.\d*)?"
    r"\s*[;,]\s*url=\s*[\"']?([^\"'\s>]{1,500})",
    re.IGNORECASE,
)
_LEADS = re.compile(rb"refresh|location", re.IGNORECASE)
_LOCATION = re.compile(
    r"location(?:\.href)?(?:\s*=|\.(?:replace|assign)\()\s*[\"'](?!javascript:)([^\"'\s]{1,500})",
    re.IGNORECASE,
)
_NOTICE = 200
"""Maximum characters of text of a page that says only in its text, not in a title, that it is
closed."""
_FORWARDING = 1_500
"""Maximum characters of a page that only forwards."""


def instead_of_shop(source: str, host: str, marks: Marks = GENERIC) -> Finding | None:
    """Classify a page with a status of success that is not a shop's; None for any other.

    Args:
        source: the page.
        host: the shop's, in lower case.
        marks: those of the platform, with the generic ones.

    Returns:
        Error type and message.
    """
    page = WebPage(source, marks)
    found = challenged(200, page.low, marks, page.title) or instead(200, page)
    if found or len(source) > _LONG or page.is_platforms:
        return found
    # No shop has such a page, so its words can be interpreted more freely.
    elsewhere = _host_of(_forward(source)) if len(source) <= _FORWARDING else ""
    if elsewhere and elsewhere != host:
        return "redirect", f"the page only leads visitors to {elsewhere}"
    return strangers.judge(page)


def forwarded(response: Response) -> str | None:
    """Return the address on the same host to which a page forwards if it shows nothing else."""
    if response.status != 200 or len(response.body) > _FORWARDING:
        return None
    if not _LEADS.search(response.body):
        return None
    source = shown_text(response)
    target = _forward(source)
    if not target or (_REFRESH.search(source) is None and text_of(source, GENERIC)):
        # If the page shows something, its script may not run by itself.
        return None
    try:
        address = urldefrag(urljoin(response.url, html.unescape(target))).url
        here, there = urlsplit(response.url), urlsplit(address)
    except ValueError:
        return None
    same = (here.scheme, here.netloc) == (there.scheme, there.netloc)
    return address if same and address != response.url else None


def _forward(source: str) -> str:
    """Return where a page forwards without user action; "" for nowhere."""
    found = _REFRESH.search(source) or _LOCATION.search(source)
    return found[1] if found else ""


def _host_of(target: str) -> str:
    try:
        return (urlsplit(target).hostname or "").lower()
    except ValueError:
        return ""


def ends_in(page: str) -> str:
    """Return where an incomplete page ends, its head or its body; "" for a complete one.

    If PHP dies after it has begun to send a page, the page is incomplete and has a status of
    success. Pages without optional tags, as minifiers make them, are complete.

    Args:
        page: its source, in lower case.
    """
    if any("</html" in part or "</body" in part for part in (page[-LAST:], page)):
        return ""
    if "<head" not in page:
        return ""
    if "</head" in page:
        return "body" if "<body" in page else ""
    return "" if "<body" in page else "head"


def says_closed(source: str, marks: Marks = GENERIC) -> str:
    """Return the words of a page that says little more than that the shop is closed; otherwise "".

    The platform made the page, with any plugins.
    """
    page = source[:HEAD]
    said = (found_in(TITLE, page, marks), found_in(HEADING, page[:SCRIPTS], marks))
    named = next((one for one in said if _names_closed(one.lower(), marks)), "")
    # Plugins let people design this page, so it may have much markup and little text.
    text = text_of(source, marks, _LONG) if named else text_of(source, marks)
    if text is not None and not named and len(text) <= _NOTICE:
        named = text if _names_closed(text.lower(), marks) else ""
    return "" if text is None or not named or strangers.is_front(source.lower()) else named


def _names_closed(words: str, marks: Marks) -> bool:
    return any(phrase in words for phrase in marks.closed_sites)
