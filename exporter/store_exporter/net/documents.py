"""What an HTTP answer is when it is not what an API should say. No I/O.

Between the store's API and us stand web servers, firewalls, CDNs and plugins, and each of them
answers in its own way when it does not like a request. `document` reads JSON or raises what
happened instead. It knows no platform: a platform hands in its `Marks`.
"""

from __future__ import annotations

import html
import json
import re
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from ..contract import Response
from ..errors import StoreError
from . import placeholders
from .decoding import parse, text, text_after_json
from .marks import GENERIC, Marks
from .plans import seconds_of

_Finding = tuple[str, str]
"""Error type and message."""

_TITLE = re.compile(r"<title[^>]{0,200}>(.{0,300}?)</title", re.IGNORECASE | re.DOTALL)
_HEADING = re.compile(r"<h[12][^>]{0,200}>(.{0,300}?)</h[12]", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"<[^>]{0,300}>")
_CLOSED_CODE = re.compile(
    r"maintenance|coming.?soon|under.?construction|site.?(offline|closed)", re.IGNORECASE
)
_UNCHANGED = 304
_HEAD = 20_000
"""Characters of a page that are looked at."""
_PLANNED_SECONDS = 60.0
"""A 503 that says to come back after this or later was planned; overload asks for seconds."""
_REFUSING = (202, 400, 401, 403, 405, 406, 409, 415, 418, 429, 451, 503)
"""Statuses with which firewalls and CDNs refuse a request, besides 200."""


def document(response: Response, marks: Marks = GENERIC) -> Any:
    """Return the JSON that an answer contains, whatever its status.

    Args:
        response: any response.
        marks: those of the platform, with the generic ones.

    Raises:
        StoreError: redirect, maintenance, blocked, rate_limited, api_not_found, server_error or
            invalid_response, when it does not contain JSON; maintenance or blocked, when somebody
            else than the platform wrote the JSON, to refuse the request.
    """
    if 300 <= response.status < 400 and response.status != _UNCHANGED:
        raise _redirect(response, marks)
    source = ""
    try:
        source = text(response).strip()
        body = parse(source)
    except StoreError:
        if response.status < 400:
            raise
    except ValueError:
        pass
    else:
        found = refusal(response.status, response.headers, body, marks) or _unknown_refusal(
            response, body, marks
        )
        if found is None:
            return body
        raise StoreError(*found, status=response.status)
    raise no_document(response, source, marks)


def refusal(
    status: int, headers: Mapping[str, str], body: Any, marks: Marks = GENERIC
) -> _Finding | None:
    """Return what JSON is that somebody wrote in the platform's place to refuse a request.

    Clients ask for JSON, so that WordPress and firewalls tell of themselves in it.

    Returns:
        Error type and message; None for the platform's own answer, or what may be one.
    """
    if who := marks.challenged_by(headers):
        return "blocked", f"{who} answered in the store's place (HTTP {status})"
    if marks.is_own(body) or not isinstance(body, Mapping):
        return None
    said = _message_of(body)
    if status < 400 and not said:
        return None
    low = json.dumps(body, ensure_ascii=False, default=str)[:_HEAD].lower()
    code = f"{body.get('code')} {body.get('error')}"
    shown = _plain(said, marks) or f"HTTP {status}"
    if status >= 400 and (
        _CLOSED_CODE.search(code)
        or (status == 503 and (code.startswith("wp_die ") or _planned(headers)))
        or (status == 503 and any(word in low for word in marks.closed))
    ):
        return "maintenance", f"the store is closed for now: {shown}"
    return _blocked(status, low, marks)


def _unknown_refusal(response: Response, body: Any, marks: Marks) -> _Finding | None:
    """A 401 or 403 that the platform did not write says nothing about the credentials."""
    if response.status not in (401, 403) or marks.is_own(body):
        return None
    who = marks.server(response.headers) or "something before the store"
    said = _plain(_message_of(body), marks) if isinstance(body, Mapping) else ""
    message = f"{who} refuses the request (HTTP {response.status})"
    return "blocked", f"{message}: {said}" if said else message


def _message_of(body: Mapping[str, Any]) -> str:
    """Return what JSON says for a person, "" where it says nothing of that kind."""
    texts = (body.get(name) for name in ("message", "detail", "title", "error"))
    return next((text for text in texts if isinstance(text, str) and text), "")[:2000]


def _plain(source: str, marks: Marks, length: int = 160) -> str:
    """Return markup as a line of text."""
    return marks.redact.line(html.unescape(_TAG.sub(" ", source)), length)


def _planned(headers: Mapping[str, str]) -> bool:
    """Whether a 503 tells when the store will be back, as WordPress does while it is updated."""
    asked = seconds_of(headers.get("retry-after", ""), time.time())
    return asked is not None and asked >= _PLANNED_SECONDS


def _redirect(response: Response, marks: Marks) -> StoreError:
    try:
        target = urlsplit(response.headers.get("location", ""))
        where = f"{target.scheme}://{target.netloc.rpartition('@')[2]}" if target.netloc else ""
        login = marks.leads_to_login(target.path)
        where += target.path
    except ValueError:
        where, login = "something that is no address", False
    what = "a login page" if login else "another address"
    message = f"the API redirects to {what}: {marks.redact.line(where, 120) or 'nowhere'}"
    return StoreError("redirect", message, status=response.status)


