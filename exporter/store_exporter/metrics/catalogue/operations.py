"""What instrumented applications emit about the operations they run."""

from __future__ import annotations

from ...spec.operations import OPERATIONS as OPERATION_SPECS
from .model import counter, gauge, histogram

OPERATION_LABELS = ("org", "domain", "platform", "operation")

# From a cached response to the longest a shopper waits; an idle shop on ordinary hosting answers in
# 35 to 75 ms and a busy one in about a second.
LATENCY_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)

OPERATIONS = counter(
    "store_operations_total",
    "Finished store operations, whatever their outcome.",
    OPERATION_LABELS,
    "{operation}",
)
OPERATION_ERRORS = counter(
    "store_operation_errors_total",
    "Store operations that did not succeed, by error type and fault (who must act).",
    (*OPERATION_LABELS, "error_type", "fault"),
    "{operation}",
)
OPERATION_DURATION = histogram(
    "store_operation_duration_seconds",
    "Duration of store operations from call to result, including failed ones.",
    OPERATION_LABELS,
    "s",
    LATENCY_BUCKETS,
)
OPERATIONS_IN_PROGRESS = gauge(
    "store_operations_in_progress",
    "Store operations that have started and not yet finished.",
    OPERATION_LABELS,
    "{operation}",
)


OPERATION_NAMES = tuple(OPERATION_SPECS)
