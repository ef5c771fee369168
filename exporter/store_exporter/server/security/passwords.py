"""Compares passwords with bcrypt hashes, which is slow on purpose, without delaying others.

A correct password is remembered and not checked again. So only guesses are checked, and each
correct password once after a restart. Few checks run at the same time, so that guesses cannot take
the processor from the probes. Guesses wait and are not refused, because a refused client comes back
at once. Clients that have guessed wrong come after all others: first by address, which also can
never occupy all checks, then by connection. Among equals the newest is next, and every other time
the oldest, so that nobody waits forever.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv6Address, ip_address

import bcrypt

CHECKS_AT_ONCE = 2
WAITING = 512
_REMEMBERED = 256
_ADDRESSES = 10_000
_FAILED_SECONDS = 600.0
"""Seconds for which an address with a wrong password comes after the others."""


class BusyError(Exception):
    """The password was not checked: too many checks wait, and others come first."""


@dataclass(frozen=True, eq=False, slots=True)
class _Check:
    """The check of one password against one hash.

    Attributes:
        guessed: whether a wrong password came over the same connection before.
        known: whether the user exists.
        gone: for each waiting request, a function that returns whether the client has left.
    """

    key: bytes
    address: str
    password: bytes
    hashed: bytes
    guessed: bool
    known: bool
    right: asyncio.Future[bool]
    gone: list[Callable[[], bool]] = field(default_factory=list)


class Passwords:
    """Checks passwords."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._right: OrderedDict[bytes, None] = OrderedDict()
        self._failed: OrderedDict[str, float] = OrderedDict()
        self._checks: dict[bytes, _Check] = {}
        self._waiting: list[_Check] = []
        self._running: set[asyncio.Task[None]] = set()
        self._newest_next = True

    async def are_right(
        self,
        users: Mapping[str, str],
        user: str,
        password: bytes,
        *,
        address: str | None = None,
        guessed: bool = False,
        gone: Callable[[], bool] = lambda: False,
    ) -> bool:
        """Return whether the user exists and has this password.

        Args:
            users: bcrypt hashes by user; not empty.
            user: the name in the request.
            password: of the request.
            address: the client's address.
            guessed: whether a wrong password came over the same connection before.
            gone: returns whether the client has left meanwhile.

        Raises:
            BusyError: the password was not checked.
        """
        # For an unknown user, another user's hash is checked, so that both cases take equally long.
        hashed = (users.get(user) or next(iter(users.values()))).encode()
        key = hashlib.sha256(b"\0".join((user.encode(), hashed, password))).digest()
        if key in self._right:
            self._right.move_to_end(key)
            return True
        check = self._checks.get(key)
        if check is None:
            right = asyncio.get_running_loop().create_future()
            # bcrypt uses 72 bytes. This library refuses longer passwords, which others cut.
            known = user in users
            address = network(address)
            check = _Check(key, address, password[:72], hashed, guessed, known, right)
            self._checks[key] = check
            self._waiting.append(check)
        check.gone.append(gone)
        self._start()
        if len(self._waiting) > WAITING:
            self._refuse(max(self._waiting, key=self._rank))
        # Several requests may wait for it, and one of them may leave.
        return await asyncio.shield(check.right)

    def _has_failed(self, check: _Check) -> bool:
        since = self._monotonic() - _FAILED_SECONDS
        return self._failed.get(check.address, since) > since

    def _rank(self, check: _Check) -> tuple[bool, bool]:
        """Return the sort key of a check; the lowest comes first."""
        return self._has_failed(check), check.guessed

    def _next(self) -> _Check | None:
        """Return the next check; None if none may start."""
        free = CHECKS_AT_ONCE - len(self._running)
        if free:
            self._drop_those_gone()
        if not free or not self._waiting:
            return None
        # Among equals, `min` returns the first.
        order = self._waiting[::-1] if self._newest_next else self._waiting
        check = min(order, key=self._rank)
        return None if free == 1 and self._has_failed(check) else check

    def _drop_those_gone(self) -> None:
        for check in self._waiting[:]:
            if all(gone() for gone in check.gone):
                self._refuse(check)

    def _refuse(self, check: _Check) -> None:
        self._waiting.remove(check)
        del self._checks[check.key]
        check.right.set_exception(BusyError())
        # The client may have left, so nobody may read the result.
        check.right.exception()

    def _start(self) -> None:
        while (check := self._next()) is not None:
            self._newest_next = not self._newest_next
            self._waiting.remove(check)
            task = asyncio.create_task(self._run(check))
            self._running.add(task)
            task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._start()

    async def _run(self, check: _Check) -> None:
        try:
            right = await asyncio.to_thread(bcrypt.checkpw, check.password, check.hashed)
            right = right and check.known
            self._remember(check, right=right)
            check.right.set_result(right)
        except BaseException:
            check.right.cancel()
            raise
        finally:
            del self._checks[check.key]

    def _remember(self, check: _Check, *, right: bool) -> None:
        if right:
            self._right[check.key] = None
            self._failed.pop(check.address, None)
            if len(self._right) > _REMEMBERED:
                self._right.popitem(last=False)
            return
        self._failed[check.address] = self._monotonic()
        self._failed.move_to_end(check.address)
        if len(self._failed) > _ADDRESSES:
            self._failed.popitem(last=False)


def network(address: str | None) -> str:
    """Return the network that a client controls: its address, or the first 64 bits of IPv6."""
    try:
        known = ip_address(address or "")
    except ValueError:
        return ""
    if isinstance(known, IPv6Address):
        return str(known.ipv4_mapped or IPv6Address(int(known) >> 64 << 64))
    return str(known)
