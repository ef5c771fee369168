"""What the demo prints: as wide as the terminal, in colour there, and plain anywhere else."""

from __future__ import annotations

import os
import shutil
import sys
import textwrap
import time

from .scene import api_token
from .slack import Message
from .stack import Stack
from .stores.base import cast

_COLOUR = {"red": "31", "green": "32", "yellow": "33", "blue": "36", "bold": "1", "dim": "2"}
_INDENT = " " * len("HH:MM:SS  ")
_BAR = "┃ "


def painted(text: str, colour: str) -> str:
    """Colour text for a terminal; leave it plain for a file, a pipe or NO_COLOR."""
    if not sys.stdout.isatty() or os.environ.get("NO_COLOR"):
        return text
    return f"\033[{_COLOUR[colour]}m{text}\033[0m"


def wrapped(text: str, before: int, hanging: str = "") -> list[str]:
    """Break a line between words so that it fits the terminal; a file gets it whole.

    Something takes `before` columns before each part, and `hanging` begins every part but the
    first.
    """
    if not sys.stdout.isatty():
        return [text]
    columns = max(shutil.get_terminal_size().columns - before, 20)
    return textwrap.wrap(text, columns, subsequent_indent=hanging, break_on_hyphens=False) or [""]


def say(text: str, colour: str | None = None) -> None:
    """Print a sentence of the story with its time."""
    clock = painted(time.strftime("%H:%M:%S"), "dim")
    before = f"{clock}  "
    for line in wrapped(text, len(_INDENT)):
        print(f"{before}{painted(line, colour) if colour else line}", flush=True)
        before = _INDENT


def show_message(message: Message) -> None:
    """Print a Slack message as a person would read it."""
    colour = "green" if "RESOLVED" in message.text.upper() else "red"
    sender, *lines = message.text.splitlines()
    print(f"\n{_INDENT}{painted(f'Slack: {sender}', 'bold')}")
    for line in lines:
        text = line.removeprefix(_BAR)
        bar = painted(_BAR.strip(), colour) + " " if text != line else ""
        hanging = "  " if text.startswith("• ") else ""
        for part in wrapped(text, len(_INDENT + _BAR), hanging):
            print(f"{_INDENT}{bar}{part}")
    print(flush=True)


def show_addresses(stack: Stack) -> None:
    """Print a table of every part's address."""
    width = max(len(name) for name in (*stack.addresses, *stack.missing))
    absent = {name: f"not running: {reason}" for name, reason in stack.missing.items()}
    print()
    for name, value in (stack.addresses | absent | {"Files": str(stack.directory)}).items():
        name_cell = painted(name.ljust(width), "bold")
        for part in wrapped(value, width + 4):
            print(f"  {name_cell}  {part}")
            name_cell = " " * width
    org = min(role.org for role in cast())
    print(f"\n  What the application of {org} sees of its stores:")
    print(f"  curl {stack.addresses['exporter']}/api/v1/analytics \\")
    print(f"    --oauth2-bearer {api_token(org)}")
    print(flush=True)
