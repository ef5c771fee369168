"""Makes pages of HTML; every text is escaped unless it is already `Html`."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from aiohttp import web

from .style import POLICY, STYLE


class Html(str):
    """Finished HTML. Every other string is text and is escaped."""

    __slots__ = ()


def tag(name: str, *children: str | None, **attributes: str | None) -> Html:
    """Make an element.

    Args:
        name: the element's name.
        children: text, which is escaped, or finished `Html`; None is left out.
        attributes: values, which are escaped; a trailing underscore of a name is dropped, and
            one inside becomes a hyphen; None leaves the attribute out.
    """
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in ("meta", "br", "input"):
        return Html(f"<{name}{written}>")
    return Html(f"<{name}{written}>{join(*children)}</{name}>")


def join(*children: str | None) -> Html:
    """Put elements and texts one after the other."""
    return Html(
        "".join(
            child if isinstance(child, Html) else escape(child)
            for child in children
            if child is not None
        )
    )


def table(headings: Iterable[str], rows: Iterable[Html]) -> Html:
    """Make a table of rows, which are `tr` elements."""
    head = tag("tr", *(tag("th", heading, scope="col") for heading in headings))
    return tag("table", tag("thead", head), tag("tbody", *rows))


def remark(text: str) -> Html | None:
    """Make a line in a softer colour; None for an empty text."""
    return tag("div", text, class_="soft") if text else None


def page_response(title: str, *body: Html | None) -> web.Response:
    """Return a response with a page."""
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name_="viewport", content="width=device-width, initial-scale=1"),
        tag("title", f"{title} · store-exporter"),
        tag("style", Html(STYLE)),
    )
    text = "<!DOCTYPE html>" + tag("html", head, tag("body", *body), lang="en")
    headers = {"Content-Security-Policy": POLICY}
    return web.Response(text=text, content_type="text/html", charset="utf-8", headers=headers)
