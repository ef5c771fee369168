"""`store-exporter generate`: dashboards, rules, alerts and their pages, from the metric catalogue."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

HELP = "write dashboards, recording rules, alerts, Alertmanager's configuration and runbooks"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "--output",
        type=Path,
        default=Path(),
        metavar="DIR",
        help="directory below which the files are written (default: the current one)",
    )
    parser.add_argument(
        "--check",
        action="store_true",
        help="write nothing; fail and list the files that are missing or differ",
    )


def run(args: argparse.Namespace) -> int:
    """Write the files, or compare them with what is there."""
    try:
        from ..mixin import files
    except ModuleNotFoundError as error:
        print(f"generate needs {error.name}: pip install 'store-exporter[mixin]'", file=sys.stderr)
        return 2
    generated = files.generate(files.Options())
    if args.check:
        return check(args.output, generated)
    for path, content in generated.items():
        file = args.output / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content, encoding="utf-8")
    return 0


def check(root: Path, generated: dict[str, str]) -> int:
    """Return 1 when a file is missing or differs, and name it."""
    stale = [path for path, content in generated.items() if read(root / path) != content]
    for path in stale:
        print(f"{root / path}: stale; run `store-exporter generate`", file=sys.stderr)
    return 1 if stale else 0


def read(file: Path) -> str | None:
    """Return a file's text, or None when there is none."""
    try:
        return file.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
