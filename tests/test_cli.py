from __future__ import annotations

import argparse
import gc
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from functools import partial
from importlib import import_module
from pathlib import Path

import pytest

from store_exporter import cli
from store_exporter._version import __version__
from store_exporter.commands import COMMANDS, module_of
from store_exporter.platforms.registry import built_in


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    try:
        status = cli.main(arguments)
    except SystemExit as ended:
        status = int(ended.code or 0)
    out, err = capsys.readouterr()
    return status, out, err


def test_ctrl_c_ends_a_command_without_a_traceback() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        argv = [sys.executable, "-m", "store_exporter", "healthcheck", f"--exporter.url={url}"]
        # A shell has what it starts in the background ignore the signal.
        with subprocess.Popen(
            argv,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
        ) as process:
            connection, _ = silent.accept()
            with connection:
                process.send_signal(signal.SIGINT)
                _, told = process.communicate(timeout=120)
    assert (process.returncode, told) == (130, "\n")


@pytest.mark.parametrize("arguments", [("--version",), ("serve", "--version")])
def test_the_version_is_printed(
    capsys: pytest.CaptureFixture[str], arguments: Sequence[str]
) -> None:
    status, out, _ = said(capsys, *arguments)
    assert status == 0
    assert out.startswith(f"store-exporter {__version__} (Python 3.")


def test_the_collector_of_garbage_stays_as_it_is_where_another_program_runs_a_command(
    capsys: pytest.CaptureFixture[str],
) -> None:
    threshold, frozen = gc.get_threshold(), gc.get_freeze_count()
    assert said(capsys, "operations")[0] == 0
    assert gc.get_threshold() == threshold
    # Some of what was frozen is freed.
    assert gc.get_freeze_count() <= frozen


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = said(capsys, "--help")
    assert all(name in out for name in COMMANDS)


@pytest.mark.parametrize("arguments", ["operations", "operations --format=json"])
def test_whoever_stops_reading_gets_no_traceback(arguments: str) -> None:
    argv = [sys.executable, "-m", "store_exporter", *arguments.split()]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 1


@pytest.mark.parametrize(
    "arguments", ["operations", "completion bash", "sizing --stores 3", "generate --output=."]
)
def test_output_that_cannot_be_written_is_said_in_a_line(arguments: str, tmp_path: Path) -> None:
    command = f'"$0" -m store_exporter {arguments} > /dev/full'
    argv = ["sh", "-c", command, sys.executable]
    done = subprocess.run(argv, stderr=subprocess.PIPE, text=True, check=False, cwd=tmp_path)
    expected = "the output cannot be written: No space left on device\n"
    assert (done.returncode, done.stderr) == (1, expected)


def all_memory(_: argparse.Namespace) -> int:
    return len(bytearray(1 << 60))


def a_thread_too_many(_: argparse.Namespace) -> int:
    before = threading.stack_size(1 << 46)
    try:
        threading.Thread(target=print).start()
    finally:
        threading.stack_size(before)
    return 0


@pytest.mark.parametrize("run", [all_memory, a_thread_too_many])
def test_a_lack_of_memory_is_said_in_a_line(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    run: Callable[[argparse.Namespace], int],
) -> None:
    monkeypatch.setattr(import_module("store_exporter.commands.operations"), "run", run)
    status, out, err = said(capsys, "operations")
    assert (status, out) == (1, "")
    assert err.startswith("too little memory, or too few threads: ")
    assert err.count("\n") == 1


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_commands_run_without_standard_streams(closed: str, tmp_path: Path) -> None:
    for arguments in ("operations", "doctor"):
        command = f'"$0" -m store_exporter {arguments} 2>>errors {closed}'
        argv = ["sh", "-c", command, sys.executable]
        status = subprocess.run(argv, cwd=tmp_path, check=False).returncode
        # There is no configuration for doctor.
        assert status == (0 if arguments == "operations" else 1)
        assert "Traceback" not in (tmp_path / "errors").read_text()


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


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_a_module_with_arguments_and_run(name: str) -> None:
    module = import_module(module_of(name))
    assert callable(module.add_arguments)
    assert callable(module.run)


def test_help_of_a_command_imports_only_that_one() -> None:
    code = (
        "import sys, store_exporter.cli as c\n"
        "try: c.main(['--help'])\n"
        "except SystemExit: pass\n"
        "print([m for m in sys.modules if m.startswith(('store_exporter.commands.', 'aiohttp'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_operations_are_listed_without_what_only_clients_need() -> None:
    done = _without_httpx("operations")
    assert (done.returncode, done.stderr) == (0, "")
    assert "search_products" in done.stdout


def test_operations_are_listed_without_importing_a_plan_of_any_platform() -> None:
    code = (
        "import sys, store_exporter.cli as c\n"
        "c.main(['operations'])\n"
        "print(*(m for m in sys.modules if m.startswith('store_exporter.platforms.')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    own = {
        name.removeprefix(f"store_exporter.platforms.{platform}")
        for name in done.stdout.splitlines()[-1].split()
        for platform in built_in()
        if f".{platform}" in name
    }
    assert own == {"", ".operations"}


def test_a_client_that_lacks_an_extra_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_KEY", "ck_12345678")
    monkeypatch.setenv("SHOP_SECRET", "cs_12345678")
    config = tmp_path / "store-exporter.yml"
    config.write_text(
        "orgs: [{org: acme}]\n"
        "stores:\n"
        "  - {org: acme, domain: shop.example.com, platform: woocommerce,\n"
        "     url: https://shop.example.com,\n"
        "     credentials: {consumer_key: env:SHOP_KEY, consumer_secret: env:SHOP_SECRET}}\n"
    )
    store = ("--config.file", str(config), "--store", "shop.example.com")
    done = _without_httpx("run", *store, "search_products", "query=shoes")
    hint = "store-exporter run needs httpx: pip install 'store-exporter[clients]'\n"
    assert (done.returncode, done.stdout, done.stderr) == (2, "", hint)


def _without_httpx(*arguments: str) -> subprocess.CompletedProcess[str]:
    code = (
        "import sys; sys.modules['httpx'] = None\n"
        "from store_exporter import cli\n"
        "sys.exit(cli.main(sys.argv[1:]))"
    )
    program = [sys.executable, "-c", code, *arguments]
    return subprocess.run(program, capture_output=True, text=True, check=False)


def test_help_does_not_wait_for_what_only_serving_needs() -> None:
    program = (
        "import sys; from store_exporter.cli import main\n"
        "try: main(['serve', '--help'])\n"
        "except SystemExit: pass\n"
        "print([name for name in ('aiohttp', 'pydantic', 'httpx') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    assert done.stdout.endswith("[]\n")
