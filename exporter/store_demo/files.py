"""Writing the demo's configuration files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml


def write(path: Path, document: Mapping[str, Any]) -> None:
    """Write a YAML file, and the folder that it is in."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(dict(document), sort_keys=False, width=1000), encoding="utf-8")
