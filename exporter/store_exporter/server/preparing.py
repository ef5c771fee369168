"""Prepares a configuration and its sources of stores before they are used."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..config import Config
from ..config.dump import secrets
from ..discovery.owners_file import OwnersFile
from ..ingest.intake import Intake
from ..ingest.reportable import reportable
from ..net.redactor import Redactor
from ..platforms import base
from ..probing.jobs import budget_problem
from ..stores.inventory import Inventory, Replacement
from ..stores.model import Store
from ..stores.owners import REASONS, RefusedDomain, SourceClaim, settle

log = logging.getLogger(__name__)

_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Prepared:
    """A configuration that is ready for use.

    Attributes:
        refusals: domains that sources name and that are refused.
        refused: how many domains are refused, by the source's org and the reason.
        gone: stores of which applications have reported calls and cannot any more: org, domain,
            platform.
        silent: orgs with a source that has not responded since the start.
    """

    replacement: Replacement
    refusals: Sequence[RefusedDomain]
    refused: Mapping[tuple[str, str], int]
    gone: Sequence[tuple[str, str, str]]
    silent: frozenset[str]


class Preparer:
    """Prepares configurations in any thread, because the event loop must not wait for it."""

    def __init__(
        self, inventory: Inventory, owners: OwnersFile, intake: Intake, redact: Redactor
    ) -> None:
        self._inventory = inventory
        self._owners = owners
        self._intake = intake
        self._redact = redact
        self._contested: Sequence[RefusedDomain] = ()

    def prepare(self, config: Config, claims: Sequence[SourceClaim]) -> Prepared:
        """Prepare a configuration with the claims of its sources of stores."""
        settlement = settle(self._owners.known, config.stores, claims)
        # The file's stores come first: discovery cannot take a configured store's place.
        stores = [*config.stores, *settlement.stores]
        self._redact.add(secrets([config, settlement.stores]))
        for platform in sorted({store.platform for store in stores}):
            self._redact.add(patterns=base.load(platform).marks.secrets)
        replacement = self._inventory.prepare(stores)
        change = replacement.change
        _log_problems([*change.added, *(new for _, new in change.changed)])
        self._log_contested(settlement.refusals)
        self._owners.keep(settlement.owners)
        still = reportable(config.orgs, replacement.fleet.values(), settlement.owners)
        gone = [labels for labels in self._intake.stores if not still(labels)]
        refused = {(claim.org, reason): 0 for claim in claims for reason in REASONS}
        for refusal in settlement.refusals:
            refused[refusal.org, refusal.reason] += 1
        silent = frozenset(claim.org for claim in claims if not claim.responded)
        return Prepared(replacement, settlement.refusals, refused, gone, silent)

    def _log_contested(self, refusals: Sequence[RefusedDomain]) -> None:
        contested = [one for one in refusals if one.reason == "contested"]
        if contested and contested != self._contested:
            log.error(
                "%d domains are contested: orgs name what another has or names as well",
                len({one.domain for one in contested}),
                extra={"domains": "; ".join(map(str, contested[:_SHOWN]))},
            )
        self._contested = contested


def _log_problems(stores: Sequence[Store]) -> None:
    for store in stores:
        if store.problem:
            log.error(
                "a store has a secret that is unusable; it is shown as critical",
                extra={"org": store.org, "store": store.domain, "problem": store.problem},
            )
    starved = [(store, problem) for store in stores if (problem := budget_problem(store))]
    if starved:
        store, problem = starved[0]
        log.warning(
            "liveness probes leave nothing of stores' budgets to other probes and collectors",
            extra={"stores": len(starved), "store": store.domain, "problem": problem},
        )
