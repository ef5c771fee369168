"""What one run may ask of its store, and what it is told of the answers."""

from __future__ import annotations

import asyncio
import base64
import socket
import threading
from dataclasses import replace
from typing import Any

import pytest

from store_exporter._version import __version__
from store_exporter.contract import Response
from store_exporter.errors import Fault, StoreError
from store_exporter.net import names
from store_exporter.net.names import Names
from store_exporter.net.plans import Pause, Request
from store_exporter.probing.access import Access
from store_exporter.probing.budget import BudgetSpentError, Priority
from store_exporter.probing.exchange import Outgoing
from store_exporter.probing.http import StoreHttp
from store_exporter.probing.transport import Transport
from store_exporter.stores.model import Proxy
from tests.fakes import bad_server
from tests.fakes.bad_server import Authority, Connection, serving
from tests.fakes.clock import Clock
from tests.probing.conftest import StoreFactory
from tests.probing.scripted import Scripted, always


def leading(*locations: str) -> Scripted:
    """Redirect along these locations, then answer."""
    left = list(locations)

    def respond(outgoing: Outgoing) -> Response:
        if left:
            return Response(301, {"location": left.pop(0)}, b"", outgoing.url)
        return Response(200, {}, b"{}", outgoing.url)

    return Scripted(respond)


async def test_a_first_request_over_https_has_every_phase_and_shows_the_expiry(
    authority: Authority, store: StoreFactory, transport: Transport
) -> None:
    tls = authority.context("localhost")
    async with serving(bad_server.answer(), tls=tls) as server:
        one = store(server.url.replace("127.0.0.1", "localhost"))
        access = Access(one)
        first = await StoreHttp(one, transport, access).send(Request("GET", "/"))
        second = await StoreHttp(one, transport, access).send(Request("GET", "/"))
    assert list(first.phases) == ["resolve", "connect", "tls", "processing", "transfer"]
    assert all(seconds >= 0 for seconds in first.phases.values())
    assert list(second.phases) == ["processing", "transfer"], "the connection was used again"
    assert first.certificate_expiry is not None
    assert second.certificate_expiry == first.certificate_expiry
    assert server.connections == 1


async def test_a_failed_request_shows_the_phases_before_the_failure(
    store: StoreFactory, transport: Transport
) -> None:
    async with serving(bad_server.hang) as server:
        http = StoreHttp(store(server.url), transport, timeout=1)
        with pytest.raises(StoreError, match="while it was to respond"):
            await http.send(Request("GET", "/"))
    assert list(http.journal.phases) == ["connect"]


async def test_requests_name_their_sender_and_accept_only_bounded_compression(
    store: StoreFactory, transport: Transport
) -> None:
    async with serving(bad_server.answer()) as server:
        await StoreHttp(store(server.url), transport).send(Request("GET", "/"))
    assert f"User-Agent: store-exporter/{__version__}\r\n" in server.heads[0]
    assert "Accept-Encoding: gzip\r\n" in server.heads[0]


async def test_cookies_are_not_sent_back(store: StoreFactory, transport: Transport) -> None:
    behaviour = bad_server.answer(headers={"Set-Cookie": "session=1; Path=/"})
    async with serving(behaviour) as server:
        http = StoreHttp(store(server.url), transport)
        await http.send(Request("GET", "/"))
        await http.send(Request("GET", "/"))
    assert "cookie" not in server.heads[1].lower()


