"""The reference of all operations, from the platforms' own descriptions: data and Markdown."""

from __future__ import annotations

import dataclasses
import inspect
import re
import textwrap
from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from itertools import groupby
from typing import Any

from ... import markdown
from ...errors import ERROR_TYPES
from ..base import Operation, Parameter, Platform, load, names
from . import results

ANY_REQUEST = (
    "timeout",
    "dns",
    "connection",
    "tls",
    "server_error",
    "maintenance",
    "rate_limited",
    "blocked",
    "invalid_response",
    "response_too_large",
    "redirect",
    "unauthorized",
    "forbidden",
    "tls_untrusted",
    "api_not_found",
    "invalid_request",
    "pool_timeout",
    "cancelled",
)
"""Error types that every operation may raise, whatever it does."""

_WORD = re.compile(r"[A-Za-z_]\w*")


def platforms() -> tuple[Platform, ...]:
    """Return all platforms that can be used, those that can do most first."""
    usable = (platform for platform in map(load, names()) if not platform.unusable)
    return tuple(sorted(usable, key=lambda p: (-len(p.operations), p.name)))


def problems() -> tuple[str, ...]:
    """Return what is wrong with the platforms that cannot be used."""
    return tuple(problem for name in names() if (problem := load(name).unusable))


def operation_names() -> tuple[str, ...]:
    """Return the names of all operations in the order of their documentation."""
    return tuple(dict.fromkeys(name for p in platforms() for name in p.operations))


def document() -> dict[str, Any]:
    """Return everything about the operations as plain data, for JSON."""
    return {
        "errors_of_any_operation": [_error(name) for name in ANY_REQUEST],
        "operations": [
            {"name": name, "platforms": {p.name: _described(p, name) for p in platforms()}}
            for name in operation_names()
        ],
    }


def _described(platform: Platform, name: str) -> dict[str, Any]:
    operation = platform.operations.get(name)
    if operation is None:
        reason = platform.unsupported.get(name, "the platform has no such operation")
        return {"supported": False, "reason": reason}
    return {
        "supported": True,
        "description": operation.description,
        "notes": operation.notes,
        "aliases": _aliases(platform, name),
        "parameters": [
            {
                "name": parameter.name,
                "type": parameter.type,
                "required": parameter.required,
                "default": parameter.default,
                "description": parameter.description,
            }
            for parameter in operation.parameters
        ],
        "result": operation.result,
        "errors": [_error(kind) for kind in operation.errors],
        "calls": list(operation.calls),
        "example": operation.example,
        "writes": operation.writes,
    }


def _aliases(platform: Platform, name: str) -> list[str]:
    return sorted(alias for alias, target in platform.aliases.items() if target == name)


def _error(name: str) -> dict[str, str]:
    entry = ERROR_TYPES[name]
    return {"type": entry.name, "fault": entry.fault.value, "meaning": entry.meaning}


def page() -> str:
    """Return the reference as a Markdown page."""
    return markdown.page(_blocks())


def _blocks() -> Iterator[str]:
    yield "# Operations"
    yield (
        "The operations that an application can run against a store, what they take, what they "
        "return and how they fail. Each is a method of the platform's client, blocking and "
        "asynchronous, and is measured under its name. `store-exporter run` runs one from the "
        "shell."
    )
    yield _overview()
    yield from _clients()
    yield "## Errors of any operation"
    yield "Failures are `StoreError`s; `fault` says who must act."
    yield _errors(ANY_REQUEST)
    for name in operation_names():
        yield from _operation(name)
    yield from _results()


def _overview() -> str:
    found = platforms()
    rows = (
        (f"[{name}](#{name})", *("yes" if name in p.operations else "no" for p in found))
        for name in operation_names()
    )
    return markdown.table(("operation", *(p.title for p in found)), rows)


def _clients() -> Iterator[str]:
    """Yield what each platform's package says about using its clients."""
    yield "## Clients"
    for platform in platforms():
        package = import_module(f"store_exporter.platforms.{platform.name}")
        yield f"### Clients of {platform.title}"
        yield from _with_fences(inspect.getdoc(package) or "")


def _with_fences(text: str) -> Iterator[str]:
    """Yield a docstring with its indented examples as fenced code."""
    for code, lines in groupby(text.splitlines(), _indented()):
        part = textwrap.dedent("\n".join(lines)).strip()
        yield markdown.code("python", part) if code else part


def _indented() -> Callable[[str], bool]:
    """Return a function that tells of line after line whether it belongs to an example."""
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


def _operation(name: str) -> Iterator[str]:
    yield f"## {name}"
    for platform in platforms():
        operation = platform.operations.get(name)
        yield f"### {name} on {platform.title}"
        if operation is None:
            reason = platform.unsupported.get(name, "the platform has no such operation")
            yield f"Not supported: {reason}."
        else:
            yield from _supported(platform, operation)


def _supported(platform: Platform, operation: Operation) -> Iterator[str]:
    yield operation.description + (" It changes the store." if operation.writes else "")
    yield operation.notes
    aliases = _aliases(platform, operation.name)
    if aliases:
        yield f"Also accepted as {', '.join(f'`{alias}`' for alias in aliases)}."
    yield markdown.code("python", operation.example)
    if operation.parameters:
        rows = (
            (f"`{p.name}`", f"`{p.type}`", _default(p), p.description) for p in operation.parameters
        )
        yield markdown.table(("parameter", "type", "default", "meaning"), rows)
    yield f"Returns {_linked(operation.result)}."
    if operation.errors:
        yield _errors(operation.errors)
    yield f"Calls: {', '.join(f'`{call}`' for call in operation.calls)}."


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
