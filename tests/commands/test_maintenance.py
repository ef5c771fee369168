"""`store-exporter maintenance` against an exporter that runs as a process of its own."""

from __future__ import annotations

import asyncio
import subprocess
from pathlib import Path

import pytest

from tests.commands.serving import run_here, served
from tests.server.support import ENVIRON, configuration

DOMAIN = "shop.example.com"
WORKS = ENVIRON | {"WORKS": "token-of-works-0123456789"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    stores = (("acme", DOMAIN, "http://127.0.0.1:9"), ("zen", "zen.example", "http://127.0.0.1:9"))
    text = configuration(*stores).replace(
        "env:ACME_TOKEN", "env:ACME_TOKEN, {token: env:WORKS, scopes: [maintenance]}"
    )
    (tmp_path / "store-exporter.yml").write_text(text)
    return tmp_path


async def command(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return await asyncio.to_thread(run_here, folder, "maintenance", *arguments, environ=WORKS)


async def test_it_is_begun_survives_a_restart_and_is_ended(folder: Path) -> None:
    more = ("--for", "2h", "--reason", "plugins are updated")
    async with served(folder, environ=WORKS) as (_, url, _):
        done = await command(folder, DOMAIN, *more, f"--exporter.url={url}")
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.startswith(f"{DOMAIN} is in maintenance until 2")
        assert done.stdout.endswith(": plugins are updated\n")
    async with served(folder, environ=WORKS) as (_, url, _):
        done = await command(folder, DOMAIN, "--end", f"--exporter.url={url}")
        assert (done.stdout, done.stderr) == (f"{DOMAIN}: the maintenance has ended\n", "")
        done = await command(folder, DOMAIN, "--end", f"--exporter.url={url}")
        assert done.returncode == 1
        assert done.stderr == "HTTP 409: no maintenance was started for this store\n"


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        ((DOMAIN, "--for", "2h"), 2, "--reason is required"),
        (("shop.example.org", "--end"), 2, "is not among the stores"),
        (("zen.example", "--end"), 1, "zen has no token with the scope maintenance"),
        ((DOMAIN, "--end", "--exporter.url=http://127.0.0.1:9"), 1, "http://127.0.0.1:9: "),
        ((DOMAIN,), 2, "one of the arguments --for --end is required"),
    ],
)
def test_what_is_in_its_way_is_said(
    folder: Path, arguments: tuple[str, ...], status: int, message: str
) -> None:
    done = run_here(folder, "maintenance", *arguments, environ=WORKS)
    assert done.returncode == status
    assert message in done.stderr