async def test_the_environments_proxy_and_netrc_are_not_used(
    store: StoreFactory,
    transport: Transport,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Any,
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password hunter22\n")
    monkeypatch.setenv("NETRC", str(netrc))
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    async with serving(bad_server.answer()) as server:
        await StoreHttp(store(server.url), transport).send(Request("GET", "/"))
    assert "authorization" not in server.heads[0].lower()


async def test_a_configured_proxy_is_used(store: StoreFactory, transport: Transport) -> None:
    async with serving(bad_server.answer()) as proxy:
        shop = store("http://shop.example.com", proxy=Proxy(proxy.url))
        response = await StoreHttp(shop, transport).send(Request("GET", "/"))
    assert response.status == 200
    assert proxy.heads[0].startswith("GET http://shop.example.com/ ")


async def test_a_query_is_encoded_as_oauth_signs_it(store: StoreFactory) -> None:
    sender = always()
    http = StoreHttp(store("https://shop.example.com"), sender)
    await http.send(Request("GET", "/x?a=1", params={"b c": "ü/~+", "per_page": "5"}))
    assert sender.sent[0].url == "https://shop.example.com/x?a=1&b%20c=%C3%BC%2F~%2B&per_page=5"


async def test_a_query_arrives_as_it_was_encoded(store: StoreFactory, transport: Transport) -> None:
    async with serving(bad_server.answer()) as server:
        await StoreHttp(store(server.url), transport).send(
            Request("GET", "/x", params={"a": "%2F +~"})
        )
    assert server.heads[0].startswith("GET /x?a=%252F%20%2B~ HTTP/1.1")


async def test_a_json_body_is_sent_with_its_type(store: StoreFactory, transport: Transport) -> None:
    bodies: list[bytes] = []

    async def behave(connection: Connection) -> None:
        bodies.append(await connection.reader.readexactly(18))
        await bad_server.answer()(connection)

    async with serving(behave) as server:
        await StoreHttp(store(server.url), transport).send(Request("POST", "/", json={"name": "é"}))
    assert bodies == [rb'{"name": "\u00e9"}']
    assert "Content-Type: application/json" in server.heads[0]


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example.com/",
        "https://shop.example.com:8443/",
        "http://shop.example.com/",
        "https://shop.example.com.evil.example.com/",
        "https://shop.example.com@evil.example.com/",
        "https://user:password@shop.example.com/",
        "file:///etc/passwd",
        "//evil.example.com/",
        "https://[broken/",
        "https://shop.example.com:port/",
    ],
)
async def test_only_the_stores_own_addresses_are_reached(url: str, store: StoreFactory) -> None:
    sender = always()
    http = StoreHttp(store("https://shop.example.com"), sender)
    if url.startswith("//"):
        # A path: it stays on the store's host, whatever it looks like.
        await http.send(Request("GET", url))
        assert sender.sent[0].url == "https://shop.example.com//evil.example.com/"
        return
    with pytest.raises(StoreError) as caught:
        await http.send(Request("GET", url))
    assert (caught.value.error_type, caught.value.fault) == ("invalid_request", Fault.APP)
    assert "password" not in caught.value.message
    assert sender.sent == []


async def test_the_domain_and_addresses_among_the_settings_are_the_stores_own(
    store: StoreFactory,
) -> None:
    sender = always()
    one = store(
        "http://10.0.0.7:8080",
        domain="shop.example.com",
        settings={"storefront_url": "https://www.example.com/en", "note": "https"},
    )
    http = StoreHttp(one, sender)
    for url in ("http://10.0.0.7:8080/a", "https://shop.example.com/", "https://www.example.com/x"):
        await http.send(Request("GET", url))
    assert len(sender.sent) == 3


async def test_redirects_on_the_same_host_are_followed_with_the_same_headers(
    store: StoreFactory,
) -> None:
    sender = leading("/en/", "https://shop.example.com/en/shop?x=1", "//shop.example.com/last")
    http = StoreHttp(store("https://shop.example.com"), sender)
    response = await http.send(Request("GET", "/", headers={"Authorization": "Basic abc"}))
    assert response.url == "https://shop.example.com/last"
    assert [outgoing.headers for outgoing in sender.sent] == [{"Authorization": "Basic abc"}] * 4
    assert http.journal.requests == 4


async def test_a_redirect_is_followed_where_the_server_ends_the_connection_after_it(
    store: StoreFactory,
) -> None:
    answered: set[int] = set()

    async def once(connection: Connection) -> None:
        if id(connection.writer) in answered:
            connection.writer.close()
            return
        answered.add(id(connection.writer))
        moved = "GET /new " not in connection.head
        answer = bad_server.redirecting(lambda _: "/new") if moved else bad_server.answer()
        await answer(connection)

    transport = Transport()
    async with serving(once) as server:
        response = await StoreHttp(store(server.url), transport).send(Request("GET", "/old"))
    await transport.close()
    assert response.status == 200
    assert [head.split()[1] for head in server.heads] == ["/old", "/new", "/new"]


