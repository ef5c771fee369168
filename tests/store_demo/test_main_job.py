"""The demo as a program: it ends with all that it started, and says which programs it lacks."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.servers import tool

pytestmark = pytest.mark.real
DEMO = [sys.executable, "-m", "store_demo"]


@pytest.fixture(autouse=True)
def programs(monkeypatch: pytest.MonkeyPatch) -> None:
    folders = {str(Path(tool(name)).parent) for name in ("prometheus", "alertmanager")}
    monkeypatch.setenv("PATH", os.pathsep.join([*folders, os.environ["PATH"]]))


@pytest.mark.timeout(360)
async def test_ctrl_c_ends_everything_that_was_started(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        *DEMO, stdout=asyncio.subprocess.PIPE, env={**os.environ, "TMPDIR": str(tmp_path)}
    )
    assert process.stdout is not None
    children: set[int] = set()
    async for line in process.stdout:
        children |= _children(process.pid)
        if b"Files" in line:
            break
    assert len(children) == 4
    process.send_signal(signal.SIGINT)
    rest = await process.stdout.read()
    assert await process.wait() == 130
    assert b"Stopped, with everything that was started." in rest
    for child in children:
        with pytest.raises(ProcessLookupError):
            os.kill(child, 0)
    assert _is_empty(tmp_path)


def _is_empty(folder: Path) -> bool:
    return not list(folder.iterdir())


def _children(pid: int) -> set[int]:
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    return {int(child) for child in text.split()}


def test_without_prometheus_the_demo_says_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    result = subprocess.run(DEMO, capture_output=True, text=True, timeout=60, check=False)
    assert result.returncode == 1
    assert "Not on PATH: prometheus, alertmanager" in result.stderr
    assert "scripts/demo" in result.stderr
