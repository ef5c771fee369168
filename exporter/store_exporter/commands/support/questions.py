"""The facts of a store that `init` needs: from flags, or by prompts at the terminal."""

from __future__ import annotations

import getpass
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import NamedTuple
from urllib.parse import SplitResult, urlsplit

from ...config.model import values
from ...config.secrets import reference
from ...errors import StoreError
from ...net.plans import RedirectError, Request
from ...platforms import base
from ...platforms.base import Platform
from ...probing.http import StoreHttp
from ...probing.transport import Transport
from ...stores.model import Secret, Store
from . import terminal

_SECONDS = 15.0
_MOST_REDIRECTS = 5


class UnansweredError(Exception):
    """An answer is missing or wrong and there is no terminal for a prompt; the message names it."""


class Typed(NamedTuple):
    """The credentials of a store.

    Attributes:
        references: what stands in the configuration, by key.
        secrets: what was typed, by key; to be kept in files.
    """

    references: Mapping[str, str]
    secrets: Mapping[str, Secret]


class Questions:
    """Asks for what the flags leave out.

    Args:
        may_ask: whether there is a terminal; without one what is missing is an error.
    """

    def __init__(self, *, may_ask: bool) -> None:
        self._may_ask = may_ask

    def text(
        self,
        question: str,
        flag: str,
        supplied: str | None,
        check: Callable[[str], str],
        usual: str = "",
    ) -> str:
        """Return an answer in its normal form.

        Args:
            question: for a person.
            flag: the flag that answers it.
            supplied: the flag's value, if any.
            check: returns the normal form.
            usual: the default answer.

        Raises:
            UnansweredError: there is no answer, or the flag's is wrong.
        """
        if supplied is None and not self._may_ask:
            if not usual:
                raise UnansweredError(
                    f"There is no terminal for questions: use {flag}; --help lists the other flags."
                )
            supplied = usual
        if supplied is not None:
            try:
                return check(supplied)
            except ValueError as error:
                raise UnansweredError(f"{flag}: {error}") from None
        hint = f" [{usual}]" if usual else ""
        while True:
            answer = input(f"{question}{hint}: ").strip() or usual
            try:
                return check(answer)
            except ValueError as error:
                print(f"  {error}")

    def optional(self, question: str, check: Callable[[str], str]) -> str:
        """Return an optional answer in its normal form; "" for none, and without a terminal."""
        while self._may_ask and (answer := input(f"{question} (Enter for none): ").strip()):
            try:
                return check(answer)
            except ValueError as error:
                print(f"  {error}")
        return ""

    def agrees(self, question: str) -> bool:
        """Return whether the user agrees; always False without a terminal."""
        return self._may_ask and input(f"{question} [y/N]: ").strip().lower() in ("y", "yes")

    def credentials(self, platform: Platform, supplied: Mapping[str, str]) -> Typed:
        """Return the credentials of a platform; what is typed is not shown.

        Raises:
            UnansweredError: there is no terminal, and one that is required is missing.
        """
        if supplied or not self._may_ask:
            missing = [
                f"--credential {one.name}=file:PATH"
                for one in platform.credentials
                if one.required and one.name not in supplied
            ]
            problem = platform.problem(supplied)
            if missing or problem:
                problems = ", ".join(missing) or problem
                raise UnansweredError(f"Credentials of {platform.title} are missing: {problems}")
            return Typed(supplied, {})
        while True:
            typed = {}
            for one in (each for each in platform.credentials if each.asked):
                if value := _typed(one.name, one.description, one.check, required=one.required):
                    typed[one.name] = Secret(value)
            problem = platform.problem(typed)
            if problem is None:
                return Typed({}, typed)
            print(f"  {problem}")


def _typed(
    name: str, description: str, check: Callable[[str], str | None] | None, *, required: bool
) -> str:
    """Ask for a secret until it is valid; "" for an optional one that is left out."""
    terminal.say(f"{name}: ", description)
    while True:
        value = getpass.getpass(f"{name} (not shown{'' if required else '; Enter for none'}): ")
        value = value.strip()
        if not value and not required:
            return ""
        problem = "is required" if not value else check(value) if check else None
        if problem is None:
            return value
        print(f"  It {problem}.")


def credential(text: str) -> tuple[str, str]:
    """Read a `--credential`, a name and a reference to a secret.

    Raises:
        ValueError: it is none.
    """
    name, equals, value = text.partition("=")
    if not equals:
        raise ValueError("write NAME=file:PATH or NAME=env:VARIABLE")
    reference(value)
    return name, value


def address(text: str) -> str:
    """Return a store's address in its normal form; https is the default scheme.

    Raises:
        ValueError: it is none.
    """
    return values.url(text if "://" in text else f"https://{text}")


async def final(store: Store) -> tuple[str, str]:
    """Return where a store's address leads, and a sentence about it if that is elsewhere.

    Requests go through the store's proxy and trust its issuers, as those of probes do. Another
    scheme, or `www.` before the host, is the same store. A redirect to another host is not
    followed: a hosted shop redirects visitors to its public name but keeps its API, and only a
    person can say whose another host is. Nor is one to another folder of the host, which may be
    the store or a page in the visitor's language.

    Raises:
        StoreError: it could not be opened.
    """
    transport = Transport()
    url, note = store.url, ""
    try:
        # To https and then to www., as many do.
        for _ in range(_MOST_REDIRECTS):
            reached = await _reached(replace(store, url=url), transport)
            here, there = urlsplit(url), urlsplit(reached)
            if (here.scheme, here.netloc) == (there.scheme, there.netloc):
                if there.path.rstrip("/") != here.path:
                    note = f"{note} {_elsewhere(store, url, there)}".lstrip()
                break
            host, known = there.hostname or "", here.hostname or ""
            if host.removeprefix("www.") != known.removeprefix("www."):
                note = f"{url} redirects visitors to {host}. If the API is there, use that address."
                break
            url = values.url(there._replace(path=here.path, query="", fragment="").geturl())
            note = f"{store.url} redirects to {url}, which will be watched."
    except ValueError as error:
        raise StoreError("redirect", f"it leads to what {error}") from None
    finally:
        await transport.close()
    return url, note


def _elsewhere(store: Store, url: str, target: SplitResult) -> str:
    if what := base.load(store.platform).marks.leads_to_setup(target.path):
        return f"{url} redirects visitors to {what}."
    page = target._replace(query="", fragment="").geturl()
    return f"{url} redirects visitors to {page}. If the store is there, use that address."


async def _reached(store: Store, transport: Transport) -> str:
    """Return the address of the page that a visitor of a store gets, if there is one."""
    http = StoreHttp(store, transport, timeout=_SECONDS)
    try:
        return (await http.within_deadline(http.send(Request("GET", "/")))).url
    except RedirectError as error:
        if not error.target:
            raise
        return error.target