async def test_what_fails_after_a_redirect_says_so(store: StoreFactory) -> None:
    """A shop that redirects to https where nothing listens has no fault in its own address."""
    transport = Transport()
    async with serving(bad_server.redirecting(lambda _: "https://127.0.0.1:9/")) as server:
        with pytest.raises(StoreError, match="after a redirect to https:") as caught:
            await StoreHttp(store(server.url), transport).send(Request("GET", "/"))
    await transport.close()
    assert caught.value.error_type == "connection"
    assert caught.value.message.endswith(
        "refused the connection, after a redirect to https://127.0.0.1:9"
    )


async def test_a_redirect_to_https_on_the_same_host_is_followed(store: StoreFactory) -> None:
    sender = leading("https://shop.example.com/")
    response = await StoreHttp(store("http://shop.example.com"), sender).send(Request("GET", "/"))
    assert response.url == "https://shop.example.com/"


@pytest.mark.parametrize(
    ("method", "location", "message"),
    [
        ("GET", "https://www.shop.example.com/", "another host"),
        ("GET", "https://www.shop.example.com/x", "set url to https://www.shop.example.com, if"),
        ("GET", "https://shop.example.com.evil.example.com/", "another host"),
        ("GET", "http://shop.example.com/", "from https to http"),
        ("GET", "https://shop.example.com:8443/", "another port"),
        ("GET", "/wp-login.php?redirect_to=x", "a login page"),
        ("GET", "/my-account/", "a login page"),
        ("GET", "/wp-admin/install.php", "a WordPress that is not installed yet"),
        ("GET", "/cgi-sys/suspendedpage.cgi", "the notice of a suspended account"),
        ("GET", "javascript:alert(1)", "not an address"),
        ("GET", "https://[broken", "not an address"),
        ("POST", "/elsewhere", "POST to"),
    ],
)
async def test_other_redirects_are_refused(
    method: str, location: str, message: str, store: StoreFactory
) -> None:
    sender = leading(location)
    http = StoreHttp(store("https://shop.example.com"), sender)
    with pytest.raises(StoreError, match=message) as caught:
        await http.send(Request(method, "/", headers={"Authorization": "Basic abc"}))
    assert (caught.value.error_type, caught.value.status) == ("redirect", 301)
    assert len(sender.sent) == 1, "the credentials were shown to nobody else"


@pytest.mark.parametrize(
    "location", ["/.well-known/sgcaptcha/?r=x", "/challenge", "https://validate.example/captcha"]
)
async def test_a_redirect_to_a_test_of_visitors_is_not_followed(
    location: str, store: StoreFactory
) -> None:
    sender = leading(location)
    http = StoreHttp(store("https://shop.example.com"), sender)
    with pytest.raises(StoreError, match="a test of visitors") as caught:
        await http.send(Request("GET", "/"))
    assert (caught.value.error_type, len(sender.sent)) == ("blocked", 1)


async def test_a_redirect_that_leads_nowhere_is_a_response_like_any_other(
    store: StoreFactory,
) -> None:
    response = await StoreHttp(store("https://shop.example.com"), always(304)).send(
        Request("GET", "/")
    )
    assert response.status == 304


async def test_a_body_is_read_up_to_the_configured_limit_of_the_store(
    store: StoreFactory,
) -> None:
    sender = always()
    await StoreHttp(store("https://shop.example.com", max_body_bytes=1000), sender).send(
        Request("GET", "/")
    )
    assert [outgoing.max_body_bytes for outgoing in sender.sent] == [1000]


async def test_a_spent_budget_is_rate_limited_without_a_request(store: StoreFactory) -> None:
    sender = always()
    http = StoreHttp(store("https://shop.example.com", requests_per_hour=10), sender)
    await http.send(Request("GET", "/"))
    with pytest.raises(BudgetSpentError, match="10 requests per hour") as caught:
        await http.send(Request("GET", "/"))
    assert caught.value.error_type == "rate_limited"
    assert len(sender.sent) == 1


