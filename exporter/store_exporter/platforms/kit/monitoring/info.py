"""The sample `store_info`: a store's version, currency, time zone and order storage."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ....errors import ErrorName, Fault, StoreError
from ....metrics.catalogue import health
from ....metrics.catalogue.health import STORE_LABELS
from ....metrics.families import Sample
from ....net.plans import Plan

LONGEST_FACT = 64
"""Characters of a fact that are shown."""
_CLOSED: tuple[ErrorName, ...] = ("invalid_response", "blocked", "redirect")
"""Failures that may affect one source only: a plugin may block sources that need no key."""
_BROKEN: tuple[ErrorName, ...] = ("server_error", "timeout")
"""Others: what a store finds out about itself may take too long, or be more than it can do."""


def info_sample(known: Mapping[str, str]) -> Sample:
    """Return the sample of `store_info`; labels that are not known are empty."""
    names = health.INFO.labels[len(STORE_LABELS) :]
    return Sample(health.INFO, 1, {name: known.get(name, "")[:LONGEST_FACT] for name in names})


def learn(
    source: Plan[Mapping[str, str]], known: dict[str, str], failures: list[StoreError]
) -> Plan[None]:
    """Add the facts of one of several sources to `known`, or its failure to `failures`.

    Raises:
        StoreError: the store itself fails, so the other sources are not requested.
    """
    try:
        known.update((yield from source))
    except StoreError as error:
        if error.fault is Fault.STORE and error.error_type not in (*_CLOSED, *_BROKEN):
            raise
        failures.append(error)


def lacking(failures: Iterable[StoreError]) -> list[str]:
    """Return reasons for a degraded report that lacks the facts of sources at which a store failed.

    What the shop's owner closed to visitors or to the key is not among them.
    """
    broken = (error.message for error in failures if error.error_type in _BROKEN)
    return [f"Some facts are not known: {message}." for message in broken]
