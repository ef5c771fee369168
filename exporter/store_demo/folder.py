"""The folder of a running demo and its files, and the folders that killed demos have left."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import yaml

_PREFIX = "store-exporter-demo-"
_LOCK = "running.lock"


@contextmanager
def running_folder() -> Iterator[Path]:
    """Yield a temporary folder, removed at the end; first remove those of demos that were killed.

    A demo holds a lock within its folder, which the system releases however the demo ends.
    """
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with suppress(OSError):
            _remove_if_left(folder)
    with tempfile.TemporaryDirectory(prefix=_PREFIX) as name:
        folder = Path(name)
        with (folder / "new.lock").open("x") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            # Under its name it is locked from the beginning.
            (folder / "new.lock").rename(folder / _LOCK)
            yield folder


def _remove_if_left(folder: Path) -> None:
    """Remove a folder of this user's whose demo has ended; OSError if it runs."""
    if folder.lstat().st_uid != os.getuid():
        return
    with (folder / _LOCK).open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder)


def write(path: Path, document: Mapping[str, Any]) -> None:
    """Write a YAML file, and the folder that it is in."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(dict(document), sort_keys=False, width=1000), encoding="utf-8")
