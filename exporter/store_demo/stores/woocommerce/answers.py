"""What a request to the simulated store is, what an answer is, and lists in pages."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

Document = dict[str, Any]
ALL = "GET, POST, PUT, PATCH, DELETE"
_INDEX = re.compile(r"\[\d*\]")
_SECRETS = re.compile(r"^(oauth_|consumer_(key|secret)$)")


@dataclass(frozen=True, slots=True)
class Call:
    """One request: `params` are the query's, with the first value of each name."""

    method: str
    path: str
    params: Mapping[str, str]
    body: Any
    headers: Mapping[str, str]

    def values(self, name: str) -> list[str]:
        """Return a list parameter in any of PHP's spellings: `a=1,2`, `a[]=1`, `a[0]=1`."""
        found = []
        for key, value in self.params.items():
            if key == name or (key.startswith(f"{name}[") and _INDEX.fullmatch(key, len(name))):
                found += [part for part in value.split(",") if part]
        return found

    def flag(self, name: str) -> bool:
        """Return a boolean parameter, as WordPress reads one."""
        return self.params.get(name, "").lower() in ("1", "true")


@dataclass(slots=True)
class Reply:
    """One answer: `body` is sent as JSON."""

    body: Any
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


class ApiError(Exception):
    """An error answer in WordPress' form.

    The message may contain HTML entities. `data` has further members, or is the integer that some
    old handlers put there.
    """

    def __init__(self, status: int, code: str, message: str, data: Any = None) -> None:
        super().__init__(message)
        self.reply = Reply(
            {
                "code": code,
                "message": message,
                "data": data if isinstance(data, int) else {"status": status, **(data or {})},
            },
            status,
        )


def invalid_parameter(name: str, reason: str, code: str = "rest_invalid_param") -> ApiError:
    """Return the answer to a parameter that fails its schema."""
    details = {name: {"code": code, "message": reason, "data": None}}
    return ApiError(
        400,
        "rest_invalid_param",
        f"Invalid parameter(s): {name}",
        {"params": {name: reason}, "details": details},
    )


def no_route() -> ApiError:
    """Return the answer to a path that nothing serves, as when a plugin is off."""
    return ApiError(404, "rest_no_route", "No route was found matching the URL and request method.")


def _number(call: Call, name: str, default: int, low: int, high: int | None) -> int:
    raw = call.params.get(name, str(default))
    if not re.fullmatch(r"-?\d+", raw):
        reason = f"{name} is not of type integer."
        raise invalid_parameter(name, reason, "rest_invalid_type")
    value = int(raw)
    if high is not None and not low <= value <= high:
        reason = f"{name} must be between {low} (inclusive) and {high} (inclusive)"
        raise invalid_parameter(name, reason, "rest_out_of_bounds")
    if value < low:
        reason = f"{name} must be greater than or equal to {low}"
        raise invalid_parameter(name, reason, "rest_out_of_bounds")
    return value


def paged(
    call: Call,
    items: Sequence[Document],
    base: str,
    extra: Mapping[str, str] | None = None,
) -> Reply:
    """Return the page of `items` that was asked for, with its totals and links.

    The request's `per_page` (1 to 100) and `page` are obeyed. Its links have `extra` parameters, as
    those of orders do.
    """
    size = _number(call, "per_page", 10, 1, 100)
    number = _number(call, "page", 1, 1, None)
    pages = math.ceil(len(items) / size)
    headers = {"X-WP-Total": str(len(items)), "X-WP-TotalPages": str(pages)}
    query = {k: v for k, v in call.params.items() if not _SECRETS.match(k) and k != "page"}
    query |= extra or {}
    links = [
        f'<{base}{call.path}?{urlencode(query | {"page": str(other)})}>; rel="{rel}"'
        for rel, other in (("prev", min(number - 1, pages)), ("next", number + 1))
        if 1 <= other <= pages
    ]
    if links:
        headers["Link"] = ", ".join(links)
    return Reply(list(items[(number - 1) * size : number * size]), 200, headers)


def link(base: str, path: str, *, up: str | None = None, allow: str = ALL) -> Document:
    """Return `_links` of the resource at `path`, whose collection is the path before its id."""
    targets = {"allow": allow.split(", ")}
    links: Document = {
        "self": [{"href": base + path, "targetHints": targets}],
        "collection": [{"href": base + path.rsplit("/", 1)[0]}],
    }
    if up is not None:
        links["up"] = [{"href": base + up}]
    return links


def only_fields(call: Call, body: Any) -> Any:
    """Return `body` cut down to the members that `_fields` names, if it is there."""
    wanted = {name.strip() for name in call.values("_fields")}
    return _cut_down(body, wanted) if wanted else body


def _cut_down(body: Any, wanted: set[str]) -> Any:
    if isinstance(body, list):
        return [_cut_down(item, wanted) for item in body]
    if not isinstance(body, dict):
        return body
    below: dict[str, set[str]] = {}
    for first, _, rest in (name.partition(".") for name in wanted):
        below.setdefault(first, set()).add(rest)
    return {
        name: value if "" in below[name] else _cut_down(value, below[name])
        for name, value in body.items()
        if name in below
    }
