"""Values of labels that rules and dashboards select by: what emits one names it from here too."""

from __future__ import annotations

from enum import StrEnum


class HealthState(StrEnum):
    """The health of a store, the best first; `state` of `store_health`."""

    HEALTHY = "healthy"
    DEGRADED = "degraded"
    CRITICAL = "critical"


class StockState(StrEnum):
    """`stock` of `store_products`."""

    IN = "in"
    LOW = "low"
    OUT = "out"


class PriceChange(StrEnum):
    """`price` of `store_products_sold`."""

    USUAL = "usual"
    LOWER = "lower"
    HIGHER = "higher"


class OrderStatus(StrEnum):
    """The values of `status` of `store_orders_total` that mean the same on every platform."""

    FAILED = "failed"
    """Its payment failed."""
    CANCELLED = "cancelled"


class PaymentResult(StrEnum):
    """`result` of `store_payments_total`."""

    PAID = "paid"
    FAILED = "failed"


class WebhookState(StrEnum):
    """`state` of `store_webhooks`."""

    ACTIVE = "active"
    PAUSED = "paused"
    DISABLED = "disabled"


class ActionState(StrEnum):
    """`state` of `store_scheduled_actions`."""

    OVERDUE = "overdue"


class CostKind(StrEnum):
    """`kind` of `store_api_cost_total`."""

    REQUESTED = "requested"
    ACTUAL = "actual"


class EventKind(StrEnum):
    """What kind of thing changed; `kind` of `store_event_timestamp_seconds`."""

    DEPLOY = "deploy"
    """Something that the org says it has deployed."""
    PLATFORM = "platform"
    """The shop software, or what it runs on."""
    PLUGIN = "plugin"
    THEME = "theme"
    API = "api"
    """The version of the platform's API that responds."""
    WEBHOOK = "webhook"
    """The number of webhooks in a state."""
    CERTIFICATE = "certificate"


class PushResult(StrEnum):
    """`result` of `store_exporter_otlp_pushes_total`."""

    SUCCESS = "success"
    FAILURE = "failure"


class SkipReason(StrEnum):
    """Why a run says nothing about the store; `reason` of `store_exporter_runs_skipped_total`."""

    OVERLAP = "overlap"
    BUDGET = "budget"
    BACKOFF = "backoff"
    LOCAL = "local"
    STATE = "state"


class StateErrorReason(StrEnum):
    """`reason` of `store_exporter_state_errors_total`."""

    FULL = "full"
    UNAVAILABLE = "unavailable"
    CONFLICT = "conflict"
