"""The process that watches stores: its flags, its start, what it says, and its end."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
import time
from base64 import b64encode
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from fnmatch import fnmatch
from itertools import islice
from pathlib import Path
from resource import RLIMIT_NOFILE, prlimit
from urllib.parse import urlsplit

import aiohttp
import bcrypt
import pytest

from store_exporter import cli
from store_exporter._version import __version__
from store_exporter.commands.support.serving import default_addresses
from store_exporter.server.process import descriptors
from tests.commands.serving import (
    ANY_PORT,
    LISTEN,
    Process,
    run,
    run_here,
    served,
    until_logged,
)
from tests.fakes.bad_server import BadServer, Connection, hang, serving
from tests.server.support import ENVIRON, configuration
from tests.servers import eventually

STORE = ("acme", "shop.example.com", "http://127.0.0.1:9")


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--web.listen-address", "10847"),
        ("--web.listen-address", "::1:10847"),
        ("--web.listen-address", ":99999"),
        ("--web.telemetry-path", "metrics"),
        ("--web.telemetry-path", "/{x}"),
        ("--web.telemetry-path", "/api/v1/figures"),
        ("--web.telemetry-path", "/v1/metrics"),
        ("--web.external-url", "ftp://x.example/"),
        ("--web.route-prefix", "/a b"),
        ("--log.level", "loud"),
        ("--log.format", "xml"),
        ("--shard", "3/3"),
        ("--shard", "x"),
    ],
)
def test_a_bad_value_of_a_flag_is_refused(
    capsys: pytest.CaptureFixture[str], option: str, value: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["serve", f"{option}={value}"])
    assert ended.value.code == 2
    assert option in capsys.readouterr().err


def test_a_configuration_is_checked_without_serving(tmp_path: Path) -> None:
    file = tmp_path / "store-exporter.yml"
    file.write_text(configuration(STORE))
    done = run_here(tmp_path, "serve", "--config.check")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "store-exporter.yml: no problems; stores: 1, orgs: 2\n"
    assert not (tmp_path / "state").exists()


def test_a_check_names_the_store_whose_secret_cannot_be_read(tmp_path: Path) -> None:
    text = configuration(STORE).replace("env:SECRET", "env:NOT_THERE")
    (tmp_path / "store-exporter.yml").write_text(text)
    done = run_here(tmp_path, "serve", "--config.check")
    assert done.returncode == 1
    assert "the environment variable NOT_THERE is not set" in done.stderr


@pytest.mark.parametrize("flags", [("--config.check",), (ANY_PORT,)])
def test_an_invalid_configuration_is_reported_and_nothing_starts(
    tmp_path: Path, flags: Sequence[str]
) -> None:
    (tmp_path / "store-exporter.yml").write_text("x: 1\nstores: {}\n")
    done = run_here(tmp_path, "serve", *flags)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines() == [
        (
            "store-exporter.yml:1: x: unknown key; known here: alerts, calls, defaults, "
            "discovery, error_classes, orgs, predecessor_api, prometheus_url, "
            "prometheus_years_url, state_database, state_directory, stores"
        ),
        "store-exporter.yml:2: stores: must be a list, each entry after a '- '",
    ]


def test_a_bad_web_configuration_is_reported_and_nothing_starts(tmp_path: Path) -> None:
    (tmp_path / "store-exporter.yml").write_text(configuration(STORE))
    (tmp_path / "web.yml").write_text("users: {}\n")
    done = run_here(tmp_path, "serve", "--web.config.file=web.yml", "--config.check")
    assert done.returncode == 1
    assert done.stderr.startswith("web.yml:1: users: unknown key; ")


@pytest.mark.parametrize(("guarded", "host"), [(False, "127.0.0.1"), (True, None)])
def test_without_an_address_others_reach_it_only_if_it_authenticates_them(
    guarded: bool, host: str | None
) -> None:
    assert default_addresses(guarded=guarded) == [(host, 10847)]


USERS = "basic_auth_users: {ada: $2b$04$nreh6ABDjl9x.0V0vWLR/.isBzGpW/5wtqemYPWhPCMQpvipqV/nu}\n"
THIS_MACHINE = "level=info*only this machine can reach this address"
EVERYONE = "level=warn*everyone who can reach this address sees the figures"


@pytest.mark.parametrize(
    ("web", "told"),
    [
        ("", {"127.0.0.1:0": THIS_MACHINE, "[::1]:0": THIS_MACHINE, "0.0.0.0:0": EVERYONE}),
        ("{}", {"0.0.0.0:0": EVERYONE}),
        (USERS, {"0.0.0.0:0": None}),
    ],
)
async def test_it_says_of_each_address_who_reaches_it(
    tmp_path: Path, web: str, told: dict[str, str | None]
) -> None:
    (tmp_path / "store-exporter.yml").write_text(configuration())
    (tmp_path / "web.yml").write_text(web)
    flags = ["--web.config.file=web.yml"] if web else []
    flags += [f"--web.listen-address={address}" for address in told]
    async with served(tmp_path, *flags, address=None) as (process, _, log):
        process.terminate()
        await process.wait()
    lines = [line for line in "".join(log).splitlines() if " address=" in line]
    for address, said in told.items():
        listening, *found = (line for line in lines if f"://{address[:-1]}" in line)
        assert LISTEN.search(listening)
        assert len(found) == bool(said)
        assert all(fnmatch(line, f"*{said}*") for line in found)


async def test_its_start_is_logged_with_what_it_watches_and_where_and_it_watches(
    tmp_path: Path,
) -> None:
    more = (("acme", "b.example", STORE[2]), ("zen", "z.example", STORE[2]))
    (tmp_path / "store-exporter.yml").write_text(configuration(STORE, *more))
    running = served(tmp_path, "--log.level=debug", python=sys.executable)
    async with running as (process, address, log):
        await until_logged(process, "liveness of shop.example.com failed: connection")
        assert "store_up{" in await ask(f"{address}/metrics")
    (started,) = (line for line in log if "msg=started" in line)
    assert f'version={__version__} stores=3 orgs="acme: 2, zen: 1" sources=0 addresses=' in started
    assert "http://127.0.0.1:" in started


async def ask(url: str) -> str:
    async with aiohttp.ClientSession() as session:
        return await ask_in(session, url)


async def ask_in(session: aiohttp.ClientSession, url: str) -> str:
    async with session.get(url) as answer:
        return await answer.text()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_it_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    (tmp_path / "store-exporter.yml").write_text(configuration(STORE))
    async with served(tmp_path, python=sys.executable) as (process, address, _):
        assert "is ready" in await ask(f"{address}/-/ready")
        process.send_signal(number)
        async with asyncio.timeout(60):
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
                async with asyncio.timeout(60):
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


@asynccontextmanager
async def starting(folder: Path) -> AsyncIterator[tuple[asyncio.subprocess.Process, BadServer]]:
    """Run `serve` with a source of stores that does not respond, for which the start waits.

    Yields:
        The process and the source.
    """
    async with serving(hang) as source:
        (folder / "store-exporter.yml").write_text(
            "orgs: [{org: acme, domains: [example]}]\n"
            f"discovery: [{{org: acme, platform: woocommerce, http: {{url: {source.url}}}, "
            "store: {credentials: {consumer_key: env:KEY, consumer_secret: env:SECRET}}}]\n"
        )
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "store_exporter", "serve", ANY_PORT,
            cwd=folder, env=ENVIRON, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        try:
            yield process, source
        finally:
            if process.returncode is None:
                process.kill()
            await process.communicate()


def holds_sighup(process: asyncio.subprocess.Process) -> bool:
    """Tell whether a SIGHUP would wait."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    return bool(int(status.partition("SigBlk:")[2].split()[0], 16) & 1 << signal.SIGHUP - 1)