async def test_a_collector_waits_for_its_budget_if_there_is_time(store: StoreFactory) -> None:
    clock = Clock()
    sender = always()
    one = store("https://shop.example.com", requests_per_hour=10)
    access = Access(one, monotonic=clock.now)
    http = StoreHttp(
        one, sender, access, timeout=1000, priority=Priority.COLLECTOR, sleep=clock.asleep
    )
    await http.send(Request("GET", "/"))
    await http.send(Request("GET", "/"))
    assert clock.slept == [pytest.approx(400)]
    assert len(sender.sent) == 2


async def test_a_pause_beyond_the_end_of_the_run_is_what_the_plan_says(store: StoreFactory) -> None:
    clock = Clock()
    http = StoreHttp(store("https://shop.example.com"), always(), timeout=60, sleep=clock.asleep)
    late = StoreError("rate_limited", "no room in time")
    await http.pause(Pause(20, late))
    with pytest.raises(StoreError, match="no room in time"):
        await http.pause(Pause(61, late))
    await http.pause(Pause(3600))
    assert clock.slept == [20, 3600]


async def test_the_journal_has_no_queries_and_is_bounded(store: StoreFactory) -> None:
    http = StoreHttp(store("https://shop.example.com"), always())
    for number in range(200):
        await http.send(Request("GET", "/page", params={"oauth_signature": str(number)}))
    assert http.journal.requests == 200
    assert len(http.journal.exchanges) == 50
    assert next(http.journal.lines()).startswith("GET /page: HTTP 200, 2 bytes in ")


async def test_waiting_for_another_run_is_not_held_against_the_store(
    store: StoreFactory, transport: Transport
) -> None:
    asked, release = asyncio.Event(), asyncio.Event()

    async def behave(connection: Connection) -> None:
        asked.set()
        await release.wait()
        await bad_server.answer()(connection)

    async with serving(behave) as server:
        one = store(server.url, concurrency=1)
        access = Access(one)
        slow = StoreHttp(one, transport, access, timeout=30)
        quick = StoreHttp(one, transport, access, timeout=20)
        first = asyncio.create_task(slow.send(Request("GET", "/")))
        await asked.wait()
        before = quick.deadline
        second = asyncio.create_task(quick.within_deadline(quick.send(Request("GET", "/"))))
        await asyncio.sleep(0.05)
        release.set()
        await asyncio.gather(first, second)
    assert quick.journal.waited >= 0.04
    assert quick.deadline == pytest.approx(before + quick.journal.waited)


