"""Probes through a proxy, a real tinyproxy, and whose fault its failures are."""

from __future__ import annotations

import asyncio
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest

from store_demo.ports import free_ports
from store_exporter.errors import StoreError
from store_exporter.metrics.catalogue.exporter import RUNS_SKIPPED
from store_exporter.metrics.exposition import render_text
from store_exporter.metrics.recorder import Recorder
from store_exporter.net.plans import Request
from store_exporter.net.proxy import proxy_for
from store_exporter.platforms import base
from store_exporter.platforms.woocommerce import WooCommerce
from store_exporter.probing.http import StoreHttp
from store_exporter.probing.jobs import Job, jobs_of
from store_exporter.probing.runner import Runner
from store_exporter.probing.transport import Transport
from store_exporter.stores.model import Proxy, Schedule, Secret, Store
from tests.fakes import bad_server
from tests.fakes.bad_server import Authority, Behaviour, serving
from tests.probing.conftest import StoreFactory
from tests.servers import eventually, tool

pytestmark = pytest.mark.real
PASSWORD = "a-password-of-the-proxy"
NOWHERE = "http://127.0.0.1:9"


@contextmanager
def tinyproxy(folder: Path, *lines: str) -> Iterator[str]:
    """Run a proxy that takes what comes from this machine; yields its address."""
    (port,) = free_ports(1)
    file = folder / "tinyproxy.conf"
    settings = (f"Port {port}", "Listen 127.0.0.1", "Timeout 60", "Allow 127.0.0.1", *lines)
    file.write_text("\n".join(settings) + "\n")
    argv = [tool("tinyproxy"), "-d", "-c", str(file)]
    with subprocess.Popen(argv, stdout=subprocess.DEVNULL) as child:
        try:
            eventually(lambda: _accepts(port))
            yield f"http://127.0.0.1:{port}"
        finally:
            child.terminate()


