"""The part of a benchmark that runs in a process of its own, with the exporter and its extras.

The benchmark itself runs in the environment of the peers, which `scripts/bench` makes.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PROMETHEUS = ROOT / ".tools" / "bin" / "prometheus"
LINUX = Path("/proc/self/stat")
PYTHONPATH = f"{ROOT / 'exporter'}:{ROOT}"


def python() -> str:
    """Return the Python of the environment that has the exporter."""
    return os.environ.get("BENCH_EXPORTER", sys.executable)


def run(module: str, modules: str, *arguments: str, file: Path | None = None) -> Any:
    """Run a module of the benchmark with the exporter, and return what it prints as JSON.

    Args:
        module: its name.
        modules: those that it imports, of which an extra may be missing.
        arguments: of its command line.
        file: what it needs beside them.

    Returns:
        None if something that it needs is missing, which is said.
    """
    needed = [python(), "-c", f"import {modules}"]
    is_there = subprocess.run(needed, stderr=subprocess.DEVNULL, check=False).returncode == 0
    if not is_there or (file is not None and not file.exists()):
        needs = modules if file is None else f"{modules} and {file}"
        name = module.rpartition(".")[2].upper()
        sys.stderr.write(f"{name} IS LEFT OUT: it needs {needs}; scripts/bench has them\n")
        return None
    done = subprocess.run(
        [python(), "-m", module, *arguments],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": PYTHONPATH},
        cwd=ROOT,
    )
    return json.loads(done.stdout)
