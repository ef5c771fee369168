"""Workers of pytest-xdist that are forked from one process, which has imported the tests.

Each of eight would import them for itself otherwise, and that takes three seconds of a processor.
The worker that was forked finds the tests as any other does, but their modules are there already.
What could not be imported it imports again, and reports why not.

The controller starts this file as a process, and has xdist start a program in place of Python that
hands its streams to that process and ends.
"""

from __future__ import annotations

import os
import select
import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import Iterable
from contextlib import suppress
from types import ModuleType
from typing import Any

import pytest

_HANDOVER = """
import socket, sys
with socket.socket(socket.AF_UNIX) as process:
    process.connect("\\0" + sys.argv[1])
    socket.send_fds(process, [b"."], [0, 1, 2])
"""


def fork_workers(config: pytest.Config, specs: Iterable[Any]) -> None:
    """Have the workers forked where Python starts them, and the system is one that can.

    Args:
        config: the controller's.
        specs: what xdist knows of each worker.
    """
    if sys.platform != "linux":
        return
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("")  # the system chooses a name
        listener.listen(64)
        arguments = (*config.invocation_params.args, "-n0", "--collect-only")
        process = subprocess.Popen(
            [sys.executable, "-P", "-u", __file__, str(listener.fileno()), *arguments],
            pass_fds=[listener.fileno()],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
        )
        name = listener.getsockname()[1:].decode()

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


def _fork(listener: socket.socket) -> list[int] | None:
    """Fork a worker for everything that connects, until the controller ends.

    Returns:
        In a worker its standard streams, and nothing in this process.
    """
    while sys.stdin not in select.select([listener, sys.stdin], [], [])[0]:
        connection, _ = listener.accept()
        with connection:
            _, streams, _, _ = socket.recv_fds(connection, 1, 3)
        if os.fork() == 0:
            return streams
        for stream in streams:
            os.close(stream)
    # The controller has told them to end, and does not wait for one that hangs.
    signal.alarm(10)
    with suppress(ChildProcessError):
        while True:
            os.wait()
    return None


def main() -> None:
    """Import the tests of the command line, then become each worker."""
    # Ctrl-C is for the workers, and for the controller, with which this ends.
    on_interrupt = signal.signal(signal.SIGINT, signal.SIG_IGN)
    with socket.socket(fileno=int(sys.argv[1])) as listener:
        pytest.main(sys.argv[2:], [_Imports()])
        streams = _fork(listener)
    if streams is None:
        return
    signal.signal(signal.SIGINT, on_interrupt)
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    # From here on as what xdist starts: python -u -c "import sys;exec(eval(sys.stdin.readline()))"
    sys.stdin = open(0, closefd=False)  # noqa: SIM115 (a descriptor)
    sys.argv = ["-c"]
    sys.modules["__main__"] = ModuleType("__main__")
    exec(eval(sys.stdin.readline()), vars(sys.modules["__main__"]))  # noqa: S102, S307


if __name__ == "__main__":
    main()
