"""uv, which fetches from the package index: a download that fails is begun once more."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

_UNREACHABLE = re.compile(
    r"error sending request|dns error|[Ff]ailed to (fetch|download)|timed out|[Cc]onnection reset"
)


def uv(*arguments: object, folder: Path) -> str:
    """Run a command of uv in a folder; returns its output, or skips the test without an index."""
    command = [sys.executable, "-m", "uv", *map(str, arguments)]
    for _ in range(2):
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return done.stdout
    if _UNREACHABLE.search(done.stderr):
        pytest.skip(f"no package index can be reached: {done.stderr.strip().splitlines()[-1]}")
    raise AssertionError(done.stdout + done.stderr)
