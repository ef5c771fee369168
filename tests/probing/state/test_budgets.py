"""What a store was asked is known after a removal, a reload, a restart and a crash."""

from __future__ import annotations

import asyncio
from bisect import bisect_left
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store_exporter.contract import Probe, Report, Run
from store_exporter.metrics.catalogue.values import StateErrorReason
from store_exporter.metrics.recorder import Recorder
from store_exporter.net.plans import Plan, Request, once
from store_exporter.probing.budget import LONGEST_PATIENCE, Budget, Priority
from store_exporter.probing.jobs import Job
from store_exporter.probing.results.outcomes import Skipped
from store_exporter.probing.runner import Runner
from store_exporter.probing.state import budgets
from store_exporter.probing.state.documents import Documents, MemoryDocuments, StoredDocuments
from store_exporter.probing.state.sqlite_state import SqliteState
from store_exporter.probing.state.storage import BUDGET, Key, Saved, StateUnavailableError
from store_exporter.stores.model import Schedule, Store
from tests.fakes.clock import Clock
from tests.probing.scripted import Scripted, always

PER_HOUR = 100
BURST = PER_HOUR // 10
STORE = Store(
    "acme",
    "shop.example.com",
    "woocommerce",
    "https://shop.example.com",
    requests_per_hour=PER_HOUR,
)


def ask(_: Any, run: Run) -> Plan[Report]:
    yield from once(Request("GET", f"{run.store.url}/"))
    return Report()


def job(store: Store = STORE, name: str = "cart") -> Job:
    check = Probe(name, ask, "", liveness=name == "liveness")
    return Job(store, check, Schedule(60, 10))


class Lives:
    """One process after the other, with the same state."""

    def __init__(self, documents: Documents) -> None:
        self.documents = documents
        self.clock = Clock()
        self.sender = always()

    def begin(self) -> Runner:
        given: dict[str, Any] = {"now": self.clock.now, "monotonic": self.clock.now}
        return Runner(Recorder(), self.sender, documents=self.documents, **given)

    async def spend(self, runner: Runner, most: int, work: Job | None = None) -> int:
        """Run until something holds it back, and return how often it ran."""
        for count in range(most):
            if isinstance(await runner.run(work or job()), Skipped):
                return count
        return most


@pytest.fixture
async def lives(tmp_path: Path) -> AsyncIterator[Lives]:
    documents = StoredDocuments(SqliteState(tmp_path / "state"))
    yield Lives(documents)
    await documents.close()


async def test_a_store_that_is_removed_and_added_again_has_no_new_budget(lives: Lives) -> None:
    runner = lives.begin()
    spent = await lives.spend(runner, 50)
    assert 0 < spent < BURST
    for other in (STORE, replace(STORE, org="other")):
        runner.forget(STORE)
        runner.expect(other, [job(other)])
        assert await lives.spend(runner, 50, job(other)) == 0
    # At another address it is another server that is asked.
    elsewhere = replace(STORE, url="https://elsewhere.example.com")
    runner.forget(STORE)
    assert await lives.spend(runner, 50, job(elsewhere)) == spent


async def test_a_process_that_restarts_repeatedly_sends_no_more_requests_than_any_other(
    lives: Lives,
) -> None:
    sent: list[float] = []
    for _ in range(60):
        runner = lives.begin()
        sent += [lives.clock.now()] * await lives.spend(runner, 50)
        await runner.close()
        lives.clock.advance(90)
    for first, begins in enumerate(sent):
        assert bisect_left(sent, begins + 3600) - first <= PER_HOUR


