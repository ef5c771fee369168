"""The story of the demo is played once: what it verifies, and what panels show meanwhile."""

from __future__ import annotations

import asyncio
import io
import os
import re
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from unittest.mock import patch

import pytest

from store_demo import __main__ as demo
from store_demo.evidence import MissingEvidenceError, until
from store_demo.scene import CHECK, Pace
from store_demo.slack import SlackReceiver
from store_demo.stack import Stack, running
from store_demo.story import Story
from store_exporter.metrics.catalogue import operations
from store_exporter.mixin import dashboards
from store_exporter.mixin.names import AlertName
from store_exporter.mixin.rules import slo
from tests.mixin.panels import Problem, Source, proof
from tests.servers import eventually, tool

# The first test waits for the whole story.
pytestmark = [pytest.mark.real, pytest.mark.timeout(600)]


@dataclass(slots=True)
class Played:
    """What became of `python -m store_demo --check`, and what was seen on the way.

    Attributes:
        status: with which it ended.
        printed: what it printed.
        problems: of the dashboards' panels, while stores and shoppers are at work.
        native, classic: whether operations had native histograms, and classic ones.
        refused: how many messages Slack did not take.
        unheard: how a story ended of which Slack did not hear, and the facts that it verified.
    """

    status: int = -1
    printed: str = ""
    problems: list[Problem] = field(default_factory=list)
    native: bool = False
    classic: bool = True
    refused: int = 0
    unheard: tuple[str, list[str]] = ("", [])

    def look(self, url: str) -> None:
        """Look at every panel."""
        # The last series to come: sums over days, of recorded hours, of recorded minutes.
        eventually(lambda: found(url, f"{slo.BUDGET} <= 1"), timeout=150)
        # How long the others take depends on when their groups of rules are evaluated.
        pages, over = dashboards.pages(), False
        until = time.monotonic() + 150
        # On a busy machine a look at all pages takes longer than that, so that what was not yet
        # there is looked for once more at least.
        while (wrong := proof(Source(url), pages)) and not over:
            over = time.monotonic() > until
            pages = [page for page in pages if any(page.file == each.page for each in wrong)]
            time.sleep(2)
        self.problems = wrong
        duration = operations.OPERATION_DURATION.name
        self.native = found(url, f"histogram_count({duration})")
        self.classic = found(url, f"{duration}_bucket")

    async def tell_nobody(self, stack: Stack, slack: SlackReceiver) -> None:
        """Let a store fail of which Slack does not hear."""
        slack.messages.clear()
        facts: list[str] = []
        before = slack.refused

        async def refused() -> int:
            return slack.refused - before

        class Impatient(Story):
            async def _message(self, status: str, fact: str) -> None:
                await until("Slack is down", refused, bool, timeout=60)
                self._patience = 2
                await super()._message(status, fact)

        story = Impatient(stack, CHECK, tell=facts.append, verified=facts.append)
        slack.outage = True
        try:
            await story.store_fails()
        except MissingEvidenceError as error:
            self.unheard = str(error), facts
        self.refused = await refused()


def found(url: str, query: str) -> bool:
    """Whether a query has a result."""
    return bool(Source(url).get("/api/v1/query", {"query": query})["result"])


@pytest.fixture(scope="module")
def played() -> Played:
    """The story is halted twice: to look at panels before its last part, and at its end."""
    seen, printed = Played(), io.StringIO()

    class Halted(Story):
        async def shoppers_restart(self) -> None:
            await asyncio.to_thread(seen.look, self._stack.addresses["prometheus"])
            await super().shoppers_restart()

    @asynccontextmanager
    async def halted(pace: Pace, directory: Path, slack: SlackReceiver) -> AsyncIterator[Stack]:
        async with running(pace, directory, slack) as stack:
            yield stack
            seen.printed = printed.getvalue()
            await seen.tell_nobody(stack, slack)

    folders = {str(Path(tool(name)).parent) for name in ("prometheus", "alertmanager")}
    with (
        patch.dict(os.environ, PATH=os.pathsep.join([*folders, os.environ["PATH"]])),
        patch.object(sys, "argv", ["store_demo", "--check"]),
        patch.object(demo, "running", halted),
        patch.object(demo, "Story", Halted),
        redirect_stdout(printed),
    ):
        seen.status = demo.main()
    assert seen.status == 0, printed.getvalue()
    return seen


def test_the_check_verifies_the_whole_story_and_says_what_it_verified(played: Played) -> None:
    verified = re.findall(r"verified: (.*)", played.printed)
    for fact in (
        "stores up",
        "counts operations",
        "reports store.globex.example as down, and no other store",
        "Alertmanager holds StoreDown for store.globex.example, and for no other store",
        "Slack received the message that store.globex.example is down",
        "The exporter shows which calls fail, such as",
        "Slack received the message that it is resolved",
        "each org's token with that org's stores, and no others",
        "count exactly what the shoppers did in two lives",
    ):
        assert any(fact in line for line in verified), (fact, verified)
    assert "[FIRING:1] StoreDown store.globex.example (globex)" in played.printed
    assert "[RESOLVED:1] StoreDown store.globex.example (globex)" in played.printed
    # Nothing else was wrong in the demo, so nobody was told anything else, except where a busy
    # machine lets the exporter stand still, which leaves runs out.
    alerts = set(re.findall(r"\[(?:FIRING|RESOLVED):\d+\] (\w+)", played.printed))
    busy = {AlertName.STORE_EXPORTER_STALLING, AlertName.STORE_EXPORTER_LAGGING}
    left_out = {AlertName.STORE_FIGURES_STALE} if alerts & busy else set()
    assert alerts - busy - left_out == {"StoreDown"}


def test_every_panel_shows_what_the_demo_does(played: Played) -> None:
    assert not played.problems, "\n".join(map(str, played.problems))
    # The synthetic history has classic histograms; here it is native ones, and nothing else.
    assert played.native
    assert not played.classic


def test_the_story_fails_when_slack_hears_nothing(played: Played) -> None:
    message, facts = played.unheard
    assert "Slack received the message" in message
    assert played.refused > 0
    assert any("Alertmanager holds StoreDown" in fact for fact in facts)
