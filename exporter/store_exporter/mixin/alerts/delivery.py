"""Alerts on messages that receivers refuse.

Alertmanager sends a refused message again at its group's interval, as long as the alert fires. It
never reports an alert that began and ended between two delivered messages (Alertmanager 0.33,
notify/dedup_stage.go). The alerts of this module name what fired. Their own messages are refused
too, which keeps them firing until one is delivered.
"""

from __future__ import annotations

from .. import promql
from ..go_templates import choice, each, given, when
from ..model import Alert, Group
from ..names import AUDIENCE, ORG_ONLY, ORG_RECEIVER, AlertName, Dashboards
from ..policy import MESSAGES, MINUTE
from .texts import PROCESS

_REFUSED = "alertmanager_notifications_failed_total"
_WINDOW = "15m"
_LATELY = "6m"
"""Longer than any group's interval: an alert that ended this soon after a refusal is unreported."""
_LOOK_BACK = "2h"
_KEEP = 10 * MINUTE
_NAMED = 5
"""The most receivers that a message names."""


def fired(*matchers: str) -> tuple[str, str]:
    """PromQL for alerts that fire now, and for those that fired lately, except these two."""
    own = (AlertName.STORE_ALERTS_UNDELIVERED, AlertName.STORE_ALERTS_MISSED)
    now = promql.firing(promql.one_of("alertname", own, negate=True), *matchers)
    return now, f"last_over_time({promql.over(now, _LOOK_BACK)})"


def listed(found: str, more: str, values: str = "") -> str:
    """Template text that lists alerts, and counts those of a name that too many stores have.

    Args:
        found: PromQL for the alerts; 0 where one is over.
        more: template text that follows the name and domain of each alert.
        values: what stands for the verbs in `found`.
    """
    count = promql.aggregate("count", ("alertname",), found)
    crowds = f"sort({count} > {MESSAGES.listed})"
    # Rare names first: the sum moves no value by a half.
    rank = f"{promql.on('alertname')} group_left () (({count} <= {MESSAGES.listed}) / 1e6)"
    name = when("$i", ";") + " {{ .Labels.alertname }}"
    crowd = name + ' in {{ .Value | printf "%.0f" }} cases'
    one = name + given(".Labels.domain", " {{ . }}") + more
    most = MESSAGES.listed
    return (
        f"{{{{ $crowds := query {_asked(crowds, values)} }}}}"
        f"{{{{ $few := query {_asked(f'sort({found} + {rank})', values)} }}}}"
        + each("$i, $each := $crowds", crowd)
        + when("and $crowds $few", ";")
        + each(
            "$i, $each := $few",
            choice([(f"lt $i {most}", one), (f"eq $i {most}", "; and more")]),
        )
        + when("not (or $crowds $few)", " nothing")
        + "."
    )


def _asked(query: str, values: str) -> str:
    text = promql.quote(query)
    return f"(printf {text}{f' {values}' * query.count('%q')})" if values else text


def _receivers(labels: tuple[str, ...]) -> str:
    """Template text that names the receivers that refused, if Alertmanager counts by receiver."""
    refused = promql.increase(
        _REFUSED, _WINDOW, *(f"{label}=%q" for label in labels), 'receiver_name!=""'
    )
    most = promql.quote(f"topk({_NAMED + 1}, sum by (receiver_name) ({refused}) > 0)")
    values = "".join(f" $labels.{label}" for label in labels)
    name = when(f"eq $i {_NAMED}", "others", "{{ .Labels.receiver_name }}")
    return each(f"$i, $each := query (printf {most}{values})", f"{when('$i', ',', ' to')} {name}")


