"""What each alert must and must not fire on."""

from __future__ import annotations

from dataclasses import replace

from store_exporter.metrics.catalogue import health
from store_exporter.mixin import series
from tests.mixin.alert_cases.business import BUSINESS
from tests.mixin.alert_cases.case import STORE, Case, of
from tests.mixin.alert_cases.delivery import DELIVERY, EVALUATION
from tests.mixin.alert_cases.exporter import EXPORTER
from tests.mixin.alert_cases.methods import METHODS
from tests.mixin.alert_cases.objectives import OBJECTIVES
from tests.mixin.alert_cases.outages import OUTAGES
from tests.mixin.alert_cases.state import REPLICAS, STATE
from tests.mixin.alert_cases.stores import STORES
from tests.mixin.alert_cases.surges import SURGES
from tests.mixin.alert_cases.updates import UPDATES
from tests.mixin.alert_cases.upkeep import UPKEEP
from tests.mixin.alert_cases.weeks import WEEKS


def in_maintenance(case: Case) -> Case:
    """The same situation, of a store that is in maintenance all the time."""
    raw = "health" in case.groups
    maintained = of(health.MAINTENANCE if raw else series.MAINTENANCE, base=STORE)
    return replace(case, series={**case.series, maintained: "1x15000"}, message=None)


CASES = [
    *STORES,
    *OUTAGES,
    *UPKEEP,
    *BUSINESS,
    *EXPORTER,
    *DELIVERY,
    *EVALUATION,
    *STATE,
    *REPLICAS,
    *OBJECTIVES,
    *WEEKS,
    *SURGES,
    *UPDATES,
    *METHODS,
]
