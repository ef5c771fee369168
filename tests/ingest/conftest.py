"""An exporter that accepts calls, and the packages of tests that run Node, installed once."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.ingest.support import taking
from tests.server.support import Running

_NODE = Path(__file__).parent / "node"
_CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "store-exporter"


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Running]:
    async with taking(tmp_path) as running:
        yield running


@pytest.fixture(scope="session")
def node_packages() -> Path:
    """A folder with the node_modules of tests/ingest/node/package-lock.json, in the cache.

    They are 70 MB, and fetched on request alone.
    """
    if not shutil.which("node") or not shutil.which("npm"):
        pytest.skip("not to be had: node (Node 20 or later and npm have to be on PATH)")
    lock = (_NODE / "package-lock.json").read_bytes()
    folder = _CACHE / f"node-{hashlib.sha256(lock).hexdigest()[:16]}"
    _CACHE.mkdir(parents=True, exist_ok=True)
    with (_CACHE / "node.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        if not folder.exists():
            if os.environ.get("CI") != "true":
                pytest.skip("not to be had: node-packages (scripts/test --all fetches them)")
            _install(folder)
    return folder


@pytest.fixture
def node_folder(tmp_path: Path, node_packages: Path) -> Path:
    """A folder of the test's own in which Node finds the packages."""
    folder = tmp_path / "node"
    folder.mkdir()
    (folder / "node_modules").symlink_to(node_packages / "node_modules")
    return folder


def _install(folder: Path) -> None:
    # Where it will be is made last, so that an interrupted installation is not trusted.
    with tempfile.TemporaryDirectory(dir=_CACHE, prefix="fetching.") as name:
        fetched = Path(name) / "node"
        fetched.mkdir()
        for file in ("package.json", "package-lock.json"):
            shutil.copy(_NODE / file, fetched)
        command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
        done = subprocess.run(command, cwd=fetched, capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"not to be had: node packages (npm ci says: {done.stderr[-300:]})")
        fetched.rename(folder)
