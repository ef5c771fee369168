"""A command that is forked for tests is a process like one that Python was started for."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import pytest

from tests import forks
from tests.commands.forked import fork
from tests.commands.serving import run, served
from tests.server.support import configuration
from tests.servers import eventually


@pytest.mark.skipif(sys.platform != "linux", reason="only there it is forked")
@pytest.mark.parametrize("python", [None, sys.executable], ids=["forked", "started"])
async def test_it_takes_signals_and_its_end_is_known(tmp_path: Path, python: str | None) -> None:
    (tmp_path / "store-exporter.yml").write_text(configuration())
    async with served(tmp_path, python=python) as (process, _, _):
        status = Path(f"/proc/{process.pid}/status")
        process.send_signal(signal.SIGSTOP)
        eventually(lambda: "State:\tT" in status.read_text())
        assert process.returncode is None
        process.kill()
        assert await process.wait() == process.returncode == -signal.SIGKILL
        eventually(lambda: not status.exists())


async def test_it_fails_as_a_started_one(tmp_path: Path) -> None:
    if not forks.commands:
        pytest.skip("no worker of pytest-xdist, or not on Linux")
    process = await fork(forks.commands, tmp_path, ["serve", "--web.no"], {})
    _, said = await process.communicate()
    started = run(tmp_path, "--web.no", environ={})
    assert (process.returncode, said.decode()) == (started.returncode, started.stderr)
    assert started.returncode == 2
