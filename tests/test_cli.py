from __future__ import annotations

import argparse
import asyncio
import re
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from importlib import import_module
from pathlib import Path

import aiohttp
import pytest

from store_exporter import cli
from store_exporter._version import __version__
from tests.fakes.bad_server import hang, serving
from tests.server.support import ENVIRON, configuration
from tests.servers import eventually

STORE = ("acme", "shop.example.com", "http://127.0.0.1:9")
LISTEN = re.compile(r"msg=listening address=(\S+)")


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    try:
        status = cli.main(arguments)
    except SystemExit as ended:
        status = int(ended.code or 0)
    out, err = capsys.readouterr()
    return status, out, err


@pytest.mark.parametrize("arguments", [("--version",), ("serve", "--version")])
def test_the_version_is_told(capsys: pytest.CaptureFixture[str], arguments: Sequence[str]) -> None:
    status, out, _ = said(capsys, *arguments)
    assert status == 0
    assert out.startswith(f"store-exporter {__version__} (Python 3.")


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = said(capsys, "--help")
    assert all(name in out for name in cli.COMMANDS)


@pytest.mark.parametrize("arguments", ["operations", "operations --format=json"])
def test_whoever_stops_reading_gets_no_traceback(arguments: str) -> None:
    argv = [sys.executable, "-m", "store_exporter", *arguments.split()]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 1


@pytest.mark.parametrize("arguments", [(), ("serv",), ("--nothing",), ("serve", "--nothing")])
def test_a_wrong_command_line_is_refused(
    capsys: pytest.CaptureFixture[str], arguments: Sequence[str]
) -> None:
    status, out, err = said(capsys, *arguments)
    assert (status, out) == (2, "")
    assert "usage: store-exporter" in err


@pytest.mark.parametrize(
    "arguments",
    [
        ("run", "check_stock", "--store=a.example", "product=1"),
        ("run", "--store=a.example", "check_stock", "product=1"),
        ("run", "check_stock", "product=1", "--store=a.example"),
    ],
)
def test_options_stand_anywhere_among_the_other_arguments(
    monkeypatch: pytest.MonkeyPatch, arguments: Sequence[str]
) -> None:
    seen: list[argparse.Namespace] = []

    def taken(args: argparse.Namespace) -> int:
        seen.append(args)
        return 0

    monkeypatch.setattr(import_module("store_exporter.commands.run"), "run", taken)
    assert cli.main(arguments) == 0
    assert (seen[0].operation, seen[0].values, seen[0].store) == (
        "check_stock",
        ["product=1"],
        "a.example",
    )


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_every_command_has_a_module_with_arguments_and_run(name: str) -> None:
    module = import_module(f"store_exporter.commands.{name}")
    assert callable(module.add_arguments)
    assert callable(module.run)


def test_help_of_a_command_imports_only_that_one() -> None:
    code = (
        "import sys, store_exporter.cli as c\n"
        "try: c.main(['--help'])\n"
        "except SystemExit: pass\n"
        "print([m for m in sys.modules if m.startswith(('store_exporter.commands', 'aiohttp'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_an_extra_that_a_platform_lacks_is_named_as_what_that_platform_lacks() -> None:
    code = (
        "import sys; sys.modules['httpx'] = None\n"
        "from store_exporter import cli\n"
        "sys.exit(cli.main(['operations']))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    hint = "it needs httpx: pip install 'store-exporter[clients]'"
    assert [line.endswith(hint) for line in done.stderr.splitlines()] == [True, True]


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--web.listen-address", "9847"),
        ("--web.listen-address", "::1:9847"),
        ("--web.listen-address", ":99999"),
        ("--web.telemetry-path", "metrics"),
        ("--web.telemetry-path", "/{x}"),
        ("--log.level", "loud"),
        ("--log.format", "xml"),
        ("--shard", "3/3"),
        ("--shard", "x"),
    ],
)
def test_a_bad_value_of_a_flag_is_refused(
    capsys: pytest.CaptureFixture[str], option: str, value: str
) -> None:
    status, _, err = said(capsys, "serve", f"{option}={value}")
    assert status == 2
    assert option in err


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "store_exporter", "serve", *arguments],
        cwd=folder,
        env=ENVIRON,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def test_a_configuration_is_checked_without_serving(tmp_path: Path) -> None:
    file = tmp_path / "store-exporter.yml"
    file.write_text(configuration(STORE))
    done = run(tmp_path, "--config.check")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "store-exporter.yml: no problems; stores: 1, orgs: 2\n"
    assert not (tmp_path / "state").exists()


@pytest.mark.parametrize("flags", [("--config.check",), ("--web.listen-address=127.0.0.1:0",)])
def test_a_bad_configuration_is_told_and_nothing_starts(
    tmp_path: Path, flags: Sequence[str]
) -> None:
    (tmp_path / "store-exporter.yml").write_text("x: 1\nstores: {}\n")
    done = run(tmp_path, *flags)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines() == [
        (
            "store-exporter.yml:1: x: unknown key; known here: alerts, defaults, discovery, orgs, "
            "prometheus_url, state_directory, stores"
        ),
        "store-exporter.yml:2: stores: must be a list, each entry after a '- '",
    ]


