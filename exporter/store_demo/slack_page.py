"""The messages that the Slack receiver took, laid out on a page as Slack lays them out."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable
from html import escape
from typing import Any

LINK = re.compile(r"<((?:https?://|mailto:|tel:)[^<>|\n]*)(?:\|([^<>\n]*))?>")
# Slack's markup is taken at the edges of words only.
_MARKS = (
    (re.compile(r"(?<![\w*])\*([^\s*](?:[^*\n]*[^\s*])?)\*(?![\w*])"), r"<b>\1</b>"),
    (re.compile(r"(?<![\w_])_([^\s_](?:[^_\n]*[^\s_])?)_(?![\w_])"), r"<i>\1</i>"),
    (re.compile(r"`([^`\n]+)`"), r"<code>\1</code>"),
)
COLOURS = {"good": "#2eb886", "warning": "#daa038", "danger": "#a30200"}
"""What Slack makes of the names of colours."""

STYLE = """
body { margin: 0; padding: 8px 20px; max-width: 720px; background: #fff; color: #1d1c1d;
  font: 15px/1.47 Lato, "Noto Sans", "DejaVu Sans", Arial, sans-serif }
article { display: flex; gap: 8px; padding: 8px 0 }
.face { flex: none; width: 36px; height: 36px; border-radius: 4px; background: #e6522c; color: #fff;
  font-weight: 900; line-height: 36px; text-align: center }
header b { font-weight: 900 }
header small { margin-left: 4px; color: #616061; font-size: 12px }
.app { padding: 1px 3px; border-radius: 2px; background: #ebeaeb; font-size: 10px }
.attachment { margin: 4px 0; padding-left: 12px; border-left: 4px solid; border-radius: 3px }
.attachment > div { margin: 2px 0; white-space: pre-wrap }
.title { font-weight: 900 }
a { color: #1264a3; text-decoration: none }
code { padding: 2px 3px; border: 1px solid #ddd; border-radius: 3px; background: #f8f8f8;
  color: #e01e5a; font-size: 12px }
.buttons a { display: inline-block; margin: 6px 8px 0 0; padding: 0 12px; border-radius: 4px;
  border: 1px solid #bbb; color: #1d1c1d; font-weight: 700; line-height: 34px }
.buttons .primary { border-color: #007a5a; background: #007a5a; color: #fff }
.buttons .danger { border-color: #e01e5a; background: #e01e5a; color: #fff }
.footer { color: #616061; font-size: 12px }
"""


def page(messages: Iterable[tuple[float, dict[str, Any]]]) -> str:
    """A page of messages; each arrived at a time in Unix seconds."""
    shown = "".join(message(at, payload) for at, payload in messages)
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Slack</title>'
        f"<style>{STYLE}</style></head><body>{shown or 'No message has arrived yet.'}</body></html>"
    )


def message(at: float, payload: dict[str, Any]) -> str:
    """One message: who wrote where and when, its text, and its attachments."""
    sender = escape(payload.get("username") or "incoming-webhook")
    where = escape(payload.get("channel") or "")
    when = time.strftime("%H:%M", time.localtime(at))
    small = f"<small class=app>APP</small><small>{when} {where}</small>"
    parts = [f"<header><b>{sender}</b> {small}</header>"]
    if payload.get("text"):
        parts.append(f"<div>{markup(payload['text'])}</div>")
    for each in payload.get("attachments") or []:
        parts += attachment(each)
    return (
        f"<article><div class=face>{sender[:1].upper()}</div><div>{''.join(parts)}</div></article>"
    )


def attachment(content: dict[str, Any]) -> Iterable[str]:
    """One attachment: what stands above its bar, and what beside."""
    if content.get("pretext"):
        yield f"<div>{markup(content['pretext'])}</div>"
    colour = COLOURS.get(content.get("color") or "", content.get("color") or "#ddd")
    yield f'<div class="attachment" style="border-color: {escape(colour)}">'
    if content.get("title"):
        title = markup(content["title"])
        link = content.get("title_link")
        yield f"<div class=title>{anchor(link, title) if link else title}</div>"
    if content.get("text"):
        yield f"<div>{markup(content['text'])}</div>"
    for each in content.get("fields") or []:
        yield f"<div><b>{markup(each.get('title', ''))}</b> {markup(each.get('value', ''))}</div>"
    # Slack leaves out an entirely empty button, by which Alertmanager omits one.
    buttons = [button for button in content.get("actions") or [] if button]
    if buttons:
        yield f"<div class=buttons>{''.join(map(_button, buttons))}</div>"
    if content.get("footer"):
        yield f"<div class=footer>{markup(content['footer'])}</div>"
    yield "</div>"


def _button(button: dict[str, Any]) -> str:
    text = escape(str(button.get("text", "")))
    return anchor(button.get("url") or "", text, str(button.get("style") or ""))


def anchor(url: str, html: str, style: str = "") -> str:
    """A link that leads where a browser may go."""
    safe = url if url.startswith(("http://", "https://", "mailto:", "tel:")) else "#"
    return f'<a class="{escape(style)}" href="{escape(safe)}">{html}</a>'


def markup(text: str) -> str:
    """HTML of a text in Slack's markup, of which `&`, `<` and `>` come escaped."""
    parts, end = [], 0
    for found in LINK.finditer(text):
        parts += [_words(text[end : found.start()])]
        parts += [anchor(decoded(found[1]), _words(found[2] or found[1]))]
        end = found.end()
    return "".join((*parts, _words(text[end:])))


def decoded(text: str) -> str:
    """A text without entities."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _words(text: str) -> str:
    html = escape(decoded(text), quote=False)
    for pattern, shown in _MARKS:
        html = pattern.sub(shown, html)
    return html