_SENDER = (*PROCESS, "integration")
# Alerts that ended have the value 0, so they come first.
_FIRED_LATELY = listed(
    "max by (alertname, org, domain) ({} or 0 * {})".format(
        *fired(promql.one_of("severity", ("critical", "warning")))
    ),
    given(".Labels.org", " ({{ . }})") + when("lt .Value 0.5", ", over"),
)
UNDELIVERED = Alert(
    AlertName.STORE_ALERTS_UNDELIVERED,
    f"{promql.total(_SENDER, promql.increase(_REFUSED, _WINDOW))} > 0",
    2 * MINUTE,
    "critical",
    "Alert messages could not be delivered.",
    "Alert messages could not be delivered.",
    "{{ $labels.integration }} refused messages of {{ $labels.instance }}"
    f"{_receivers(_SENDER)}"
    ' ({{ $value | printf "%.0f" }} in the last quarter of an hour).'
    f" Fired in the last two hours:{_FIRED_LATELY}",
    f"""
    A receiver of alerts refused messages or did not respond. Alertmanager sends a message again
    while its alert fires, at its group's interval, but never reports an alert that began and ended
    meanwhile. This message names the alerts that fired, so that nothing is lost; of an alert that
    more than {MESSAGES.listed} stores had it says how often. It names the receivers if Alertmanager
    runs with `--enable-feature=receiver-name-in-metrics`; {AlertName.STORE_ALERTS_MISSED} notifies
    orgs whose own receivers refused.

    - Read the receiver's response in Alertmanager's log, where Slack's own word follows the status:
      `429` is its limit of one message a second for each webhook, `403` and `404` (`no_service`) a
      webhook that was removed, `410` (`channel_is_archived`) a channel that was, and `400`
      (`invalid_payload`) a message that it does not accept, which is sent again until its alert
      ends.
    - The fleet dashboard marks when each alert fired and ended.

    - If a webhook is gone, create a new one and put its address into the file.
    - If a limit was reached, give each org its own webhook, so that they do not share one.
    """,
    dashboard=Dashboards.FLEET,
    by=_SENDER,
    keep=_KEEP,
)

_ADDRESSEE = ("org", "integration")
_OURS = f'receiver_name=~"{ORG_RECEIVER}.+"'
_REFUSED_ORGS = promql.total(
    ("receiver_name", "integration"), promql.increase(_REFUSED, _LATELY, _OURS)
)
_BY_ORG = f'label_replace({_REFUSED_ORGS}, "org", "$1", "receiver_name", "{ORG_RECEIVER}([^/]+).*")'
_ENDED = "{1} unless {0}"
_OVER = promql.aggregate("count", ("org",), _ENDED.format(*fired('org!=""')))
_OVER_OF_ORG = f"max by (alertname, domain) ({_ENDED.format(*fired('org=%q'))})"
MISSED = Alert(
    AlertName.STORE_ALERTS_MISSED,
    f"({promql.total(_ADDRESSEE, _BY_ORG)} > 0) and {promql.on('org')} {_OVER}",
    MINUTE,
    "critical",
    "You may have missed an alert.",
    "Messages arrive again.",
    "{{ $labels.integration }} refused messages to {{ $labels.org }}. Alerts that fired and "
    "ended in the last two hours:" + listed(_OVER_OF_ORG, "", "$labels.org"),
    f"""
    The channel, mailbox or other receiver of an org refused messages about its alerts, or did not
    respond. Alerts that still fire are reported as soon as a message gets through. Alerts that
    fired and ended meanwhile are not reported, so this message names them. Only the org gets it;
    the platform gets {AlertName.STORE_ALERTS_UNDELIVERED}. This alert needs an Alertmanager that
    runs with `--enable-feature=receiver-name-in-metrics`.

    - Check the dashboards of the stores that the message names: do they work now?
    - Does the channel, webhook or mailbox that messages go to still exist?

    - If the receiver is gone, ask whoever runs the platform to configure another one.
    - If the receiver itself had an outage, there is nothing to do.
    """,
    dashboard=Dashboards.FLEET,
    by=_ADDRESSEE,
    labels={AUDIENCE: ORG_ONLY},
    keep=_KEEP,
)

GROUPS = [Group("store-exporter.alerts.delivery", [UNDELIVERED, MISSED])]
