"""The table of folders in docs/architecture/README.md is what the code does: no other import."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

PACKAGE = "store_exporter"
ANY_PLATFORM = "platforms/<name>"

# Arrows that are wrong and wait for somebody: "folder -> folder". Empty is right.
WAITING: frozenset[str] = frozenset()


@pytest.fixture(scope="module")
def root(repository: Path) -> Path:
    return repository / "exporter" / PACKAGE


@pytest.fixture(scope="module")
def table(repository: Path) -> Mapping[str, frozenset[str]]:
    return rows((repository / "docs/architecture/README.md").read_text("utf-8"))


def rows(page: str) -> dict[str, frozenset[str]]:
    """The table's folders from the lowest layer to the highest, each with what it imports."""
    lines = page.partition("| Folder |")[2].partition("\n\n")[0].splitlines()[2:]
    found: dict[str, frozenset[str]] = {}
    for line in lines:
        folders, _, imports = (cell.strip() for cell in line.strip("|").split("|"))
        assert imports == "nothing" or "`" in imports, line
        for folder in re.findall(r"`([^`]+)`", folders):
            found[folder] = frozenset(re.findall(r"`([^`]+)`", imports))
    return found


def modules(root: Path) -> Iterator[tuple[tuple[str, ...], Path]]:
    """Every module by its path below the package; a package's own is that of `__init__`."""
    for file in root.rglob("*.py"):
        yield file.relative_to(root).with_suffix("").parts, file


def has_code(file: Path) -> bool:
    """Whether a module is more than its docstring."""
    return len(ast.parse(file.read_text("utf-8")).body) > 1


def imported(module: tuple[str, ...], file: Path, root: Path) -> Iterator[tuple[str, ...]]:
    """What a module imports of the package, wherever in it the import stands."""
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name.split(".") for alias in node.names]
            yield from (tuple(rest) for first, *rest in names if first == PACKAGE)
        elif isinstance(node, ast.ImportFrom):
            base = tuple(node.module.split(".")) if node.module else ()
            if node.level:
                base = (*module[: len(module) - node.level], *base)
            elif base[:1] == (PACKAGE,):
                base = base[1:]
            else:
                continue
            for alias in node.names:
                path = root.joinpath(*base, alias.name)
                inner = path.is_dir() or path.with_suffix(".py").exists()
                yield (*base, alias.name) if inner else base


def folder_of(module: tuple[str, ...], table: Mapping[str, object]) -> str:
    """The table's narrowest row that holds a module; its own path when there is none."""
    names = module or ("__init__",)
    for length in range(len(names), 0, -1):
        path = "/".join(names[:length])
        for name in (f"{path}.py", path):
            if name in table:
                return name
    if len(names) > 1 and names[0] == "platforms":
        return ANY_PLATFORM
    return "/".join(names)


def arrows(root: Path, table: Mapping[str, object]) -> dict[tuple[str, str], list[str]]:
    """Which folder imports which, with the modules that do."""
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for module, file in modules(root):
        own = folder_of(module, table)
        for target in imported(module, file, root):
            other = folder_of(target, table)
            foreign = own == other == ANY_PLATFORM and module[1] != target[1]
            if own != other or foreign:
                where = f"{'/'.join(module)}.py imports {'.'.join(target)}"
                found[own, f"another {ANY_PLATFORM}" if foreign else other].append(where)
    return found


def test_every_import_is_one_that_the_table_allows(
    root: Path, table: Mapping[str, frozenset[str]]
) -> None:
    wrong = {
        f"{own} -> {other}": sorted(set(modules))
        for (own, other), modules in arrows(root, table).items()
        if other not in table.get(own, ())
    }
    assert wrong.keys() == WAITING, wrong


def test_every_arrow_of_the_table_is_drawn_by_the_code(
    root: Path, table: Mapping[str, frozenset[str]]
) -> None:
    drawn = arrows(root, table)
    idle = [
        f"{own} -> {o}" for own, others in table.items() for o in others if (own, o) not in drawn
    ]
    assert idle == []


def test_every_folder_imports_only_from_those_above_it(table: Mapping[str, frozenset[str]]) -> None:
    order = list(table)
    for number, folder in enumerate(order):
        assert table[folder] <= set(order[:number]), folder


def test_the_table_has_a_row_for_every_folder_and_none_that_is_gone(
    root: Path, table: Mapping[str, frozenset[str]]
) -> None:
    assert {folder_of(module, table) for module, file in modules(root) if has_code(file)} == set(
        table
    )


@pytest.mark.parametrize(
    ("folder", "pattern"), [("net", "*"), ("platforms/kit", "*/*.py"), ("probing", "*")]
)
def test_the_page_names_every_module_of_a_folder_that_it_describes(
    repository: Path, root: Path, folder: str, pattern: str
) -> None:
    page = (repository / "docs/architecture/README.md").read_text("utf-8")
    section = page.partition(f"### `{folder}`, ")[2].partition("\n#")[0]
    entries = {file.stem for file in (root / folder).glob(pattern) if file.stem[0] != "_"}
    assert entries <= set(re.findall(r"`(\w+)`", section))


MOST_LINES = 300
MOST_LINES_OF_A_FUNCTION = 50


def functions(file: Path) -> Iterator[tuple[str, int]]:
    """The name of every function, and its lines from `def` to its end without the docstring."""
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno is not None
            lines = node.end_lineno - node.lineno + 1
            if ast.get_docstring(node, clean=False) is not None:
                lines -= (node.body[0].end_lineno or 0) - node.body[0].lineno + 1
            yield node.name, lines


def test_no_module_and_no_function_is_too_long_to_be_read_at_once(root: Path) -> None:
    files = sorted(root.parent.rglob("*.py"))
    long = [file.name for file in files if len(file.read_text("utf-8").splitlines()) > MOST_LINES]
    assert long == []
    assert [
        f"{file.name}: {name}"
        for file in files
        for name, lines in functions(file)
        if lines > MOST_LINES_OF_A_FUNCTION
    ] == []


def test_the_distribution_knows_nothing_of_the_demo(root: Path) -> None:
    assert not [file for _, file in modules(root) if "store_demo" in file.read_text("utf-8")]


TREE = {
    "errors.py": "",
    "stores/model.py": "from ..errors import A\n",
    "net/url.py": "def f():\n    from ..stores import model\n",
    "platforms/a/x.py": "from ..b import y\nimport store_exporter.net.url\n",
    "platforms/b/y.py": "from store_exporter.errors import A\n",
}


def test_an_import_is_seen_in_every_form_and_at_every_depth(tmp_path: Path) -> None:
    for name, text in TREE.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    table = dict.fromkeys(["errors.py", "stores", "net", ANY_PLATFORM])
    assert set(arrows(tmp_path, table)) == {
        ("stores", "errors.py"),
        ("net", "stores"),
        (ANY_PLATFORM, f"another {ANY_PLATFORM}"),
        (ANY_PLATFORM, "net"),
        (ANY_PLATFORM, "errors.py"),
    }
