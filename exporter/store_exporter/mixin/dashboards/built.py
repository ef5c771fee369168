"""The dashboards as they come with the package, for installations without the SDK."""

from __future__ import annotations

import json
from pathlib import Path

from .. import policy

_HERE = Path(__file__)
_FOLDERS = (_HERE.with_name("built"), _HERE.parents[4] / "grafana" / "dashboards")
"""In a wheel, and in a checkout, from which the wheel takes them."""


def text(file: str, links: policy.Links = policy.LINKS) -> str:
    """Return a dashboard's file with the links that were chosen.

    Args:
        file: its name without its ending.
        links: where its links lead, in place of the default ones that it was made with.

    Raises:
        FileNotFoundError: the package was installed without it.
    """
    folder = next((each for each in _FOLDERS if each.is_dir()), _FOLDERS[0])
    made = (folder / f"{file}.json").read_text(encoding="utf-8")
    return made.replace(_quoted(policy.LINKS.runbooks), _quoted(links.runbooks))


def _quoted(url: str) -> str:
    """An address as it begins a JSON string, and ends where a path follows."""
    return json.dumps(f"{url}/", ensure_ascii=False)[:-1]
