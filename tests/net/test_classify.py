"""From exceptions to error types, where no server is needed to raise them."""

from __future__ import annotations

import asyncio
import concurrent.futures
import errno
import http.client
import importlib
import json
import socket
import ssl
import subprocess
import sys
import urllib.error
from collections.abc import Iterator
from types import SimpleNamespace

import aiohttp
import anyio
import httpcore
import httpx
import pytest
import requests
import urllib3
from aiohttp import http_exceptions
from aiohttp.client_reqrep import ConnectionKey
from celery.exceptions import Retry
from hypothesis import given
from hypothesis import strategies as st

from store_exporter import (
    ERROR_TYPES,
    Recorder,
    StoreError,
    UnsupportedOperationError,
    classify,
    register_error,
    track,
)
from store_exporter.net import classify as classify_module
from store_exporter.net.evidence import of_status
from store_exporter.net.outcomes import FromCause, Phrase, Rule
from store_exporter.net.tables import EXCEPTIONS
from tests.metrics.figures import series
from tests.operations.shop import ERRORS, SHOP, counted


@pytest.fixture
def _registry(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Undo registrations."""
    monkeypatch.setattr(classify_module, "_registered", {})
    yield
    classify_module._found.clear()


def caused(error: BaseException, cause: BaseException) -> BaseException:
    error.__cause__ = cause
    return error


def verification(code: int) -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError("certificate verify failed")
    error.verify_code = code
    return error


RESET = ConnectionResetError(errno.ECONNRESET, "Connection reset by peer")


def connecting(*, is_ssl: bool) -> ConnectionKey:
    return ConnectionKey("shop.example.com", 80, is_ssl, True, None, None, None)


TOO_MANY = urllib3.exceptions.ResponseError("too many 429 error responses")


class ApplicationError(Exception):
    """Nobody knows it."""


@pytest.mark.parametrize(
    ("error", "error_type"),
    [
        (StoreError("maintenance", "closed"), "maintenance"),
        (UnsupportedOperationError("get_cart", "shopify", "no cart"), "unsupported_operation"),
        # The language and its libraries
        (ValueError(), "exception"),
        (ApplicationError(), "exception"),
        (TimeoutError(), "timeout"),
        (concurrent.futures.TimeoutError(), "timeout"),
        (ConnectionRefusedError(), "connection"),
        (BrokenPipeError(), "connection"),
        (OSError(errno.EHOSTUNREACH, "no route"), "connection"),
        (OSError(errno.ETIMEDOUT, "slow"), "timeout"),
        (OSError(errno.EMFILE, "too many files"), "local_failure"),
        (OSError(errno.ENETUNREACH, "no network"), "local_failure"),
        (PermissionError(errno.EPERM, "the firewall"), "local_failure"),
        (OSError(errno.EIO, "a disk"), "exception"),
        (FileNotFoundError(), "exception"),
        (caused(OSError("all attempts failed"), ConnectionRefusedError()), "connection"),
        (socket.gaierror(socket.EAI_NONAME, "?"), "dns"),
        (asyncio.IncompleteReadError(b"", 5), "connection"),
        (http.client.RemoteDisconnected(""), "connection"),
        (http.client.BadStatusLine("?"), "invalid_response"),
        (json.JSONDecodeError("?", "", 0), "invalid_response"),
        # Cancellation
        (asyncio.CancelledError(), "cancelled"),
        (concurrent.futures.CancelledError(), "cancelled"),
        (KeyboardInterrupt(), "cancelled"),
        (SystemExit(1), "cancelled"),
        (GeneratorExit(), "cancelled"),
        # TLS
        (ssl.SSLError(), "tls"),
        (ssl.SSLEOFError(), "connection"),
        (verification(10), "tls"),
        (verification(62), "tls"),
        (verification(18), "tls_untrusted"),
        (verification(20), "tls_untrusted"),
        # httpx
        (httpx.PoolTimeout("full"), "pool_timeout"),
        (httpx.ReadTimeout("slow"), "timeout"),
        (httpx.ConnectError("refused"), "connection"),
        (caused(httpx.ConnectError("?"), caused(httpcore.ConnectError(), verification(18))),
         "tls_untrusted"),
        (caused(httpx.ConnectError("?"), socket.gaierror()), "dns"),
        (httpx.TooManyRedirects("round"), "redirect"),
        (httpx.DecodingError("gzip"), "invalid_response"),
        (httpx.UnsupportedProtocol("ftp"), "invalid_request"),
        (httpx.InvalidURL("?"), "invalid_request"),
        # aiohttp
        (aiohttp.ServerDisconnectedError(), "connection"),
        (aiohttp.ServerTimeoutError(), "timeout"),
        (aiohttp.ConnectionTimeoutError(), "timeout"),
        (aiohttp.ClientPayloadError(), "connection"),
        (aiohttp.InvalidURL("?"), "invalid_request"),
        (aiohttp.ClientConnectorError(connecting(is_ssl=True), RESET), "tls"),
        (aiohttp.ClientConnectorError(connecting(is_ssl=False), RESET), "connection"),
        (caused(httpx.ConnectError("?", request=httpx.Request("GET", "https://a")), RESET), "tls"),
        (caused(httpx.ConnectError("?", request=httpx.Request("GET", "http://a")), RESET),
         "connection"),
        # requests and urllib3
        (requests.ReadTimeout(), "timeout"),
        (requests.ConnectTimeout(), "timeout"),
        (requests.TooManyRedirects(), "redirect"),
        (requests.HTTPError(), "invalid_response"),
        (requests.exceptions.RetryError(TOO_MANY), "rate_limited"),
        (urllib3.exceptions.ResponseError("too many error responses"), "server_error"),
        (requests.exceptions.InvalidJSONError(), "invalid_response"),
        (requests.exceptions.MissingSchema(), "invalid_request"),
        # anyio
        (anyio.EndOfStream(), "connection"),
        # Chains
        (caused(ApplicationError(), httpx.ReadTimeout("slow")), "timeout"),
        (caused(ApplicationError(), caused(ApplicationError(), StoreError("blocked", "?"))),
         "blocked"),
        (caused(ApplicationError(), KeyError()), "exception"),
        # Groups
        (ExceptionGroup("", [TimeoutError(), ValueError()]), "timeout"),
        (BaseExceptionGroup("", [asyncio.CancelledError(), StoreError("dns", "?")]), "dns"),
        (BaseExceptionGroup("", [asyncio.CancelledError()]), "cancelled"),
        (ExceptionGroup("", [ValueError()]), "exception"),
        (ExceptionGroup("", [ExceptionGroup("", [TimeoutError()])]), "timeout"),
    ],
    ids=repr,
)  # fmt: skip
def test_an_exception_has_its_error_type(error: BaseException, error_type: str) -> None:
    assert classify(error) == error_type


@pytest.mark.parametrize(
    "message",
    [
        "encoding with 'idna' codec failed (UnicodeError: label empty or too long)",  # 3.11
        "label empty or too long",  # 3.12
        "'idna' codec can't encode characters in position 0-69: label too long",  # 3.13
    ],
)
def test_a_host_name_that_cannot_be_encoded_does_not_resolve(message: str) -> None:
    assert classify(UnicodeError(message)) == "dns"


def test_trios_cancellation_is_known_by_its_name() -> None:
    cancelled = type("Cancelled", (BaseException,), {"__module__": "trio"})
    assert classify(cancelled()) == "cancelled"


ABSENT = {
    *("pyactiveresource", "niquests", "gql", "curl_cffi", "simplejson", "ujson", "msgspec"),
    *("pycurl", "tornado", "aiohttp_socks", "python_socks", "oauthlib", "httpx2", "httpcore2"),
    *("httplib2", "aiosonic", "geventhttpclient", "primp"),
}
"""Libraries of applications that are not installed here."""


def foreign(name: str, *bases: type, **members: object) -> type[Exception]:
    """An exception class of another library, with its members."""
    module, _, own = name.rpartition(".")
    return type(own, bases or (Exception,), {"__module__": module, **members})


def of_shopify_api(name: str, code: int, *, response: object = None) -> Exception:
    """An exception of ShopifyAPI, whose classes are those of pyactiveresource."""
    module = "pyactiveresource.connection"
    base = foreign(f"{module}.ServerError" if code >= 500 else f"{module}.ConnectionError")
    return foreign(f"{module}.{name}", base, code=code, response=response)("Response(code=...)")


def of_gql(errors: str) -> Exception:
    """gql's exception for a refusal with a text in place of the list of errors."""
    return foreign("gql.transport.exceptions.TransportQueryError", errors=errors)(errors[0])


HTML = SimpleNamespace(headers={"Content-Type": "text/html"}, body=b"<title>Just a moment</title>")


@pytest.mark.parametrize(
    ("error", "error_type"),
    [
        (of_shopify_api("UnauthorizedAccess", 401), "unauthorized"),
        (of_shopify_api("ForbiddenAccess", 403), "forbidden"),
        (of_shopify_api("ForbiddenAccess", 403, response=HTML), "blocked"),
        (of_shopify_api("ClientError", 402), "maintenance"),
        (of_shopify_api("ClientError", 429), "rate_limited"),
        (of_shopify_api("ResourceNotFound", 404), "not_found"),
        (of_shopify_api("ServerError", 503), "server_error"),
        (foreign("pyactiveresource.connection.Error")(urllib.error.URLError(socket.gaierror())),
         "dns"),
        (foreign("pyactiveresource.connection.Error")(urllib.error.URLError("refused")),
         "connection"),
        (foreign("niquests.exceptions.ReadTimeout", foreign("niquests.exceptions.Timeout"))(),
         "timeout"),
        (foreign("niquests.exceptions.ConnectionError")(), "connection"),
        (foreign("curl_cffi.requests.exceptions.DNSError")(), "dns"),
        (foreign("curl_cffi.requests.exceptions.Timeout")(), "timeout"),
        (foreign("curl_cffi.requests.exceptions.HTTPError",
                 response=SimpleNamespace(status_code=500, headers={}))(), "server_error"),
        (foreign("gql.transport.exceptions.TransportQueryError")(
            "{'message': 'Throttled', 'extensions': {'code': 'THROTTLED'}}"), "rate_limited"),
        (foreign("gql.transport.exceptions.TransportQueryError")("no such field"), "exception"),
        (foreign("gql.transport.exceptions.TransportQueryError")("{'message': 'Timeout'}"),
         "timeout"),
        (of_gql("[API] Invalid API key or access token (unrecognized login)"), "unauthorized"),
        (of_gql("[API] This action requires merchant approval for read_orders scope."),
         "forbidden"),
        (of_gql("Unavailable Shop"), "maintenance"),
        (of_gql("This store is unavailable"), "maintenance"),
        (of_gql("Exceeded 2 calls per second for api client."), "rate_limited"),
        (of_gql("Not Found"), "not_found"),
        (of_gql("Internal Server Error"), "server_error"),
        (foreign("gql.transport.exceptions.TransportProtocolError")("Not a JSON answer"),
         "invalid_response"),
        (caused(foreign("gql.transport.exceptions.TransportConnectionFailed")(),
                foreign("httpx2.ReadTimeout", foreign("httpx2.TimeoutException"))()), "timeout"),
        (caused(foreign("gql.transport.exceptions.TransportConnectionFailed")(), OSError("?")),
         "connection"),
        (foreign("httpx2.HTTPStatusError",
                 response=SimpleNamespace(status_code=429, headers={}))(), "rate_limited"),
        (foreign("httpcore2.ReadError", foreign("httpcore2.NetworkError"))(), "connection"),
        (foreign("pycurl.error")(22, "The requested URL returned error: 401"), "unauthorized"),
        (foreign("pycurl.error")(22, "The requested URL returned error: 422"), "invalid_request"),
        (foreign("pycurl.error")(22, "The requested URL returned error: 503"), "server_error"),
        (foreign("pycurl.error")(61, "Unrecognized content encoding type"), "invalid_response"),
        (foreign("httplib2.error.ServerNotFoundError")("Unable to find the server"), "dns"),
        (foreign("aiosonic.exceptions.RequestTimeout",
                 foreign("aiosonic.exceptions.BaseTimeout"))(), "timeout"),
        (foreign("aiosonic.exceptions.ConnectionDisconnected")(), "connection"),
        (foreign("geventhttpclient.useragent.BadStatusCode", code=403)("code=403"), "forbidden"),
        (foreign("geventhttpclient.useragent.RetriesExceeded",
                 foreign("geventhttpclient.useragent.ConnectionError"))("3, original=timed out"),
         "timeout"),
        (foreign("primp.StatusError")(402, "HTTP 402 Payment Required for URL"), "maintenance"),
        (foreign("primp.StatusError")(500, "HTTP 500 for URL"), "server_error"),
        (foreign("primp.ConnectError", foreign("primp.RequestError"))(), "connection"),
        (foreign("pycurl.error")(28, "Operation timed out"), "timeout"),
        (foreign("pycurl.error")(6, "Could not resolve host"), "dns"),
        (foreign("pycurl.error")(7, "Failed to connect"), "connection"),
        (foreign("tornado.httpclient.HTTPClientError", code=502, response=None)(), "server_error"),
        (foreign("tornado.simple_httpclient.HTTPTimeoutError")(), "timeout"),
        (foreign("python_socks._errors.ProxyConnectionError", OSError)(111, "?"), "local_failure"),
        (foreign("python_socks._errors.ProxyError")("Host unreachable"), "connection"),
        (foreign("python_socks._errors.ProxyError")("Username is wrong"), "local_failure"),
        (foreign("oauthlib.oauth2.rfc6749.errors.InvalidClientError")(), "unauthorized"),
        (foreign("ujson.JSONDecodeError", ValueError)("Expected object"), "invalid_response"),
        (foreign("simplejson.errors.JSONDecodeError", ValueError, doc="<h1>Maintenance</h1>")(),
         "maintenance"),
    ],
    ids=repr,
)  # fmt: skip
def test_what_libraries_of_applications_raise_is_known_by_its_name(
    error: Exception, error_type: str
) -> None:
    assert classify(error) == error_type


class OwnError(Exception):
    """As applications raise it for a response, without a cause."""

    def __init__(self, response: object) -> None:
        super().__init__("the shop did not respond as it should")
        self.response = response


def aiohttp_response(status: int) -> object:
    return SimpleNamespace(status=status, headers={"Content-Type": "application/json"})


RUSSIAN = httpx.Response(
    503,
    content="<title>Технические работы</title>".encode("cp1251"),
    headers={"Content-Type": "text/html; charset=windows-1251"},
)


@pytest.mark.parametrize(
    ("response", "error_type"),
    [
        (httpx.Response(429, json={"message": "slow down"}), "rate_limited"),
        (httpx.Response(401, json={"code": "woocommerce_rest_cannot_view"}), "unauthorized"),
        (httpx.Response(403, html="<title>Just a moment...</title>"), "blocked"),
        (httpx.Response(503, html="<h1>Maintenance</h1>"), "maintenance"),
        (RUSSIAN, "maintenance"),
        (aiohttp_response(502), "server_error"),
        # What is no failure of HTTP is the application's own matter.
        (httpx.Response(200, json={"ok": False}), "exception"),
        (aiohttp_response(204), "exception"),
        ({"status_code": 500}, "exception"),
        (None, "exception"),
        (SimpleNamespace(status_code="500"), "exception"),
    ],
    ids=repr,
)
def test_a_response_in_an_application_s_own_exception_is_the_store_s(
    response: object, error_type: str
) -> None:
    assert classify(OwnError(response)) == error_type
    assert classify(caused(OwnError(response), TimeoutError())) == "timeout"


def test_properties_of_unknown_exceptions_are_not_run() -> None:
    class TrapError(Exception):
        @property
        def response(self) -> object:
            raise AssertionError

    assert classify(TrapError()) == "exception"


def test_what_was_being_handled_is_no_cause() -> None:
    # A second attempt that is refused, after a first that took too long.
    error = httpx.ConnectError("refused")
    error.__context__ = httpx.ReadTimeout("slow")
    assert classify(error) == "connection"


def test_a_chain_that_bites_its_tail_ends() -> None:
    error = ApplicationError()
    error.__cause__ = caused(ApplicationError(), error)
    assert classify(error) == "exception"


def test_a_store_error_whose_type_was_tampered_with_is_an_exception() -> None:
    error = StoreError("dns", "?")
    error.error_type = "made_up"  # type: ignore[assignment] # a type of no use
    assert classify(error) == "exception"


@given(st.integers(-1000, 1000))
def test_every_status_has_an_error_type(status: int) -> None:
    assert of_status(status) in ERROR_TYPES


def test_the_table_names_known_error_types_and_classes_that_exist() -> None:
    modules = {
        "builtins": "builtins",
        "asyncio": "asyncio",
        "concurrent": "concurrent.futures",
        "http": "http.client",
        "urllib": "urllib.error",
        "urllib3": "urllib3.exceptions",
        "requests": "requests.exceptions",
        "billiard": "billiard.exceptions",
    }
    absent = {"trio", "gevent", "greenlet", "rq", "dramatiq", *ABSENT}
    for name, outcome in EXCEPTIONS.items():
        assert isinstance(outcome, Rule | FromCause | Phrase) or outcome in ERROR_TYPES, name
        package, _, class_name = name.partition(".")
        if package in absent:
            continue
        low_level = package == "aiohttp" and hasattr(http_exceptions, class_name)
        module = importlib.import_module(modules.get(package, package))
        module = http_exceptions if low_level else module
        found = getattr(module, class_name)
        assert f"{found.__module__.partition('.')[0]}.{found.__qualname__}" == name


def test_a_task_that_celery_is_to_repeat_failed_by_what_it_is_repeated_for() -> None:
    assert classify(Retry(exc=StoreError("maintenance", "closed"))) == "maintenance"
    assert classify(Retry(exc=ConnectionResetError())) == "connection"
    assert classify(Retry(exc=KeyError())) == classify(Retry()) == "exception"


# Registration


@pytest.mark.usefixtures("_registry")
def test_an_application_registers_its_own() -> None:
    class GoneError(ApplicationError):
        pass

    assert classify(GoneError()) == "exception"
    register_error(ApplicationError, "invalid_state")
    assert classify(GoneError()) == "invalid_state"
    register_error(GoneError, "not_found")
    assert (classify(GoneError()), classify(ApplicationError())) == ("not_found", "invalid_state")


@pytest.mark.usefixtures("_registry")
def test_the_nearest_class_decides() -> None:
    class SlowError(TimeoutError):
        pass

    register_error(OSError, "connection")
    assert classify(SlowError()) == "timeout"
    register_error(SlowError, "rate_limited")
    assert classify(SlowError()) == "rate_limited"


def test_the_list_is_closed() -> None:
    with pytest.raises(ValueError, match="unknown error_type 'sold_out'; it is one of: out_of_st"):
        register_error(ApplicationError, "sold_out")  # type: ignore[arg-type]


@pytest.mark.parametrize("thing", [int, "text", ApplicationError()])
def test_only_exception_classes_are_registered(thing: object) -> None:
    with pytest.raises(TypeError, match=r"register_error\(\) takes an exception class"):
        register_error(thing, "timeout")  # type: ignore[arg-type]


def test_classes_made_at_run_time_do_not_fill_the_memory() -> None:
    for number in range(3000):
        classify(type(f"Error{number}", (TimeoutError,), {})())
    assert len(classify_module._found) <= 1024


def test_an_exception_that_cannot_be_classified_passes_unharmed() -> None:
    class HostileError(Exception):
        def __getattribute__(self, name: str) -> object:
            raise ArithmeticError

    recorder = Recorder()

    @track("get_cart", **SHOP, recorder=recorder)
    def get() -> None:
        raise HostileError

    with pytest.raises(HostileError):
        get()
    assert counted(recorder) == (1, 0, {"exception": 1})
    assert series(recorder, ERRORS)["classify",] == 1


def test_no_library_is_imported_for_its_exceptions() -> None:
    program = """
import sys
from store_exporter import classify
classify(TimeoutError())
found = {"httpx", "aiohttp", "requests", "urllib3", "anyio", "trio", "ssl"} & set(sys.modules)
assert not found, found
"""
    subprocess.run([sys.executable, "-c", program], check=True)
