"""Child processes of the demo are started, awaited and stopped, and nothing else is."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from store_demo import leash
from store_demo.ports import free_ports
from store_demo.processes import StartError, start
from tests.servers import eventually

# Not http.server's own class, which asks the network for this machine's name before it serves.
SERVER = """
import http.server, socketserver, sys
at = ("127.0.0.1", int(sys.argv[1]))
socketserver.TCPServer(at, http.server.SimpleHTTPRequestHandler).serve_forever()
"""


async def test_a_program_is_started_awaited_and_stopped(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    process = await start(
        "server",
        [sys.executable, "-c", SERVER, str(port)],
        ready=f"http://127.0.0.1:{port}/",
        directory=tmp_path,
    )
    assert process.child.returncode is None
    await process.stop()
    assert process.child.returncode is not None
    with pytest.raises(ProcessLookupError):
        os.kill(process.child.pid, 0)


async def test_a_program_that_ignores_the_request_to_end_is_ended(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    stubborn = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {SERVER}"
    process = await start(
        "stubborn",
        [sys.executable, "-c", stubborn, str(port)],
        ready=f"http://127.0.0.1:{port}/",
        directory=tmp_path,
    )
    await process.stop(grace=0.1)
    assert process.child.returncode == -9


async def test_a_program_that_ends_at_once_is_reported_with_its_last_words(tmp_path: Path) -> None:
    with pytest.raises(StartError, match=r"(?s)broken ended with status 3:.*no such flag"):
        await start(
            "broken",
            [sys.executable, "-c", "print('no such flag'); raise SystemExit(3)"],
            ready=f"http://127.0.0.1:{free_ports(1)[0]}/",
            directory=tmp_path,
        )


async def test_a_program_that_is_never_ready_is_stopped_and_reported(tmp_path: Path) -> None:
    # By its command line it is found, however far it has come within a second.
    program = f"import time; time.sleep(60)  # {tmp_path}"
    with pytest.raises(StartError, match=r"slow was not ready after 1 s"):
        await start(
            "slow",
            [sys.executable, "-c", program],
            ready=f"http://127.0.0.1:{free_ports(1)[0]}/",
            directory=tmp_path,
            timeout=1,
        )
    assert str(tmp_path).encode() not in _command_lines()


STARTER = """
import asyncio, os, signal, sys
from pathlib import Path
from store_demo import leash
from store_demo.processes import start

async def main():
    process = await start(
        "server",
        [sys.executable, "-c", sys.argv[1], sys.argv[2]],
        ready=f"http://127.0.0.1:{sys.argv[2]}/",
        directory=Path(sys.argv[3]),
    )
    print(process.child.pid, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends the children of the killed")
def test_a_killed_demo_leaves_nothing_running(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    done = subprocess.run(
        [sys.executable, "-c", STARTER, SERVER, str(port), str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    pid = int(done.stdout)
    eventually(lambda: not _runs(pid))


def _command_lines() -> bytes:
    """Those of every process there is."""
    found = b""
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            found += file.read_bytes()
    return found


def _runs(pid: int) -> bool:
    """Whether a process is there and not merely unburied."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except FileNotFoundError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def test_a_program_whose_parent_is_gone_already_is_not_run(tmp_path: Path) -> None:
    made = tmp_path / "made"
    argv = [sys.executable, leash.__file__, "1", "touch", str(made)]
    subprocess.run(argv, check=True)
    assert not made.exists()
