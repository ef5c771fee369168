"""The parts of a page by which it is recognised: title, headings, text, both ends. No I/O."""

from __future__ import annotations

import html
import re
from functools import cached_property

from .marks import Marks

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
"""The most characters of a page that are examined."""
FIRST, LAST = 5_000, 2_000
"""Characters at a page's beginning and end that show who made it."""
SCRIPTS = FIRST
"""Characters at the beginning that identify a page that tests visitors."""
_MARKUP_MOST = 4_000
"""The most characters of a notice's markup, without scripts and styles."""
_LITTLE = 600
"""The most characters of a notice's text."""


def plain(source: str, marks: Marks, length: int = 160) -> str:
    """Return markup as one line of text."""
    return marks.redact.line(html.unescape(_TAG.sub(" ", source)), length)


def text_of(page: str, marks: Marks, most: int = _MARKUP_MOST) -> str | None:
    """Return all text that a page shows; None if that is more than a notice has.

    Args:
        page: source of the page.
        marks: the platform's marks, with the generic ones.
        most: characters of markup, without scripts and styles, above which it is no notice.
    """
    markup, position = "", 0
    while True:
        hidden = _HIDDEN.search(page, position, position + most + 1)
        markup += page[position : hidden.start() if hidden else len(page)] + " "
        if len(markup) > most:
            return None
        end = _SHOWN_AGAIN[hidden[1].lower()].search(page, hidden.end()) if hidden else None
        if end is None:
            text = " ".join(html.unescape(_TAG.sub(" ", markup)).split())
            return marks.redact.line(text, _LITTLE) if len(text) <= _LITTLE else None
        position = end.end()


def found_in(pattern: re.Pattern[str], page: str, marks: Marks) -> str:
    """Return the text of the first element of a kind, `TITLE` or `HEADING`; "" without one."""
    match = pattern.search(page)
    return plain(match.group(1), marks, 80) if match else ""


class WebPage:
    """A page that may not be the store's, and the platform's marks, with the generic ones.

    Attributes:
        source: the whole page.
        start: the part that is examined.
        low: the beginning and end of the page, in lower case.
    """

    def __init__(self, source: str, marks: Marks) -> None:
        self.source = source
        self.marks = marks
        self.start = source[:HEAD]
        is_short = len(source) <= FIRST + LAST
        self.low = (source if is_short else f"{source[:FIRST]} {source[-LAST:]}").lower()

    @cached_property
    def title(self) -> str:
        """Its title; "" without one."""
        return found_in(TITLE, self.start, self.marks)

    @cached_property
    def heading(self) -> str:
        """Its first heading; "" without one."""
        return found_in(HEADING, self.start, self.marks)

    @cached_property
    def name(self) -> str:
        """Its title, or the text at its beginning."""
        return self.title or plain(self.start[:SCRIPTS], self.marks, 80)

    @cached_property
    def text(self) -> str | None:
        """All text that it shows; None if that is more than a notice has."""
        return text_of(self.start, self.marks)

    @cached_property
    def is_platforms(self) -> bool:
        """Whether it has a mark of the platform; its beginning and end are searched first."""
        if any(mark in self.low for mark in self.marks.pages):
            return True
        if len(self.start) <= FIRST + LAST:
            return False
        whole = self.start.lower()
        return any(mark in whole for mark in self.marks.pages)
