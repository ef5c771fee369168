"""Adds an entry to a handwritten configuration file, and keeps every comment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from .model.org import OF_STORES

_INDENTATION = "  "
_OF_THE_FILE = ("state_directory", "defaults")
"""Keys of the file that are needed to check one store, and that refer to no secret."""


def entry_text(entry: Mapping[str, Any], indentation: str = _INDENTATION) -> str:
    """Write an entry of a list as YAML."""
    lines = yaml.safe_dump(dict(entry), sort_keys=False, allow_unicode=True, width=200).splitlines()
    first, *others = lines
    return "".join([f"{indentation}- {first}\n", *(f"{indentation}  {line}\n" for line in others)])


def alone(entry: Mapping[str, Any], data: Mapping[str, Any]) -> dict[str, Any]:
    """Return a configuration of one store only, with the file's settings for all stores.

    Other parts of the file may need secrets that only the exporter can read.
    """
    orgs = [org for org in data.get("orgs") or () if org.get("org") == entry["org"]]
    said = {key: org[key] for org in orgs for key in OF_STORES if key in org}
    document = {"orgs": [{"org": entry["org"], **said}], "stores": [dict(entry)]}
    return document | {key: data[key] for key in _OF_THE_FILE if data.get(key)}


def with_entry(text: str, key: str, entry: Mapping[str, Any]) -> str:
    """Return a file's text with an entry at the end of a list of its top level.

    Args:
        text: a valid file.
        key: the key of the list; it is added if it is missing.
        entry: the entry to add.

    Raises:
        ValueError: the form of the file does not allow adding an entry as a few lines.
    """
    if text and not text.endswith("\n"):
        text += "\n"
    lines = text.splitlines(keepends=True)
    at, added = _place(text, lines, key, entry)
    changed = "".join([*lines[:at], added, *lines[at:]])
    wanted = dict(yaml.safe_load(text) or {})
    wanted[key] = [*(wanted.get(key) or []), dict(entry)]
    try:
        if yaml.safe_load(changed) == wanted:
            return changed
    except yaml.YAMLError:
        pass
    raise ValueError("its layout does not allow adding the entry automatically")


def _place(text: str, lines: list[str], key: str, entry: Mapping[str, Any]) -> tuple[int, str]:
    """Return the line before which to add the entry, and the text to add."""
    top = yaml.compose(text, yaml.SafeLoader)
    items = top.value if isinstance(top, yaml.MappingNode) and not top.flow_style else []
    for name, value in items:
        if name.value != key:
            continue
        if isinstance(value, yaml.SequenceNode) and not value.flow_style:
            column = value.start_mark.column
            end = _behind(value.value[-1])
            return _without_comments(lines, end, column), entry_text(entry, " " * column)
        return name.start_mark.line + 1, entry_text(entry)
    return len(lines), f"{key}:\n{entry_text(entry)}"


def _behind(node: yaml.Node) -> int:
    """Return the line after a node; a block ends where the next one begins."""
    end = node.end_mark
    is_block = isinstance(node, yaml.CollectionNode) and not node.flow_style
    return int(end.line) if is_block and end.column <= node.start_mark.column else int(end.line) + 1


def _without_comments(lines: list[str], end: int, column: int) -> int:
    """Go back over blank lines, and over comments that belong to what follows the list."""
    while end and (
        not (stripped := lines[end - 1].lstrip(" ")).strip()
        or (stripped.startswith("#") and len(lines[end - 1]) - len(stripped) <= column)
    ):
        end -= 1
    return end
