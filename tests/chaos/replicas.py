"""Rounds of several exporters that share a state: one watches each store, whatever is done.

Every order must have been seen by a real Prometheus once, and no store shown by two at a time. No
log may hold a secret, whatever the stores and the database said.
"""

from __future__ import annotations

import asyncio
import json
import signal
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from resource import RLIMIT_FSIZE, prlimit

import aiohttp

from store_demo.ports import free_ports
from store_demo.stores.faults import Fault
from tests.chaos.rounds import wrong_logs
from tests.commands.fleet import (
    Fleet,
    Process,
    begun,
    fleet,
    open_shops,
    relabelling,
    scraping,
    seen,
    until,
)
from tests.server.support import ENVIRON
from tests.servers.postgresql import Postgresql, postgresql

SHOPS = 3
SETTLED_SECONDS = 120
REPOSITORY = Path(__file__).parents[2]


@dataclass(slots=True)
class Round:
    """What is attacked.

    Attributes:
        running: the stores and exporters.
        ports: of the exporters.
        processes: the exporters, in the same order.
        database: where their state is, unless it is in a folder.
        random: of every choice.
        twice: when more than one exporter showed a store, and which.
    """

    running: Fleet
    ports: list[int]
    processes: list[Process]
    database: Postgresql | None
    random: Random
    twice: list[str] = field(default_factory=list)

    async def restart(self, place: int, number: signal.Signals, away: float = 0.0) -> None:
        """End an exporter by a signal and start it again, seconds later."""
        await self.processes[place].end(number)
        await asyncio.sleep(away)
        self.processes[place] = await self.running.start(self.ports[place])

    async def shown(self, process: Process) -> set[str]:
        """The stores that an exporter shows; none where it does not answer."""
        try:
            async with asyncio.timeout(1.5):
                return await self.running.watched(process) & set(self.running.shops)
        except (aiohttp.ClientError, TimeoutError):
            return set()

    async def trade(self, random: Random) -> None:
        """Sell until cancelled, by choices of its own, so that those of attacks can be repeated."""
        while True:
            await asyncio.sleep(random.expovariate(1))
            self.running.sell()

    async def look(self) -> None:
        """Note, until cancelled, what two exporters show at the same time."""
        while True:
            began = time.monotonic()
            found = await asyncio.gather(*map(self.shown, self.processes))
            # What was asked one after the other may have been taken over in between.
            both = {
                domain for one in found for domain in one if sum(domain in f for f in found) > 1
            }
            if both and time.monotonic() - began < 1:
                self.twice.append(f"{', '.join(sorted(both))} at {time.time():.1f}")
            await asyncio.sleep(0.3)

    async def all_are_shown(self) -> bool:
        """Whether each store is shown by somebody."""
        found = await asyncio.gather(*map(self.shown, self.processes))
        return set().union(*found) == set(self.running.shops)


Attack = Callable[[Round], Awaitable[None]]


async def kill(played: Round) -> None:
    """One exporter is killed and comes back."""
    place = played.random.randrange(len(played.ports))
    await played.restart(place, signal.SIGKILL, played.random.uniform(0, 6))


async def end(played: Round) -> None:
    """One exporter is ended as an upgrade does it."""
    await played.restart(played.random.randrange(len(played.ports)), signal.SIGTERM)


async def kill_all(played: Round) -> None:
    """All exporters are killed and come back one after the other."""
    for process in played.processes:
        await process.end(signal.SIGKILL)
    for place, port in enumerate(played.ports):
        played.processes[place] = await played.running.start(port)


async def pause(played: Round) -> None:
    """One exporter stands still, for less or for longer than its leases last."""
    process = played.random.choice(played.processes)
    process.send(signal.SIGSTOP)
    await asyncio.sleep(played.random.choice((2, 5, 11, 14, 17, 20, 30)))
    process.send(signal.SIGCONT)


async def pause_all(played: Round) -> None:
    """All exporters stand still, as on a machine that is moved, and go on in any order."""
    for process in played.processes:
        process.send(signal.SIGSTOP)
    await asyncio.sleep(played.random.choice((3, 13, 22)))
    for process in played.random.sample(played.processes, len(played.processes)):
        process.send(signal.SIGCONT)
        await asyncio.sleep(played.random.choice((0, 0, 3)))


