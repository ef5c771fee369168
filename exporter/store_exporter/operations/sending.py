"""Sends calls to a remote exporter, and decides which of its refusals are final."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from http.client import HTTPException
from typing import IO, Any
from urllib.error import HTTPError
from urllib.request import HTTPRedirectHandler, Request, build_opener

_SECONDS = 10.0
_FOR_GOOD = (400, 413, 415, 422)
"""Statuses about the calls themselves, so a retry would get the same one."""
_TOKEN_REFUSED = (401, 403)
_REST = 300.0
"""Seconds until a refused token is tried again, because servers limit wrong passwords. The exporter
may get the token meanwhile, so the calls are kept."""
_MOST = 100_000
"""Bytes read of a response."""
_SHOWN = 500
"""Characters of a refusal that are quoted."""


class NotNowError(Exception):
    """Calls were not accepted now, and may be later."""


class TokenError(Exception):
    """A token was refused, and with it the calls of its org."""


class CallSender:
    """Sends the calls of orgs, each with its token, to the address of the exporter's API."""

    def __init__(self, address: str, tokens: Mapping[str, str]) -> None:
        self._address = address
        self._tokens = tokens
        self._opener = build_opener(_NoRedirects)
        self._resting: dict[str, tuple[float, str]] = {}

    def check(self, org: str) -> None:
        """Check that the token of an org was not refused recently.

        Raises:
            TokenError: it was.
        """
        until, refused = self._resting.get(org, (0.0, ""))
        if time.monotonic() < until:
            raise TokenError(refused)

    def send(self, org: str, calls: Sequence[Mapping[str, Any]]) -> str:
        """Send calls of an org, in the exporter's format; return why some were refused, or "".

        Raises:
            NotNowError: they were not accepted now, and may be later.
            TokenError: likewise, because the token of this org was refused.
        """
        headers = {
            "Authorization": f"Bearer {self._tokens[org]}",
            "Content-Type": "application/json",
        }
        body = json.dumps(calls).encode()
        request = Request(self._address, body, headers)  # noqa: S310 - checked by report_calls
        problem = ""
        try:
            with self._opener.open(request, timeout=_SECONDS) as response:
                for refusal in json.loads(response.read(_MOST))["refused"]:
                    problem = f"{refusal['field']} {refusal['error']}"
        except HTTPError as error:
            with error:
                problem = f"it responded {error.code} {_beginning(error)}"
            if error.code in _TOKEN_REFUSED:
                problem = f"{org}: {problem}"
                self._resting[org] = time.monotonic() + _REST, problem
                raise TokenError(problem) from None
            if error.code not in _FOR_GOOD:
                raise NotNowError(f"{org}: {problem}") from None
        except (
            OSError,
            HTTPException,
            ValueError,
            LookupError,
            TypeError,
            RecursionError,
        ) as error:
            raise NotNowError(f"{org}: {type(error).__name__}: {error}") from None
        return problem and f"{org}: {problem}"


class _NoRedirects(HTTPRedirectHandler):
    """Treats a redirect as a failure: the token must not reach another server."""

    def redirect_request(self, *_: Any) -> None:
        """Return no request."""


def _beginning(response: IO[bytes]) -> str:
    """Return the beginning of a response's body; empty if it is cut off or hangs."""
    try:
        return response.read(_SHOWN).decode("latin-1")
    except (OSError, HTTPException, ValueError):
        return ""