async def test_a_reload_that_is_requested_before_it_listens_comes_after_it(tmp_path: Path) -> None:
    async with starting(tmp_path) as (process, _):
        await asyncio.to_thread(eventually, lambda: holds_sighup(process))
        process.send_signal(signal.SIGHUP)
        await until_logged(process, "msg=listening")
        await until_logged(process, "was reloaded")


async def test_a_reload_is_held_before_the_command_is_imported(tmp_path: Path) -> None:
    """What is loaded before, Python's own start and the package, is all that a SIGHUP can end."""
    late = "sys.argv = ['', 'serve']; store_exporter.cli.import_module = lambda _: time.sleep(60)"
    code = f"import sys, time, store_exporter.cli; {late}; store_exporter.cli.main()"
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", code)
    try:
        await asyncio.to_thread(eventually, lambda: holds_sighup(process))
    finally:
        process.kill()
        await process.wait()


async def test_a_signal_ends_it_in_the_middle_of_the_start(tmp_path: Path) -> None:
    log = "msg=started"
    while "msg=started" in log:  # as by a machine that stalls for as long as the start waits
        async with starting(tmp_path) as (process, source):
            await asyncio.to_thread(eventually, lambda: source.heads)
            process.terminate()
            async with asyncio.timeout(60):
                _, rest = await process.communicate()
            log = rest.decode()
            assert process.returncode == 0
            assert "shutting down" in log
            assert "Traceback" not in log


