"""Keys must not appear anywhere, whatever a store, a caller or a file does."""

from __future__ import annotations

import asyncio
import io
import logging
from base64 import b64encode
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from urllib.parse import quote

import pytest
from aiohttp import web

from store_exporter.net.redactor import MASK, Redactor
from store_exporter.platforms import base as platforms
from store_exporter.probing.jobs import jobs_of
from store_exporter.server.process import logs
from store_exporter.server.process.listen import listening
from tests.fakes.bad_server import serving
from tests.server.support import ENVIRON, SECRETS, configuration, exporting

PAIR = b64encode(f"{ENVIRON['KEY']}:{ENVIRON['SECRET']}".encode()).decode()
FORBIDDEN = (*SECRETS, *(quote(secret, safe="") for secret in SECRETS), PAIR, "oauth_signature=")


def assert_clean(text: str, where: str) -> None:
    for secret in FORBIDDEN:
        assert secret not in text, where


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """Everything that the process logs at debug, as serve formats it but without its redaction."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    logs.configure("debug", "logfmt", Redactor(), stream)
    yield stream
    root.handlers[:], root.level = handlers, level


async def _echo(request: web.Request) -> web.Response:
    """Tell everything about a request in an error, as a badly configured host might."""
    told = f"{request.path_qs} {dict(request.headers)} {ENVIRON['KEY']} {ENVIRON['SECRET']}"
    body = {"code": told, "message": told, "data": {"status": 400, "details": told}}
    status = int(request.headers.get("X-Status", "401"))
    return web.json_response(body, status=status, headers={"X-Told": ENVIRON["KEY"]})


async def _success(request: web.Request) -> web.Response:
    """Tell it in answers that look well."""
    told = f"{request.path_qs} {dict(request.headers)}"
    return web.json_response({"id": told, "value": told, "currency": told, "name": told})


async def _redirect(request: web.Request) -> web.Response:
    """Send the key away in an address."""
    location = f"http://{ENVIRON['KEY']}:{ENVIRON['SECRET']}@127.0.0.1:9/?k={ENVIRON['KEY']}"
    return web.Response(status=302, headers={"Location": location})


async def _page(request: web.Request) -> web.Response:
    """Answer with a page that quotes the request."""
    return web.Response(
        status=500, text=f"<h1>{dict(request.headers)}</h1>", content_type="text/html"
    )


async def _hang(_: web.Request) -> web.Response:
    await asyncio.sleep(60)
    return web.Response()


@asynccontextmanager
async def bad_stores() -> AsyncIterator[list[tuple[str, str, str]]]:
    """Serve every bad store; yields org, domain and address of each."""
    async with AsyncExitStack() as stack:
        stores = [("acme", "refusing.example", "http://127.0.0.1:9")]
        for handler in (_echo, _success, _redirect, _page, _hang):
            app = web.Application()
            app.router.add_route("*", "/{path:.*}", handler)
            address = listening(app, [("127.0.0.1", 0)])
            (url,) = await stack.enter_async_context(address)
            stores.append(("acme", f"{handler.__name__[1:]}.example", url))
        broken = await stack.enter_async_context(serving(_nonsense))
        yield [*stores, ("acme", "nonsense.example", broken.url)]


async def _nonsense(connection) -> None:  # type: ignore[no-untyped-def]
    await connection.send(f"HTTP/9 {connection.head}\r\n\r\n".encode())
    connection.reset()


async def test_keys_are_in_no_log_metric_page_or_error(
    tmp_path: Path, written: io.StringIO
) -> None:
    platform = platforms.load("woocommerce")
    quick = "    concurrency: 16\n"
    for group, checks in (("probes", platform.probes), ("collectors", platform.collectors)):
        quick += f"    {group}:\n" + "".join(f"      {n}: {{timeout: 3s}}\n" for n in checks)
    async with (
        bad_stores() as stores,
        exporting(tmp_path, configuration(*stores, keys=quick)) as running,
    ):
        results = await running.scheduler.run()
        assert len({result.error_type for result in results}) >= 5
        paths = [
            "/",
            "/metrics",
            "/config",
            "/calls",
            "/sd",
            "/-/healthy",
            "/-/ready",
            "/runbooks/",
        ]
        for _, domain, _ in stores:
            paths += [f"/probe?target={domain}&debug=true", f"/probe?target={domain}&module=cart"]
        paths += [f"/probe?target={ENVIRON['KEY']}", f"/?page={ENVIRON['KEY']}"]
        for path in paths:
            answer = await running.ask(path, headers={"X-Prometheus-Scrape-Timeout-Seconds": "1"})
            assert_clean(answer.text, path)
            assert_clean(str(answer.headers), path)
        for path in (
            "/api/v1/calls",
            "/api/v1/health",
            "/api/v1/analytics",
            f"/api/v1/health?domain={SECRETS[0]}",
        ):
            assert_clean((await running.api(path)).text, path)
        for store in running.exporter.inventory.stores.values():
            assert_clean(repr(store), "a store's repr")
            assert_clean(repr(list(jobs_of(store))), "a job's repr")
        assert_clean(repr(running.exporter.config), "the configuration's repr")
    assert_clean(written.getvalue(), "the log")


async def test_no_org_learns_by_masking_what_it_has_guessed_of_another(tmp_path: Path) -> None:
    beginning = ENVIRON["ZEN_TOKEN"][:12]
    text = configuration(("acme", "a.example", "http://127.0.0.1:9")).replace(
        "env:ACME_TOKEN", "{token: env:ACME_TOKEN, scopes: [read, events]}"
    )
    async with exporting(tmp_path, text) as running:
        assert running.exporter.redact(beginning) == MASK
        handle = running.exporter.recorder.operation("acme", "a.example", "woocommerce", "x")
        handle.start()
        handle.fail(1.0, "exception", ValueError(beginning))
        (call,) = (await running.api("/api/v1/calls")).json["calls"]
        assert call["message"] == f"ValueError: {beginning}"
        answer = await running.ask(
            "/api/v1/events",
            "POST",
            headers={"Authorization": f"Bearer {ENVIRON['ACME_TOKEN']}"},
            json={"version": beginning},
        )
        assert answer.json["after"] == beginning


async def test_keys_are_in_no_response_to_a_bad_reload(
    tmp_path: Path, written: io.StringIO
) -> None:
    async with exporting(
        tmp_path, configuration(("acme", "a.example", "http://127.0.0.1:9"))
    ) as running:
        for secret in SECRETS:
            clear = running.file.read_text().replace("env:KEY", secret)
            running.file.write_text(clear + f"prometheus_url: http://me:{secret}@127.0.0.1\n")
            answer = await running.ask("/-/reload", "POST")
            assert answer.status == 500
            assert_clean(answer.text, "the answer")
            assert_clean((await running.ask("/")).text, "the landing page")
            running.file.write_text(configuration())
    assert_clean(written.getvalue(), "the log")


async def test_a_key_that_a_caller_put_into_an_address_is_masked_in_the_log(
    tmp_path: Path, written: io.StringIO
) -> None:
    redact = Redactor()
    logs.configure("debug", "json", redact, written)
    async with exporting(
        tmp_path, configuration(("acme", "a.example", "http://127.0.0.1:9")), redact=redact
    ) as running:
        await running.ask(f"/{ENVIRON['KEY']}")
    assert '"path": "/<masked>"' in written.getvalue()
    assert_clean(written.getvalue(), "the log")
