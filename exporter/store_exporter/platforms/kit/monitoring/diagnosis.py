"""Checks of `doctor` that are the same on every platform."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from ....contract import Finding
from ....errors import StoreError
from ....net.plans import Plan

_SKEW = 60


def run_checks(steps: Iterable[tuple[str, Plan[Finding]]]) -> Plan[list[Finding]]:
    """Return the finding of each step; a step that fails is a warning and does not stop others."""
    found = []
    for check, step in steps:
        try:
            found.append((yield from step))
        except StoreError as error:
            found.append(Finding.failed(check, error, "warn"))
    return found


def check_reads(reads: Iterable[tuple[str, Plan[Any]]]) -> Plan[list[Finding]]:
    """Check whether all that collectors need can be read: a request for each kind of record."""
    failed = []
    for name, read in reads:
        try:
            yield from read
        except StoreError as error:
            failed.append(Finding.failed(f"may read {name}", error))
    return failed or [Finding("may read", "ok", "everything that the collectors need")]


def check_transport(url: str) -> Finding:
    """Check whether requests go over https."""
    if url.startswith("https://"):
        return Finding("transport", "ok", "https")
    return Finding(
        "transport",
        "warn",
        "plain http: the key is not sent, but the figures can be read on the way",
        "Give the store a certificate and use its https address.",
    )


def check_clock(server: float | None, now: float) -> Finding:
    """Compare the store's clock, which its responses may not show, with ours; in Unix seconds."""
    if server is None:
        return Finding("clock", "warn", "the store's responses have no usable Date header")
    skew = server - now
    message = f"the store's clock minus this machine's: {round(skew):+d} s"
    if abs(skew) <= _SKEW:
        return Finding("clock", "ok", message)
    return Finding(
        "clock", "warn", message, "Let NTP set both clocks; signatures fail from 15 minutes on."
    )


def check_scopes(held: Collection[str], needed: Mapping[str, str], advice: str) -> Finding:
    """Compare the scopes that an app was granted with those that monitoring needs.

    `needed` says what is missing without each scope, `advice` how to grant them.
    """
    missing = [f"{scope} ({what})" for scope, what in needed.items() if scope not in held]
    if not missing:
        return Finding("scopes", "ok", "every scope that reading needs is granted")
    return Finding("scopes", "fail", f"missing: {'; '.join(missing)}", advice)
