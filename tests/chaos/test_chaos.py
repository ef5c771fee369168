"""A short round of `scripts/chaos`; see there for longer ones."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.chaos.attacks import QUICK
from tests.chaos.rounds import play, wrong_logs
from tests.servers.process import TOOLS, tool


@pytest.mark.real
@pytest.mark.timeout(600)
async def test_figures_are_right_and_outages_are_reported_whatever_happens_to_the_programs(
    tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("prometheus", "alertmanager"):
        tool(name)
    monkeypatch.setenv("PATH", f"{TOOLS}{os.pathsep}{os.environ['PATH']}")
    lines: list[str] = []
    problems = await play(tmp_path, seed, QUICK, say=lines.append)
    assert not problems, "\n".join([*lines, *problems])


def test_a_log_with_a_secret_a_traceback_or_a_control_character_is_wrong() -> None:
    logs = [("good", "msg=a\nmsg=b\n"), ("leaking", "key=cs_12"), ("steering", "\x1b[31m")]
    assert list(wrong_logs([*logs, ("broken", "Traceback (most")], {"cs_12"})) == [
        "leaking holds a secret",
        "steering holds the character '\\x1b'",
        "broken has a traceback: Traceback (most",
    ]