async def test_our_own_queue_of_look_ups_is_not_held_against_the_store(
    store: StoreFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(names, "LOOKUPS", 1)
    release = threading.Event()

    def hang(*_: object, **__: object) -> list[Any]:
        release.wait(60)
        return []

    transport = Transport(resolver=Names(hang))
    dead, well = (StoreHttp(store(f"http://{name}"), transport, timeout=1) for name in "ab")
    sent = [asyncio.create_task(http.send(Request("GET", "/"))) for http in (dead, well)]
    of_dead, of_well = await asyncio.gather(*sent, return_exceptions=True)
    release.set()
    await transport.close()
    assert isinstance(of_dead, StoreError)
    assert isinstance(of_well, StoreError)
    assert (of_dead.error_type, of_well.error_type) == ("timeout", "local_failure")


async def test_credentials_do_not_show_in_errors(store: StoreFactory, transport: Transport) -> None:
    token = base64.b64encode(b"ck_0123456789abcdef:cs_fedcba9876543210").decode()
    async with serving(bad_server.raw(b"HTTP/1.1 bad\r\n\r\n")) as server:
        http = StoreHttp(store(server.url), transport)
        with pytest.raises(StoreError) as caught:
            await http.send(
                Request(
                    "GET",
                    "/",
                    {"consumer_secret": "cs_fedcba9876543210"},
                    {"Authorization": f"Basic {token}"},
                )
            )
    told = f"{caught.value} {http.journal}"
    assert "fedcba" not in told
    assert token not in told


THROTTLING = [
    (429, {"retry-after": "120"}, b"", 120),
    (429, {"retry-after": "Mon, 23 Nov 2026 12:26:13 GMT"}, b"", 120),
    (429, {"retry-after": "99999999"}, b"", 3600),
    (429, {"retry-after": "soon"}, b"", 30),
    (429, {}, b"", 30),
    (503, {"retry-after": "600"}, b"", 600),
    (503, {}, b"", 30),
    (400, {"ratelimit-retry-after": "45"}, b'{"code":"rate_limit_exceeded"}', 45),
]


@pytest.mark.parametrize(("status", "headers", "body", "seconds"), THROTTLING)
async def test_a_wait_that_a_store_requests_is_kept(
    status: int, headers: dict[str, str], body: bytes, seconds: float, store: StoreFactory
) -> None:
    clock = Clock(1_795_436_653.0)
    one = store("https://shop.example.com")
    access = Access(one, monotonic=clock.now)
    access.connection(one)  # which knows the ways in which the platform asks
    sender = Scripted(lambda outgoing: Response(status, headers, body, outgoing.url))
    http = StoreHttp(one, sender, access, now=clock.now)
    await http.send(Request("GET", "/"))
    assert http.journal.throttled == 1
    assert access.budget.held == pytest.approx(seconds, rel=0.2)


async def test_an_error_page_holds_back_but_is_not_throttling(store: StoreFactory) -> None:
    one = store("https://shop.example.com")
    access = Access(one)
    http = StoreHttp(one, always(500), access)
    await http.send(Request("GET", "/"))
    assert http.journal.throttled == 0
    assert access.budget.held > 0
    await StoreHttp(one, always(200), access).send(Request("GET", "/"))
    assert access.budget.held == 0


async def test_changed_limits_hold_at_once(store: StoreFactory) -> None:
    one = store("https://shop.example.com", requests_per_hour=1000, concurrency=1)
    access = Access(one)
    access.update(replace(one, requests_per_hour=20, concurrency=3))
    assert access.budget.per_hour == 20
    assert access.budget.remaining == 2
    assert access.slots.size == 3


async def test_a_store_that_a_source_named_leads_nowhere_inside(
    store: StoreFactory, transport: Transport
) -> None:
    async with serving(bad_server.answer()) as server:
        url = server.url.replace("127.0.0.1", "localhost")
        one = replace(store(url), networks=())
        http = StoreHttp(one, transport)
        with pytest.raises(StoreError, match="which is not public") as refused:
            await http.within_deadline(http.send(Request("GET", "/")))
        assert refused.value.error_type == "dns"
        assert server.connections == 0
        allowed = replace(one, networks=("127.0.0.0/8",))
        http = StoreHttp(allowed, transport)
        assert (await http.within_deadline(http.send(Request("GET", "/")))).status == 200
        # Whoever comes next is judged anew, and a store of the file may be anywhere.
        http = StoreHttp(store(url), transport)
        assert (await http.within_deadline(http.send(Request("GET", "/")))).status == 200


@pytest.mark.parametrize(("then", "seen"), [("127.0.0.2", False), ("127.0.0.1", True)])
async def test_a_name_that_changes_its_address_is_judged_at_each_connection(
    authority: Authority, store: StoreFactory, then: str, *, seen: bool
) -> None:
    asked: list[str] = []

    def lookup(host: str, port: int, **_: object) -> list[tuple[object, ...]]:
        asked.append(host)
        address = "127.0.0.1" if len(asked) == 1 else then
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    transport = Transport(resolver=Names(lookup))  # type: ignore[arg-type]
    tls = authority.context("localhost")
    try:
        async with serving(bad_server.answer(), tls=tls) as server:
            url = server.url.replace("127.0.0.1", "shop.example")
            one = replace(store(url), ca_file=None, networks=("127.0.0.1/32",))
            http = StoreHttp(one, transport)
            with pytest.raises(StoreError) as refused:
                await http.within_deadline(http.send(Request("GET", "/")))
            # The look at the certificate that was refused is a connection of its own.
            assert refused.value.error_type in ("tls", "tls_untrusted")
            assert len(asked) == 2
            assert (http.journal.certificate_expiry is not None) is seen
    finally:
        await transport.close()
