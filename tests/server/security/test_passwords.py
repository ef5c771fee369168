"""Guessing keeps nobody out who knows the password."""

from __future__ import annotations

import asyncio
import os
import threading
from typing import Any

import bcrypt
import pytest

from store_exporter.server.security import passwords as module
from store_exporter.server.security.passwords import CHECKS_AT_ONCE, BusyError, Passwords, network
from tests.fakes.clock import Clock
from tests.server.support import hashed

USERS = {"ada": hashed(b"correct horse")}


class Checks:
    """What bcrypt is to check; it answers only while the gate is open.

    Attributes:
        gate: open at first.
        passwords: what was handed to a thread, in that order; the threads run in any.
    """

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.gate.set()
        self.passwords: list[bytes] = []
        self._to_thread = asyncio.to_thread
        self._compare = bcrypt.checkpw

    async def to_thread(self, _: Any, password: bytes, hashed: bytes) -> bool:
        self.passwords.append(password)
        return await self._to_thread(self._check, password, hashed)

    def _check(self, password: bytes, hashed: bytes) -> bool:
        self.gate.wait(60)
        return self._compare(password, hashed)


@pytest.fixture
def checks(monkeypatch: pytest.MonkeyPatch) -> Checks:
    checks = Checks()
    monkeypatch.setattr(asyncio, "to_thread", checks.to_thread)
    return checks


class Guests:
    """Sends passwords, as many as are told, and keeps what came of each."""

    def __init__(self, passwords: Passwords) -> None:
        self.passwords = passwords
        self.tasks: list[asyncio.Task[bool]] = []

    async def guess(self, number: int, address: str) -> None:
        for _ in range(number):
            guess = self.passwords.are_right(
                USERS, "ada", os.urandom(8).hex().encode(), address=address
            )
            self.tasks.append(asyncio.create_task(guess))
        await asyncio.sleep(0)

    async def outcomes(self) -> list[object]:
        return await asyncio.gather(*self.tasks, return_exceptions=True)


async def right(passwords: Passwords, address: str) -> bool:
    return await passwords.are_right(USERS, "ada", b"correct horse", address=address)


@pytest.mark.parametrize("flood", ["192.0.2.1", "192.0.2.7"])
async def test_a_right_password_waits_for_no_more_than_one_other_and_the_checks_under_way(
    checks: Checks, flood: str
) -> None:
    passwords = Passwords()
    guests = Guests(passwords)
    checks.gate.clear()
    await guests.guess(150, flood)
    known = asyncio.create_task(right(passwords, "192.0.2.7"))
    await asyncio.sleep(0)
    checks.gate.set()
    assert await known
    assert checks.passwords.index(b"correct horse") <= CHECKS_AT_ONCE + 1
    # Each of the others learns that it was wrong, in its turn.
    assert await guests.outcomes() == [False] * 150


async def test_an_address_that_was_wrong_comes_after_those_that_were_not(
    checks: Checks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "WAITING", 40)
    passwords = Passwords()
    crowd = [f"198.51.100.{number}" for number in range(20)]
    for address in crowd:
        assert not await passwords.are_right(USERS, "ada", address.encode(), address=address)
    del checks.passwords[:]
    guests = Guests(passwords)
    checks.gate.clear()
    for address in crowd:
        await guests.guess(1, address)
    # One check is kept free of them, however many they are.
    honest = asyncio.create_task(right(passwords, "192.0.2.7"))
    await asyncio.sleep(0)
    for address in crowd:
        await guests.guess(10, address)
    checks.gate.set()
    assert await honest
    assert checks.passwords.index(b"correct horse") <= 1
    outcomes = await guests.outcomes()
    # Beyond what may wait they are turned away.
    assert sum(isinstance(one, BusyError) for one in outcomes) == len(outcomes) - 40 - 1


@pytest.mark.parametrize(("reconnecting", "most"), [(False, 22), (True, 44)])
async def test_who_guesses_for_ever_is_not_always_before_who_knows(
    checks: Checks, reconnecting: bool, most: int
) -> None:
    passwords = Passwords()
    done = False

    async def guess_for_ever() -> None:
        guessed = False
        while not done:
            guess = os.urandom(8).hex().encode()
            await passwords.are_right(USERS, "ada", guess, guessed=guessed)
            guessed = not reconnecting

    checks.gate.clear()
    known = asyncio.create_task(right(passwords, "192.0.2.1"))
    # Each of them is newer, and comes again as soon as it was wrong.
    crowd = [asyncio.create_task(guess_for_ever()) for _ in range(20)]
    await asyncio.sleep(0)
    checks.gate.set()
    assert await known
    done = True
    assert checks.passwords.index(b"correct horse") <= most
    await asyncio.gather(*crowd)


