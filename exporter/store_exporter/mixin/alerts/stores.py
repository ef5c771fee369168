"""Alerts on a store that does not respond, or does not accept our credentials."""

from __future__ import annotations

from ...errors import Fault
from .. import promql, series
from ..go_templates import when
from ..model import Alert, Group
from ..names import AlertName
from ..policy import LIVENESS_PROBE, MINUTE, RESTART
from ..promql import STORE, equal
from .causes import OUTAGE_OF_MANY
from .outages import CALM, DOWN_AFTER
from .texts import ANY_ERROR, FAILING, LOSS, LOST, PROBE_CAUSE, STATUS, WHO, unavailable

_REPORTED = promql.firing(equal("alertname", AlertName.STORE_DOWN))
# Else each outage of a night would be two messages.
_AGAIN = f"{series.STORE_UP} == 1 and {series.RESTLESS} and {promql.on(*STORE)} {_REPORTED}"
_AGAIN_AND_AGAIN = when("$value", " again and again")
STORE_DOWN = Alert(
    AlertName.STORE_DOWN,
    f"({series.STORE_UP} == 0 or {_AGAIN}) unless {promql.on(*STORE)} {series.LIVENESS_REFUSED}",
    DOWN_AFTER,
    "critical",
    "A store is down.",
    "A store did not respond.",
    f"{WHO} keeps failing its liveness probe{_AGAIN_AND_AGAIN}.{PROBE_CAUSE}{STATUS}",
    """
    The liveness probe, a cheap authenticated request, has failed for two minutes in a row. Shoppers
    most likely cannot buy, and every operation against this store fails. From the third outage
    within an hour on, the alert lasts until there were fewer than three within the past hour.

    - Open the store's front page in a browser from another network. If it works there, the
      exporter's network or address is blocked.
    - Run `store-exporter probe DOMAIN` where the exporter runs: it shows the request, the response
      and the duration of each phase.
    - Read the error type in the message; the table below explains each.
    - Read the line "Changed within a day" of the message: an update or a deployment just before the
      failure is the most likely cause.
    - Look at the shop dashboard: did latency rise before the failure (overload), or did it fail at
      once (DNS, certificate, deployment)?

    - Undo what changed just before, if it is yours. Otherwise tell the merchant or the hosting
      company, with the error type and the time.
    - While somebody works on the store, `store-exporter maintenance DOMAIN --for 2h --reason TEXT`
      holds its alerts back.
    - If the store was closed for good, remove it from the configuration and reload; the alert ends
      five minutes later, as after any recovery.
    """,
    inhibited_by=(OUTAGE_OF_MANY,),
    faults=(Fault.STORE, Fault.CONFIG),
    facts={**unavailable(), "loss": LOST},
    probe=LIVENESS_PROBE,
    keep=CALM,
    ended=f"had failed{_AGAIN_AND_AGAIN} for",
    joined=(LOSS,),
)

_RUNBOOK = """
The store responds with 401 or 403: the API key was revoked or replaced, its secret is wrong, its
user lost a role, or it lacks a permission. When the liveness probe is refused as well (critical),
nothing that needs these credentials works, and applications that share them fail in the same way;
otherwise (warning) a permission is missing.

- Run `store-exporter doctor`: it checks credentials and permissions of all stores and names the
  permission that is missing.
- Ask whether somebody rotated keys, removed the integration or deleted the user.
- If the response is 403 with an HTML page, it comes from a firewall, not from the shop.

- Create a new key in the store (read access is enough for monitoring), put it where the
  configuration's `env:` or `file:` reference points, and reload. An environment variable, and any
  key with systemd, needs a restart of the exporter.
- Grant the missing permission or scope.
"""
CREDENTIALS_REJECTED = [
    Alert(
        AlertName.STORE_CREDENTIALS_REJECTED,
        expression,
        2 * MINUTE,
        severity,
        "A store rejects our credentials.",
        "A store rejected our credentials.",
        f"{WHO} refuses our credentials{where}.",
        _RUNBOOK,
        faults=(Fault.CONFIG,),
        facts={"error": ANY_ERROR, "failing": FAILING},
        # A rejection of the liveness probe is seen again at once, the others once they have run.
        keep=RESTART if severity == "warning" else 0,
    )
    for severity, expression, where in (
        ("critical", series.LIVENESS_REFUSED, " altogether"),
        (
            "warning",
            f"{series.CREDENTIALS_REJECTED} > 0 unless {series.LIVENESS_REFUSED}",
            ", or a permission that they need, in {{ $value }} of the probes and collectors",
        ),
    )
]

GROUPS = [Group("store-exporter.alerts.stores", [STORE_DOWN, *CREDENTIALS_REJECTED])]
