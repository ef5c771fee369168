"""`store-exporter run`: one store operation from the shell, measured like any other."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextvars import copy_context
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from ..config.problems import suggestion
from ..errors import ERROR_TYPES, StoreError
from ..legible import line
from ..net import reach
from ..platforms import base
from ..platforms.base import Platform
from ..spec import shell
from ..spec.operation import OperationSpec
from ..spec.operations import ALIASES
from ..stores.model import Store
from . import CommandError
from .support import arguments, stores

_VALUES = (
    "its parameters: "
    + ", ".join(f"{form.words} ({form.example})" for form in shell.FORMS).replace("%", "%%")
    + "; `operations NAME` tells which are of what type"
)


class _UsageError(CommandError):
    """The command line does not fit the operation; the message says what does not fit."""

    def __init__(self, message: str) -> None:
        super().__init__(message, status=2)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("operation", help="such as check_stock; `operations` lists them")
    parser.add_argument("values", nargs="*", default=[], metavar="NAME=VALUE", help=_VALUES)
    parser.add_argument(
        "--store", required=True, metavar="DOMAIN", help="the store, as in the configuration"
    )
    arguments.add_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Run it and print what it returns; 1 when it fails, 2 when it cannot be run like this."""
    arguments.silence_log()
    config = stores.read_config(args)
    (store,) = asyncio.run(stores.stores_of(config, [args.store]))
    platform = base.load(store.platform)
    operation = _operation(platform, args.operation)
    values = _values(operation, args.values)
    try:
        result = copy_context().run(_call, platform, store, operation, values)
    except StoreError as error:
        print("\n".join(_failure(error, store)), file=sys.stderr)
        return 1
    if args.format == "json":
        print(json.dumps(plain(result), indent=2, ensure_ascii=False))
    else:
        print("\n".join(_lines(plain(result))))
    return 0


def _call(
    platform: Platform, store: Store, operation: OperationSpec[..., Any], values: dict[str, Any]
) -> Any:
    reach.limit_to(store.networks)
    client = platform.connect(store)
    try:
        return getattr(client, operation.name)(**values)
    finally:
        client.close()


def _operation(platform: Platform, name: str) -> OperationSpec[..., Any]:
    if platform.unusable:
        raise _UsageError(platform.unusable)
    name = ALIASES.get(name, name)
    if name in platform.operations:
        return platform.operations[name].spec
    if name in platform.unsupported:
        raise _UsageError(f"{platform.title} cannot do {name}: {platform.unsupported[name]}")
    hint = suggestion(name, [*platform.operations, *ALIASES])
    raise _UsageError(f"{platform.title} has no operation {name}; {hint}")


def _values(operation: OperationSpec[..., Any], pairs: Sequence[str]) -> dict[str, Any]:
    known = {parameter.name: parameter for parameter in operation.parameters}
    found: dict[str, Any] = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals:
            raise _UsageError(f"{pair} is not of the form name=value")
        if name not in known:
            raise _UsageError(
                f"{operation.name} has no parameter {name}; {suggestion(name, known)}"
            )
        if name in found:
            raise _UsageError(f"{name} is given twice")
        try:
            found[name] = shell.value(known[name], text)
        except shell.ValueFormError as error:
            raise _UsageError(str(error)) from None
    missing = [p for p in operation.parameters if p.required and p.name not in found]
    if missing:
        examples = " ".join(shell.written(p, shell.form_of(p)) for p in missing)
        names = ", ".join(parameter.name for parameter in missing)
        raise _UsageError(f"{operation.name} needs {names}, such as {examples}")
    return found


def plain(value: Any) -> Any:
    """Return a result for JSON: exact amounts and dates become strings."""
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(name): plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value


def _lines(value: Any, indent: str = "") -> Iterator[str]:
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield from _named(name, item, indent)
    elif isinstance(value, list):
        for index, item in enumerate(value, 1):
            yield from _named(f"{index}", item, indent)
    else:
        yield f"{indent}{_shown(value)}"


def _named(name: str, item: Any, indent: str) -> Iterator[str]:
    if isinstance(item, Mapping) and set(item) == {"amount", "currency"}:
        item = f"{item['amount']} {item['currency']}"
    if isinstance(item, (Mapping, list)) and item:
        yield f"{indent}{name}:"
        yield from _lines(item, f"{indent}  ")
    else:
        yield f"{indent}{name}: {_shown(item)}"


def _shown(value: Any) -> str:
    if value is None or value in ("", [], {}):
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return line(str(value))


def _failure(error: StoreError, store: Store) -> Iterator[str]:
    entry = ERROR_TYPES[error.error_type]
    yield f"{entry.name} (fault: {entry.fault}): {base.redactor_of(store).line(error.message)}"
    if error.code:
        yield f"  code     {error.code}"
    yield f"  means    {entry.meaning}"
    yield f"  do       {entry.advice}"
