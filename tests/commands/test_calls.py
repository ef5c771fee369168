"""`store-exporter calls` against an exporter that runs as a process of its own."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.commands.serving import run_here, served
from tests.fakes import bad_server
from tests.server.support import ENVIRON, configuration

DOMAIN = "shop.example.com"
MORE = ENVIRON | {"INGEST": "token-of-ingest-0123456789"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    stores = (("acme", DOMAIN, "http://127.0.0.1:9"), ("zen", "zen.example", "http://127.0.0.1:9"))
    text = configuration(*stores).replace(
        "env:ACME_TOKEN", "env:ACME_TOKEN, {token: env:INGEST, scopes: [ingest]}"
    )
    text = text.replace("[env:ZEN_TOKEN]", "[{token: env:ZEN_TOKEN, scopes: [ingest]}]")
    (tmp_path / "store-exporter.yml").write_text(text)
    return tmp_path


def argv(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "store_exporter", "calls", *arguments]


async def command(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return await asyncio.to_thread(run_here, folder, "calls", *arguments, environ=MORE)


async def report(url: str, **fields: object) -> None:
    call = {"operation": "get_cart", "domain": DOMAIN, "duration_seconds": 0.25, **fields}
    headers = {"Authorization": f"Bearer {MORE['INGEST']}"}
    async with httpx.AsyncClient(headers=headers) as client:
        (await client.post(f"{url}/api/v1/operations", json=[call])).raise_for_status()


async def test_failures_are_printed_and_followed(folder: Path) -> None:
    async with served(folder, environ=MORE) as (_, url, _):
        await report(url, error_type="timeout", message="jane@example.com waited")
        done = await command(folder, DOMAIN, f"--exporter.url={url}")
        assert (done.returncode, done.stderr) == (0, "")
        assert "  get_cart  250 ms  timeout (store): <hidden> waited\n" in done.stdout
        following = await asyncio.create_subprocess_exec(
            *argv(DOMAIN, "--follow", "--format=json", f"--exporter.url={url}"),
            cwd=folder, env=MORE, stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        assert following.stdout is not None
        try:
            async with asyncio.timeout(60):
                while b'"timeout"' not in await following.stdout.readline():
                    pass
                await report(url, error_type="rate_limited", message="slow down")
                while b'"slow down"' not in await following.stdout.readline():
                    pass
        finally:
            following.kill()
            await following.wait()


@pytest.mark.parametrize(
    "document", ["{}", '{"calls": [{}]}', '{"calls": 1}', "[]", "nothing", "[" * 99_999]
)
async def test_a_server_that_is_no_exporter_is_reported(folder: Path, document: str) -> None:
    async with bad_server.serving(bad_server.answer(document.encode())) as server:
        done = await command(folder, DOMAIN, f"--exporter.url={server.url}")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "is this the exporter?" in done.stderr


async def test_a_call_does_not_steer_the_terminal(folder: Path) -> None:
    call = {"time": "now", "kind": "operation", "operation": "a\x1b[2J", "duration_ms": 1}
    rest = {"error_type": "timeout", "fault": "store", "status": None, "message": "\u202e"}
    document = {"calls": [{**call, **rest, "trace_id": None}], "slowest": [], "since": "now"}
    async with bad_server.serving(bad_server.document(document)) as server:
        done = await command(folder, DOMAIN, f"--exporter.url={server.url}")
    assert done.stdout == "now  a\\u001b[2J  1 ms  timeout (store): \\u202e\n"


async def test_an_error_neither_steers_the_terminal_nor_has_a_password(folder: Path) -> None:
    forged = bad_server.document({"error": "\x1b[2Jforged\u202e"}, 400)
    async with bad_server.serving(forged) as server:
        done = await command(folder, DOMAIN, f"--exporter.url={server.url}")
    assert done.stderr == "HTTP 400: \\u001b[2Jforged\\u202e\n"
    done = await command(folder, DOMAIN, "--exporter.url=http://ada:the-password@127.0.0.1:9")
    assert "the-password" not in done.stderr
    assert "127.0.0.1:9: Connection refused" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (("shop.example.org",), 2, "is not among the stores"),
        (("zen.example",), 1, "zen has no token with the scope read"),
        ((DOMAIN, "--exporter.url=http://127.0.0.1:9"), 1, "http://127.0.0.1:9: "),
        ((), 2, "the following arguments are required: domain"),
    ],
)
def test_what_is_in_its_way_is_said(
    folder: Path, arguments: tuple[str, ...], status: int, message: str
) -> None:
    done = run_here(folder, "calls", *arguments, environ=MORE)
    assert done.returncode == status
    assert message in done.stderr
