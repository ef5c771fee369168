"""Broken answers as data: what is sent, what everybody must make of it, and who cannot.

The first two are our own: the transport of probes and the drivers of our clients, who never differ.
An application's library may see less, or be content with what we are not; each such row says why.
"""

from __future__ import annotations

import gzip
import ssl
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from tests.fakes import bad_server as bad
from tests.fakes.bad_server import Authority, Behaviour, Connection, raw

ACCEPTED = "accepted"
"""What stands for the error type of an answer that is none."""
UNTRIED = "untried"
"""What stands for the error type where trying would take for ever, or 100 MB."""

Differing = Mapping[str, tuple[str, str]]
"""By library: what it comes to there, and the reason."""


@dataclass(frozen=True)
class Broken:
    """One way to answer.

    Attributes:
        name: what it is.
        behaviour: what the server does.
        error_type: what it is for everybody, or `ACCEPTED`.
        differing: the libraries of applications for which it is something else.
        tls: makes the server's context.
        scheme: as clients see it, where it is not what the server speaks.
        on_connect: whether the server acts before it has read a request.
    """

    name: str
    behaviour: Behaviour
    error_type: str
    differing: Differing = field(default_factory=dict)
    tls: Callable[[Authority], ssl.SSLContext] | None = None
    scheme: str | None = None
    on_connect: bool = False


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


def whole(*lines: bytes, status: bytes = b"HTTP/1.1 200 OK", body: bytes = b"{}") -> Behaviour:
    """Send an answer that is good but for some lines of its head, and close."""
    length = b"Content-Length: %d" % len(body)
    head = b"\r\n".join([status, b"Content-Type: application/json", *lines, length])
    return raw(head + b"\r\n\r\n" + body)


def chunked(data: bytes) -> Behaviour:
    return raw(HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + data)


async def endless_head(connection: Connection) -> None:
    await connection.send(HEAD)
    while True:
        await connection.send(b"X-Many: " + b"x" * 1000 + b"\r\n")


async def endless_line(connection: Connection) -> None:
    await connection.send(HEAD + b"X-Long: ")
    while True:
        await connection.send(b"x" * 10_000)


