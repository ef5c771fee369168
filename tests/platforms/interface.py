"""What platforms of other distributions may rely on: names, members and parameters.

`interface.txt` promises it. `python -m tests.platforms.interface` writes the file by the code as it
is: what is promised and still there, and all that the platforms import.
"""

from __future__ import annotations

import ast
import inspect
import typing
from collections.abc import Iterable, Iterator
from enum import EnumType
from importlib import import_module
from pathlib import Path
from typing import Any

from store_exporter.platforms.base import built_in
from store_exporter.spec.operations import OPERATIONS, Operations

PACKAGE = "store_exporter"
ROOT = Path(__file__).parents[2]
RECORDED = Path(__file__).with_name("interface.txt")
PLATFORMS = f"{PACKAGE}.platforms"
FOLDERS = {
    **{f"{PLATFORMS}.{name}": ROOT / f"exporter/{PACKAGE}/platforms/{name}" for name in built_in()},
    "store_exporter_bigcommerce": Path(__file__).parent / "third/store_exporter_bigcommerce",
}
_REQUIRED = inspect.Parameter.empty
_STARS = {inspect.Parameter.VAR_POSITIONAL: "*", inspect.Parameter.VAR_KEYWORD: "**"}


def used(platforms: Iterable[str] = FOLDERS) -> set[str]:
    """Every name that some platforms import from outside their own folders."""
    return {
        name
        for package, folder in FOLDERS.items()
        if package in platforms
        for file in folder.rglob("*.py")
        for name in _used_by(ast.parse(file.read_text("utf-8")), _module(package, folder, file))
        if not any(f"{name}.".startswith(f"{own}.") for own in FOLDERS)
    }


def _module(package: str, folder: Path, file: Path) -> tuple[str, ...]:
    """The parts of the package that a file's relative imports begin at."""
    return (*package.split("."), *file.relative_to(folder).parent.parts)


def _used_by(tree: ast.Module, package: tuple[str, ...]) -> Iterator[str]:
    modules: dict[str, str] = {}
    for node in ast.walk(tree):
        if not isinstance(node, ast.ImportFrom):
            continue
        base = ".".join((*package[: len(package) - node.level + 1],) if node.level else ())
        source = ".".join(filter(None, (base, node.module)))
        if source.partition(".")[0] != PACKAGE:
            continue
        for alias in node.names:
            name = f"{source}.{alias.name}"
            if is_module(name):
                modules[alias.asname or alias.name] = name
            else:
                yield name
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            source = modules.get(node.value.id, "")
            if source:
                yield f"{source}.{node.attr}"


def is_module(name: str) -> bool:
    path = ROOT / "exporter" / Path(*name.split("."))
    return path.is_dir() or path.with_suffix(".py").exists()


def described(name: str) -> Iterator[str]:
    """A name with its parameters, and in further lines the members of a class.

    Raises:
        AttributeError: it is not there.
    """
    module, _, last = name.rpartition(".")
    value = getattr(import_module(module), last)
    yield name.removeprefix(f"{PACKAGE}.") + _parameters(value)
    if inspect.isclass(value):
        fields = {"", *inspect.signature(value).parameters} if _has_signature(value) else {""}
        for member in sorted(_members(value) - fields):
            yield f"    .{member}{_parameters(inspect.getattr_static(value, member, None))}"


def _members(kind: type) -> set[str]:
    """The public members of a class that this package gives it."""
    own = [base for base in kind.__mro__ if base.__module__.startswith(PACKAGE)]
    named = {name for base in own for name in (*vars(base), *inspect.get_annotations(base))}
    # What the clients' methods are is in `Operations`.
    known = set() if kind is Operations else set(OPERATIONS)
    return {name for name in named - known if not name.startswith("_")}


def _has_signature(value: Any) -> bool:
    try:
        inspect.signature(value)
    except (TypeError, ValueError):
        return False
    return not (typing.is_typeddict(value) or isinstance(value, EnumType))


def _parameters(value: Any) -> str:
    """The parameters of what can be called, `name=` for one that need not be given."""
    is_bound = isinstance(value, (classmethod, staticmethod))
    value = value.__func__ if is_bound else value
    if not (inspect.isfunction(value) or inspect.isclass(value)) or not _has_signature(value):
        return ""
    shown, keyword_only = [], False
    for name, parameter in inspect.signature(value).parameters.items():
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY and not keyword_only:
            keyword_only = True
            shown.append("*")
        stars = next((s for kind, s in _STARS.items() if parameter.kind is kind), "")
        keyword_only = keyword_only or stars == "*"
        ending = "" if parameter.default is _REQUIRED or stars else "="
        if name not in ("self", "cls"):
            shown.append(f"{stars}{name}{ending}")
    return f"({', '.join(shown)})"


def promised() -> set[str]:
    """The names in the file."""
    lines = RECORDED.read_text("utf-8").splitlines()
    return {f"{PACKAGE}.{line.partition('(')[0]}" for line in lines if line[:1].strip()}


def broken() -> list[str]:
    """The promised lines that do not hold. More members and more optional parameters break none."""
    lost, found = [], dict[str, list[str]]()
    for line in RECORDED.read_text("utf-8").splitlines():
        name, parameters = _parsed(line)
        if not name.startswith(" "):
            whole = f"{PACKAGE}.{name}"
            found = dict(map(_parsed, described(whole) if _is_there(whole) else ()))
        if name not in found or not _is_kept(parameters, found[name]):
            lost.append(line)
    return lost


def _parsed(line: str) -> tuple[str, list[str]]:
    name, _, parameters = line.rstrip(")").partition("(")
    return name, parameters.split(", ") if parameters else []


def _is_kept(promised: list[str], found: list[str]) -> bool:
    """Whether every call that was valid still is."""
    (placed, named), (placed_now, named_now) = map(_places_and_names, (promised, found))
    rest = (*placed_now[len(placed) :], *named_now)
    return (
        len(placed_now) >= len(placed)
        and all(map(_accepts, placed_now, placed))
        and all(any(_accepts(new, old) for new in rest) for old in named)
        and all(new.endswith("=") or new.startswith("*") or new in named for new in rest)
    )


def _places_and_names(parameters: list[str]) -> tuple[list[str], list[str]]:
    """Split parameters into those that may be given by their places, and the others."""
    at = parameters.index("*") if "*" in parameters else len(parameters)
    return parameters[:at], parameters[at + 1 :]


def _accepts(new: str, old: str) -> bool:
    """Whether a parameter is still there; it may have become optional."""
    return new in (old, f"{old}=")


def _is_there(name: str) -> bool:
    module, _, last = name.rpartition(".")
    return is_module(module) and hasattr(import_module(module), last)


def written() -> str:
    """The file by the code as it is."""
    names = sorted(filter(_is_there, promised() | used()))
    return "".join(f"{line}\n" for name in names for line in described(name))


if __name__ == "__main__":
    RECORDED.write_text(written(), "utf-8")