async def test_whoever_comes_from_ever_new_addresses_is_not_always_before_who_knows(
    checks: Checks,
) -> None:
    passwords = Passwords()
    addresses = (f"198.51.{number // 200}.{number % 200}" for number in range(1000))

    async def guess_for_long() -> None:
        while len(checks.passwords) < 100:
            guess = os.urandom(8).hex().encode()
            await passwords.are_right(USERS, "ada", guess, address=next(addresses))

    checks.gate.clear()
    first = [asyncio.create_task(guess_for_long()) for _ in range(CHECKS_AT_ONCE)]
    known = asyncio.create_task(right(passwords, "192.0.2.1"))
    # Each of them is newer, and none has been wrong before.
    crowd = [asyncio.create_task(guess_for_long()) for _ in range(20)]
    await asyncio.sleep(0)
    checks.gate.set()
    assert await known
    assert checks.passwords.index(b"correct horse") <= CHECKS_AT_ONCE + 1
    await asyncio.gather(*first, *crowd)


async def test_who_has_left_is_not_checked(checks: Checks) -> None:
    passwords = Passwords()
    guests = Guests(passwords)
    checks.gate.clear()
    await guests.guess(CHECKS_AT_ONCE, "192.0.2.1")
    left = [
        asyncio.create_task(passwords.are_right(USERS, "ada", b"%d" % number, gone=lambda: True))
        for number in range(50)
    ]
    await asyncio.sleep(0)
    checks.gate.set()
    outcomes = await asyncio.gather(*left, return_exceptions=True)
    assert {type(outcome) for outcome in outcomes} == {BusyError}
    await guests.outcomes()
    assert len(checks.passwords) == CHECKS_AT_ONCE


@pytest.mark.parametrize(("seconds", "forgiven"), [(60, False), (3600, True)])
async def test_an_address_is_forgiven_after_a_while(
    checks: Checks, seconds: float, forgiven: bool
) -> None:
    clock = Clock()
    passwords = Passwords(clock.now)
    assert not await passwords.are_right(USERS, "ada", b"wrong", address="192.0.2.1")
    clock.advance(seconds)
    del checks.passwords[:]
    guests = Guests(passwords)
    checks.gate.clear()
    for number in range(CHECKS_AT_ONCE + 4):
        await guests.guess(1, f"203.0.113.{number}")
    known = asyncio.create_task(right(passwords, "192.0.2.1"))
    await asyncio.sleep(0)
    checks.gate.set()
    assert await known
    await guests.outcomes()
    # It is the newest of those that wait, or comes after the four others.
    assert (checks.passwords.index(b"correct horse") < CHECKS_AT_ONCE + 3) is forgiven


async def test_a_right_password_is_checked_once(checks: Checks) -> None:
    passwords = Passwords()
    # Also when a page asks for several things at the same time.
    assert await asyncio.gather(*(right(passwords, "192.0.2.1") for _ in range(20))) == [True] * 20
    guests = Guests(passwords)
    checks.gate.clear()
    await guests.guess(150, "192.0.2.1")
    assert await right(passwords, "192.0.2.1")
    checks.gate.set()
    await guests.outcomes()
    assert checks.passwords.count(b"correct horse") == 1


async def test_who_leaves_ends_the_check_for_nobody_else() -> None:
    passwords = Passwords()
    leaving = asyncio.create_task(right(passwords, "192.0.2.1"))
    staying = asyncio.create_task(right(passwords, "192.0.2.1"))
    await asyncio.sleep(0)
    leaving.cancel()
    assert await staying
    assert leaving.cancelled()


async def test_long_passwords_and_the_memory_of_right_ones_are_bounded() -> None:
    passwords = Passwords()
    long = os.urandom(50).hex().encode()
    users = {"ada": hashed(long[:72])}
    assert await passwords.are_right(users, "ada", long)
    assert not await passwords.are_right(users, "ada", b"x" * 10_000)
    assert not await passwords.are_right(users, "bob", long)
    # A remembered password ends with its hash.
    assert not await passwords.are_right(USERS, "ada", long)


@pytest.mark.parametrize(
    ("address", "own"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("fe80::1%eth0", "fe80::"),
        (None, ""),
        ("a socket", ""),
    ],
)
def test_who_has_many_addresses_counts_once(address: str | None, own: str) -> None:
    assert network(address) == own
