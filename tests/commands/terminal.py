"""`store-exporter init` at a terminal, with a person who types."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path


def dialogue(folder: Path, answers: Sequence[tuple[str, str | None]]) -> tuple[int, str]:
    """Run the command at a terminal: whenever it asks the next question, type the answer.

    What is typed before a question for a secret is there is lost, as with every such program.

    Args:
        folder: where it runs.
        answers: what is to be seen, and what is typed then; None for nothing.

    Returns:
        its exit status and all that was to be seen.
    """
    ours, its = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "store_exporter", "init"],
        cwd=folder, stdin=its, stdout=its, stderr=its, start_new_session=True,
    )  # fmt: skip
    os.close(its)
    seen, looked = "", 0
    waiting = list(answers)
    try:
        while True:
            try:
                data = os.read(ours, 4096)
            except OSError:  # Linux' way to say that the other side has closed
                break
            if not data:
                break
            seen += data.decode()
            while waiting and (place := seen.find(waiting[0][0], looked)) >= 0:
                question, answer = waiting.pop(0)
                looked = place + len(question)
                if answer is not None:
                    os.write(ours, f"{answer}\n".encode())
        assert waiting == [], seen
        return process.wait(60), seen
    finally:
        os.close(ours)
        process.kill()
        process.wait()