async def full_disk(played: Round) -> None:
    """No file of one exporter may grow."""
    pid = played.random.choice(played.processes).child.pid
    before = prlimit(pid, RLIMIT_FSIZE)
    prlimit(pid, RLIMIT_FSIZE, (0, before[1]))
    await asyncio.sleep(played.random.uniform(4, 15))
    prlimit(pid, RLIMIT_FSIZE, before)


async def told_secrets(played: Round) -> None:
    """One shop answers with an error that repeats its keys and the exporters' token."""
    shop = played.random.choice([*played.running.shops.values()])
    told = " ".join((*shop.credentials.values(), ENVIRON["ACME_TOKEN"], "\x1b[31m\u202e"))
    document = json.dumps({"code": "woocommerce_rest_error", "message": told})
    kind = "application/json; charset=UTF-8"
    fault = shop.faults.add(Fault(status=500, body=document, content_type=kind))
    await asyncio.sleep(played.random.choice((3, 12)))
    shop.faults.remove(fault)


async def no_database(played: Round) -> None:
    """The database is away for a while."""
    assert played.database is not None
    await asyncio.to_thread(played.database.stop)
    await asyncio.sleep(played.random.choice((1, 8, 30)))
    await asyncio.to_thread(played.database.start)


ATTACKS: Mapping[str, Attack] = {
    attack.__name__: attack
    for attack in (kill, end, kill_all, pause, pause_all, full_disk, told_secrets)
}


async def play(
    folder: Path,
    seed: int,
    count: int,
    *,
    seconds: float,
    database: bool,
    say: Callable[[str], None],
) -> list[str]:
    """Play a round and return what was wrong.

    Args:
        folder: an empty folder.
        seed: of every choice.
        count: how many exporters there are.
        seconds: for how long they are attacked.
        database: whether their state is in a PostgreSQL, and not in a folder.
        say: takes each line of the log.
    """
    ports, random = free_ports(count), Random(seed)
    more: dict[str, object] = {}
    with ExitStack() as servers:
        server = servers.enter_context(postgresql()) if database else None
        if server is not None:
            (folder / "password").write_text(server.password)
            more["state_database"] = {"url": server.database(), "password": "file:password"}
        async with (
            fleet(folder, open_shops(SHOPS), **more) as running,
            scraping(folder, ports, relabelling(REPOSITORY)) as prometheus,
        ):
            processes = [await running.start(port) for port in ports]
            played = Round(running, ports, processes, server, random)
            await begun(prometheus, running)
            background = [
                asyncio.create_task(work) for work in (played.trade(Random(seed)), played.look())
            ]
            problems = await _attacked(played, seconds, say)
            background[0].cancel()
            try:
                await until(
                    seen(prometheus, running), "orders in Prometheus", seconds=SETTLED_SECONDS
                )
            except AssertionError as error:
                problems.append(str(error))
            background[1].cancel()
            say(f"orders of each store: {running.paid}")
            problems += [f"shown by two: {each}" for each in played.twice]
    # The exporters have ended, so that their logs are whole.
    return [*problems, *_wrong_logs(played)]


def _wrong_logs(played: Round) -> Iterator[str]:
    shops = played.running.shops.values()
    secrets = {key for shop in shops for key in shop.credentials.values()}
    secrets |= {ENVIRON["ACME_TOKEN"], *([played.database.password] if played.database else [])}
    lives = enumerate(played.running.logs, 1)
    return wrong_logs([(f"exporter {life}", "".join(log)) for life, log in lives], secrets)


async def _attacked(played: Round, seconds: float, say: Callable[[str], None]) -> list[str]:
    attacks = [*ATTACKS.values(), *([no_database] if played.database else [])]
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        attack = played.random.choice(attacks)
        say(f"{attack.__name__}: {(attack.__doc__ or '').splitlines()[0]}")
        await attack(played)
        await asyncio.sleep(played.random.uniform(0, 8))
        if played.random.random() < 0.4:
            try:
                await until(played.all_are_shown, "every store is shown", seconds=SETTLED_SECONDS)
            except AssertionError as error:
                return [f"after {attack.__name__}: {error}"]
    return []
