"""What the demo prints fits the terminal, and a file gets it whole."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios

import pytest

SENTENCE = (
    "Prometheus counts operations: outlet.acme.example 19, shop.acme.example 22, "
    "shop.initech.example 18, store.globex.example 15"
)
TEXT = (
    "*A store is down.*\n• store.globex.example (globex) keeps failing its liveness probe. "
    "The latest failures are of type server_error. _(since 2026-11-23 14:08 UTC)_"
)
PRINT = f"""
from store_demo import console
from store_demo.slack import Message
attachment = {{"title": "[FIRING:1] StoreDown store.globex.example (globex)", "text": {TEXT!r}}}
payload = {{"username": "Alertmanager", "channel": "#globex-alerts", "attachments": [attachment]}}
console.show_message(Message(0.0, "/", payload))
console.say({SENTENCE!r}, "yellow")
"""
COMMAND = [sys.executable, "-c", PRINT]


def on_terminal(columns: int) -> list[str]:
    """What the command prints on a terminal of that width, without colours."""
    ours, its = pty.openpty()
    fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    environment = {key: value for key, value in os.environ.items() if key != "COLUMNS"}
    subprocess.run(COMMAND, stdout=its, env=environment, check=True)
    os.close(its)
    shown = b""
    try:
        while chunk := os.read(ours, 4096):
            shown += chunk
    except OSError:  # all has been read
        pass
    os.close(ours)
    return re.sub(r"\033\[\d+m", "", shown.decode()).splitlines()


@pytest.mark.parametrize("columns", [60, 80])
def test_lines_are_broken_between_words_and_the_bar_of_a_message_goes_on(columns: int) -> None:
    shown = on_terminal(columns)
    assert max(map(len, shown)) <= columns
    start, end = shown.index(f"{' ' * 10}Slack: Alertmanager #globex-alerts"), shown.index("", 1)
    message = shown[start + 1 : end]
    assert all(line.startswith(f"{' ' * 10}┃ ") for line in message)
    # The second line of a point stands under its text.
    assert any(line.startswith(f"{' ' * 10}┃   ") for line in message)
    words = " ".join(shown).replace("┃", " ").split()
    assert [word for word in (*TEXT.split(), *SENTENCE.split()) if word not in words] == []


def test_a_file_gets_every_line_whole_and_without_colours() -> None:
    shown = subprocess.run(COMMAND, capture_output=True, text=True, check=True).stdout
    assert "\033" not in shown
    lines = shown.splitlines()
    assert lines[-1].endswith(f"  {SENTENCE}")
    assert f"{' ' * 10}┃ {TEXT.splitlines()[1]}" in lines
