"""Child processes of the demo: started, awaited, watched and stopped, and nothing else touched."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import aiohttp


class StartError(Exception):
    """A process did not become ready; the message ends with the last lines of its log."""


_LEASH = str(Path(__file__).with_name("leash.py"))


@dataclass(slots=True)
class Process:
    """One running child; its output goes to a file."""

    name: str
    child: asyncio.subprocess.Process
    log: Path

    def tail(self, lines: int = 15) -> str:
        """The last lines of its log."""
        text = self.log.read_text(encoding="utf-8", errors="replace")
        return "\n".join(text.splitlines()[-lines:])

    async def stop(self, grace: float = 5.0) -> None:
        """Ask it to end, and end it after `grace` seconds."""
        if self.child.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            self.child.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(grace):
                await self.child.wait()
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                self.child.kill()
            await self.child.wait()


async def start(
    name: str,
    argv: Sequence[str],
    *,
    ready: str,
    directory: Path,
    env: Mapping[str, str] | None = None,
    timeout: float = 30.0,  # noqa: ASYNC109 (the caller states a limit, not a deadline of its own)
) -> Process:
    """Start a program and return when `ready`, an http address, answers 200.

    The child gets a session of its own, so that Ctrl-C reaches only the demo, which then stops
    its children in order. Where the demo is killed, Linux kills them; see `leash`.

    Raises:
        StartError: it ended, or did not respond within `timeout` seconds; it is stopped then.
    """
    log = directory / f"{name}.log"
    with log.open("wb") as output:
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", "-S", _LEASH, str(os.getpid()), *argv),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=asyncio.subprocess.STDOUT,
            cwd=directory,
            env={**os.environ, **(env or {})},
            start_new_session=True,
        )
    process = Process(name, child, log)
    try:
        async with asyncio.timeout(timeout), aiohttp.ClientSession() as session:
            while not await _answers(session, ready):
                if child.returncode is not None:
                    raise StartError(
                        f"{name} ended with status {child.returncode}:\n{process.tail()}"
                    )
                await asyncio.sleep(0.1)
    except TimeoutError:
        await process.stop()
        raise StartError(f"{name} was not ready after {timeout:g} s:\n{process.tail()}") from None
    except BaseException:
        await process.stop()
        raise
    return process


async def _answers(session: aiohttp.ClientSession, url: str) -> bool:
    try:
        async with session.get(url, timeout=aiohttp.ClientTimeout(total=2)) as answer:
            return answer.status == 200
    except (aiohttp.ClientError, TimeoutError):
        return False
