"""What commands make of servers that send too much, too slowly, or something else."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
from pathlib import Path

import pytest

from store_exporter.commands.support import servers
from tests.commands.serving import run_here
from tests.fakes import bad_server
from tests.fakes.bad_server import Behaviour, Connection
from tests.server.support import ENVIRON, configuration

DOMAIN = "shop.example.com"
MORE = ENVIRON | {"WORKS": "token-of-works-0123456789", "GRAFANA_PASSWORD": "secret"}
COMMANDS = {
    "calls": ("calls", DOMAIN, "--exporter.url"),
    "maintenance": ("maintenance", DOMAIN, "--end", "--exporter.url"),
    "alert-test": ("alert-test", "acme", "--timeout=0.1", "--alertmanager.url"),
    "grafana": ("grafana", "acme", "--grafana.url"),
}
GREETING = bad_server.raw(b"SSH-2.0-OpenSSH_9.6\r\n")
ADMIN = {"login": "admin", "isGrafanaAdmin": True}
HUGE = {"time": "", "kind": "", "operation": "", "duration_ms": 10**400}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    text = configuration(("acme", DOMAIN, "http://127.0.0.1:9")).replace(
        "env:ACME_TOKEN", "env:ACME_TOKEN, {token: env:WORKS, scopes: [maintenance]}"
    )
    (tmp_path / "store-exporter.yml").write_text(text)
    return tmp_path


async def run(folder: Path, name: str, url: str) -> subprocess.CompletedProcess[str]:
    *words, flag = COMMANDS[name]
    return await asyncio.to_thread(run_here, folder, *words, f"{flag}={url}", environ=MORE)


def at(paths: dict[str, str]) -> Behaviour:
    """Answer with the document whose key the path begins with, and with nothing elsewhere."""

    async def behave(connection: Connection) -> None:
        path = connection.head.split()[1]
        length = re.search(r"(?i)content-length: (\d+)", connection.head)
        await connection.reader.readexactly(int(length[1]) if length else 0)
        found = next((text for begin, text in paths.items() if path.startswith(begin)), "")
        await bad_server.answer(found.encode())(connection)

    return behave


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize(
    ("behaviour", "problem"),
    [
        (bad_server.endless(), "the response exceeds 1048576 bytes"),
        (bad_server.compressed(bad_server.bomb(2 * 2**20)), "the response exceeds 1048576 bytes"),
        (bad_server.drip, "it took longer than 0.3 s"),
        (bad_server.drip_head, "it took longer than 0.3 s"),
        (GREETING, "the response does not begin as HTTP"),
    ],
    ids=["endless", "bomb", "drip", "drip of the head", "ssh"],
)
async def test_a_response_is_limited_in_bytes_and_time(
    folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, behaviour: Behaviour, problem: str
) -> None:
    monkeypatch.setattr(servers, "_MOST_BYTES", 2**20)
    monkeypatch.setattr(servers, "_SECONDS", 0.3)
    async with bad_server.serving(behaviour) as server:
        done = await run(folder, name, server.url)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"{server.url}: {problem}\n"
    assert server.sent < 2**24


@pytest.mark.parametrize(
    ("name", "paths", "server"),
    [
        ("calls", {"/": json.dumps({"calls": [HUGE], "slowest": []})}, "the exporter"),
        ("calls", {"/": json.dumps({"calls": [], "slowest": {}})}, "the exporter"),
        ("maintenance", {"/": "{}"}, "the exporter"),
        ("alert-test", {"/api/v2/alerts": "[{}]"}, "Alertmanager"),
        ("alert-test", {"/api/v2/alerts": "[null]"}, "Alertmanager"),
        ("alert-test", {"/api/v2/alerts": "{}"}, "Alertmanager"),
        (
            "alert-test",
            {"/metrics": 'alertmanager_notifications_total{a=""} inf\n'},
            "Alertmanager",
        ),
        ("grafana", {"/": json.dumps(ADMIN)}, "Grafana"),
        ("grafana", {"/": json.dumps({**ADMIN, "id": 1, "uid": "", "dashboard": []})}, "Grafana"),
    ],
)
async def test_a_document_of_another_form_is_reported_in_a_sentence(
    folder: Path, name: str, paths: dict[str, str], server: str
) -> None:
    async with bad_server.serving(at(paths)) as other:
        done = await run(folder, name, other.url)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert f"{other.url}: the response is not what {server} sends; is this" in done.stderr


async def test_configuration_that_alertmanager_nests_too_deeply_is_none(folder: Path) -> None:
    status = json.dumps({"config": {"original": "[" * 500}})
    alerts = json.dumps([{"receivers": [{"name": "ops"}]}])
    paths = {"/api/v2/status": status, "/api/v2/alerts": alerts}
    async with bad_server.serving(at(paths)) as server:
        done = await run(folder, "alert-test", server.url)
    assert done.stderr == f"{server.url}: it does not show its configuration\n"


@pytest.mark.parametrize("status", [302, 404, 500])
@pytest.mark.parametrize("name", COMMANDS)
async def test_a_refusal_is_one_line_that_does_not_steer_the_terminal(
    folder: Path, name: str, status: int
) -> None:
    document = {"error": "\x1b[2J\n" * 999, "message": "\x1b[2J\n" * 999}
    async with bad_server.serving(bad_server.document(document, status)) as server:
        done = await run(folder, name, server.url)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "\x1b" not in done.stderr
    assert len(done.stderr) < 500


async def test_what_the_exporter_sends_does_not_steer_the_terminal(folder: Path) -> None:
    document = {"domain": "\x1b[2J", "calls": [], "slowest": [], "since": "\x1b[2J"}
    async with bad_server.serving(bad_server.document(document)) as server:
        said = [await run(folder, name, server.url) for name in ("calls", "maintenance")]
    assert [done.stdout for done in said] == [
        "no failures since \\u001b[2J\n",
        "\\u001b[2J: the maintenance has ended\n",
    ]


async def test_the_token_is_sent_also_where_the_address_has_a_password(folder: Path) -> None:
    async with bad_server.serving(bad_server.document({"domain": DOMAIN})) as server:
        url = f"http://ada:pw@127.0.0.1:{server.port}"
        assert (await run(folder, "maintenance", url)).returncode == 0
    assert f"\r\nauthorization: bearer {MORE['WORKS']}\r\n" in server.heads[0].lower()


@pytest.mark.parametrize(
    "url",
    ["", "127.0.0.1:9", "ftp://shop", "http://", "http://:80", "http://[::1", "http://h:port",
     "http://a..b", f"http://{'a' * 64}", "http://a b", "http://a\x1b[2J"],
)  # fmt: skip
@pytest.mark.parametrize("name", COMMANDS)
async def test_what_is_no_address_is_refused(folder: Path, name: str, url: str) -> None:
    done = await run(folder, name, url)
    assert done.returncode == 2
    assert "not an http address, such as http://127.0.0.1:8080: " in done.stderr
    assert "\x1b" not in done.stderr
