"""Runs amtool, and says what a configuration of Alertmanager means to it."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests import servers


def amtool(*arguments: str) -> str:
    done = subprocess.run(
        [servers.tool("amtool"), *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def check_config(config: Path) -> None:
    assert "SUCCESS" in amtool("check-config", str(config))


def receivers_of(labels: str, config: Path) -> str:
    """Return the receivers of an alert with these labels, with commas between them."""
    test = ("config", "routes", "test", f"--config.file={config}")
    return amtool(*test, *labels.split()).strip()
