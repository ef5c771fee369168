"""One class, one name: a name that two classes have says nothing in a traceback or a search.

Modules that docstrings and comments name are there.
"""

from __future__ import annotations

import ast
import re
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


def test_every_module_that_is_written_of_exists(repository: Path) -> None:
    package, tests = repository / "exporter/store_exporter", repository / "tests"
    names = {file.name for folder in (package, tests) for file in folder.rglob("*.py")}
    missing = {
        f"{file.relative_to(package)}: {mention}"
        for file in package.rglob("*.py")
        for mention in re.findall(r"`([\w/<>.]+\.py)`", file.read_text("utf-8"))
        if mention.rpartition("/")[2] not in names
    }
    assert not missing, f"name what is there: {missing}"
