"""The Markdown that our own runbooks use, as HTML: headings, lists, tables, code and links."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import groupby

from .html import Html, join, table, tag

_INLINE = re.compile(r"`(?P<code>[^`]+)`|\[(?P<text>[^]]+)\]\((?P<link>[\w./#-]+)\)")


def html(markdown: str) -> Html:
    """Turn Markdown into HTML; what is not one of the forms above becomes a paragraph."""
    return join(*_blocks(markdown))


def _blocks(markdown: str) -> Iterator[Html]:
    # Every second part is inside a fence.
    for number, part in enumerate(re.split(r"^```.*\n?", markdown, flags=re.MULTILINE)):
        if number % 2:
            yield tag("pre", tag("code", part.rstrip("\n")))
            continue
        for form, lines in groupby(part.splitlines(), _form):
            yield from form(list(lines))


def _form(line: str) -> Callable[[list[str]], Iterator[Html]]:
    forms = ((r"#{1,3} ", _headings), (r"[-*] ", _bullets), (r"\d+\. ", _numbers), (r"\|", _table))
    return next((form for start, form in forms if re.match(start, line)), _paragraphs)


def _headings(lines: list[str]) -> Iterator[Html]:
    for line in lines:
        marks, text = line.split(" ", 1)
        yield tag(f"h{len(marks)}", *_inline(text), id=text.lower().replace(" ", "-"))


def _paragraphs(lines: list[str]) -> Iterator[Html]:
    for filled, paragraph in groupby(lines, bool):
        if filled:
            yield tag("p", *_inline(" ".join(paragraph)))


def _bullets(lines: list[str]) -> Iterator[Html]:
    yield tag("ul", *(tag("li", *_inline(line[2:])) for line in lines))


def _numbers(lines: list[str]) -> Iterator[Html]:
    yield tag("ol", *(tag("li", *_inline(line.split(" ", 1)[1])) for line in lines))


def _table(lines: list[str]) -> Iterator[Html]:
    head, *rows = [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in lines]
    body = (tag("tr", *(tag("td", *_inline(c)) for c in row)) for row in rows[1:])
    yield tag("div", table((join(*_inline(cell)) for cell in head), body), class_="wide")


def _inline(text: str) -> Iterator[str]:
    copied = 0
    for match in _INLINE.finditer(text):
        yield text[copied : match.start()]
        copied = match.end()
        if match["code"] is not None:
            yield tag("code", match["code"])
        else:
            yield tag("a", match["text"], href=match["link"].removesuffix(".md"))
    yield text[copied:]
