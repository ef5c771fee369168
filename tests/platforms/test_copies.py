"""What two platforms have in common is in the kit: neither is a copy of the other."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

LIMIT = 5
"""So many lines of code in a row are a copy. Constructors and lists of keywords are shorter."""
_IMPORTS = (ast.Import, ast.ImportFrom)
FOLDERS = (
    "exporter/store_exporter/platforms/shopify",
    "exporter/store_exporter/platforms/woocommerce",
    "tests/platforms/third/store_exporter_bigcommerce",
)


def code(file: Path) -> Iterator[str]:
    """The lines of a module, without imports, docstrings, comments and lone brackets."""
    text = file.read_text("utf-8")
    left_out: set[int] = set()
    for node in ast.walk(ast.parse(text)):
        is_docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if isinstance(node, ast.stmt) and (is_docstring or isinstance(node, _IMPORTS)):
            left_out.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    for number, line in enumerate(text.splitlines(), 1):
        if number not in left_out and any(map(str.isalnum, line.partition("#")[0])):
            yield line.strip()


def runs(folder: Path) -> set[tuple[str, ...]]:
    """All runs of so many lines of a folder's modules."""
    found: set[tuple[str, ...]] = set()
    for file in folder.rglob("*.py"):
        lines = list(code(file))
        found.update(tuple(lines[n : n + LIMIT]) for n in range(len(lines) - LIMIT + 1))
    return found


def test_no_platform_has_lines_of_another(repository: Path) -> None:
    own = [runs(repository / folder) for folder in FOLDERS]
    assert all(own)
    for one, other in combinations(own, 2):
        assert one & other == set(), "platforms/kit is the place for what two platforms need"


def test_a_copy_is_found_whatever_is_between_its_lines(tmp_path: Path) -> None:
    lines = [f"total_{n} = order[{n}]" for n in range(LIMIT)]
    for name, between in (("one", "\n"), ("other", "\n\n# why\n")):
        (tmp_path / name).mkdir()
        text = f'"""{name}"""\n\nimport {name}\n\n{between.join(lines)}\n'
        (tmp_path / name / "module.py").write_text(text, "utf-8")
    assert runs(tmp_path / "one") & runs(tmp_path / "other") == {tuple(lines)}