async def endless_trailers(connection: Connection) -> None:
    await connection.send(HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n")
    while True:
        await connection.send(b"X-Trailer: " + b"x" * 1000 + b"\r\n")


async def hang_up_in_handshake(connection: Connection) -> None:
    """Read the beginning of the handshake and close, as servers do that know no such name."""
    await connection.reader.read(65536)
    connection.writer.close()


def no_common_cipher(authority: Authority) -> ssl.SSLContext:
    context = authority.context()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("PSK-AES128-CBC-SHA")
    return context


TWO_MEMBERS = gzip.compress(b'{"a": ') + gzip.compress(b"1}")
BARE_DEFLATE = zlib.compress(b"{}")[2:-4]
LONG_AGO = datetime(2021, 1, 1)  # noqa: DTZ001 - as trustme wants it

# Reasons that several rows share.
LENIENT = (ACCEPTED, "http.client reads heads leniently")
ENDS = ("invalid_response", "http.client takes the end of the connection for the end of the head")
NO_LIMIT = (ACCEPTED, "it has no such limit")
OWN_LIMIT = ("response_too_large", "its own limit is lower")
NO_TOTAL = (UNTRIED, "its timeout is for one read, and it would read on for ever")
NO_BODY = ("invalid_response", "its exception has no body, and the head has no mark")
NULL = (ACCEPTED, "it takes an empty body for null")
ONE_MEMBER = ("invalid_response", "it reads the first member alone")

CONNECTIONS = (
    Broken("closes instead of answering", bad.close, "connection"),
    Broken("resets instead of answering", bad.reset, "connection"),
    Broken("resets within the body", bad.reset_in_body, "connection"),
    Broken("says nothing", bad.hang, "timeout"),
    Broken("stops within the body", bad.hang_in_body, "timeout"),
    Broken("drips a body", bad.drip, "timeout", {"httpx": NO_TOTAL, "requests": NO_TOTAL}),
    Broken("drips a head", bad.drip_head, "timeout", {"httpx": NO_TOTAL, "requests": NO_TOTAL}),
    Broken("is cut off in the status line", raw(b"HTTP/1.1 20"), "connection", {"requests": ENDS}),
    Broken("is cut off in a header", raw(HEAD + b"X-Cut"), "connection", {"requests": ENDS}),
    Broken("is cut off after a header", raw(HEAD), "connection", {"requests": ENDS}),
    Broken("is cut off in the body", raw(HEAD + b"Content-Length: 9\r\n\r\n{}"), "connection"),
    Broken("is cut off in a chunk", chunked(b"5\r\n{}"), "connection"),
    Broken("is cut off before the last chunk", chunked(b"2\r\n{}\r\n"), "connection"),
    Broken("is cut off before any chunk", chunked(b""), "connection"),
)

STRICT = ("invalid_response", "it refuses what browsers only leave out")
STRICTER: Differing = {"httpx": STRICT, "aiohttp": STRICT}
WAITS = ("connection", "h11 waits for an empty line before it looks at what came")
MALFORMED = (
    Broken("has words for a status", raw(b"HTTP/1.1 two hundred OK\r\n\r\n"), "invalid_response"),
    Broken("has a status of two digits", whole(status=b"HTTP/1.1 20 OK"), "invalid_response"),
    Broken("has a status of four digits", whole(status=b"HTTP/1.1 2000 OK"), "invalid_response"),
    Broken(
        "has status 000",
        whole(status=b"HTTP/1.1 000 OK"),
        "invalid_response",
        {"aiohttp": (ACCEPTED, "it does not look at the status")},
    ),
    Broken("switches protocols", raw(b"HTTP/1.1 101 Go\r\nUpgrade: x\r\n\r\n"), "invalid_response"),
    Broken(
        "is of HTTP 9.9",
        whole(status=b"HTTP/9.9 200 OK"),
        "invalid_response",
        {"httpx": (ACCEPTED, "h11 does not look at the version")},
    ),
    Broken("is of Icecast", whole(status=b"ICY 200 OK"), "invalid_response"),
    Broken("is binary", raw(b"\0\1\2 no protocol \xff\xfe\r\n\r\n"), "invalid_response"),
    Broken("is SMTP", raw(b"220 mail.example.com ESMTP\r\n"), "invalid_response", {"httpx": WAITS}),
    Broken("is SSH", raw(b"SSH-2.0-OpenSSH_9.2\r\n"), "invalid_response", {"httpx": WAITS}),
    Broken("is a page without a head", raw(b"<html>Hi</html>\r\n\r\n"), "invalid_response"),
    Broken("has a line without a colon", whole(b"words"), ACCEPTED, STRICTER),
    Broken("has no name", whole(b": x"), ACCEPTED, STRICTER),
    Broken("has a name of two words", whole(b"X Y: x"), ACCEPTED, STRICTER),
    Broken("has a space before a colon", whole(b"X-Y : x"), ACCEPTED, STRICTER),
    Broken("has a carriage return too many", whole(b"X-Y: x\r"), ACCEPTED, STRICTER),
    Broken("has a NUL", whole(b"X-Name: a\0b"), "invalid_response", {"requests": LENIENT}),
    Broken(
        "has a length in words",
        raw(HEAD + b"Content-Length: many\r\n\r\n{}"),
        "invalid_response",
        {"requests": LENIENT},
    ),
    Broken(
        "has a negative length",
        raw(HEAD + b"Content-Length: -1\r\n\r\n{}"),
        "invalid_response",
        {"requests": LENIENT},
    ),
    Broken(
        "has two lengths",
        raw(HEAD + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}"),
        "invalid_response",
    ),
    Broken(
        "has the same length twice",
        raw(HEAD + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}"),
        ACCEPTED,
        {"aiohttp": STRICT},
    ),
    Broken(
        "has the same length twice in one line",
        raw(HEAD + b"Content-Length: 2, 2\r\n\r\n{}"),
        ACCEPTED,
        {"aiohttp": STRICT},
    ),
    Broken(
        "has a length and chunks",
        raw(HEAD + b"Content-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"),
        ACCEPTED,
        {"aiohttp": STRICT},
    ),
    Broken(
        "says twice that there are chunks",
        raw(HEAD + b"Transfer-Encoding: chunked\r\n" * 2 + b"\r\n2\r\n{}\r\n0\r\n\r\n"),
        ACCEPTED,
        {"httpx": STRICT},
    ),
    Broken(
        "says that nothing is coded",
        raw(HEAD + b"Transfer-Encoding: identity\r\nContent-Length: 2\r\n\r\n{}"),
        ACCEPTED,
        STRICTER,
    ),
    Broken(
        "has another transfer coding",
        raw(HEAD + b"Transfer-Encoding: gzip\r\n\r\n{}"),
        "invalid_response",
        {"aiohttp": (ACCEPTED, "it reads to the end"), "requests": LENIENT},
    ),
    Broken(
        "has a space before the colon of its length",
        raw(HEAD + b"Content-Length : 2\r\n\r\n{}"),
        ACCEPTED,
        {"httpx": ("invalid_response", "h11 is stricter")},
    ),
    Broken(
        "has a length that is a list",
        raw(HEAD + b"Content-Length: 2, 2\r\n\r\n{}"),
        ACCEPTED,
        {"aiohttp": ("invalid_response", "llhttp is stricter")},
    ),
    Broken(
        "says twice that it has chunks",
        raw(HEAD + b"Transfer-Encoding: chunked, chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"),
        ACCEPTED,
        {"httpx": ("invalid_response", "h11 is stricter")},
    ),
    Broken(
        "has a line without a colon behind its chunks",
        chunked(b"2\r\n{}\r\n0\r\nwords\r\n\r\n"),
        "invalid_response",
        {"requests": LENIENT},
    ),
    Broken(
        "is of HTTP 2 in text",
        whole(status=b"HTTP/2.0 200 OK"),
        "invalid_response",
        dict.fromkeys(("httpx", "aiohttp"), (ACCEPTED, "it does not look at the version")),
    ),
    Broken("has no chunks", chunked(b"not a chunk\r\n"), "invalid_response"),
    Broken("has a chunk that is longer", chunked(b"2\r\n{} x\r\n0\r\n\r\n"), "invalid_response"),
    Broken(
        "has a negative chunk",
        chunked(b"-2\r\n{}\r\n0\r\n\r\n"),
        "invalid_response",
        {"requests": ("exception", "urllib3 raises a plain ValueError")},
    ),
)

LIMITS = (
    Broken(
        "has a line of 8,300 bytes",
        whole(b"Content-Security-Policy: " + b"x" * 8_300),
        ACCEPTED,
        {"aiohttp": OWN_LIMIT},
    ),
    Broken("has 120 headers", whole(*[b"X: x"] * 120), ACCEPTED, {"requests": OWN_LIMIT}),
    Broken(
        "has 300 headers",
        whole(*[b"X: x"] * 300),
        ACCEPTED,
        {"aiohttp": OWN_LIMIT, "requests": OWN_LIMIT},
    ),
    Broken(
        "has a line of 33,000 bytes",
        whole(b"X: " + b"x" * 33_000),
        ACCEPTED,
        {"aiohttp": OWN_LIMIT},
    ),
    Broken(
        "has a line of 66,000 bytes",
        whole(b"X: " + b"x" * 66_000),
        "response_too_large",
        {"httpx": NO_LIMIT},
    ),
    Broken(
        "has a reason of 66,000 bytes",
        whole(status=b"HTTP/1.1 200 " + b"x" * 66_000),
        "response_too_large",
        {"httpx": NO_LIMIT},
    ),
    Broken("has 600 headers", whole(*[b"X: x"] * 600), "response_too_large", {"httpx": NO_LIMIT}),
    Broken(
        "has 70 KB of headers",
        whole(*[b"X: " + b"x" * 1000] * 70),
        ACCEPTED,
    ),
    Broken(
        "has 100 KB of headers",
        whole(*[b"X: " + b"x" * 2000] * 50),
        "response_too_large",
        {"httpx": NO_LIMIT, "aiohttp": NO_LIMIT, "requests": NO_LIMIT},
    ),
    Broken(
        "has trailers without an end",
        endless_trailers,
        "response_too_large",
        {"requests": (UNTRIED, "it would read them for ever")},
    ),
    Broken("has headers without an end", endless_head, "response_too_large"),
    Broken("has a line without an end", endless_line, "response_too_large"),
    Broken(
        "has 100 MB",
        bad.endless(declared=100 * 2**20),
        "response_too_large",
        dict.fromkeys(("httpx", "aiohttp", "requests"), (UNTRIED, "it would read all of it")),
    ),
    Broken(
        "has a body without an end",
        bad.endless(),
        "response_too_large",
        dict.fromkeys(("httpx", "aiohttp", "requests"), (UNTRIED, "it would read for ever")),
    ),
    Broken(
        "is a gzip bomb",
        bad.compressed(bad.bomb()),
        "response_too_large",
        dict.fromkeys(("httpx", "aiohttp", "requests"), (UNTRIED, "it would unpack all")),
    ),
)

CODED = (
    Broken("says that it has no coding", bad.compressed(b"{}", "none"), ACCEPTED),
    Broken("says that it is as it is", bad.compressed(b"{}", "identity"), ACCEPTED),
    Broken("has its charset for a coding", bad.compressed(b"{}", "UTF-8"), ACCEPTED),
    Broken("has an empty coding", bad.compressed(b"{}", ""), ACCEPTED),
    Broken("is not gzip", bad.compressed(b"this is not gzip"), "invalid_response"),
    Broken(
        "is gzip that is cut off",
        bad.compressed(gzip.compress(b"x" * 5000)[:-20]),
        "invalid_response",
        {"aiohttp": NULL},
    ),
    Broken("is brotli, said so", bad.compressed(b"\x0b\x02\x80{}", "br"), "invalid_response"),
    Broken("has an unknown coding", bad.compressed(b"{}", "klingon"), ACCEPTED),
    Broken("has two members of gzip", bad.compressed(TWO_MEMBERS), ACCEPTED, {"httpx": ONE_MEMBER}),
    Broken("is deflate", bad.compressed(zlib.compress(b"{}"), "deflate"), ACCEPTED),
    Broken("is deflate without a head", bad.compressed(BARE_DEFLATE, "deflate"), ACCEPTED),
    Broken(
        "is gzip in gzip",
        bad.compressed(gzip.compress(gzip.compress(b"{}")), "gzip, gzip"),
        ACCEPTED,
        {"aiohttp": ("invalid_response", "it knows one coding at a time")},
    ),
)

SUCCEEDS = ("invalid_response", "a redirect to nowhere is a success to it, and not JSON")
ADDRESS = ("invalid_request", "its exception is that of a wrong address in the application")
PLAIN = ("exception", "its json() raises a plain exception of Python's")
DOCUMENTS = (
    Broken(
        "has no number for a number",
        bad.answer(b'{"a": NaN}'),
        "invalid_response",
        dict.fromkeys(("httpx", "aiohttp", "requests"), (ACCEPTED, "Python's json reads it")),
    ),
    Broken(
        "has a number of 5,000 digits",
        bad.answer(b"1" * 5_000),
        "invalid_response",
        dict.fromkeys(("httpx", "aiohttp", "requests"), PLAIN),
    ),
    Broken(
        "is 40,000 lists in each other",
        bad.answer(b"[" * 40_000 + b"]" * 40_000),
        "invalid_response",
        dict.fromkeys(("httpx", "aiohttp", "requests"), PLAIN),
    ),
    Broken("is two documents", bad.answer(b"{}{}"), "invalid_response"),
    Broken("has no body and says so", bad.answer(b"", 204), "invalid_response", {"aiohttp": NULL}),
    Broken("is a plain 300", bad.page("<h1>Choose</h1>", 300), "redirect", {"requests": SUCCEEDS}),
    Broken("is empty", bad.answer(b""), "invalid_response", {"aiohttp": NULL}),
    Broken("is cut JSON", bad.answer(b'{"a": [1, 2'), "invalid_response"),
    Broken("is a page", bad.page("<html><title>Shop</title>"), "invalid_response"),
    Broken("is printed before", bad.answer(b"<b>Warning</b>: x {}"), "invalid_response"),
    Broken(
        "is no text",
        bad.answer(b'{"a": "\xff\xfe\xfa"}'),
        "invalid_response",
        {"requests": (ACCEPTED, "it guesses the encoding")},
    ),
    Broken(
        "is a login page",
        bad.page('<html><form><input type="password"></form>'),
        "redirect",
        {"aiohttp": NO_BODY},
    ),
    Broken(
        "is a challenge as a success",
        bad.page("<html><title>Just a moment...</title>"),
        "blocked",
        {"aiohttp": NO_BODY},
    ),
    Broken(
        "is a firewall's page as a success",
        bad.page("<html><title>Request Rejected</title><form>"),
        "blocked",
        {"aiohttp": NO_BODY},
    ),
    Broken(
        "is a challenge",
        bad.page("<html><title>Just a moment...</title>", 403, {"cf-mitigated": "challenge"}),
        "blocked",
    ),
    Broken("is a plain 403", bad.page("<h1>Forbidden</h1>", 403), "blocked"),
    Broken("is a plain 401", bad.page("<h1>Password?</h1>", 401), "blocked"),
    Broken("is a plain 404", bad.page("<h1>Not Found</h1>", 404), "api_not_found"),
    Broken("is a plain 418", bad.page("<h1>Teapot</h1>", 418), "blocked"),
    Broken("is a plain 402", bad.page("<h1>Pay</h1>", 402), "maintenance"),
    Broken("is a plain 408", bad.page("<h1>Late</h1>", 408), "timeout"),
    Broken("is a plain 493", bad.page("<h1>493</h1>", 493), "blocked"),
    Broken("is a plain 530", bad.answer(b"error code: 1016", 530), "server_error"),
    Broken(
        "says that it speaks https",
        bad.page("<title>400</title>The plain HTTP request was sent to HTTPS port", 400),
        "redirect",
        {"aiohttp": NO_BODY},
    ),
    Broken("is a plain 429", bad.page("<h1>Slow</h1>", 429), "rate_limited"),
    Broken("is a plain 500", bad.page("<h1>Oh</h1>", 500), "server_error"),
    Broken("is a captive portal's", bad.page("<h1>Log in</h1>", 511), "blocked"),
    Broken(
        "is a 304 to no condition",
        bad.answer(b"", 304),
        "invalid_response",
        {"aiohttp": NULL},
    ),
    Broken("is a 502 without a body", bad.answer(b"", 502), "server_error"),
    Broken(
        "is a page of maintenance",
        bad.page("<html><title>Maintenance</title>", 503),
        "maintenance",
        {"aiohttp": ("server_error", "its exception has no body")},
    ),
    Broken("redirects without an end", bad.redirecting(lambda path: path + "x"), "redirect"),
    Broken(
        "redirects nowhere",
        bad.answer(b"", 302),
        "redirect",
        {"aiohttp": NULL, "requests": SUCCEEDS},
    ),
    Broken(
        "redirects to no address",
        bad.redirecting(lambda _: "http://[::x"),
        "redirect",
        {"requests": ("exception", "it raises a plain ValueError")},
    ),
    Broken(
        "redirects to FTP",
        bad.redirecting(lambda _: "ftp://127.0.0.1/"),
        "redirect",
        {"httpx": ADDRESS, "requests": ADDRESS},
    ),
)

TLS = (
    Broken(
        "has an expired certificate", bad.hang, "tls", tls=lambda a: a.context(not_after=LONG_AGO)
    ),
    Broken("has another's certificate", bad.hang, "tls", tls=lambda a: a.context("b.example")),
    Broken(
        "has a stranger's certificate",
        bad.hang,
        "tls_untrusted",
        tls=lambda _: Authority().context(),
    ),
    Broken("has no common cipher", bad.hang, "tls", tls=no_common_cipher),
    Broken(
        "speaks plain HTTP", raw(b"HTTP/1.1 400 No\r\n\r\n"), "tls", scheme="https", on_connect=True
    ),
    Broken(
        "hangs up in the handshake", hang_up_in_handshake, "tls", scheme="https", on_connect=True
    ),
    Broken("hangs in the handshake", bad.hang, "timeout", scheme="https", on_connect=True),
    Broken(
        "speaks TLS on the plain port",
        bad.hang,
        "connection",
        tls=lambda a: a.context(),
        scheme="http",
    ),
    Broken("closes over TLS", bad.close, "connection", tls=lambda a: a.context()),
    Broken("resets over TLS", bad.reset_in_body, "connection", tls=lambda a: a.context()),
)

BROKEN = (*CONNECTIONS, *MALFORMED, *LIMITS, *CODED, *DOCUMENTS, *TLS)