async def test_what_was_spent_is_saved_while_the_process_lives_on(
    lives: Lives, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that a crash, after which nothing can be saved, forgets a second at the most."""
    monkeypatch.setattr(budgets, "SAVE_SECONDS", 0.01)
    runner = lives.begin()
    await lives.spend(runner, 50)
    assert runner._budgets._saving is not None
    await runner._budgets._saving
    assert await lives.spend(lives.begin(), 50) == 0


async def test_a_wait_that_a_store_requested_is_kept_by_the_next_process(lives: Lives) -> None:
    lives.sender = always(429, retry_after="600")
    runner = lives.begin()
    await runner.run(job())
    await runner.close()
    lives.sender = always()
    lives.clock.advance(100)
    skipped = await lives.begin().run(job())
    assert isinstance(skipped, Skipped)
    assert (skipped.reason, round(skipped.wait)) == ("backoff", 500)
    lives.clock.advance(501)
    assert not isinstance(await lives.begin().run(job()), Skipped)


async def test_a_back_off_goes_on_growing_in_the_next_process(lives: Lives) -> None:
    lives.sender = always(500)
    waits = []
    for _ in range(4):
        runner = lives.begin()
        await runner.run_anyway(job())
        waits.append(runner.access(STORE).budget.held)
        await runner.close()
        lives.clock.advance(waits[-1] + 1)
    assert [round(wait / 30) for wait in waits] == sorted({round(wait / 30) for wait in waits})
    assert waits[-1] > 30 * 8 * 0.79


@pytest.mark.parametrize("jump", [-91 * 86_400, 91 * 86_400])
async def test_a_clock_that_jumps_holds_a_store_back_for_an_hour_at_most(
    jump: float, lives: Lives
) -> None:
    lives.sender = always(429, retry_after="3000")
    runner = lives.begin()
    await runner.run(job())
    await runner.close()
    lives.clock.advance(jump)
    runner = lives.begin()
    await runner.run(job())
    assert runner.access(STORE).budget.held <= LONGEST_PATIENCE


async def test_while_it_is_not_known_what_was_spent_only_liveness_is_probed() -> None:
    class Away(MemoryDocuments):
        away = True

        async def read(self, key: Key) -> Saved | None:
            if self.away:
                raise StateUnavailableError(StateErrorReason.UNAVAILABLE, "not now")
            return await super().read(key)

    documents = Away()
    lives = Lives(documents)
    first = lives.begin()
    documents.away = False
    await lives.spend(first, 50)
    await first.close()
    lives.clock.advance(30)
    documents.away = True
    runner = lives.begin()
    assert await lives.spend(runner, 50) == 0
    assert await lives.spend(runner, 50, job(name="liveness")) == 2
    await runner.close()
    documents.away = False
    # Nothing was saved over what could not be read, and nothing that was spent is given back.
    assert await lives.spend(runner, 50, job(name="liveness")) == 0


@pytest.mark.parametrize("document", ["[]", "{}", '{"at": 0}', '"x"', '{"left": NaN}'])
async def test_a_document_that_makes_no_sense_is_left_out_and_reported(
    document: str, lives: Lives, caplog: pytest.LogCaptureFixture
) -> None:
    key = Key("", "", STORE.domain, STORE.url, BUDGET)
    await lives.documents.write(key, document)
    assert await lives.spend(lives.begin(), 2) == 2
    assert "the saved budget of shop.example.com cannot be understood" in caplog.text


async def test_a_run_that_ends_another_process_gives_up_nothing(lives: Lives) -> None:
    """Of a request that hangs, what it cost is known before it ends."""
    asked = asyncio.Event()

    class Hanging(Scripted):
        async def send(self, *_: Any) -> Any:
            asked.set()
            await asyncio.Event().wait()

    lives.sender = Hanging(always().respond)
    runner = lives.begin()
    task = asyncio.create_task(runner.run(job()))
    await asked.wait()
    await runner.close()
    task.cancel()
    again = lives.begin()
    await again.access(STORE).restore()
    assert again.access(STORE).budget.remaining == BURST - 1


@given(
    spent=st.integers(0, 20),
    pauses=st.tuples(*[st.tuples(st.booleans(), st.floats(0, 10_000))] * 2),
    passed=st.floats(-1e7, 1e7),
)
def test_nothing_is_given_that_is_spent_here_and_no_pause_is_shortened(
    spent: int, pauses: tuple[tuple[bool, float], ...], passed: float
) -> None:
    clock = Clock(0.0)
    before, here = Budget(PER_HOUR, monotonic=clock.now), Budget(PER_HOUR, monotonic=clock.now)
    for _ in range(spent):
        before.spend(Priority.LIVENESS)
    for budget, (fails, pause) in zip((before, here), pauses, strict=True):
        (budget.failed if fails else budget.refused)(pause)
    here.spend(Priority.LIVENESS)
    left, held = here.remaining, here.held
    here.recall(before.remembered(1e9), 1e9 + passed)
    assert here.remaining <= left
    assert held <= here.held <= LONGEST_PATIENCE
    if passed <= 0:
        assert here.remaining <= before.remaining
        assert here.held == max(held, before.held)
