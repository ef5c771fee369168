"""The sample `store_info`: a store's version, currency, time zone and order storage."""

from __future__ import annotations

from collections.abc import Mapping

from ....errors import ErrorName, Fault, StoreError
from ....metrics.catalogue import health
from ....metrics.catalogue.health import STORE_LABELS
from ....metrics.families import Sample
from ....net.plans import Plan

LONGEST_FACT = 64
"""Characters of a fact that are shown."""
_OF_ONE_SOURCE: tuple[ErrorName, ...] = ("invalid_response", "blocked", "redirect")
"""Failures that may affect one source only: a plugin may block sources that need no key."""


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
        if error.fault is Fault.STORE and error.error_type not in _OF_ONE_SOURCE:
            raise
        failures.append(error)