def test_a_bad_web_configuration_is_told_and_nothing_starts(tmp_path: Path) -> None:
    (tmp_path / "store-exporter.yml").write_text(configuration(STORE))
    (tmp_path / "web.yml").write_text("users: {}\n")
    done = run(tmp_path, "--web.config.file=web.yml", "--config.check")
    assert done.returncode == 1
    assert done.stderr.startswith("web.yml:1: users: unknown key; ")


@asynccontextmanager
async def served(
    folder: Path, *flags: str
) -> AsyncIterator[tuple[asyncio.subprocess.Process, str, list[str]]]:
    """Run `serve` as a process; yields it, its address and its log so far."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "store_exporter", "serve", "--web.listen-address=127.0.0.1:0", *flags,
        cwd=folder, env=ENVIRON, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    log: list[str] = []
    try:
        address = ""
        async with asyncio.timeout(30):
            while not address:
                log.append(await line_of(process))
                if match := LISTEN.search(log[-1]):
                    address = match[1]
        yield process, address, log
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def line_of(process: asyncio.subprocess.Process) -> str:
    assert process.stderr is not None
    line = (await process.stderr.readline()).decode()
    assert line, "the process ended"
    return line


async def until_logged(process: asyncio.subprocess.Process, text: str) -> str:
    async with asyncio.timeout(20):
        while text not in (line := await line_of(process)):
            pass
    return line


async def ask(url: str) -> str:
    async with aiohttp.ClientSession() as session:
        return await ask_in(session, url)


async def ask_in(session: aiohttp.ClientSession, url: str) -> str:
    async with session.get(url) as answer:
        return await answer.text()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_it_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    (tmp_path / "store-exporter.yml").write_text(configuration(STORE))
    async with served(tmp_path) as (process, address, _):
        assert "is ready" in await ask(f"{address}/-/ready")
        process.send_signal(number)
        async with asyncio.timeout(20):
            _, rest = await process.communicate()
        assert process.returncode == 0
        assert f"signal={number.name}" in rest.decode()
        assert "Traceback" not in rest.decode()


async def test_a_store_that_hangs_does_not_delay_the_end(tmp_path: Path) -> None:
    async with serving(hang) as store:
        file = tmp_path / "store-exporter.yml"
        file.write_text(configuration(("acme", "shop.example.com", store.url)))
        async with served(tmp_path) as (process, address, _):
            await asyncio.to_thread(eventually, lambda: store.heads)
            async with aiohttp.ClientSession() as session:
                # It waits for the store's only slot, which the scheduled run has.
                waiting = asyncio.create_task(ask_in(session, f"{address}/probe?target={STORE[1]}"))
                process.send_signal(signal.SIGTERM)
                async with asyncio.timeout(20):
                    await process.wait()
                assert process.returncode == 0
                waiting.cancel()
                await asyncio.gather(waiting, return_exceptions=True)


async def test_sighup_reloads_and_a_bad_file_does_no_harm(tmp_path: Path) -> None:
    file = tmp_path / "store-exporter.yml"
    file.write_text(configuration())
    async with served(tmp_path) as (process, address, _):
        file.write_text(configuration(STORE))
        process.send_signal(signal.SIGHUP)
        assert "1 added" in await until_logged(process, "was reloaded")
        assert "shop.example.com" in await ask(f"{address}/sd")

        file.write_text("nonsense: 1\n")
        process.send_signal(signal.SIGHUP)
        line = await until_logged(process, "was not reloaded")
        assert "nonsense: unknown key" in line
        assert "shop.example.com" in await ask(f"{address}/sd")
        assert "store_exporter_config_last_reload_successful 0" in await ask(f"{address}/metrics")


async def test_it_watches_stores_from_the_start(tmp_path: Path) -> None:
    (tmp_path / "store-exporter.yml").write_text(configuration(STORE))
    async with served(tmp_path, "--log.level=debug") as (process, address, _):
        await until_logged(process, "liveness of shop.example.com failed: connection")
        assert "store_up{" in await ask(f"{address}/metrics")


async def test_two_processes_cannot_share_their_state(tmp_path: Path) -> None:
    (tmp_path / "store-exporter.yml").write_text(configuration(STORE))
    async with served(tmp_path):
        done = await asyncio.to_thread(run, tmp_path, "--web.listen-address=127.0.0.1:0")
        assert done.returncode == 1
        assert "every exporter needs a state_directory of its own" in done.stderr
        async with served(tmp_path, "--shard=0/2"), served(tmp_path, "--shard=1/2"):
            pass


async def test_an_address_that_is_taken_is_told(tmp_path: Path) -> None:
    (tmp_path / "store-exporter.yml").write_text(configuration())
    async with served(tmp_path) as (_, address, _):
        taken = address.removeprefix("http://")
        flags = ("--shard=0/2", f"--web.listen-address={taken}", "--log.format=json")
        done = await asyncio.to_thread(run, tmp_path, *flags)
        assert done.returncode == 1
        assert '"msg": "cannot start: [Errno' in done.stderr
        assert "Traceback" not in done.stderr
