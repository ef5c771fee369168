"""`store-exporter doctor`: what is wrong with the access to stores, and what to do about it."""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from ..config import Config
from ..config.dump import secrets
from ..contract import Finding, Run
from ..errors import StoreError
from ..net.plans import Plan
from ..net.redactor import Redactor
from ..platforms import base
from ..probing.access import Access
from ..probing.driver import Driver
from ..probing.http import StoreHttp
from ..probing.jobs import jobs_of
from ..probing.state.cursor import RunCursor
from ..probing.state.sqlite_file import FILE_NAME
from ..probing.state.storage import UNUSED_SECONDS, StateError, StateUnavailableError
from ..probing.transport import Transport
from ..stores.model import Store, Unreadable
from ..stores.owners import REASONS, RefusedDomain
from .state import kept_state, opened
from .support import arguments, stores, terminal
from .support.state_directory import state_directory
from .support.store_series import store_series

_AT_ONCE = 10
_REFUSALS_SHOWN = 20
_SECONDS = 60.0
EXPORTER = ""
"""Under what the findings about the exporter itself are, beside those of the domains."""
_MARKS = {"ok": "ok", "warn": "warn", "fail": "FAIL"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("domain", nargs="*", default=[], help="stores to look at (default: all)")
    arguments.add_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Check stores and print findings; 1 if anything is wrong, 2 if there is no such store."""
    arguments.silence_log()
    config = stores.read_config(args)
    found = asyncio.run(examine_all(config, args.domain))
    if args.format == "json":
        print(json.dumps(_document(found), indent=2))
    else:
        print("\n".join(text(found, terminal.width())))
    failed = any(finding.state == "fail" for findings in found.values() for finding in findings)
    return 1 if failed else 0


async def examine_all(config: Config, domains: Sequence[str]) -> dict[str, Sequence[Finding]]:
    """Return the findings by domain; those about this exporter itself are under `EXPORTER`.

    Without domains, all stores are checked.

    Raises:
        CommandError: one of the domains is not among the stores.
    """
    chosen, refusals = await stores.stores_and_refusals(config, domains)
    transport, slots = Transport(), asyncio.Semaphore(_AT_ONCE)

    async def one(store: Store) -> Sequence[Finding]:
        async with slots:
            return await examine(store, transport)

    try:
        findings = await asyncio.gather(*(one(store) for store in chosen))
    finally:
        await transport.close()
    by_domain = {store.domain: found for store, found in zip(chosen, findings, strict=True)}
    own = list(_state(config))
    if config.discovery:
        own += _refused(refusals)
    return {EXPORTER: own, **by_domain}


async def examine(store: Store, transport: Transport) -> list[Finding]:
    """Return the findings about one store; nothing is changed there."""
    own = [_budget(store), _series(store)]
    access = Access(store)
    http = StoreHttp(store, transport, access, timeout=_SECONDS)
    diagnose = base.load(store.platform).diagnose or _liveness
    try:
        driver = Driver(http, access.connection(store), pause=http.pause)
        run = Run(store, {}, RunCursor(), time.time)
        findings = await http.within_deadline(driver.run(diagnose, run))
    except StoreError as error:
        findings = [Finding.failed("access", error)]
    except Exception as error:  # noqa: BLE001 - a bug in one platform hides no other store
        bug = StoreError("exception", f"{type(error).__name__}: {error}")
        findings = [Finding.failed("access", bug)]
    findings = [*_unread(store), *findings]
    redact = base.redactor_of(store)
    clean = (
        replace(f, message=redact.line(f.message), advice=redact.line(f.advice)) for f in findings
    )
    return [*clean, *own]


def _liveness(api: Any, run: Run) -> Plan[Sequence[Finding]]:
    """Run the liveness probe of a platform without checks of its own."""
    found = []
    for job in jobs_of(run.store):
        if job.liveness:
            report = yield from job.check.check(api, replace(run, options=job.options))
            found = [Finding(job.name, "warn", reason) for reason in report.degraded]
            found = found or [Finding(job.name, "ok", report.summary)]
    return found


def _unread(store: Store) -> Iterator[Finding]:
    for name, value in store.credentials.items():
        if isinstance(value, Unreadable):
            advice = "Correct the reference, or what it names."
            yield Finding("credentials", "fail", f"{name}: {value.problem}", advice)


def _budget(store: Store) -> Finding:
    """Compare the hourly requests of probes and collectors with their budget."""
    needed = sum(job.check.requests * 3600 / job.schedule.interval for job in jobs_of(store))
    allowed = store.requests_per_hour
    message = f"{needed:.0f} requests an hour of {allowed}"
    if needed > allowed:
        advice = "Raise requests_per_hour, or the intervals of what matters least."
        return Finding("budget", "fail", message, advice)
    if needed > 0.8 * allowed:
        advice = "Leave room for further pages: raise requests_per_hour or the intervals."
        return Finding("budget", "warn", message, advice)
    return Finding("budget", "ok", message)


def _series(store: Store) -> Finding:
    own, buckets, listed = store_series(store)
    lists = f", up to {listed} more for carts and products by name" if listed else ""
    message = f"about {own}{lists}, {buckets} more with classic buckets"
    return Finding("series", "ok", f"{message}; those of operations come on top")


def _state(config: Config) -> list[Finding]:
    """Check whether counters can be saved, and what is saved of stores that nobody watches."""
    if config.state_database is None:
        found = state_directory(config.state_directory)
        if found.state == "fail" or not (config.state_directory / FILE_NAME).exists():
            return [found]
    else:
        found = Finding("state database", "ok", config.state_database.url)
    try:
        state = opened(config)
        try:
            kept = list(kept_state(state))
        finally:
            state.close()
    except (StateError, StateUnavailableError) as error:
        advice = "See docs/probing.md for what is kept, and where."
        message = Redactor(secrets(config)).line(str(error))
        return [Finding(found.check, "fail", message, advice)]
    before = time.time() - UNUSED_SECONDS
    return [found, _left_behind(sum(one.used < before for one in kept), len(kept))]


def _left_behind(left: int, stores: int) -> Finding:
    message = f"kept of {stores} stores, of which {left} were not watched for two days"
    if not left:
        return Finding("state", "ok", message)
    advice = "`store-exporter state list` names them; `state move` gives one to another store."
    return Finding("state", "warn", message, advice)


def _refused(refusals: Sequence[RefusedDomain]) -> list[Finding]:
    """Report the domains that sources name and that were refused."""
    if not refusals:
        return [Finding("discovery", "ok", "every domain that a source names is watched")]
    redact = Redactor()
    advice = {
        "contested": "Find out whose it is: have the other source drop it, or list it under "
        "`domains` of the org that owns it.",
        "not_allowed": "Correct the source, or `domains` of its org.",
        "invalid": "Correct the source.",
    }
    shown = [
        Finding(
            "discovery",
            "fail" if one.reason == "contested" else "warn",
            redact.line(str(one)),
            advice[one.reason],
        )
        for one in sorted(refusals, key=lambda one: REASONS.index(one.reason))[:_REFUSALS_SHOWN]
    ]
    if len(refusals) > len(shown):
        message = f"{len(refusals) - len(shown)} further domains of sources are refused"
        shown.append(Finding("discovery", "warn", message))
    return shown


def text(found: Mapping[str, Sequence[Finding]], width: int | None = None) -> Iterator[str]:
    """Yield a table, with advice below each line that needs it.

    Args:
        found: the findings by domain.
        width: columns of the terminal, at which sentences are wrapped; None for no wrapping.
    """
    rows = [(domain or "(exporter)", f) for domain, findings in found.items() for f in findings]
    domains = max(len(domain) for domain, _ in rows)
    checks = max(len(finding.check) for _, finding in rows)
    last = None
    for domain, finding in rows:
        shown = domain if domain != last else ""
        last = domain
        mark = _MARKS[finding.state]
        yield from terminal.wrapped(
            f"{shown:<{domains}}  {finding.check:<{checks}}  {mark:<4}  ", finding.message, width
        )
        if finding.state != "ok" and finding.advice:
            yield from terminal.wrapped(" " * (domains + checks + 10), finding.advice, width)
    states = Counter(finding.state for _, finding in rows)
    stores_seen = len(found) - 1
    yield (
        f"{stores_seen} store{'s' if stores_seen != 1 else ''} examined: of {len(rows)} checks "
        f"{states['fail']} failed, {states['warn']} gave a warning"
    )


def _document(found: Mapping[str, Sequence[Finding]]) -> dict[str, object]:
    listed = {domain: [*map(asdict, findings)] for domain, findings in found.items()}
    return {
        "exporter": listed[EXPORTER],
        "stores": [
            {"domain": domain, "findings": findings}
            for domain, findings in listed.items()
            if domain
        ],
    }
