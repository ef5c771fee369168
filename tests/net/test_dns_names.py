"""Names are looked up beside each other, and a dead name server holds up nobody else."""

from __future__ import annotations

import asyncio
import socket
import threading
from typing import Any

import pytest

from store_exporter.net import names as resolving
from store_exporter.net.names import Names, Resolving
from tests.servers import eventually


def found(host: str, port: int) -> list[Any]:
    return [
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.1", port)),
        (socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("2001:db8::1", port, 0, 0)),
        (socket.AF_UNIX, socket.SOCK_STREAM, 0, "", "/somewhere"),
    ]


async def test_addresses_of_both_families_are_found() -> None:
    names = Names(lambda host, port, **_: found(host, port))
    addresses = await names.addresses("shop.example.com", 443)
    assert [(a.host, a.port) for a in addresses] == [("192.0.2.1", 443), ("2001:db8::1", 443)]


async def test_a_look_up_is_timed_for_whoever_watches() -> None:
    names = Names(lambda host, port, **_: found(host, port))
    watching = Resolving()
    resolving.watched.set(watching)
    await names.addresses("shop.example.com", 443)
    assert watching.began is not None
    assert watching.ended is not None
    assert watching.ended >= watching.began


@pytest.mark.parametrize(
    "error", [socket.gaierror(-2, "Name or service not known"), UnicodeError("label too long")]
)
async def test_a_failed_look_up_fails_for_everybody_who_waits(error: Exception) -> None:
    def fail(*_: object, **__: object) -> Any:
        raise error

    names = Names(fail)
    both = await asyncio.gather(
        names.addresses("a.example.com", 443),
        names.addresses("a.example.com", 443),
        return_exceptions=True,
    )
    assert both == [error, error]


async def test_a_name_without_addresses_is_an_error() -> None:
    with pytest.raises(socket.gaierror, match="no address"):
        await Names(lambda *_, **__: []).addresses("shop.example.com", 443)


class Slow:
    """A look-up that waits until it is told to go on."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.go_on = threading.Event()

    def __call__(self, host: str, port: int, **_: Any) -> list[Any]:
        self.asked.append(host)
        if host.startswith("dead"):
            self.go_on.wait(30)
        return found(host, port)


async def test_dead_names_do_not_delay_others_and_are_not_looked_up_twice() -> None:
    slow = Slow()
    names = Names(slow)
    dead = [
        asyncio.create_task(names.addresses(f"dead{n % 60}.example.com", 443)) for n in range(120)
    ]
    await asyncio.sleep(0)
    assert await asyncio.wait_for(names.addresses("shop.example.com", 443), 60)
    # Each of them has begun in a thread of its own, which the system lets run when it may.
    await asyncio.to_thread(eventually, lambda: len(slow.asked) == 61)
    slow.go_on.set()
    await asyncio.gather(*dead)
    assert len(slow.asked) == 61


async def test_who_gives_up_does_not_end_the_look_up_of_others() -> None:
    slow = Slow()
    names = Names(slow)
    impatient, patient = (
        asyncio.create_task(names.addresses("dead.example.com", 443)) for _ in range(2)
    )
    await asyncio.sleep(0)
    impatient.cancel()
    await asyncio.sleep(0)
    slow.go_on.set()
    assert await asyncio.wait_for(patient, 60)
    assert slow.asked == ["dead.example.com"]


async def test_look_ups_beyond_the_limit_wait_for_their_turn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(resolving, "LOOKUPS", 2)
    slow = Slow()
    names = Names(slow)
    hosts = ["dead1.example.com", "dead2.example.com", "shop.example.com", "shop.example.com"]
    tasks = [asyncio.create_task(names.addresses(host, 443)) for host in hosts]
    await asyncio.to_thread(eventually, lambda: len(slow.asked) == 2)
    await asyncio.sleep(0.05)
    assert sorted(slow.asked) == hosts[:2]
    slow.go_on.set()
    await asyncio.wait_for(asyncio.gather(*tasks), 60)
    assert slow.asked[2] == "shop.example.com"
