"""A round: attacks in the order of a seed, and what has to hold afterwards."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import chain, repeat
from pathlib import Path
from random import Random

from store_exporter.metrics.catalogue import business, health, operations
from tests.chaos.attacks import Attack, settled
from tests.chaos.world import PASSWORD, World, memory, world

GRACE_SECONDS = 45
"""How long after a store was mended it may still be called down."""
MEMORY_MIB = 400
_CONTROLS = re.compile(r"[^\n\x20-\x7e\u00a0-\u200d\u2010-\u2027\u202f-\u2065\u2070-\U0010ffff]")


async def play(
    folder: Path, seed: int, attacks: Iterable[Attack], *, say: Callable[[str], None]
) -> list[str]:
    """Play a round and return what was wrong.

    Args:
        folder: an empty folder.
        seed: of every choice.
        attacks: one after the other; between them all is well.
        say: takes each line of the log.
    """
    begun = time.monotonic()

    def log(text: str) -> None:
        say(f"{time.monotonic() - begun:6.1f} s  {text}")

    async with world(folder, seed, log) as played:
        log(f"everything runs; seed {seed}, files in {folder}")
        problems = []
        for attack in attacks:
            sentence = (attack.__doc__ or "").splitlines()[0]
            log(f"{attack.__name__}: {sentence}")
            try:
                await attack(played)
                await asyncio.sleep(played.random.uniform(0, 2))
            except AssertionError as error:
                log(f"!! {error}")
                problems.append(f"{attack.__name__}: {error}")
                break
        played.closed = True
        problems += await _wrong(played)
        truth = played.truth
        log(
            f"orders: {truth.paid.total()}, reported calls: {truth.calls.total()}, messages: "
            f"{len(played.slack.messages)}, the exporter's memory: {memory(played.exporter)} MiB"
        )
        return problems


def drawn(seed: int, attacks: Sequence[Attack], *, seconds: float) -> Iterator[Attack]:
    """Yield every attack once, and then any of them, until the time is over."""
    random, ends = Random(seed), time.monotonic() + seconds
    order = random.sample(attacks, len(attacks))
    for attack in chain(order, (random.choice(attacks) for _ in repeat(None))):
        if time.monotonic() > ends:
            return
        yield attack


async def _wrong(played: World) -> list[str]:
    """What does not hold, now that shops are closed."""
    found = []
    try:
        await settled(played)
    except AssertionError as error:
        shown = await played.figures()
        found.append(f"{error}: {shown}, and true are {played.truth.shown()} (in cents)")
    found += await _wrong_in_prometheus(played)
    secrets = {*played.secrets.values(), PASSWORD}
    found += [*_wrong_messages(played), *wrong_logs(played.logs(), secrets)]
    if (used := memory(played.exporter)) > MEMORY_MIB:
        found.append(f"the exporter took {used} MiB")
    return found


async def _wrong_in_prometheus(played: World) -> list[str]:
    truth, found = played.truth, []
    for metric, by, expected, unit in (
        (business.ORDERS_PAID.name, ("domain",), {(d,): n for d, n in truth.paid.items()}, 1),
        (business.REVENUE.name, ("domain",), {(d,): n for d, n in truth.revenue.items()}, 100),
        (operations.OPERATIONS.name, ("domain", "operation"), dict(truth.calls), 1),
    ):
        grown = await played.evidence.growth(metric, *by)
        grown = {key: round(value * unit) for key, value in grown.items()}
        # The one call by which each series was born is its first sample or a part of it.
        if grown != expected:
            found.append(f"{metric} grew in Prometheus by {grown} and not by {dict(expected)}")
    url = f"{played.addresses['prometheus']}/api/v1/query"
    question = {"query": f"{health.UP.name}[1h]"}
    async with played.session.get(url, params=question) as answer:
        result = (await answer.json())["data"]["result"]
    for series in result:
        domain = series["metric"]["domain"]
        wrong = [
            float(at)
            for at, value in series["values"]
            if value == "0" and not _sabotaged(played, domain, float(at))
        ]
        if wrong:
            found.append(f"{domain} was well and called down {len(wrong)} times, at {wrong[0]}")
    return found


def _sabotaged(played: World, domain: str, at: float) -> bool:
    return any(
        domain.endswith(name) and begun <= at <= ended + GRACE_SECONDS
        for name, begun, ended in played.truth.sabotaged
    )


def _called_down(text: str) -> Iterator[str]:
    """Yield the stores that a message calls down; what it says is over comes after those."""
    _, found, rest = text.partition("] StoreDown")
    for line in rest.partition("Over since")[0].splitlines() if found else ():
        if named := re.match(r"\W*(\S+) \(\w+\) keeps failing", line):
            yield named.group(1)


def _wrong_messages(played: World) -> Iterator[str]:
    for message in played.slack.messages:
        if message.problems:
            yield f"Slack would refuse a message: {message.problems[0]}"
        for domain in _called_down(message.text):
            if not _sabotaged(played, domain, message.received):
                yield f"a message said that {domain} is down, and it was well: {message.text}"
        if any(secret in message.text for secret in (*played.secrets.values(), PASSWORD)):
            yield "a message holds a secret"


def wrong_logs(logs: Iterable[tuple[str, str]], secrets: Collection[str]) -> Iterator[str]:
    """Yield what logs must not hold and do: tracebacks, secrets and control characters.

    Args:
        logs: each by its name.
        secrets: all that were given to those who wrote them.
    """
    for name, text in logs:
        if "Traceback" in text:
            yield f"{name} has a traceback: {text[text.index('Traceback') :][:2000]}"
        if any(secret in text for secret in secrets):
            yield f"{name} holds a secret"
        if control := _CONTROLS.search(text):
            yield f"{name} holds the character {control.group()!r}"
