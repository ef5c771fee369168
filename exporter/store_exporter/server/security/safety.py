"""Rules for every response: headers, time limit, errors without internal details."""

from __future__ import annotations

import asyncio
import logging
import time

from aiohttp import web
from aiohttp.typedefs import Handler

log = logging.getLogger(__name__)
access_log = logging.getLogger("store_exporter.access")

REQUEST_SECONDS = 120.0
"""Maximum seconds of any request; a probe's own timeout is far shorter."""

HEADERS = {
    "Cache-Control": "no-store",
    # Pages bring a policy of their own that allows their style sheet and nothing more.
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Server": "store-exporter",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""Headers of every response."""


async def add_headers(_: web.Request, response: web.StreamResponse) -> None:
    """Add the headers of every response, unless it has its own."""
    for name, value in HEADERS.items():
        if name == "Server":
            response.headers[name] = value
        else:
            response.headers.setdefault(name, value)


@web.middleware
async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Limit the time of a request, refuse cross-site changes, turn failures into plain text."""
    started = time.perf_counter()
    response: web.StreamResponse
    try:
        if request.method not in ("GET", "HEAD") and _from_elsewhere(request):
            response = web.Response(
                status=403, text="refused: the request comes from another site\n"
            )
        else:
            async with asyncio.timeout(REQUEST_SECONDS):
                response = await handler(request)
    except web.HTTPException as error:
        of_api = "/api/" in request.path
        response = json_error(error) if of_api else plain_text_error(error)
    except TimeoutError:
        response = web.Response(status=503, text="the request took too long\n")
    except Exception:
        if request.transport is None or request.transport.is_closing():
            # The client has left, such as a scraper after its timeout; nobody reads this response.
            log.debug("a request ended before its response", extra={"path": request.path})
            return web.Response(status=499)
        log.exception("a request failed", extra={"path": request.path})
        response = web.Response(status=500, text="internal error; the log says more\n")
    access_log.debug(
        "request",
        extra={
            "method": request.method,
            # Without the query, which may contain anything.
            "path": request.path,
            "status": response.status,
            "seconds": round(time.perf_counter() - started, 4),
            "remote": request.remote,
        },
    )
    return response


def _from_elsewhere(request: web.Request) -> bool:
    """Return whether a browser sent this request on behalf of another site.

    Browsers send Sec-Fetch-Site to https and to this machine only, and Origin with every POST.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site not in ("none", "same-origin")
    origin = request.headers.get("Origin")
    if origin is None:
        return False
    # Proxies may add the port that browsers leave out.
    sender, here = (
        host.lower().removesuffix(":80") for host in (origin.partition("://")[2], request.host)
    )
    return sender != here


def plain_text_error(error: web.HTTPException) -> web.Response:
    """Respond to an HTTP error without repeating anything of the request."""
    text = f"{error.status} {error.reason}\n"
    return web.Response(status=error.status, text=text, headers=_allow(error))


def json_error(error: web.HTTPException) -> web.Response:
    """Respond to an HTTP error as JSON, without repeating anything of the request."""
    headers, message = _allow(error), error.reason
    if headers:
        message = f"this path takes {headers['Allow'].replace(',', ', ')} and no other method"
    elif error.status == 404:
        message = "there is nothing at this path; docs/http-api.md has every path"
    return web.json_response({"error": message}, status=error.status, headers=headers)


def _allow(error: web.HTTPException) -> dict[str, str]:
    return {"Allow": error.headers["Allow"]} if "Allow" in error.headers else {}
