"""A receiver that speaks Slack's incoming-webhook protocol and shows messages as Slack would.

It is for the demo and for tests: `POST /services/<anything>` takes a message and answers `ok`, or
refuses it as Slack does (HTTP 400 and a one-word reason) when it breaks one of Slack's limits.
`GET /api/messages` lists what arrived as JSON; `GET /` shows it to a browser as Slack would, and to
others as text.
"""

from __future__ import annotations

import json
import re
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from aiohttp import web

from . import slack_page

MAX_TEXT = 40_000
"""Characters of text in a message; Slack truncates longer ones."""
MAX_ATTACHMENTS = 100
MAX_BUTTONS = 5
"""Buttons in one legacy attachment; Slack shows no more."""
MAX_BUTTON_LABEL = 30
MAX_URL = 3_000
MAX_FIELDS = 10

# What may follow an opening angle bracket in Slack's markup: a link, a mention, a channel, a
# command such as <!here>. Anything else is text whose author forgot to escape it.
_MARKUP = re.compile(r"<(?:https?://|mailto:|tel:|[@#!])[^<>\n]*>")
_ENTITY = re.compile(r"&(?!amp;|lt;|gt;)")


@dataclass(slots=True)
class Message:
    """One accepted or refused message.

    Attributes:
        path: the webhook's path; it tells channels apart in tests.
        problems: which of Slack's limits it broke; empty when it was accepted.
    """

    received: float
    path: str
    payload: dict[str, Any]
    problems: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The message as a person would read it, without colours."""
        return render(self.payload)


class SlackReceiver:
    """The receiver; `app` is an aiohttp application to serve on a port of one's choice.

    Args:
        on_message: called with every message that was accepted.
        now: Unix time in seconds.
        keep: how many messages are remembered.
        pause: seconds that must pass between two messages of one webhook, of which Slack allows one
            a second; a message that comes sooner is refused with HTTP 429. 0 takes them all.

    Attributes:
        outage: while true every post gets HTTP 503, as in an outage of Slack.
        limiting: while true every post gets HTTP 429, whatever `pause` is.
        refused: how many posts were refused, in an outage or because they came too soon.
    """

    def __init__(
        self,
        on_message: Callable[[Message], None] | None = None,
        *,
        now: Callable[[], float] = time.time,
        keep: int = 1_000,
        pause: float = 0,
    ) -> None:
        self.messages: deque[Message] = deque(maxlen=keep)
        self.pause = pause
        self.outage = False
        self.limiting = False
        self.refused = 0
        self._on_message = on_message
        self._now = now
        self._taken: dict[str, float] = {}
        self.app = web.Application(client_max_size=1024 * 1024)
        self.app.add_routes(
            [
                web.post("/services/{path:.*}", self._receive),
                web.get("/api/messages", self._list),
                web.get("/-/healthy", self._healthy),
                web.get("/", self._page),
            ]
        )

    async def _receive(self, request: web.Request) -> web.Response:
        if self.outage:
            self.refused += 1
            return web.Response(status=503, text="service_unavailable")
        if self.limiting or self._too_soon(request.path):
            self.refused += 1
            return web.json_response(
                {"ok": False, "error": "rate_limited"}, status=429, headers={"Retry-After": "1"}
            )
        try:
            payload = json.loads(await _payload(request))
        except ValueError:
            return web.Response(status=400, text="invalid_payload")
        if not isinstance(payload, dict):
            return web.Response(status=400, text="invalid_payload")
        message = Message(self._now(), request.path, payload, list(problems(payload)))
        self.messages.append(message)
        if message.problems:
            return web.Response(status=400, text="invalid_payload: " + "; ".join(message.problems))
        if self._on_message:
            self._on_message(message)
        return web.Response(text="ok")

    def _too_soon(self, path: str) -> bool:
        """Whether this webhook took a message less than `pause` ago; notes the time if not."""
        now = self._now()
        if now - self._taken.get(path, -self.pause) < self.pause:
            return True
        self._taken[path] = now
        return False

    async def _list(self, _: web.Request) -> web.Response:
        return web.json_response([{**asdict(m), "text": m.text} for m in self.messages])

    async def _healthy(self, _: web.Request) -> web.Response:
        return web.Response(text="store-exporter demo Slack receiver is healthy\n")

    async def _page(self, request: web.Request) -> web.Response:
        newest = reversed(self.messages)
        if "text/html" in request.headers.get("Accept", ""):
            html = slack_page.page((each.received, each.payload) for each in newest)
            return web.Response(text=html, content_type="text/html")
        shown = [
            f"{time.strftime('%H:%M:%S', time.localtime(m.received))}  {m.path}\n{m.text}\n"
            for m in newest
        ]
        return web.Response(text="\n".join(shown) or "No message has arrived yet.\n")


async def _payload(request: web.Request) -> str:
    """Slack takes JSON as the body or as the form field `payload`."""
    if request.content_type == "application/x-www-form-urlencoded":
        form = await request.post()
        return str(form.get("payload", ""))
    return await request.text()


def problems(payload: dict[str, Any]) -> Iterator[str]:
    """Yield what Slack would refuse, cut off or show wrongly in a message."""
    attachments = payload.get("attachments") or []
    if not payload.get("text") and not attachments and not payload.get("blocks"):
        yield "no_text"
    elif not payload.get("text"):
        yield "text: missing, notifications on a phone would be empty"
    if len(attachments) > MAX_ATTACHMENTS:
        yield f"too_many_attachments: {len(attachments)} of at most {MAX_ATTACHMENTS}"
    yield from _text_problems("text", payload.get("text") or "")
    for index, attachment in enumerate(attachments):
        yield from _attachment_problems(f"attachments[{index}]", attachment)


def _attachment_problems(where: str, attachment: dict[str, Any]) -> Iterator[str]:
    if not attachment.get("fallback"):
        yield f"{where}.fallback: missing, clients without attachments would show nothing"
    for key in ("fallback", "pretext", "title", "text", "footer"):
        yield from _text_problems(f"{where}.{key}", attachment.get(key) or "")
    fields = attachment.get("fields") or []
    if len(fields) > MAX_FIELDS:
        yield f"{where}.fields: {len(fields)} of at most {MAX_FIELDS}"
    for entry in fields:
        yield from _text_problems(f"{where}.fields", f"{entry.get('title')} {entry.get('value')}")
    actions = _shown_buttons(attachment)
    if len(actions) > MAX_BUTTONS:
        yield f"{where}.actions: {len(actions)} of at most {MAX_BUTTONS} buttons"
    for action in actions:
        yield from _button_problems(f"{where}.actions", action)
    yield from _url_problems(f"{where}.title_link", attachment.get("title_link"))


def _shown_buttons(attachment: dict[str, Any]) -> list[dict[str, Any]]:
    """The buttons; Slack leaves out an entirely empty one, by which Alertmanager omits a button."""
    return [action for action in attachment.get("actions") or [] if action]


def _button_problems(where: str, action: dict[str, Any]) -> Iterator[str]:
    label = action.get("text") or ""
    if not label or len(label) > MAX_BUTTON_LABEL:
        yield f"{where}: a label of 1 to {MAX_BUTTON_LABEL} characters, not {label!r}"
    if not action.get("url"):
        yield f"{where}: the button {label!r} has no url"
    yield from _url_problems(f"{where}: the button {label!r}", action.get("url"))


def _url_problems(where: str, url: str | None) -> Iterator[str]:
    if not url:
        return
    if len(url) > MAX_URL:
        yield f"{where}: a url of {len(url)} characters, at most {MAX_URL}"
    if not url.startswith(("http://", "https://")) or re.search(r'[\s<>"]', url):
        yield f"{where}: not a url: {url!r}"


def _text_problems(where: str, text: str) -> Iterator[str]:
    if len(text) > MAX_TEXT:
        yield f"{where}: {len(text)} characters, at most {MAX_TEXT}"
    rest = _MARKUP.sub("", text)
    if "<" in rest or ">" in rest:
        yield f"{where}: an angle bracket that is not escaped as &lt; or &gt;"
    if _ENTITY.search(rest):
        yield f"{where}: an ampersand that is not escaped as &amp;"


def plain(text: str) -> str:
    """Turn Slack's markup into plain text: links as `label (address)`, entities decoded."""

    def link(match: re.Match[str]) -> str:
        url, label = match.group(1), match.group(2)
        return f"{label} ({url})" if label else url

    return slack_page.decoded(slack_page.LINK.sub(link, text))


def render(payload: dict[str, Any]) -> str:
    """Lay a message out as text: sender and channel, title, text, fields, buttons."""
    sender = payload.get("username") or "incoming-webhook"
    lines = [f"{sender} {payload.get('channel') or ''}".rstrip()]
    if payload.get("text"):
        lines.append(plain(payload["text"]))
    for attachment in payload.get("attachments") or []:
        lines += [f"┃ {line}" for line in _attachment_lines(attachment)]
    return "\n".join(lines)


def _attachment_lines(attachment: dict[str, Any]) -> Iterator[str]:
    for key in ("pretext", "title", "text"):
        if attachment.get(key):
            yield from plain(attachment[key]).splitlines()
    for entry in attachment.get("fields") or []:
        yield f"{plain(entry.get('title', ''))}: {plain(entry.get('value', ''))}"
    buttons = [f"[ {action.get('text', '')} ]" for action in _shown_buttons(attachment)]
    if buttons:
        yield "  ".join(buttons)
    if attachment.get("footer"):
        yield plain(attachment["footer"])
