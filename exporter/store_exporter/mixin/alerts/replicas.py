"""Alerts on exporters that share stores: several watch the same store, or none does."""

from __future__ import annotations

from ...metrics.catalogue import business, exporter, health
from .. import promql
from ..model import Alert, Group
from ..names import AlertName, Dashboards
from ..policy import MINUTE
from ..promql import STORE, one_of

# The exporters watch more stores than there are. This also works if the scrape configuration
# replaces the labels of the process.
_SIGNS = (health.UP, health.PROBE_SUCCESS, business.COLLECTOR_SUCCESS)
_SHOWN = promql.select("", one_of("__name__", [metric.name for metric in _SIGNS]))
_STORES = f"count({promql.aggregate('group', STORE, _SHOWN)})"
WATCHED_TWICE = Alert(
    AlertName.STORE_WATCHED_TWICE,
    f"{promql.total((), promql.select(exporter.STORES))} - {_STORES} > 0",
    10 * MINUTE,
    "warning",
    "Stores are watched more than once.",
    "Stores were watched more than once.",
    "Stores that are watched more than once: {{ $value }}.",
    f"""
    Exporters that share a state watch each store once. These do not share one, so every store is
    probed twice, and its request budget is spent twice. Rules and dashboards still count everything
    once, as long as each exporter's series have their own `instance`. If the scrape configuration
    replaces `instance` by the store's domain, two counters alternate in one series, and every
    increase is wrong.

    - How many stores does each exporter watch? Query `sum by (instance) ({exporter.STORES.name})`.
    - Compare `state_directory` or `state_database` of their configurations, and the hosts they run
      on.

    - Give them one `state_directory` on one host, or one `state_database`; see docs/scaling.md.
    - Until then, stop the surplus exporter.
    """,
    dashboard=Dashboards.EXPORTER,
    by=(),
)

_LABELS = ("platform",)
UNWATCHED = Alert(
    AlertName.STORES_UNWATCHED,
    f"{promql.aggregate('max', _LABELS, promql.select(exporter.STORES_STANDBY))}"
    f" > {promql.on(*_LABELS)} {promql.total(_LABELS, promql.select(exporter.STORES))}",
    3 * MINUTE,
    "critical",
    "Some stores are not watched.",
    "Some stores were not watched.",
    "{{ $value }} {{ $labels.platform }} stores are not watched, so nobody knows whether "
    "they are up.",
    """
    Exporters that share a state cannot reach it, and each has stopped watching so that no store is
    watched twice.

    - Their logs say why the leases cannot be read or written.
    - Is the PostgreSQL of `state_database` up? Without one: is the disk of `state_directory` full?

    - Restore the state; the exporters continue within seconds.
    - If that takes long, run one exporter alone, without `state_database` and with a
      `state_directory` of its own.
    """,
    dashboard=Dashboards.EXPORTER,
    by=_LABELS,
)

_RULES = [WATCHED_TWICE, UNWATCHED]
GROUPS = [Group("store-exporter.alerts.replicas", _RULES, interval=MINUTE)]
