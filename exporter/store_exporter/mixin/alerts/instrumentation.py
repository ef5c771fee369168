"""Alerts on the instrumentation of applications and on the applications themselves."""

from __future__ import annotations

from functools import partial

from ...errors import Fault
from ...metrics.catalogue import exporter, operations
from ...metrics.catalogue.values import PushResult
from .. import promql
from ..model import Alert, Group
from ..names import AlertName, Dashboards
from ..policy import MINUTE, THRESHOLDS
from ..promql import equal
from .texts import PROCESS, SHARE, chosen, estimated, queried

_alert = partial(Alert, dashboard=Dashboards.EXPORTER, by=PROCESS)

_FAILING = promql.increase(exporter.INSTRUMENTATION_ERRORS, "15m")
INSTRUMENTATION_FAILING = _alert(
    AlertName.STORE_INSTRUMENTATION_FAILING,
    f"{promql.total((*PROCESS, 'stage'), _FAILING)} > 0",
    5 * MINUTE,
    "warning",
    "An application's instrumentation fails.",
    "An application's instrumentation failed.",
    f"{{{{ $labels.instance }}}} counted {estimated('failure')} of the instrumentation "
    "at stage {{ $labels.stage }} within a quarter of an hour.",
    """
    Measuring an operation failed. The operation itself is never affected, but its figures are
    missing.

    - Read the traceback in the application's log, at most one a minute.
    - The stage names the part that failed: a function that determines org or domain, the
      classification of a result, or the recorder.

    - Correct the function that the traceback names, or report it as a bug.
    """,
)

# Every further operation counts as `other`, so the alert fires while the limit is reached; the
# window bridges an hour without one.
_DROPPED = promql.fresh_increase(exporter.SERIES_DROPPED, "1h")
SERIES_DROPPED = _alert(
    AlertName.STORE_SERIES_DROPPED,
    promql.total((*PROCESS, "limit"), _DROPPED),
    5 * MINUTE,
    "warning",
    "Operations beyond a limit count as other.",
    "Operations beyond a limit counted as other.",
    f"{{{{ $labels.instance }}}} recorded {estimated('operation')} as other within an "
    "hour: the limit of {{ $labels.limit }} is reached.",
    """
    The limit on series is reached: further label sets of operations are counted under `other`, so
    the figures of some stores or operations are no longer separate. The alert ends an hour after
    the last such operation.

    - Is an id or an address used as operation or domain? Then the number of series grows without
      end.
    - The exporter dashboard shows the number of series of each process.

    - Correct the label, or raise the limit if the stores and operations are real.
    """,
)

_FAILED, _PUSHED = (
    promql.total(PROCESS, promql.increase(exporter.OTLP_PUSHES, "15m", *matchers))
    for matchers in ((equal("result", PushResult.FAILURE),), ())
)
OTLP_FAILING = _alert(
    AlertName.STORE_OTLP_PUSHES_FAILING,
    f"{_FAILED} / ({_PUSHED} > 0) > 0.5",
    10 * MINUTE,
    "warning",
    "Most pushes to the OTLP endpoint fail.",
    "Most pushes to the OTLP endpoint failed.",
    f"{SHARE} of the pushes of {{{{ $labels.instance }}}} fail.",
    """
    The OTLP endpoint refuses or does not respond. Counters catch up when it is back; gauges from
    the meantime are lost.

    - Read the endpoint's response in the log of the process.
    - Check the endpoint, its certificate and its credentials (`OTEL_EXPORTER_OTLP_*`).

    - Restore the endpoint or correct the variables and restart.
    """,
)

_LABELS = ("platform", "operation")
_OF_APP = equal("fault", Fault.APP)
_BUGS = promql.total(_LABELS, promql.increase(operations.OPERATION_ERRORS, "10m", _OF_APP))
_CALLS = promql.total(_LABELS, promql.increase(operations.OPERATIONS, "10m"))
_HURT = chosen(operations.OPERATION_ERRORS, *_LABELS, more=_OF_APP)
APPLICATION_ERRORS = Alert(
    AlertName.STORE_OPERATION_BROKEN,
    f"{_BUGS} / ({_CALLS} >= {THRESHOLDS.operation_bug_minimum:g})"
    f" > {THRESHOLDS.operation_bug_share:g}",
    5 * MINUTE,
    "critical",
    "A bug makes an operation fail.",
    "A bug made an operation fail.",
    f"{SHARE} of the {{{{ $labels.operation }}}} operations on "
    "{{ $labels.platform }} fail with errors of the application itself, over all stores."
    + queried(
        f"topk(5, sum by (org) (round(increase({_HURT}[10m]))) > 0)",
        " Affected orgs:{{ range $i, $each := . }}{{ if $i }},{{ end }} {{ .Labels.org }} "
        "({{ .Value }} calls){{ end }}.",
        *_LABELS,
    ),
    """
    Errors with fault `app` are bugs of the calling application: exceptions nobody expected,
    requests that can never work, an exhausted connection pool. This alert looks at an operation
    over all stores at once, because a bug hits all of them, and one message is enough. It has no
    org and goes to the platform only.

    - Look at the errors dashboard, filtered by the operation: which error type is it, and when did
      it begin?
    - Compare with the time of the last deployment of the application.
    - Read the traceback in the application's log.

    - Roll the deployment back, or correct the bug.
    """,
    dashboard=Dashboards.ERRORS,
    faults=(Fault.APP,),
    by=_LABELS,
)

_FOUND = [INSTRUMENTATION_FAILING, SERIES_DROPPED, OTLP_FAILING, APPLICATION_ERRORS]
GROUPS = [Group("store-exporter.alerts.instrumentation", _FOUND, interval=MINUTE)]