async def test_a_reload_waits_until_the_file_is_whole(tmp_path: Path) -> None:
    stores = [("acme", f"shop{number}.example.com", STORE[2]) for number in range(20)]
    entries = configuration(*stores).split("  - domain: ")
    file = tmp_path / "store-exporter.yml"
    file.write_text(configuration(*stores))
    async with served(tmp_path) as (process, address, _):
        longest = 1.0
        while longest > 0.5:  # as by a machine that is too busy to write
            longest = await _write_slowly(file, entries, process)
            line = await until_logged(process, "was reloaded")
        assert "0 added, 0 removed" in line
        assert len(json.loads(await ask(f"{address}/sd"))) == 20


async def _write_slowly(file: Path, entries: Sequence[str], process: Process) -> float:
    """Write a configuration by its entries, with a reload in between; returns the longest pause."""
    longest, last = 0.0, time.monotonic()
    for number in range(len(entries)):
        await asyncio.to_thread(file.write_text, "  - domain: ".join(entries[: number + 1]))
        longest, last = max(longest, time.monotonic() - last), time.monotonic()
        if number == 2:
            process.send_signal(signal.SIGHUP)
        await asyncio.sleep(0.1)
    return longest


def test_an_address_that_is_in_use_is_reported(tmp_path: Path) -> None:
    (tmp_path / "store-exporter.yml").write_text(configuration())
    with socket.create_server(("127.0.0.1", 0)) as server:
        taken = f"127.0.0.1:{server.getsockname()[1]}"
        done = run(tmp_path, f"--web.listen-address={taken}", "--log.format=json")
    assert done.returncode == 1
    said = f"cannot start: {taken} cannot be listened on: Address already in use; --web.listen"
    assert f'"msg": "{said}' in done.stderr
    assert "Traceback" not in done.stderr


async def guessing(port: int, address: str, refused: list[bytes]) -> None:
    """Send one wrong password after the other, as fast as they are refused, and note that."""
    while True:
        try:
            reader, writer = await asyncio.open_connection(
                "127.0.0.1", port, local_addr=(address, 0)
            )
            while True:
                guess = b64encode(b"ada:" + os.urandom(8).hex().encode())
                writer.write(
                    b"GET / HTTP/1.1\r\nHost: x\r\nAuthorization: Basic %s\r\n\r\n" % guess
                )
                head = await reader.readuntil(b"\r\n\r\n")
                if b" 401 " in head:
                    refused.append(head)
                await reader.readexactly(int(head.partition(b"Content-Length: ")[2].split()[0]))
        except (OSError, asyncio.IncompleteReadError):
            continue
        finally:
            writer.transport.abort()


@pytest.mark.timeout(360)
@pytest.mark.parametrize("where", ["127.0.0.1", "127.0.0.2"])
async def test_guessing_keeps_nobody_out_who_knows_the_password(tmp_path: Path, where: str) -> None:
    (tmp_path / "store-exporter.yml").write_text(configuration())
    hashed = bcrypt.hashpw(b"correct horse", bcrypt.gensalt(12)).decode()
    (tmp_path / "web.yml").write_text(f"basic_auth_users: {{ada: {hashed}}}\n")
    # It has just started, so nothing is remembered.
    async with served(tmp_path, "--web.config.file=web.yml") as (_, address, _log):
        port = urlsplit(address).port or 0
        refused: list[bytes] = []
        crowd = [asyncio.create_task(guessing(port, where, refused)) for _ in range(150)]
        try:
            await asyncio.to_thread(eventually, lambda: refused)
            before = len(refused)
            login = {"Authorization": f"Basic {b64encode(b'ada:correct horse').decode()}"}
            async with (
                asyncio.timeout(90),
                aiohttp.ClientSession(headers=login) as session,
                session.get(f"{address}/metrics") as answer,
            ):
                assert answer.status == 200
                # In their queue it would have waited for all of them.
                assert len(refused) - before < len(crowd) / 2
        finally:
            for task in crowd:
                task.cancel()
            await asyncio.gather(*crowd, return_exceptions=True)


