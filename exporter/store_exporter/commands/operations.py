"""`store-exporter operations`: which operations there are on which platform."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator

from ..platforms import supported
from ..spec.operations import OPERATIONS
from . import CommandError
from .support import arguments


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "operation", nargs="?", help="show everything about one operation (default: list all)"
    )
    arguments.add_format(parser)


def run(args: argparse.Namespace) -> int:
    """Print the operations; 2 when there is no such operation, or no platform can be used."""
    arguments.silence_log()
    for problem in supported.problems():
        print(problem, file=sys.stderr)
    if not supported.platforms():
        return 2
    if args.operation is not None and args.operation not in OPERATIONS:
        message = f"there is no operation {args.operation}; `store-exporter operations` lists them"
        raise CommandError(message, status=2)
    if args.format == "json":
        print(json.dumps(_document(args.operation), indent=2, default=str))
    else:
        print("\n".join(_table() if args.operation is None else _one(args.operation)))
    return 0


def _document(name: str | None) -> dict[str, object]:
    document = supported.document()
    if name is not None:
        document["operations"] = [row for row in document["operations"] if row["name"] == name]
    return document


def _table() -> Iterator[str]:
    found = supported.platforms()
    width = max(map(len, OPERATIONS))
    yield f"{'OPERATION':<{width}}  {'  '.join(p.title.upper() for p in found)}"
    for name in OPERATIONS:
        marks = ("yes" if name in p.operations else "-" for p in found)
        cells = (f"{mark:<{len(p.title)}}" for mark, p in zip(marks, found, strict=True))
        yield f"{name:<{width}}  {'  '.join(cells)}".rstrip()


def _one(name: str) -> Iterator[str]:
    spec = OPERATIONS[name]
    yield f"{name}: {spec.description}"
    for parameter in spec.parameters:
        need = "required" if parameter.required else f"default {parameter.default!r}"
        yield f"  {parameter.name}: {parameter.type} ({need})"
        yield f"      {parameter.description}"
    yield f"  returns  {spec.result}"
    yield f"  example  {spec.example}"
    for platform in supported.platforms():
        planned = platform.operations.get(name)
        if planned is None:
            yield f"on {platform.title}: not supported: {platform.reason(name)}"
            continue
        yield f"on {platform.title}"
        yield f"  errors   {', '.join(planned.errors) or '-'}, and those of any request"
        yield f"  calls    {', '.join(planned.calls)}"
