"""The generated dashboards in the package, for installations without the SDK."""

from __future__ import annotations

import json
from pathlib import Path

from .. import policy

_HERE = Path(__file__)
_FOLDERS = (_HERE.with_name("built"), _HERE.parents[4] / "grafana" / "dashboards")
"""Folders of the generated files: in a wheel, and in a checkout, from which the wheel gets them."""


def text(file: str, links: policy.Links = policy.LINKS) -> str:
    """Return the text of a dashboard's file with other links.

    Raises:
        FileNotFoundError: the installed package lacks the file.
    """
    folder = next((each for each in _FOLDERS if each.is_dir()), _FOLDERS[0])
    made = (folder / f"{file}.json").read_text(encoding="utf-8")
    for before, after in (
        (f"{policy.LINKS.runbooks}/", f"{links.runbooks}/"),
        (f"{policy.LINKS.calls}?", f"{links.calls}?"),
    ):
        made = made.replace(_quoted(before), _quoted(after))
    return made


def _quoted(url: str) -> str:
    """The beginning of a JSON string that begins with an address."""
    return json.dumps(url, ensure_ascii=False)[:-1]