def no_document(response: Response, source: str, marks: Marks = GENERIC) -> StoreError:
    """Say what an answer is that should have been JSON and is not.

    Args:
        response: the answer.
        source: its body as text.
        marks: those of the platform, with the generic ones.
    """
    found = _judged(response.status, response.headers, source, marks)
    return StoreError(*found, status=response.status)


def placeholder(source: str, marks: Marks = GENERIC) -> str:
    """Return what a page is that stands where there is no site, "" for any other page.

    Args:
        source: the page.
        marks: those of the platform, with the generic ones.
    """
    page = source[:_HEAD].lstrip("\ufeff")
    title = _found(_TITLE, page, marks) or _plain(page, marks, 80)
    what = placeholders.kind(title, page.lower())
    return f"{what} ({title})" if what and title else what


def kind(status: int, headers: Mapping[str, str], source: str) -> str:
    """Return the error type of an answer that is no JSON, for who has no `Response` of ours.

    Args:
        status: of HTTP.
        headers: names in lower case.
        source: the body as text, or as much of it as is known.
    """
    return _judged(status, headers, source, GENERIC)[0]


def _judged(status: int, headers: Mapping[str, str], source: str, marks: Marks) -> _Finding:
    page = source[:_HEAD].lstrip("\ufeff")
    low = page.lower()
    title = _found(_TITLE, page, marks)
    if who := marks.challenged_by(headers):
        return "blocked", f"{who} answered in the store's place (HTTP {status})"
    heading = _found(_HEADING, page, marks)
    words = title
    if status >= 500 and heading.lower() not in title.lower():
        # WordPress says "Database Error" in the title, and which in the heading.
        words = f"{title}: {heading}" if title else heading
    return (
        _closed(status, low, title, heading, marks)
        or _blocked(status, low, marks)
        or _refused(status, title, marks)
        or _closed_for_now(status, headers, title)
        or _by_status(status, words, marks.server(headers) or "the web server")
        or _broken(source, page, title, marks)
    )


def _found(pattern: re.Pattern[str], page: str, marks: Marks) -> str:
    match = pattern.search(page)
    return _plain(match.group(1), marks, 80) if match else ""


def _closed(status: int, low: str, title: str, heading: str, marks: Marks) -> _Finding | None:
    shown = f"{title} {heading}".lower() if status == 503 else title.lower()
    told = status == 503 and any(mark in low for mark in marks.maintenance)
    if told or any(word in shown for word in marks.closed):
        return "maintenance", f"the store is closed for now: {title or 'maintenance page'}"
    return None


def _closed_for_now(status: int, headers: Mapping[str, str], title: str) -> _Finding | None:
    if status == 503 and _planned(headers):
        return "maintenance", f"the store is closed for now: {title or 'it says when to come back'}"
    return None


def _blocked(status: int, seen: str, marks: Marks) -> _Finding | None:
    # A shop's own page may mention a captcha; with these statuses it is a firewall's page.
    if status != 200 and status not in _REFUSING:
        return None
    if status == 200 and "<form" in seen and "cf-chl" not in seen:
        return None
    for mark, name in marks.blockers:
        if mark in seen and (status != 429 or "cloudflare" in mark):
            return "blocked", f"{name} answered in the store's place (HTTP {status})"
    return None


def _refused(status: int, title: str, marks: Marks) -> _Finding | None:
    # With other statuses it is that already.
    if status in (200, 503) and any(word in title.lower() for word in marks.refused):
        return "blocked", f"the request is refused before the store (HTTP {status}: {title})"
    return None


def _by_status(status: int, title: str, who: str) -> _Finding | None:
    if status >= 500:
        # "502 Bad Gateway" says again what the sentence begins with.
        title = title.removeprefix(str(status)).strip(" |:-\u2013\u2014")
    page = f" ({title})" if title else ""
    rows: tuple[tuple[Callable[[int], bool], str, str], ...] = (
        (lambda s: s == 429, "rate_limited", "too many requests"),
        (lambda s: s == 401, "blocked", f"{who} asks for a password of its own"),
        (lambda s: s in (403, 405, 406, 451), "blocked", f"{who} refuses the request"),
        (lambda s: s in (404, 410), "api_not_found", "there is no API at this address"),
        (lambda s: s == 511, "blocked", "a network before the store asks for a login"),
        (lambda s: s >= 500, "server_error", f"the store answered with HTTP {status}"),
        (lambda s: s >= 400, "invalid_response", f"HTTP {status} without a JSON error"),
        (
            lambda s: s == _UNCHANGED,
            "invalid_response",
            "HTTP 304 to a request for all of it, as a broken cache answers",
        ),
    )
    for matches, error_type, message in rows:
        if matches(status):
            return error_type, message + page
    return None


def _broken(source: str, page: str, title: str, marks: Marks) -> _Finding:
    """Say what is wrong with a body that came as a success."""
    low = page.lower()
    if not page:
        return "invalid_response", "the answer is empty"
    if any(mark in low for mark in marks.login_pages):
        return "redirect", "the API answers with a login page"
    if page.startswith(("{", "[")):
        return "invalid_response", _truncated_or_trailing(source.lstrip("\ufeff"), marks)
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
