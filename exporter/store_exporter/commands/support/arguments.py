"""Arguments that commands share. They are declared before anything that is slow to import."""

from __future__ import annotations

import argparse
import logging
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

T = TypeVar("T")


def add_config_file(parser: argparse.ArgumentParser) -> None:
    """Declare `--config.file`."""
    parser.add_argument(
        "--config.file",
        dest="config_file",
        type=Path,
        default=Path("store-exporter.yml"),
        metavar="FILE",
        help="the configuration (default: %(default)s)",
    )


def add_url(parser: argparse.ArgumentParser, flag: str, default: str, what: str) -> None:
    """Declare a flag that takes an address.

    Args:
        parser: of the command.
        flag: such as `--grafana.url`; its value is the argument `grafana_url`.
        default: an address.
        what: the meaning of the address, for the help, which adds the default.
    """
    parser.add_argument(
        flag,
        dest=flag.lstrip("-").replace(".", "_"),
        type=address,
        default=default,
        metavar="URL",
        help=f"{what} (default: %(default)s)",
    )


def address(text: str) -> str:
    """Read an http address, as the type of an argument.

    Raises:
        argparse.ArgumentTypeError: it is none.
    """
    try:
        parts = urlsplit(text)
        host = parts.hostname or ""
        # The name must be one that can be looked up, and the port a number.
        is_one = bool(host.encode("idna")) and (parts.port is None or parts.port > 0)
    except ValueError:
        is_one = False
    odd = not text.isprintable() or any(c in ' <>"' for c in text)
    if not is_one or odd or parts.scheme not in ("http", "https"):
        # Imported only for a mistake; an address may have a password.
        from ...net.redactor import Redactor

        shown = Redactor().line(text)
        raise argparse.ArgumentTypeError(
            f"not an http address, such as http://127.0.0.1:8080: {shown}"
        )
    return text.rstrip("/")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare `--config.file` and `--format`."""
    add_config_file(parser)
    add_format(parser)


def add_format(parser: argparse.ArgumentParser) -> None:
    """Declare `--format`."""
    parser.add_argument(
        "--format",
        choices=("text", "json"),
        default="text",
        help="how to print what was found (default: %(default)s)",
    )


def explained(read: Callable[[str], T]) -> Callable[[str], T]:
    """Convert a reader that raises `ValueError` into the `type` of an argument."""

    def convert(text: str) -> T:
        try:
            return read(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return convert


def silence_log() -> None:
    """Disable the log, because the command prints the same messages with its results."""
    logger = logging.getLogger(__package__.partition(".")[0])
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())
