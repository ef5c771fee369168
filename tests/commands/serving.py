"""`store-exporter serve` as a process of its own."""

from __future__ import annotations

import asyncio
import io
import logging
import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, chdir, redirect_stderr, redirect_stdout
from functools import partial
from pathlib import Path
from resource import RLIMIT_NOFILE, setrlimit
from unittest.mock import patch

from store_exporter import cli
from tests import forks
from tests.commands.forked import Forked, fork
from tests.server.support import ENVIRON

Process = asyncio.subprocess.Process | Forked

_TRUSTED = {"SSL_CERT_FILE": os.devnull}
"""Issuers that a test does not name: reading those of the system is a tenth of the start."""
_OF_PYTHON = {"LD_PRELOAD", "PYTHONPATH"}
"""Variables that are read when Python starts."""
LISTEN = re.compile(r"msg=listening address=(\S+)")
ANY_PORT = "--web.listen-address=127.0.0.1:0"


def run(
    folder: Path, *arguments: str, environ: Mapping[str, str] = ENVIRON
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "store_exporter", "serve", *arguments],
        cwd=folder,
        env={**_TRUSTED, **environ},
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )


def run_here(
    folder: Path, *arguments: str, environ: Mapping[str, str] = ENVIRON
) -> subprocess.CompletedProcess[str]:
    """Run a command that ends by itself in this process, which is quicker.

    Args:
        folder: where it runs.
        arguments: the command and what follows it.
        environ: its variables.
    """
    out, err = io.StringIO(), io.StringIO()
    root = logging.getLogger()
    handlers = root.handlers[:]
    with (
        chdir(folder),
        patch.dict(os.environ, environ, clear=True),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        try:
            status = cli.main(arguments)
        except SystemExit as ended:
            status = int(ended.code or 0)
        finally:
            root.handlers[:] = handlers
    return subprocess.CompletedProcess(arguments, status, out.getvalue(), err.getvalue())


@asynccontextmanager
async def served(
    folder: Path,
    *flags: str,
    address: str | None = ANY_PORT,
    environ: Mapping[str, str] = ENVIRON,
    limit: tuple[int, int] | None = None,
    python: str | Path | None = None,
) -> AsyncIterator[tuple[Process, str, list[str]]]:
    """Run `serve` as a process; yields it, its address and its log, which is whole after the block.

    It is forked from a process that has imported what it needs, which saves it 0.4 s. That is for
    tests of what it does, not of how Python starts, of what it imports and of how much it holds.

    Args:
        folder: where it runs, with its `store-exporter.yml`.
        flags: of the command line.
        address: the flag that says where it listens; none for the default.
        environ: its variables.
        limit: how many files it may have open: the soft and the hard limit.
        python: which is started and runs it, in place of a fork.
    """
    arguments = ("serve", *(() if address is None else (address,)), *flags)
    environ = {**_TRUSTED, **environ}
    if forks.commands and not (python or limit or _OF_PYTHON & environ.keys()):
        process: Process = await fork(forks.commands, folder, arguments, environ)
    else:
        process = await asyncio.create_subprocess_exec(
            python or sys.executable, "-m", "store_exporter", *arguments,
            cwd=folder, env=environ, stderr=asyncio.subprocess.PIPE, limit=2**20,
            preexec_fn=None if limit is None else partial(setrlimit, RLIMIT_NOFILE, limit),
        )  # fmt: skip
    log: list[str] = []
    try:
        address = ""
        async with asyncio.timeout(60):
            while not address:
                log.append(await line_of(process))
                if match := LISTEN.search(log[-1]):
                    address = match[1]
        yield process, address, log
    finally:
        if process.returncode is None:
            process.kill()
        _, rest = await process.communicate()
        log.append(rest.decode(errors="replace"))


async def line_of(process: Process) -> str:
    assert process.stderr is not None
    line = (await process.stderr.readline()).decode()
    assert line, "the process ended"
    return line


async def until_logged(process: Process, text: str) -> str:
    async with asyncio.timeout(60):
        while text not in (line := await line_of(process)):
            pass
    return line
