"""One class, one name: a name that two classes have says nothing in a traceback or a search."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path

WAITING = frozenset(
    {
        "Complaints",
        "Exchange",
        "Kind",
        "Operation",
        "Options",
        "Order",
        "Page",
        "Query",
        "Refund",
        "Result",
        "Rows",
    }
)
"""Names that still have to change. Empty is right."""


def test_no_class_name_is_defined_twice(repository: Path) -> None:
    package = repository / "exporter/store_exporter"
    defined: dict[str, set[str]] = defaultdict(set)
    for file in package.rglob("*.py"):
        module = file.relative_to(package).parts
        platform = module[0] == "platforms" and len(module) > 2 and module[1] != "kit"
        # What stands in the same place of two platforms is the same part of each.
        place = "/".join(("<name>", *module[2:]) if platform else module)
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.ClassDef):
                defined[node.name].add(place)
    twice = {name: sorted(places) for name, places in defined.items() if len(places) > 1}
    assert twice.keys() == WAITING, twice
