"""Whether a running exporter is ready, as a container's health check asks."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest
import trustme

from store_exporter import cli
from store_exporter.server.process.addresses import web_paths
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
        assert await check(f"{running.url}/stores") == (1, f"{running.url}/stores answers 503\n")


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
        ("http://127.0.0.1:9", "cannot be asked: [Errno 111] Connection refused"),
        ("nonsense", "cannot be asked: unknown url type"),
    ],
)
def test_what_cannot_be_asked_is_told_in_a_sentence(
    capsys: pytest.CaptureFixture[str], url: str, problem: str
) -> None:
    assert cli.main(["healthcheck", f"--exporter.url={url}"]) == 1
    said = capsys.readouterr().err
    assert said.startswith(f"{url} {problem}")
    assert len(said.splitlines()) == 1
