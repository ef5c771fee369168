"""`store-exporter generate`: every generated file, and every generated part of a written page."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path

from ..config import ConfigError, load
from ..config.model import reference as configuration
from ..extras import missing
from ..ingest.calls import FIELDS
from ..ingest.error_classes import CLASSES
from ..markdown import renewed, table
from ..mixin import files, objectives, policy
from ..mixin.documentation import sections as mixin_sections
from ..mixin.messages import alertmanager
from ..platforms import base
from ..platforms import reference as operations
from . import CommandError, sizing
from .routing import routing
from .support import slo_file
from .support.arguments import add_url


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
        help="write nothing; fail and name each file that is missing or stale",
    )
    parser.add_argument(
        "--slo",
        type=Path,
        metavar="FILE",
        help="objectives of your own (default: 99%% succeed, 95%% within 2.5 s)",
    )
    parser.add_argument(
        "--config.file",
        dest="config_file",
        type=Path,
        metavar="FILE",
        help="the exporter's configuration, whose orgs and alerts become Alertmanager's routes",
    )
    links = policy.LINKS
    for flag, default, what in (
        ("--grafana.url", links.grafana, "where alerts find the dashboards"),
        (
            "--runbook.url",
            links.runbooks,
            "where alerts find the runbooks, which the exporter serves",
        ),
        (
            "--calls.url",
            links.calls,
            "where dashboards find the recent calls, which the exporter serves",
        ),
    ):
        add_url(parser, flag, default, what)


def run(args: argparse.Namespace) -> int:
    """Write the files, or compare them with the existing ones; 1 if anything is wrong."""
    try:
        generated = _generated(args)
        if args.check:
            return check(args.output, generated)
        for path, content in generated.items():
            file = args.output / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content, encoding="utf-8")
    except OSError as error:
        message = f"{error.filename or args.output} cannot be read or written: {error.strerror}"
        raise CommandError(f"{message}; --output names the folder") from None
    # It may lead to another disk.
    print(f"{len(generated)} files were written below {args.output.absolute()}", flush=True)
    return 0


def _generated(args: argparse.Namespace) -> dict[str, str]:
    # Without them the pages would look complete but lack these platforms.
    if unusable := [why for name in base.built_in() if (why := base.load(name).unusable)]:
        raise CommandError("; ".join(unusable))
    try:
        chosen = files.FileOptions(
            links=policy.Links(args.grafana_url, args.runbook_url, args.calls_url),
            routing=routing(load(args.config_file, resolve=False))
            if args.config_file
            else alertmanager.DEFAULT,
            objectives=slo_file.load(args.slo) if args.slo else objectives.DEFAULT,
        )
        return {
            **files.generate(chosen),
            "docs/operations.md": operations.page(),
            **written(args.output),
            **dashboards(chosen.links),
        }
    except (ConfigError, ValueError) as error:
        raise CommandError(str(error)) from None


def dashboards(links: policy.Links) -> dict[str, str]:
    """Every dashboard; without the SDK that builds them, those that come with the package."""
    try:
        return files.boards(links)
    except ModuleNotFoundError as error:
        if missing(error, "making dashboards") is None:
            raise
        return files.built_boards(links)


def sections() -> dict[str, Mapping[str, str]]:
    """The sections of written pages, by the page's path and the section's name."""
    platforms = {name: base.load(name) for name in base.built_in()}
    return {
        "docs/alerting.md": mixin_sections.alerting(),
        "docs/applications.md": applications(),
        "docs/configuration.md": {"keys": configuration.tables(platforms.values())},
        "docs/scaling.md": {"sizing": sizing.documentation()},
        "docs/slo.md": mixin_sections.objectives() | {"keys": slo_file.tables()},
        **{
            f"docs/{name}.md": {"costs": configuration.costs(platform)}
            for name, platform in platforms.items()
        },
    }


def applications() -> Mapping[str, str]:
    """The tables of what applications report."""
    fields = [(f"`{name}`", meaning) for name, meaning in FIELDS.items()]
    classes = [
        (f"`{error_type}`", " ".join(f"`{name}`" for name in names.split()))
        for error_type, names in CLASSES.items()
    ]
    return {
        "fields": table(("field", "meaning"), fields),
        "error-classes": table(("error type", "names that become it"), classes),
    }


def written(root: Path) -> dict[str, str]:
    """The handwritten pages below a folder, with their generated sections renewed.

    A missing page is left out: it cannot be generated, and only this repository has these pages.

    Raises:
        ValueError: a page lacks the sections that are generated for it.
    """
    pages = {}
    for path, made in sections().items():
        text = read(root / path)
        if text is None:
            continue
        try:
            pages[path] = renewed(text, made)
        except ValueError as error:
            raise ValueError(f"{root / path}: {error}") from None
    return pages


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
