"""Classifies HTTP responses that are not what an API should return. No I/O.

Web servers, firewalls, CDNs and plugins are between the store's API and us, and each refuses
requests in its own way. `document` reads JSON or raises an error that says what happened instead.
It is independent of platforms: a platform passes its `Marks`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from ..contract import Response
from ..errors import StoreError
from . import refusals, strangers
from .decoding import parse, shown_text, text
from .maintenance import HEADLINE, closed_for_now, planned, tells_of_maintenance
from .marks import GENERIC, Marks
from .page_text import HEAD, plain
from .pages import blocked, blocked_by, challenged, judged
from .refusals import UNCHANGED, Finding

_REFUSED = (401, 403, 406, 451)
_ON = (True, "1", "on", "true")
"""Values of a member of JSON that is named as `_CLOSED_MEMBER` has it."""
_CLOSED_MEMBER = re.compile(
    r"(?:maintenance|coming.?soon|under.?construction|site.?(?:offline|closed))"
    r"(?:[_-]?(?:mode|enabled|active))?",
    re.IGNORECASE,
)
_FEW = 6
"""Members of a JSON document that only says that a shop is closed."""
_CLOSED_CODE = re.compile(
    r"maintenance|coming.?soon|under.?construction|site.?(offline|closed)", re.IGNORECASE
)
_SAID = ("message", "detail", "title", "error_description", "error")
"""Members of JSON with text for people."""
_MEMBER = re.compile(r'"[^"\\]{0,60}": ')
"""The name of a member, as JSON is written here."""


def document(response: Response, marks: Marks = GENERIC) -> Any:
    """Return the JSON that a response contains, whatever its status.

    Args:
        response: any response.
        marks: the platform's marks, with the generic ones.

    Raises:
        StoreError: redirect, maintenance, blocked, rate_limited, api_not_found, server_error or
            invalid_response, if it does not contain JSON; maintenance or blocked, if something
            other than the platform wrote the JSON to refuse the request.
    """
    if 300 <= response.status < 400 and response.status != UNCHANGED:
        raise _redirect(response, marks)
    try:
        body = _read(response, marks)
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
    raise no_document(response, marks)


def _read(response: Response, marks: Marks) -> Any:
    """Return the JSON of a response; PHP notices before the JSON of an error are skipped."""
    source = text(response)
    try:
        return parse(source)
    except ValueError:
        if response.status < 400 or not source.endswith("}"):
            raise
        # PHP ends its notices with a line break, and they may contain braces; plugins' need no
        # line.
        began = source.rfind('\n{"') + 1 or source.find('{"')
        body = parse(source[began:])
        if not marks.is_own(body):
            raise
        return body


def refusal(
    status: int, headers: Mapping[str, str], body: Any, marks: Marks = GENERIC
) -> Finding | None:
    """Classify JSON that something other than the platform wrote to refuse a request.

    Clients request JSON, so WordPress and firewalls write their refusals as JSON. None for a
    response that is or may be the platform's own.
    """
    if who := marks.challenged_by(headers):
        return blocked_by(who, status)
    if status >= 400:
        body = _error_of(body)
    if not isinstance(body, Mapping):
        return None
    said, own = _message_of(body), marks.is_own(body)
    # These words may also be about a product that is coming soon, for instance.
    is_notice = not own and (status >= 400 or (len(body) <= _FEW and "id" not in body))
    if is_notice and _has_closed_member(body):
        return _closed(status, said, marks)
    if status < 400:
        found = _by_marks(status, _low(body), marks) if said and not own else None
        # What has a title is content, such as a product.
        is_notice = is_notice and "title" not in body
        return found or (_refused(status, said, marks) if is_notice else None)
    if _CLOSED_CODE.search(f"{body.get('code')} {body.get('error')}"):
        return _closed(status, said, marks)
    return _refusal(status, headers, body, said, marks, own=own)


def _refused(status: int, said: str, marks: Marks) -> Finding | None:
    """Return the finding for a text that refuses a request although its status is a success."""
    low = said.lower()
    if strangers.tells_of_refusal(low) or any(words in low for words in marks.refused):
        shown = plain(said, marks)
        return "blocked", f"the request is refused before the store (HTTP {status}): {shown}"
    return None


def _has_closed_member(body: Mapping[str, Any]) -> bool:
    return any(body[name] in _ON and _CLOSED_MEMBER.fullmatch(name) for name in body)


def _error_of(body: Any) -> Any:
    """Return an error as an object, also if it is in a list or a plain text."""
    if isinstance(body, list):
        body = next(iter(body), None)
    return {"message": body} if isinstance(body, str) else body


def _refusal(
    status: int, headers: Mapping[str, str], body: Any, said: str, marks: Marks, *, own: bool
) -> Finding | None:
    # Only the platform writes such an error, and 503 is the status of a closed store.
    if own and status != 503:
        return None
    low = _low(body)
    words = status == 503 and tells_of_maintenance(*_named_and_said(body), marks)
    if words or (status == 503 and body.get("code") == "wp_die"):
        return _closed(status, said, marks)
    if own:
        return None
    found = refusals.of_cloudflare(low) if "cloudflare" in low else None
    found = found or _by_marks(status, low, marks)
    if found is None and status == 503 and planned(headers):
        return _closed(status, said, marks)
    return found


def _named_and_said(body: Mapping[str, Any]) -> tuple[str, str]:
    """Return the JSON members that name the cause, and all text of the JSON, in lower case."""
    texts = ((name, text) for name in _SAID if isinstance(text := body.get(name), str))
    named = [text for name, text in texts if name == "title" or len(text) <= HEADLINE]
    return " ".join(named).lower(), _MEMBER.sub(" ", _low(body))


def _by_marks(status: int, low: str, marks: Marks) -> Finding | None:
    return challenged(status, low, marks) or blocked(status, low, marks)


def _low(body: Any) -> str:
    """Return JSON as text in lower case; "" if it is nested too deeply to be written."""
    try:
        return json.dumps(body, ensure_ascii=False, default=str)[:HEAD].lower()
    except RecursionError:
        # It was read with more stack left. No refusal of a request has a thousand levels.
        return ""


def _closed(status: int, said: str, marks: Marks) -> Finding:
    return closed_for_now(plain(said, marks) or f"HTTP {status}")


def _unknown_refusal(response: Response, body: Any, marks: Marks) -> Finding | None:
    """Return the finding for a refusal that the platform did not write: the key is not to blame."""
    refused = response.status in _REFUSED or response.status in refusals.FIREWALLS
    if not refused or marks.is_own(body):
        return None
    who = marks.refuser(response.headers, _low(body)) or "something in front of the store"
    said = plain(_message_of(body), marks) if isinstance(body, Mapping) else ""
    has_own_login = response.status == 401 and "www-authenticate" in response.headers
    does = "requires its own password" if has_own_login else "refuses the request"
    message = f"{who} {does} (HTTP {response.status})"
    return "blocked", f"{message}: {said}" if said else message


def _message_of(body: Mapping[str, Any]) -> str:
    """Return the text for people in JSON; "" without one."""
    texts = (body.get(name) for name in _SAID)
    return next((text for text in texts if isinstance(text, str) and text), "")[:2000]


def _redirect(response: Response, marks: Marks) -> StoreError:
    location = response.headers.get("location", "")
    if not location:
        # Sucuri tests visitors with a page that has the status of a redirect.
        return no_document(response, marks)
    try:
        target = urlsplit(location)
        where = f"{target.scheme}://{target.netloc.rpartition('@')[2]}" if target.netloc else ""
        login = marks.leads_to_login(f"{target.path}?{target.query}")
        where += target.path
        tests = marks.leads_to_test(target.path)
        instead = marks.leads_to_setup(target.path)
    except ValueError:
        where, login, tests, instead = "something that is not an address", False, False, ""
    if tests:
        message = (
            f"the request is redirected to a test of visitors: {marks.redact.line(where, 120)}"
        )
        return StoreError("blocked", message, status=response.status)
    what = instead or ("a login page" if login else "another address")
    message = f"the API redirects to {what}: {marks.redact.line(where or '?', 120)}"
    return StoreError("redirect", message, status=response.status)


def no_document(response: Response, marks: Marks = GENERIC) -> StoreError:
    """Return the error for a response that should have been JSON.

    Args:
        response: the response.
        marks: the platform's marks, with the generic ones.
    """
    try:
        source = shown_text(response)
    except StoreError:
        source = ""
    found = judged(response.status, response.headers, source, marks)
    return StoreError(*found, status=response.status)
