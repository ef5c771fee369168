"""The reference of all operations, from their specification and the platforms' plans."""

from __future__ import annotations

import dataclasses
import inspect
import re
import textwrap
from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from itertools import groupby
from typing import Any

from .. import markdown
from ..errors import ERROR_TYPES
from ..spec import results
from ..spec.operation import OperationSpec, Parameter
from ..spec.operations import OPERATIONS
from ..spec.shell import FORMS
from .kit.operations.plans import Planned
from .supported import ANY_REQUEST, platforms

_WORD = re.compile(r"[A-Za-z_]\w*")


def page() -> str:
    """Return the reference as a Markdown page."""
    return markdown.page(_blocks())


def _blocks() -> Iterator[str]:
    yield "# Operations"
    yield "Who reads this: anyone who runs operations against a store, in Python or from the shell."
    yield (
        "The operations that an application can run against a store, what they take, what they "
        "return and how they fail. Each is a method of the platform's client, blocking and "
        "asynchronous, and is measured under its name. `store-exporter run` runs one from the "
        "shell."
    )
    yield _overview()
    yield from _clients()
    yield from _in_a_shell()
    yield "## Errors of any operation"
    yield "Failures are `StoreError`s; `fault` says who must act."
    yield _errors(ANY_REQUEST)
    for spec in OPERATIONS.values():
        yield from _operation(spec)
    yield from _results()


def _overview() -> str:
    found = platforms()
    rows = (
        (f"[{name}](#{name})", *("yes" if name in p.operations else "no" for p in found))
        for name in OPERATIONS
    )
    return markdown.table(("operation", *(p.title for p in found)), rows)


def _clients() -> Iterator[str]:
    """Yield what each platform's package says about using its clients."""
    yield "## Clients"
    for platform in platforms():
        package = import_module(f"store_exporter.platforms.{platform.name}")
        yield f"### Clients of {platform.title}"
        yield from _with_fences(inspect.getdoc(package) or "")


def _in_a_shell() -> Iterator[str]:
    """Yield how to pass parameters to `store-exporter run`."""
    yield "## From the shell"
    yield markdown.code(
        "sh",
        "store-exporter run search_products query=shoes limit=4 max_price=19.90 \\\n"
        '    \'attributes={"Colour": "red"}\' --store shop.example.com',
    )
    yield (
        "Each parameter is `NAME=VALUE`, and what has a default may be left out. `store-exporter "
        "operations NAME` says which an operation takes, and of what type. A parameter that takes "
        "numbers or texts, such as `product`, takes both as they are; `variation` is an id, a SKU "
        "or JSON. With `--format json` the result is JSON."
    )
    rows = ((form.words, f"`{form.example}`", f"`{form.kind}`") for form in FORMS)
    yield markdown.table(("a value is", "such as", "of the type"), rows)


def _with_fences(text: str) -> Iterator[str]:
    """Yield a docstring with its indented examples as fenced code."""
    for code, lines in groupby(text.splitlines(), _indented()):
        part = textwrap.dedent("\n".join(lines)).strip()
        yield markdown.code("python", part) if code else part


def _indented() -> Callable[[str], bool]:
    """Return a function that returns for each line in turn whether it belongs to an example."""
    inside = False

    def judge(line: str) -> bool:
        nonlocal inside
        inside = line.startswith("    ") if line.strip() else inside
        return inside

    return judge


def _errors(names: Iterable[str]) -> str:
    entries = (ERROR_TYPES[name] for name in names)
    rows = ((f"`{entry.name}`", entry.fault.value, entry.meaning) for entry in entries)
    return markdown.table(("error type", "fault", "meaning"), rows)


def _operation(spec: OperationSpec[..., Any]) -> Iterator[str]:
    yield f"## {spec.name}"
    yield spec.description + (" It changes the store." if spec.writes else "")
    yield spec.notes
    if spec.aliases:
        yield f"Also accepted as {_listed(spec.aliases)}."
    yield markdown.code("python", spec.example)
    if spec.parameters:
        rows = ((f"`{p.name}`", f"`{p.type}`", _default(p), p.description) for p in spec.parameters)
        yield markdown.table(("parameter", "type", "default", "meaning"), rows)
    yield f"Returns {_linked(spec.result)}."
    if spec.errors:
        yield _errors(spec.errors)
    for platform in platforms():
        yield f"### {spec.name} on {platform.title}"
        planned = platform.operations.get(spec.name)
        if planned is None:
            yield f"Not supported: {platform.reason(spec.name)}."
        else:
            yield from _supported(planned)


def _supported(planned: Planned[..., Any]) -> Iterator[str]:
    """Yield what one platform adds to the specification."""
    yield planned.notes
    if further := planned.errors[len(planned.spec.errors) :]:
        yield _errors(further)
    yield f"Calls: {_listed(planned.calls)}."


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _default(parameter: Parameter) -> str:
    return "required" if parameter.required else f"`{parameter.default!r}`"


def _linked(result: str) -> str:
    """Return a type with links to the descriptions of the results in it."""

    def link(match: re.Match[str]) -> str:
        word = match.group()
        return f"[{word}](#{word.lower()})" if word in results.__all__ else word

    return _WORD.sub(link, result).replace("[[", r"\[[")


def _results() -> Iterator[str]:
    yield "## Results"
    for name in results.__all__:
        kind = getattr(results, name)
        yield f"### {name}"
        yield from _docstring(inspect.getdoc(kind) or "")
        fields = ((f"`{field.name}`", f"`{field.type}`") for field in dataclasses.fields(kind))
        yield markdown.table(("field", "type"), fields)


def _docstring(text: str) -> Iterator[str]:
    """Yield a docstring with its list of attributes as a list."""
    summary, _, attributes = text.partition("\nAttributes:\n")
    yield summary.strip()
    lines = []
    for line in inspect.cleandoc(attributes).splitlines():
        name, colon, meaning = line.partition(": ")
        continued = line.startswith(" ") or not colon
        lines.append(f"  {line.strip()}" if continued else f"- `{name}`: {meaning}")
    yield "\n".join(lines)
