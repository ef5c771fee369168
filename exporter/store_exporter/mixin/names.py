"""The names by which alerts and dashboards refer to each other, each written once.

If an alert or dashboard is renamed here, it is renamed in every rule, route, link, runbook and
page. One that is missing here cannot be referred to.
"""

from __future__ import annotations

from dataclasses import dataclass


class AlertName:
    """Names of the alerts."""

    STORES_DOWN = "StoresDown"
    STORE_DOWN = "StoreDown"
    STORE_DOWN_AMONG_MANY = "StoreDownAmongMany"
    STORE_UNSTABLE = "StoreUnstable"
    STORE_CREDENTIALS_REJECTED = "StoreCredentialsRejected"
    STORE_VITAL_PROBE_FAILING = "StoreVitalProbeFailing"
    STORE_DEGRADED = "StoreDegraded"
    STORE_LATENCY_REGRESSION = "StoreLatencyRegression"
    STORE_CERTIFICATE_EXPIRING = "StoreCertificateExpiring"
    STORE_API_VERSION_EXPIRING = "StoreApiVersionExpiring"
    STORE_API_BUDGET_LOW = "StoreApiBudgetLow"
    STORE_ORDER_DROUGHT = "StoreOrderDrought"
    STORE_PAYMENTS_FAILING = "StorePaymentsFailing"
    STORE_PAYMENT_METHOD_FAILING = "StorePaymentMethodFailing"
    STORE_CHECKOUT_ERRORS_AFTER_UPDATE = "StoreCheckoutErrorsAfterUpdate"
    STORE_REFUND_SURGE = "StoreRefundSurge"
    STORE_ABANDONED_CARTS_SURGE = "StoreAbandonedCartsSurge"
    STORE_PRICES_CHANGED = "StorePricesChanged"
    STORE_BEST_SELLERS_OUT_OF_STOCK = "StoreBestSellersOutOfStock"
    STORE_WEBHOOKS_DISABLED = "StoreWebhooksDisabled"
    STORE_BACKGROUND_JOBS_STUCK = "StoreBackgroundJobsStuck"
    STORE_FIGURES_STALE = "StoreFiguresStale"
    STORE_ERROR_BUDGET_BURN = "StoreErrorBudgetBurn"
    STORE_OPERATION_BROKEN = "StoreOperationBroken"
    STORE_INSTRUMENTATION_FAILING = "StoreInstrumentationFailing"
    STORE_SERIES_DROPPED = "StoreSeriesDropped"
    STORE_OTLP_PUSHES_FAILING = "StoreOtlpPushesFailing"
    STORE_EXPORTER_DOWN = "StoreExporterDown"
    STORE_ALERTS_UNDELIVERED = "StoreAlertsUndelivered"
    STORE_ALERTS_MISSED = "StoreAlertsMissed"
    STORE_METRICS_ABSENT = "StoreMetricsAbsent"
    STORE_RULES_FAILING = "StoreRulesFailing"
    STORE_EXPORTER_RELOAD_FAILED = "StoreExporterReloadFailed"
    STORE_EXPORTER_LAGGING = "StoreExporterLagging"
    STORE_EXPORTER_STALLING = "StoreExporterStalling"
    STORE_EXPORTER_IMPAIRED = "StoreExporterImpaired"
    STORE_DISCOVERY_FAILING = "StoreDiscoveryFailing"
    STORE_DISCOVERY_REFUSED = "StoreDiscoveryRefused"
    STORE_STATE_LOST = "StoreStateLost"
    STORE_STATE_FULL = "StoreStateFull"
    STORE_STATE_UNAVAILABLE = "StoreStateUnavailable"
    STORE_WATCHED_TWICE = "StoreWatchedTwice"
    STORES_UNWATCHED = "StoresUnwatched"
    WATCHDOG = "Watchdog"


AUDIENCE = "audience"
"""The label of an alert that not everybody who gets its org's alerts should get."""
ORG_ONLY = "org"
"""Its value if the platform gets another message about the same problem."""
ORG_RECEIVER = "org-"
"""The prefix of the names of orgs' receivers; the org, then `/` and a number, follow."""
MANY = "many"
"""The label by which templates know that many alerts of one name are active."""


@dataclass(frozen=True, slots=True)
class Dashboard:
    """A dashboard that other dashboards and messages link to.

    Attributes:
        name: name of its file, and the end of its uid.
        link: text of the links that lead to it.
        for_orgs: whether orgs get it as well.
    """

    name: str
    link: str
    for_orgs: bool = True

    @property
    def uid(self) -> str:
        """The stable uid that alerts and links point to."""
        return f"store-exporter-{self.name}"


class Dashboards:
    """The dashboards."""

    FLEET = Dashboard("fleet", "Fleet")
    SHOP = Dashboard("shop", "This shop")
    OPERATIONS = Dashboard("operations", "Its operations")
    ERRORS = Dashboard("errors", "Its errors")
    TRENDS = Dashboard("trends", "Its trends")
    SLO = Dashboard("slo", "Its objectives")
    # The cost of the exporter concerns the platform only; its series have no org.
    EXPORTER = Dashboard("exporter", "The exporter", for_orgs=False)
