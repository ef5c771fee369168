"""Processes that are forked from one that has imported what they need: workers, and commands.

Each of eight workers of pytest-xdist would import all tests for itself otherwise, which takes three
seconds of a processor, and `serve` takes 0.4 s to import what it runs with. A worker that was
forked finds the tests as any other does, but their modules are there already; what could not be
imported it imports again, and reports why not. A command that was forked is a process of its own,
in which nothing else happened than these imports; `tests/commands/forked.py` starts it.

The controller of the workers starts this file, and has xdist start a program in place of Python
that hands its streams over to it and ends. Without workers nothing is forked.
"""

from __future__ import annotations

import gc
import json
import os
import select
import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import Iterable
from contextlib import ExitStack, suppress
from importlib import import_module
from types import ModuleType
from typing import Any, NamedTuple

import pytest

_COMMANDS = (
    "store_exporter.cli",
    "store_exporter.commands.serve",
    "store_exporter.commands.support.serving",
    "store_exporter.platforms.shopify.platform",
    "store_exporter.platforms.woocommerce.platform",
)
"""What a command is forked with."""
_HANDOVER = """
import socket, sys
with socket.socket(socket.AF_UNIX) as process:
    process.connect("\\0" + sys.argv[1])
    socket.send_fds(process, [b"worker"], [0, 1, 2])
"""

commands: str | None = None
"""In a worker that was forked: the address of the process that forks commands."""


def fork_workers(config: pytest.Config, specs: Iterable[Any]) -> None:
    """Have the workers forked where Python starts them, and the system is one that can.

    Args:
        config: the controller's.
        specs: what xdist knows of each worker.
    """
    if sys.platform != "linux":
        return
    with ExitStack() as stack:
        listeners = [stack.enter_context(socket.socket(socket.AF_UNIX)) for _ in range(2)]
        for listener in listeners:
            listener.bind("")  # the system chooses a name
            listener.listen(64)
        numbers = [listener.fileno() for listener in listeners]
        arguments = (*config.invocation_params.args, "-n0", "--collect-only")
        process = subprocess.Popen(
            [sys.executable, "-P", __file__, *map(str, numbers), *arguments],
            pass_fds=numbers,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
        )
        name = listeners[0].getsockname()[1:].decode()

    def end() -> None:
        process.communicate()

    config.add_cleanup(end)
    for spec in specs:
        if spec.popen and not spec.python:
            spec.python = shlex.join([sys.executable, "-ISc", _HANDOVER, name])


class _Imports:
    """A plugin that imports modules of tests, and looks for no test in them."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_pycollect_makeitem(self) -> list[pytest.Item]:
        return []


class _Request(NamedTuple):
    """What asked for a process.

    Attributes:
        connection: to it.
        text: what it sent.
        streams: its standard input, output and error.
    """

    connection: socket.socket
    text: bytes
    streams: list[int]


def _forked(listener: socket.socket) -> _Request | None:
    """Fork a process for each that asks, until the controller ends.

    Returns:
        In the fork what it is for, and nothing in this process.
    """
    while sys.stdin not in select.select([listener, sys.stdin], [], [])[0]:
        connection, _ = listener.accept()
        text, streams, _, _ = socket.recv_fds(connection, 2**16, 3)
        if os.fork() == 0:
            listener.close()
            while more := connection.recv(2**16):
                text += more
            return _Request(connection, text, streams)
        connection.close()
        for stream in streams:
            os.close(stream)
    # The controller has told them to end, and does not wait for one that hangs.
    signal.alarm(10)
    with suppress(ChildProcessError):
        while True:
            os.wait()
    return None


def _take(streams: list[int]) -> None:
    """Make the streams those of this process, which is interrupted by Ctrl-C from now on."""
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    sys.stdin = open(0, closefd=False)  # noqa: SIM115
    sys.stdout = open(1, "w", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", 1, errors="backslashreplace", closefd=False)  # noqa: SIM115
    signal.signal(signal.SIGINT, signal.default_int_handler)


def _be_command(request: _Request) -> None:
    """Run a command in a child, and tell its number and how it ended."""
    if child := os.fork():
        request.connection.sendall(f"{child}\n".encode())
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        request.connection.sendall(f"{status}\n".encode())
        return
    request.connection.close()
    asked = json.loads(request.text)
    os.chdir(asked["folder"])
    os.environ.clear()
    os.environ.update(asked["environ"])
    _take(request.streams)
    sys.argv = ["store-exporter", *asked["arguments"]]
    sys.exit(import_module("store_exporter.cli").main())


def _be_worker(request: _Request) -> None:
    """Do what xdist starts: python -u -c "import sys;exec(eval(sys.stdin.readline()))"."""
    request.connection.close()
    _take(request.streams)
    sys.argv = ["-c"]
    sys.modules["__main__"] = ModuleType("__main__")
    exec(eval(sys.stdin.readline()), vars(sys.modules["__main__"]))  # noqa: S102, S307


def main() -> None:
    """Import what commands need and what the tests of the command line need, and fork these."""
    # Ctrl-C is for the forks, and for the controller, with which this ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    workers, others = (socket.socket(fileno=int(number)) for number in sys.argv[1:3])
    for module in _COMMANDS:
        import_module(module)
    gc.freeze()  # a collection in a fork would write to each object, and copy it
    if os.fork() == 0:
        workers.close()
        if request := _forked(others):
            _be_command(request)
        return
    address = others.getsockname()[1:].decode()
    others.close()
    pytest.main(sys.argv[3:], [_Imports()])
    vars(import_module("tests.forks"))["commands"] = address
    if request := _forked(workers):
        _be_worker(request)


if __name__ == "__main__":
    main()
