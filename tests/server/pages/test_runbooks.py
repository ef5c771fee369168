"""Runbooks are shown by an exporter that did not need them to start."""

from __future__ import annotations

import subprocess
import sys


def test_alerts_and_their_runbooks_are_imported_when_one_is_requested() -> None:
    code = "import sys, store_exporter.server.app; print(*sys.modules)"
    argv = [sys.executable, "-c", code]
    done = subprocess.run(argv, capture_output=True, text=True, check=True)
    modules = done.stdout.split()
    assert "store_exporter.server.pages.runbooks" in modules
    assert not [name for name in modules if name.startswith("store_exporter.mixin.alerts")]
