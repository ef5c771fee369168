"""The frame of every page: head, style sheet and the policy that allows nothing else."""

from __future__ import annotations

from aiohttp import web

from .html import Html, tag
from .style import POLICY, STYLE


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
