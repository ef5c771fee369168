"""Waits until a file that is being written in place no longer changes.

A list that is cut off between two entries looks like a shorter list, so the text does not show it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

QUIET_SECONDS = 1.0
"""Seconds without a change after which a file counts as complete."""
LONGEST_SECONDS = 10.0
_STEP = 0.05


def settled(
    path: Path,
    *,
    sleep: Callable[[float], object] = time.sleep,
    monotonic: Callable[[], float] = time.monotonic,
    now: Callable[[], float] = time.time,
) -> bool:
    """Wait until a file has not changed for a second; return at once if that is already so.

    Blocks. A missing file is left to the reader.

    Args:
        path: the file.
        sleep: waits for a number of seconds.
        monotonic: seconds of a clock that never jumps.
        now: Unix time, to compare with the file's.

    Returns:
        Whether it came to rest in time.
    """
    known = stamp(path)
    if known is None or now() - known[0] / 1e9 >= QUIET_SECONDS:
        return True
    began = since = monotonic()
    while (at := monotonic()) - since < QUIET_SECONDS:
        if at - began >= LONGEST_SECONDS:
            return False
        sleep(_STEP)
        if (found := stamp(path)) != known:
            known, since = found, monotonic()
    return True


def stamp(path: Path) -> tuple[int, int, int] | None:
    """Return values that change at every write: time in nanoseconds, size and inode number."""
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_mtime_ns, stat.st_size, stat.st_ino
