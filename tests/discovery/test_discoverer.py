"""What a source named stays until it names something else, however often it fails meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from store_exporter.config import load
from store_exporter.config.entries import Discovery
from store_exporter.discovery import sources
from store_exporter.discovery.discoverer import Discoverer
from store_exporter.stores.owners import SourceClaim
from tests.config.example import PLATFORMS
from tests.discovery.naming import ENVIRON, domains, groups, source
from tests.fakes.clock import Clock


class Turns:
    """A sleep that ends when the test gives it a turn."""

    def __init__(self) -> None:
        self.requested = asyncio.Queue[float]()
        self.turn = asyncio.Semaphore(0)

    async def __call__(self, seconds: float) -> None:
        self.requested.put_nowait(seconds)
        await self.turn.acquire()

    async def next(self) -> float:
        """Wait until somebody sleeps, and return for how long."""
        return await self.requested.get()


class Heard:
    """What a discoverer passes on."""

    def __init__(self) -> None:
        self.claims: list[Sequence[SourceClaim]] = []

    async def __call__(self, claims: Sequence[SourceClaim]) -> None:
        self.claims.append(claims)

    @property
    def domains(self) -> list[list[str]]:
        return [domains(*claims) for claims in self.claims]


def unheard(org: str, responded: bool) -> None:
    """Listen to no reads."""


def failures(orgs: list[str]) -> Callable[[str, bool], None]:
    """Note the orgs whose reads fail."""

    def read(org: str, responded: bool) -> None:
        if not responded:
            orgs.append(org)

    return read


async def test_what_was_found_stays_until_there_is_a_new_response(tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    file.write_text(groups("a.example"))
    heard = Heard()
    failed: list[str] = []
    turns = Turns()
    discoverer = Discoverer(heard, failures(failed), turns)
    assert domains(*await discoverer.replace([source(tmp_path, "files: [a.json]")])) == []
    discoverer.start()
    assert await turns.next() == 300
    assert heard.domains == [["a.example"]]
    for content, expected in (
        ("nonsense", ["a.example"]),
        (groups("a.example", "b.example"), ["a.example", "b.example"]),
        (groups(), []),
    ):
        file.write_text(content)
        turns.turn.release()
        await turns.next()
        assert heard.domains[-1] == expected
    assert failed == ["acme"]
    await discoverer.stop()


async def test_a_response_that_says_the_same_again_is_not_passed_on(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(groups("a.example", "not a name"))
    heard = Heard()
    turns = Turns()
    discoverer = Discoverer(heard, unheard, turns)
    await discoverer.replace([source(tmp_path, "files: [a.json]")])
    discoverer.start()
    for _ in range(3):
        await turns.next()
        turns.turn.release()
    await turns.next()
    assert heard.domains == [["a.example"]]
    await discoverer.stop()


async def test_a_source_that_never_responded_is_distinguished_from_one_that_names_nothing(
    tmp_path: Path,
) -> None:
    heard = Heard()
    turns = Turns()
    discoverer = Discoverer(heard, unheard, turns)
    (tmp_path / "a.json").write_text("nonsense")
    before = await discoverer.replace([source(tmp_path, "files: [a.json]")])
    assert [(claim.requested, claim.responded) for claim in before] == [(False, False)]
    discoverer.start()
    await turns.next()
    ((failed,),) = heard.claims
    assert (failed.requested, failed.responded) == (True, False)
    (tmp_path / "a.json").write_text("[]")
    turns.turn.release()
    await turns.next()
    assert heard.claims[-1] == [SourceClaim("acme")]
    await discoverer.stop()


async def test_a_reload_keeps_the_responses_of_sources_that_are_still_there(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(groups("a.example"))
    (tmp_path / "b.json").write_text(groups("b.example"))
    one = source(tmp_path, "files: [a.json]")
    other = source(tmp_path, "files: [b.json]")
    heard = Heard()
    turns = Turns()
    discoverer = Discoverer(heard, unheard, turns)
    await discoverer.replace([one])
    discoverer.start()
    await turns.next()
    again = source(tmp_path, "files: [a.json]")
    assert domains(*await discoverer.replace([other, again])) == ["a.example"]
    discoverer.start()
    await turns.next()
    await turns.next()
    assert heard.domains[-1] == ["b.example", "a.example"]
    assert await discoverer.replace([]) == []
    await discoverer.stop()


async def test_a_source_of_which_something_else_is_said_keeps_what_it_may_still_name(
    tmp_path: Path,
) -> None:
    (tmp_path / "a.json").write_text(groups("a.example", "b.example"))
    turns = Turns()
    discoverer = Discoverer(Heard(), unheard, turns)
    await discoverer.replace([source(tmp_path, "files: [a.json]")])
    discoverer.start()
    await turns.next()
    changed = source(tmp_path, "files: [a.json]", more="concurrency: 4")
    text = (tmp_path / "store-exporter.yml").read_text()
    (tmp_path / "store-exporter.yml").write_text(text.replace("[example]", "[b.example]"))
    (narrowed,) = load(
        tmp_path / "store-exporter.yml", environ=ENVIRON, platforms=PLATFORMS
    ).discovery
    (kept,) = await discoverer.replace([changed])
    assert [(store.domain, store.concurrency) for store in kept.stores] == [
        ("a.example", 4),
        ("b.example", 4),
    ]
    (kept,) = await discoverer.replace([narrowed])
    assert domains(kept) == ["b.example"]
    assert [(one.domain, one.reason) for one in kept.refusals] == [("a.example", "not_allowed")]
    await discoverer.stop()


async def test_reads_that_fail_in_a_row_are_counted_for_the_worst_source_of_an_org(
    tmp_path: Path,
) -> None:
    reads: list[tuple[str, bool]] = []
    turns = Turns()
    discoverer = Discoverer(Heard(), lambda *read: reads.append(read), turns)
    broken = source(tmp_path, "files: [a.json]")
    sound = source(tmp_path, "files: [b.json]")
    (tmp_path / "a.json").write_text("nonsense")
    (tmp_path / "b.json").write_text(groups("b.example"))

    async def read_all() -> None:
        for _ in range(2):
            await turns.next()

    await discoverer.replace([broken, sound])
    assert discoverer.failing == {"acme": 0}
    discoverer.start()
    await read_all()
    assert sorted(reads) == [("acme", False), ("acme", True)]
    for _ in range(2):
        turns.turn.release()
    await read_all()
    assert discoverer.failing == {"acme": 2}
    # A reload is no success.
    await discoverer.replace([broken, sound])
    assert discoverer.failing == {"acme": 2}
    (tmp_path / "a.json").write_text(groups("a.example"))
    discoverer.start()
    await read_all()
    assert discoverer.failing == {"acme": 0}
    await discoverer.replace([])
    assert discoverer.failing == {}
    await discoverer.stop()


async def test_a_source_may_name_so_many_different_domains_a_day(tmp_path: Path) -> None:
    heard, failed, turns, clock = Heard(), list[str](), Turns(), Clock()
    discoverer = Discoverer(heard, failures(failed), turns, clock.now)
    await discoverer.replace([source(tmp_path, "files: [a.json]")])
    discoverer.start()
    for number in range(5):
        if number:
            await turns.next()
            turns.turn.release()
        names = (f"{letter}{number}.example" for letter in "abc")
        (tmp_path / "a.json").write_text(groups(*names))
    await turns.next()
    assert len(heard.claims) == 2
    assert failed == ["acme"] * 3
    clock.advance(86400)
    turns.turn.release()
    await turns.next()
    assert heard.domains[-1] == ["a4.example", "b4.example", "c4.example"]
    # Those that it named when the day began count as well.
    (tmp_path / "a.json").write_text(groups("a5.example"))
    turns.turn.release()
    await turns.next()
    assert failed == ["acme"] * 4
    await discoverer.stop()


async def test_a_bug_in_asking_a_source_is_a_look_that_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(_: Discovery) -> SourceClaim:
        raise KeyError("x")

    monkeypatch.setattr(sources, "find", broken)
    failed: list[str] = []
    turns = Turns()
    discoverer = Discoverer(Heard(), failures(failed), turns)
    await discoverer.replace([source(tmp_path, "files: [a.json]")])
    discoverer.start()
    for number in (1, 2):
        await turns.next()
        assert failed == ["acme"] * number
        turns.turn.release()
    assert caplog.records[0].exc_info is not None
    await discoverer.stop()
