"""`store-exporter import`: the predecessor's table of calls as a past of today's metrics."""

from __future__ import annotations

import argparse
import asyncio
import os
import sqlite3
import sys
import time
from contextlib import suppress
from pathlib import Path

from ..config import Config, ConfigError
from ..config.model import values
from ..history import tenants
from ..history.calls import RowReader
from ..history.files import FileError
from ..history.importing import REJECTED, Import, Tally
from ..history.ledger import SLOT
from ..ingest.error_classes import ErrorClasses
from ..platforms import base
from . import CommandError
from .support import arguments, stores

_SHOWN = 20
_SETTLED = 4 * 3600.0
"""Age in seconds of samples that Prometheus has written to blocks. Its head holds three hours, and
loses samples that are older than a block that is added."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("file", type=Path, help="an export of the table woocommerce_usage_metrics")
    parser.add_argument(
        "--format",
        choices=("csv", "text", "jsonl"),
        default="csv",
        help="csv with or without a header, PostgreSQL's text, or a JSON object a line "
        "(default: %(default)s)",
    )
    parser.add_argument(
        "--output",
        type=Path,
        required=True,
        metavar="FOLDER",
        help="where the samples go, one file a month; it must be empty or not exist",
    )
    parser.add_argument(
        "--customers",
        type=Path,
        metavar="FILE",
        help="YAML with the org of each customer_config_id; rows of others belong to the org of "
        "their domain in the configuration",
    )
    parser.add_argument(
        "--platform", help="what runs the domains that are not in the configuration"
    )
    parser.add_argument(
        "--before",
        metavar="TIME",
        help="leave out rows from this date and time on, such as 2026-03-01T02:00:00+01:00: that "
        "at which the live figures begin (default: the last whole quarter of an hour)",
    )
    arguments.add_config_file(parser)


def run(args: argparse.Namespace) -> int:
    """Import; 1 when it cannot be done or rows were rejected, 2 for a wrong command line."""
    arguments.silence_log()
    config = stores.read_sources(args)
    try:
        now = time.time()
        before = now // SLOT * SLOT  # as no sample may be from the future
        if args.before:
            before = min(values.moment(args.before), before)
    except ValueError as error:
        raise CommandError(f"--before {error}", status=2) from None
    if args.platform is not None and args.platform not in base.names():
        raise CommandError(f"--platform must be one of: {', '.join(base.names())}", status=2)
    try:
        if problem := _paths(args):
            raise CommandError(problem, status=2)
        reader = _reader(args, config)
        args.output.mkdir(parents=True, exist_ok=True)
        progress = _Progress(args.file.stat().st_size)
        # The day on which live figures began is complete once it has ended, like earlier days.
        until = max(before, now - _SETTLED)
        work = Import(reader, before, until, args.output, progress.report)
        tally = work.run(args.file, args.format)
        progress.end()
    except (ConfigError, FileError, OSError, sqlite3.Error) as error:
        text = f"{args.file}: {error}" if isinstance(error, FileError) else str(error)
        if isinstance(error, OSError):
            # Only an error of opening a file names it; on a full disk it is that of the output.
            text = f"cannot use {error.filename or args.output}: {error.strerror}"
        with suppress(OSError):
            if any(args.output.iterdir()):
                text += f"\nUse nothing of {args.output}: it is not whole."
        raise CommandError(text) from None
    _print(args, reader, tally)
    return 1 if tally.rejected else 0


def _paths(args: argparse.Namespace) -> str:
    file, output = args.file, args.output
    if not file.exists():
        return f"{file}: there is no such file in {file.absolute().parent}"
    if file.is_dir():
        return f"{file} is a folder; name the file of the export"
    if output.exists() and not output.is_dir():
        return f"--output {output} is a file; name a folder"
    if output.exists() and any(output.iterdir()):
        return f"--output {output} is not empty; name a new folder"
    return ""


def _reader(args: argparse.Namespace, config: Config) -> RowReader:
    customers = tenants.load(args.customers, config.orgs) if args.customers else {}
    known = {store.domain: store for store in asyncio.run(stores.stores_of(config))}
    classes = ErrorClasses(config.error_classes, base.codes_of)
    return RowReader(tenants.Ownership(customers, known, args.platform), classes)


def _print(args: argparse.Namespace, reader: RowReader, tally: Tally) -> None:
    print(f"Rows taken: {tally.taken:,}; files of {args.output}, a month each: {tally.months}")
    for count, text, hint in (
        (tally.later, "from --before or later, left out", ""),
        (tally.twice, "whose id stood there before, counted once", ""),
        (tally.rejected, "rejected", f"; {args.output / REJECTED} has them and says why"),
    ):
        if count:
            print(f"Rows {text}: {count:,}{hint}")
    if tally.taken and not args.before:
        print("Calls that live figures count as well count twice; --before leaves them out.")
    if reader.unmapped:
        rows = sum(reader.unmapped.values())
        print(
            f"Rows with an error type that no table knows, counted as `exception`: {rows:,}; give"
        )
        print("these a type under error_classes of the configuration, and import again:")
        for name, count in reader.unmapped.most_common(_SHOWN):
            print(f"  {count:>9,}  {_line(name) or '(none)'}")


def _line(text: str) -> str:
    return "".join(character if character.isprintable() else "?" for character in text)


class _Progress:
    """Prints progress: in one line of a terminal, elsewhere as a line every ten seconds."""

    def __init__(self, size: int) -> None:
        self._size = max(size, 1)
        self._terminal = sys.stderr.isatty()
        self._start = self._printed = time.monotonic()

    def report(self, rows: int, read: int) -> None:
        now = time.monotonic()
        if now - self._printed < (0.2 if self._terminal else 10):
            return
        self._printed = now
        share = min(read / self._size, 1)
        text = f"{rows:,} rows, {share:.0%} of the file, {now - self._start:.0f} s"
        start, end = ("\r", "\033[K") if self._terminal else ("", os.linesep)
        print(start + text, end=end, file=sys.stderr, flush=True)

    def end(self) -> None:
        if self._terminal:
            print("\r\033[K", end="", file=sys.stderr, flush=True)
