"""`serve` as a service of systemd: the unit, what is told to the manager, sockets handed over."""

from __future__ import annotations

import asyncio
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import aiohttp
import pytest

from store_exporter.config import ConfigError, load
from store_exporter.server.process.systemd import Notifier, activated
from store_exporter.stores.model import Secret
from tests.commands.serving import LISTEN, line_of, run, served
from tests.server.support import ENVIRON, configuration

STORE = ("acme", "shop.example.com", "http://127.0.0.1:9")


def program(name: str) -> str:
    """The path of one of systemd's programs; skips the test without it."""
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not there; it belongs to the distribution's systemd")
    return found


@contextmanager
def manager(address: str) -> Iterator[socket.socket]:
    """A socket that is told things, as the service manager's is."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(address)
        listener.setblocking(False)
        yield listener


async def told(listener: socket.socket, wanted: str) -> list[str]:
    """Return what is told until one line is the wanted one."""
    loop, lines = asyncio.get_running_loop(), list[str]()
    async with asyncio.timeout(60):
        while wanted not in lines:
            lines += (await loop.sock_recv(listener, 1000)).decode().splitlines()
    return lines


@pytest.mark.real
@pytest.mark.parametrize("name", ["store-exporter.service", "store-exporter.socket"])
def test_the_units_are_right(repository: Path, tmp_path: Path, name: str) -> None:
    for unit in (repository / "deploy/systemd").glob("store-exporter.s*"):
        text = unit.read_text().replace("/opt/store-exporter/bin/store-exporter", "/bin/true")
        (tmp_path / unit.name).write_text(text)
    argv = [program("systemd-analyze"), "verify", "--man=no", str(tmp_path / name)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.real
def test_the_service_may_do_little(repository: Path) -> None:
    unit = repository / "deploy/systemd/store-exporter.service"
    argv = [program("systemd-analyze"), "security", "--offline=true", "--threshold=20", str(unit)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    exposure = re.search(r"exposure level for \S+: ([0-9.]+)", done.stdout)
    assert done.returncode == 0, done.stderr
    assert exposure is not None
    assert float(exposure[1]) < 2.0


async def test_the_manager_is_notified_of_start_reload_life_and_end(tmp_path: Path) -> None:
    (tmp_path / "store-exporter.yml").write_text(configuration(STORE))
    name = str(tmp_path / "notify")
    environ = {**ENVIRON, "NOTIFY_SOCKET": name, "WATCHDOG_USEC": "200000"}
    with manager(name) as listener:
        async with served(tmp_path, environ=environ, python=sys.executable) as (process, _, _):
            await told(listener, "READY=1")
            await told(listener, "WATCHDOG=1")
            process.send_signal(signal.SIGHUP)
            lines = await told(listener, "READY=1")
            assert "RELOADING=1" in lines
            assert any(re.fullmatch(r"MONOTONIC_USEC=\d+", line) for line in lines)
            (tmp_path / "store-exporter.yml").write_text("nonsense: 1\n")
            process.send_signal(signal.SIGHUP)
            await told(listener, "RELOADING=1")
            await told(listener, "READY=1")
            process.send_signal(signal.SIGTERM)
            await told(listener, "STOPPING=1")
            assert await asyncio.wait_for(process.wait(), 60) == 0


async def test_the_manager_is_notified_at_an_abstract_address_too(tmp_path: Path) -> None:
    name = f"store-exporter-{tmp_path}"
    with manager(f"\0{name}") as listener:
        notifier = Notifier({"NOTIFY_SOCKET": f"@{name}", "WATCHDOG_USEC": "200000"})
        notifier.ready()
        assert await told(listener, "READY=1") == ["READY=1"]
        async with notifier.watched():
            await told(listener, "WATCHDOG=1")
        notifier.reloading()
        assert len(await told(listener, "RELOADING=1")) >= 2
        notifier.stopping()
        await told(listener, "STOPPING=1")


async def test_the_watchdog_of_another_process_is_ignored(tmp_path: Path) -> None:
    with manager(str(tmp_path / "notify")) as listener:
        environ = {
            "NOTIFY_SOCKET": str(tmp_path / "notify"),
            "WATCHDOG_USEC": "1000",
            "WATCHDOG_PID": "1",
        }
        notifier = Notifier(environ)
        async with notifier.watched():
            await asyncio.sleep(0)
            notifier.ready()
        assert await told(listener, "READY=1") == ["READY=1"]


def test_a_manager_that_is_gone_stops_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    Notifier({"NOTIFY_SOCKET": str(tmp_path / "nowhere")}).ready()
    assert "the service manager could not be notified: No such file or directory" in caplog.text
    Notifier({}).ready()


@asynccontextmanager
async def activating(
    folder: Path, *addresses: str
) -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    """Run `serve` as systemd's own program does at the first connection; yields its address."""
    listen = [f"--listen={address}" for address in addresses]
    process = await asyncio.create_subprocess_exec(
        program("systemd-socket-activate"), *listen, *(f"--setenv={name}" for name in ENVIRON),
        sys.executable, "-m", "store_exporter", "serve", "--web.systemd-socket",
        cwd=folder, env=ENVIRON, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        line = await line_of(process)
        while "Listening on" not in line:
            line = await line_of(process)
        yield process, line
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


@pytest.mark.real
async def test_it_responds_on_a_socket_that_systemd_opened(tmp_path: Path) -> None:
    (tmp_path / "store-exporter.yml").write_text(configuration(STORE))
    address = tmp_path / "web.sock"
    async with activating(tmp_path, str(address)) as (process, _):
        connector = aiohttp.UnixConnector(path=str(address))
        async with aiohttp.ClientSession(connector=connector) as session:
            async with session.get("http://exporter.example/-/healthy") as answer:
                assert answer.status == 200
            async with session.get("http://exporter.example/") as answer:
                assert "shop.example.com" in await answer.text()
        async with asyncio.timeout(60):
            while not (found := LISTEN.search(await line_of(process))):
                pass
        assert found[1] == f"unix:{address}"
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 60) == 0


def test_without_sockets_of_systemd_it_says_so() -> None:
    for environ in ({}, {"LISTEN_PID": "1", "LISTEN_FDS": "1"}):
        with pytest.raises(OSError, match="systemd has handed no sockets to this process"):
            activated(environ)


def test_serve_says_that_it_was_handed_no_sockets(tmp_path: Path) -> None:
    (tmp_path / "store-exporter.yml").write_text(configuration(STORE))
    done = run(tmp_path, "--web.systemd-socket")
    assert done.returncode == 1
    assert "systemd has handed no sockets" in done.stderr


def test_credentials_of_the_unit_are_references(tmp_path: Path) -> None:
    folder = tmp_path / "credentials"
    folder.mkdir()
    (folder / "secrets_key").write_text("ck_0123456789\n")
    text = configuration(STORE).replace("env:KEY", "file:$CREDENTIALS_DIRECTORY/secrets_key")
    file = tmp_path / "store-exporter.yml"
    file.write_text(text)
    config = load(file, environ={**ENVIRON, "CREDENTIALS_DIRECTORY": str(folder)})
    assert config.stores[0].credentials["consumer_key"] == Secret("ck_0123456789")
    try:
        problem = load(file, environ=ENVIRON).stores[0].problem
    except ConfigError as error:
        problem = str(error)
    assert "CREDENTIALS_DIRECTORY is not set" in problem
    assert "/run/credentials/store-exporter.service" in problem
