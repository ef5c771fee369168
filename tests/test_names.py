"""One class, one name: a name that two classes have says nothing in a traceback or a search."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path


def narrows(node: ast.ClassDef) -> bool:
    """Whether a class is another folder's class of the same name for one platform.

    Its first line says so, as in `class Api(connection.Api)`.
    """
    bases = (base.value if isinstance(base, ast.Subscript) else base for base in node.bases)
    return any(isinstance(base, ast.Attribute) and base.attr == node.name for base in bases)


def test_no_class_name_is_defined_twice(repository: Path) -> None:
    package = repository / "exporter/store_exporter"
    defined: dict[str, set[str]] = defaultdict(set)
    for file in package.rglob("*.py"):
        module = file.relative_to(package).parts
        platform = module[0] == "platforms" and len(module) > 2 and module[1] != "kit"
        # What stands in the same place of two platforms is the same part of each.
        place = "/".join(("<name>", *module[2:]) if platform else module)
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.ClassDef) and not narrows(node):
                defined[node.name].add(place)
    twice = {name: sorted(places) for name, places in defined.items() if len(places) > 1}
    assert not twice, f"rename one of each, or put it where other platforms have theirs: {twice}"