def open_files(pid: int) -> tuple[int, int]:
    """Return the soft limit of a process, and how many files it has open."""
    soft, _ = prlimit(pid, RLIMIT_NOFILE)
    return soft, len(list(Path(f"/proc/{pid}/fd").iterdir()))


async def test_a_crowd_takes_neither_the_descriptors_of_probes_nor_the_disk(
    tmp_path: Path,
) -> None:
    async with serving(hang) as store:
        (tmp_path / "store-exporter.yml").write_text(
            configuration(("acme", "shop.example.com", store.url), keys="    concurrency: 16\n")
        )
        async with served(tmp_path, limit=(128, 128)) as (process, address, log):
            assert any("few files may be open" in line for line in log)
            port = urlsplit(address).port
            crowd = [await asyncio.open_connection("127.0.0.1", port) for _ in range(300)]
            assert "is healthy" in await ask(f"{address}/-/healthy")
            assert open_files(process.pid)[1] < 80
            # A connection to the store is still to be had.
            before = len(store.heads)
            probing = asyncio.create_task(ask(f"{address}/probe?target=shop.example.com"))
            await asyncio.to_thread(eventually, lambda: len(store.heads) > before)
            probing.cancel()
            for _, writer in crowd:
                writer.transport.abort()
            process.terminate()
            _, rest = await process.communicate()
    assert len(rest) < 20_000
    assert "Traceback" not in rest.decode()


async def test_stores_that_all_hang_leave_descriptors_for_the_scrape(tmp_path: Path) -> None:
    held, most = 0, 0

    async def hold(connection: Connection) -> None:
        nonlocal held, most
        held += 1
        most = max(most, held)
        await connection.reader.read()
        held -= 1
        connection.writer.close()

    # Every address of the loopback network, so that each store has one of its own.
    async with serving(hold, host="0.0.0.0") as store:  # noqa: S104
        port = urlsplit(store.url).port
        stores = [
            ("acme", f"shop{n}.example.com", f"http://127.0.0.{n}:{port}") for n in range(1, 61)
        ]
        keys = "    probes: {liveness: {timeout: 3s}}\n"
        (tmp_path / "store-exporter.yml").write_text(configuration(*stores, keys=keys))
        async with served(tmp_path, limit=(64, 64)) as (_, address, _log):
            await asyncio.to_thread(eventually, lambda: len(store.heads) > 15)
            assert "store_exporter_build_info" in await ask(f"{address}/metrics")
    assert most == descriptors.shares(64).runs


async def test_the_limit_of_open_files_is_raised_and_a_prometheus_that_hangs_costs_few(
    tmp_path: Path,
) -> None:
    async with serving(hang) as prometheus:
        more = f"prometheus_url: {prometheus.url}\n"
        (tmp_path / "store-exporter.yml").write_text(configuration(more=more))
        async with served(tmp_path, limit=(64, 2000)) as (process, address, log):
            limit, before = open_files(process.pid)
            assert limit == 2000  # as far as is allowed
            assert not any("few files" in line for line in log)
            token = {"Authorization": f"Bearer {ENVIRON['ACME_TOKEN']}"}
            connector = aiohttp.TCPConnector(limit=200)
            async with aiohttp.ClientSession(connector=connector, headers=token) as session:

                async def status() -> int:
                    async with session.get(f"{address}/api/v1/analytics") as answer:
                        return answer.status

                asked = [asyncio.create_task(status()) for _ in range(200)]
                await asyncio.to_thread(eventually, lambda: len(prometheus.heads) == 4)
                refused = [await task for task in islice(asyncio.as_completed(asked), 196)]
                assert set(refused) == {429}
                opened = open_files(process.pid)[1] - before
                for task in asked:
                    task.cancel()
                await asyncio.gather(*asked, return_exceptions=True)
    # Two hundred of those who ask and keep their connection, and the first question of four.
    assert opened <= 200 + 4 + 2
