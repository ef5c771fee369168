"""The names by which alerts and dashboards refer to each other, each written once.

An alert or dashboard that is renamed here is renamed in every rule, route, link, runbook and page;
one that is missing here cannot be referred to.
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
"""The label of an alert that is not for everybody who hears of its org."""
ORG_ONLY = "org"
"""Its value when the platform has another message about the same."""
ORG_RECEIVER = "org-"
"""What the names of orgs' receivers begin with; the org, and `/` and a number, follow."""
MANY = "many"
"""The label that templates read of an alert of which many are active."""


@dataclass(frozen=True, slots=True)
class Dashboard:
    """What other dashboards and messages link to.

    Attributes:
        name: name of its file, and the end of its uid.
        link: text of the links that lead to it.
        for_orgs: whether an org gets it as well.
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
    # What the exporter costs is the platform's matter, and carries no org.
    EXPORTER = Dashboard("exporter", "The exporter", for_orgs=False)