def _accepts(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


async def ask(store: StoreFactory, transport: Transport, url: str, proxy: Proxy) -> int:
    shop = store(url, proxy=proxy, networks=())
    return (await StoreHttp(shop, transport).send(Request("GET", "/"))).status


async def failure(
    store: StoreFactory, transport: Transport, url: str, proxy: Proxy
) -> tuple[str, str]:
    with pytest.raises(StoreError) as raised:
        await ask(store, transport, url, proxy)
    return raised.value.error_type, raised.value.message


async def test_plain_requests_and_tunnels_go_through_it_with_its_password(
    tmp_path: Path, store: StoreFactory, transport: Transport, authority: Authority
) -> None:
    with tinyproxy(tmp_path, f"BasicAuth ada {PASSWORD}") as url:
        proxy = Proxy(url, "ada", Secret(PASSWORD))
        async with (
            serving(bad_server.answer()) as plain,
            serving(bad_server.answer(), tls=authority.context()) as secure,
        ):
            for server in (plain, secure):
                assert await ask(store, transport, server.url, proxy) == 200
                assert "proxy-authorization" not in "".join(server.heads).lower()
        assert "Via:" in plain.heads[0]
        wrong = Proxy(url, "ada", Secret("wrong"))
        for server in (plain, secure):
            kind, message = await failure(store, transport, server.url, wrong)
            assert kind == "local_failure"
            assert url in message
            assert "refuses: 40" in message


async def test_a_certificate_is_verified_through_a_tunnel(
    tmp_path: Path, store: StoreFactory, transport: Transport
) -> None:
    stranger = Authority()
    with tinyproxy(tmp_path) as url:
        async with serving(bad_server.answer(), tls=stranger.context()) as server:
            kind, _ = await failure(store, transport, server.url, Proxy(url))
        assert kind == "tls_untrusted"


async def test_the_probes_of_a_store_work_through_it(
    tmp_path: Path, store: StoreFactory, transport: Transport, authority: Authority
) -> None:
    with tinyproxy(tmp_path) as url:
        async with serving(bad_server.answer(b""), tls=authority.context()) as server:
            job = tls_probe(store(server.url, proxy=Proxy(url)))
            result = await Runner(Recorder(), transport).run_anyway(job)
    assert (result.ok, result.message) == (True, "")
    assert server.heads


def tls_probe(shop: Store) -> Job:
    watched = replace(shop, probes={"tls": Schedule(60.0, 10.0)})
    return next(job for job in jobs_of(watched) if job.name == "tls")


async def test_a_proxy_that_repeats_its_password_shows_it_to_nobody(
    store: StoreFactory, transport: Transport
) -> None:
    # As a debugging page does, before what it was to send.
    page = bad_server.answer(f"{PASSWORD} ada\n{{}}".encode())
    recorder = Recorder()
    async with serving(page) as proxy:
        shop = store("http://shop.example.com", proxy=Proxy(proxy.url, "ada", Secret(PASSWORD)))
        job = next(job for job in jobs_of(shop) if job.liveness)
        result = await Runner(recorder, transport).run_anyway(job)
    assert result.error_type == "invalid_response"
    assert PASSWORD not in result.message
    assert "<masked>" in result.message
    assert PASSWORD not in b"".join(render_text(recorder.families())).decode()


async def test_a_proxy_that_is_down_is_reported_as_such_and_counts_against_no_store(
    store: StoreFactory, transport: Transport, authority: Authority
) -> None:
    async with serving(bad_server.answer(), tls=authority.context()) as server:
        recorder = Recorder()
        shop = store(server.url, proxy=Proxy(NOWHERE))
        result = await Runner(recorder, transport).run_anyway(tls_probe(shop))
    assert (result.ok, result.error_type, result.skipped) == (False, "local_failure", "local")
    assert result.message == (
        f"the proxy {NOWHERE} for 127.0.0.1 cannot be reached: Connection refused"
    )
    (skipped,) = (family for family in recorder.families() if family.metric == RUNS_SKIPPED)
    assert dict(skipped.series)[("local",)] == 1


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_a_proxy_without_a_name_or_that_takes_no_connection_is_our_own_trouble(
    store: StoreFactory,
    transport: Transport,
    monkeypatch: pytest.MonkeyPatch,
    scheme: str,
) -> None:
    url = f"{scheme}://shop.example.com"
    nameless = Proxy("http://proxy.invalid:3128")
    assert (await failure(store, transport, url, nameless))[0] == "local_failure"
    monkeypatch.setattr("store_exporter.probing.proxied._PROXY_SECONDS", 0.2)
    with full_queue() as port:
        kind, message = await failure(store, transport, url, Proxy(f"http://127.0.0.1:{port}"))
    assert (kind, message.rpartition("shop.example.com ")[2]) == (
        "local_failure",
        "does not accept the connection",
    )


@contextmanager
def full_queue() -> Iterator[int]:
    """A port of which no further connection is taken."""
    with ExitStack() as open_:
        listener = open_.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        address = listener.getsockname()
        for _ in range(8):
            client = open_.enter_context(socket.socket())
            client.setblocking(False)
            client.connect_ex(address)
        yield address[1]


@pytest.mark.parametrize(
    ("behaviour", "words"),
    [
        (bad_server.close, "ends the connection instead of making a tunnel"),
        (bad_server.reset, "ends the connection instead of making a tunnel"),
        (bad_server.raw(b"SSH-2.0-OpenSSH_9.2\r\n"), "does not respond as an HTTP proxy does"),
        (
            bad_server.answer(headers={"X": "x" * 100_000}),
            "responds with headers that are too large",
        ),
        (
            bad_server.raw(bad_server.head(429, reason="Too\x1b[2Jmany\u009b" + "x" * 5000)),
            "refuses: 429 Too\\u001b[2Jmany\ufffdxxx",
        ),
    ],
)
async def test_a_proxy_that_opens_no_tunnel_is_a_problem_of_our_side(
    store: StoreFactory, transport: Transport, behaviour: Behaviour, words: str
) -> None:
    async with serving(behaviour) as broken:
        proxy = Proxy(broken.url)
        kind, message = await failure(store, transport, "https://shop.example.com", proxy)
    assert kind == "local_failure"
    assert message.startswith(f"the proxy {proxy.url} for shop.example.com {words}")
    assert message.isprintable()
    assert len(message) < 200


async def test_what_ends_in_a_tunnel_is_the_stores(
    tmp_path: Path, store: StoreFactory, transport: Transport, authority: Authority
) -> None:
    with tinyproxy(tmp_path) as url:
        async with serving(bad_server.close, tls=authority.context()) as server:
            assert (await failure(store, transport, server.url, Proxy(url)))[0] == "connection"


async def test_a_store_that_the_proxy_cannot_reach_is_down(
    tmp_path: Path, store: StoreFactory, transport: Transport
) -> None:
    with tinyproxy(tmp_path) as url:
        for address in ("https://127.0.0.1:9", NOWHERE):
            kind, message = await failure(store, transport, address, Proxy(url))
            assert kind == "connection"
            assert f"the proxy {url} could not reach 127.0.0.1: 5" in message


async def test_what_is_exempt_is_reached_without_the_proxy(
    store: StoreFactory, transport: Transport
) -> None:
    async with serving(bad_server.answer()) as server:
        proxy = Proxy(NOWHERE, no_proxy=("127.0.0.0/8",))
        shop = store(server.url, proxy=proxy)
        assert (await StoreHttp(shop, transport).send(Request("GET", "/"))).status == 200


@pytest.mark.parametrize(
    ("exemption", "exempt"),
    [
        ("*", True),
        ("shop.example.com", True),
        ("example.com", True),
        (".example.com", True),
        (".shop.example.com", False),
        ("ample.com", False),
        ("10.0.0.0/8", False),
    ],
)
def test_exemptions_are_hosts_domains_and_networks(
    store: StoreFactory, exemption: str, *, exempt: bool
) -> None:
    url = "https://shop.example.com"
    shop = store(url, proxy=Proxy(NOWHERE, no_proxy=(exemption,)))
    assert (proxy_for(shop, url) is None) == exempt


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_client_that_a_configuration_describes_goes_through_the_proxy_too(
    tmp_path: Path, store: StoreFactory, scheme: str
) -> None:
    with tinyproxy(tmp_path, f"BasicAuth ada {PASSWORD}") as url:
        for password, kind in ((PASSWORD, "connection"), ("wrong", "local_failure")):
            shop = store(f"{scheme}://127.0.0.1:9", proxy=Proxy(url, "ada", Secret(password)))
            client = base.load("woocommerce").connect(shop)
            with pytest.raises(StoreError, match="the proxy for") as raised:
                client.check_stock("SKU")
            client.close()
            assert raised.value.error_type == kind
            assert password not in str(raised.value)


def test_a_proxy_that_is_down_is_not_the_stores_fault_for_a_client_either(
    store: StoreFactory,
) -> None:
    for url in (NOWHERE, "http://proxy.invalid:3128"):
        shop = store("https://shop.example.com", proxy=Proxy(url))
        client = base.load("woocommerce").connect(shop)
        with pytest.raises(StoreError, match="the proxy for") as raised:
            client.check_stock("SKU")
        client.close()
        assert raised.value.error_type == "local_failure"


async def test_a_client_trusts_the_issuer_of_a_proxy_that_speaks_tls_as_that_of_a_store(
    tmp_path: Path, authority: Authority
) -> None:
    refusing = bad_server.answer(b"", 403)
    async with serving(refusing, tls=authority.context()) as server:
        client = WooCommerce(
            "https://shop.example.com",
            "ck_1",
            "cs_1",
            org="acme",
            proxy_url=server.url,
            ca_file=authority.write(tmp_path / "ca.pem"),
        )
        with client, pytest.raises(StoreError, match="opens no tunnel: 403") as raised:
            await asyncio.to_thread(client.check_stock, "SKU")
    assert raised.value.error_type == "local_failure"
