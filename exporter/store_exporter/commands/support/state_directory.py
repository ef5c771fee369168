"""Whether counters can be saved in the folder for the state."""

from __future__ import annotations

import os
from pathlib import Path

from ...contract import Finding


def state_directory(path: Path) -> Finding:
    """Check whether counters can be saved in the folder, or in its nearest existing parent."""
    try:
        existing = next((p for p in (path, *path.absolute().parents) if p.exists()), Path("/"))
        is_usable = existing.is_dir() and os.access(existing, os.W_OK | os.X_OK)
    except OSError:
        # A folder above it may not be searched, for example.
        is_usable = False
    if is_usable:
        return Finding("state directory", "ok", str(path))
    advice = (
        "Run this command as the exporter's user, or set state_directory to a folder that this "
        "user may write to."
    )
    return Finding("state directory", "fail", f"{path} cannot be written to", advice)
