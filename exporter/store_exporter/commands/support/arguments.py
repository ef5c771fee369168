"""Arguments that commands share. They are declared before anything that is slow to import."""

from __future__ import annotations

import argparse
import logging
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

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


def add_url(
    parser: argparse.ArgumentParser,
    flag: str,
    default: str,
    what: str,
    *,
    read: Callable[[str], str] = str,
) -> None:
    """Declare a flag that takes an address.

    Args:
        parser: of the command.
        flag: such as `--grafana.url`; its value is the argument `grafana_url`.
        default: an address.
        what: of what it is the address; the help says the default after it.
        read: the argument's type.
    """
    parser.add_argument(
        flag,
        dest=flag.lstrip("-").replace(".", "_"),
        type=read,
        default=default,
        metavar="URL",
        help=f"{what} (default: %(default)s)",
    )


def address(text: str) -> str:
    """Read an http address.

    Raises:
        argparse.ArgumentTypeError: it is none.
    """
    if not text.startswith(("http://", "https://")) or any(c.isspace() or c in '<>"' for c in text):
        raise argparse.ArgumentTypeError(f"not an http address: {text}")
    return text.rstrip("/")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare `--config.file` and `--format`."""
    add_config_file(parser)
    parser.add_argument(
        "--format",
        choices=("text", "json"),
        default="text",
        help="how to print what was found (default: %(default)s)",
    )


def explained(read: Callable[[str], T]) -> Callable[[str], T]:
    """Make the `type` of an argument of a reader, whose `ValueError` has the message."""

    def convert(text: str) -> T:
        try:
            return read(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return convert


def silence_log() -> None:
    """Keep the log from saying a second time what the command prints with its results."""
    logger = logging.getLogger(__package__.partition(".")[0])
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())
