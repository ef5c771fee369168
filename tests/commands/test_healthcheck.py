"""Whether a running exporter is ready, as a container's health check asks."""

from __future__ import annotations

import asyncio
import socket
import sys
import threading
from pathlib import Path

import pytest
import trustme
from aiohttp import web

from store_exporter import cli
from store_exporter.server.process.addresses import web_paths
from store_exporter.server.process.listen import listening
from store_exporter.server.security.web_file import WebFile
from tests.server.support import configuration, exporting


async def check(url: str) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "store_exporter", "healthcheck", f"--exporter.url={url}",
        stderr=asyncio.subprocess.PIPE, env={"http_proxy": "http://127.0.0.1:9"},
    )  # fmt: skip
    _, said = await process.communicate()
    return process.returncode or 0, said.decode()


async def test_it_succeeds_while_the_exporter_is_ready_and_at_no_other_time(tmp_path: Path) -> None:
    async with exporting(tmp_path, configuration(), paths=web_paths("/stores")) as running:
        assert await check(f"{running.url}/stores/") == (0, "")
        running.exporter.ready = False
        told = f"{running.url}/stores is not ready: it responds 503 Service Unavailable\n"
        assert await check(f"{running.url}/stores") == (1, told)
        told = f"{running.url} is not the address of a store-exporter: it responds 404 Not Found\n"
        assert await check(running.url) == (1, told)


async def test_another_program_that_is_ready_is_not_taken_for_the_exporter() -> None:
    async def ready(_: web.Request) -> web.Response:
        return web.Response(text="Prometheus Server is Ready.\n")

    app = web.Application()
    app.router.add_get("/-/ready", ready)
    async with listening(app, [("127.0.0.1", 0)]) as (url,):
        problem = "is not the address of a store-exporter: another program responds there"
        assert await check(url) == (1, f"{url} {problem}\n")


async def test_a_user_and_a_password_in_the_address_are_left_out(tmp_path: Path) -> None:
    async with exporting(tmp_path, configuration()) as running:
        assert await check(running.url.replace("://", "://ada:pw@")) == (0, "")


async def test_a_certificate_and_a_password_stand_in_nobodys_way(tmp_path: Path) -> None:
    trustme.CA().issue_cert("elsewhere.example").private_key_and_cert_chain_pem.write_to_path(
        str(tmp_path / "both.pem")
    )
    (tmp_path / "web.yml").write_text(
        "tls_server_config: {cert_file: both.pem, key_file: both.pem}\n"
        f"basic_auth_users: {{ada: $2y$10${'a' * 53}}}\n"
    )
    web_file = WebFile(tmp_path / "web.yml")
    async with exporting(tmp_path, configuration(), web_file=web_file) as running:
        assert await check(running.url) == (0, "")


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        (
            "http://127.0.0.1:9",
            "cannot be reached: Connection refused; does the exporter listen there?",
        ),
        ("http://nowhere.invalid", "cannot be reached: "),
        ("http://127.0.0.1:9/ä", "is not an address, such as http://127.0.0.1:10847"),
    ],
)
def test_a_request_that_cannot_be_sent_is_reported_in_a_sentence(
    capsys: pytest.CaptureFixture[str], url: str, problem: str
) -> None:
    assert cli.main(["healthcheck", f"--exporter.url={url}"]) == 1
    said = capsys.readouterr().err
    assert said.startswith(f"{url} {problem}")
    assert "Errno" not in said
    assert len(said.splitlines()) == 1


def test_a_server_that_speaks_no_http_is_reported(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"

        def greet() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(b"220 mail.example \x1b[2JESMTP\r\n")

        greeting = threading.Thread(target=greet)
        greeting.start()
        assert cli.main(["healthcheck", f"--exporter.url={url}"]) == 1
        greeting.join()
    told = f"{url} does not speak HTTP: 220 mail.example \\u001b[2JESMTP\n"
    assert capsys.readouterr().err == told
