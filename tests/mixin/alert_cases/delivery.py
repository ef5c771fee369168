"""Messages that Alertmanager could not deliver."""

from __future__ import annotations

from tests.mixin.alert_cases.case import Case, of

ALERTMANAGER = 'job="alertmanager", instance="alertmanager:9093"'
REFUSED_MESSAGES = of(
    "alertmanager_notifications_failed_total",
    'integration="slack", reason="clientError"',
    ALERTMANAGER,
)


def refused_by(receiver: str) -> str:
    """Messages that a receiver refused, where Alertmanager counts by receiver."""
    own = f'integration="slack", reason="clientError", receiver_name="{receiver}"'
    return of("alertmanager_notifications_failed_total", own, ALERTMANAGER)


OF_PLATFORM = 'alertstate="firing", severity="critical"'
FIRED = f'{OF_PLATFORM}, org="acme"'
DELIVERY = [
    Case(
        "StoreAlertsUndelivered",
        "messages that Slack refused are told with what fired meanwhile, as soon as it takes one",
        {
            REFUSED_MESSAGES: "0x4 1x20",
            of("ALERTS", f'{FIRED}, alertname="StoreDown", domain="tea.example"', ""): "_x4 1x3",
        },
        "12m",
        "slack refused messages of alertmanager:9093 (1 in the last quarter of an hour). Fired "
        "in the last two hours: StoreDown tea.example (acme), over.",
        base=f'{ALERTMANAGER}, integration="slack"',
    ),
    Case(
        "StoreAlertsUndelivered",
        "the receivers that refused are named where Alertmanager counts by receiver",
        {
            refused_by("org-acme/1"): "0x4 1x20",
            refused_by("platform"): "0x4 3x20",
            refused_by("org-globex"): "7x40",
            of("ALERTS", f'{FIRED}, alertname="StoreDown", domain="tea.example"', ""): "_x4 1x30",
            of(
                "ALERTS", f'{FIRED}, alertname="StoreDegraded", domain="tea.example"', ""
            ): "_x2 1x3",
        },
        "12m",
        "slack refused messages of alertmanager:9093 to platform, org-acme/1 (4 in the last "
        "quarter of an hour). Fired in the last two hours: StoreDegraded tea.example (acme), "
        "over; StoreDown tea.example (acme).",
        base=f'{ALERTMANAGER}, integration="slack"',
    ),
    Case(
        "StoreAlertsUndelivered",
        "what few stores have is named beside a crowd of stores that were all down",
        {
            REFUSED_MESSAGES: "0x4 1x20",
            **{
                of("ALERTS", f'{FIRED}, alertname="StoreDown", domain="{n}.example"', ""): "_x4 1x3"
                for n in range(10, 25)
            },
            of("ALERTS", f'{OF_PLATFORM}, alertname="StoresDown"', ""): "_x4 1x3",
            of("ALERTS", f'{FIRED}, alertname="StoreDegraded", domain="z.example"', ""): "_x4 1x30",
        },
        "12m",
        "slack refused messages of alertmanager:9093 (1 in the last quarter of an hour). Fired "
        "in the last two hours: StoreDown in 15 cases; StoresDown, over; StoreDegraded z.example "
        "(acme).",
        base=f'{ALERTMANAGER}, integration="slack"',
    ),
    Case(
        "StoreAlertsUndelivered",
        "messages that all arrive are nothing to tell of",
        {REFUSED_MESSAGES: "3x40"},
        "30m",
        base=f'{ALERTMANAGER}, integration="slack"',
    ),
    Case(
        "StoreAlertsMissed",
        "an org hears of what ended while its own receiver refused, and of nobody else's alerts",
        {
            refused_by("org-acme/2"): "0x4 1x20",
            refused_by("org-globex"): "0x4 1x20",
            of(
                "ALERTS", f'{FIRED}, alertname="StoreDown", domain="tea.example"', ""
            ): "_x4 1x3 stale",
            of(
                "ALERTS",
                'alertstate="firing", org="globex", alertname="StoreDown", domain="x.example"',
                "",
            ): "_x4 1x30",
        },
        "12m",
        "slack refused messages to acme. Alerts that fired and ended in the last two hours: "
        "StoreDown tea.example.",
        base='org="acme", integration="slack"',
        labels={"audience": "org"},
    ),
    Case(
        "StoreAlertsMissed",
        "an org with many stores hears of each kind of alert",
        {
            refused_by("org-acme"): "0x4 1x20",
            **{
                of(
                    "ALERTS", f'{FIRED}, alertname="StoreDown", domain="{n}.example"', ""
                ): "_x4 1x3 stale"
                for n in range(10, 25)
            },
            of(
                "ALERTS", f'{FIRED}, alertname="StoreOrderDrought", domain="z.example"', ""
            ): "_x4 1x3 stale",
        },
        "12m",
        "slack refused messages to acme. Alerts that fired and ended in the last two hours: "
        "StoreDown in 15 cases; StoreOrderDrought z.example.",
        base='org="acme", integration="slack"',
        labels={"audience": "org"},
    ),
    Case(
        "StoreAlertsMissed",
        "an alert that goes on has messages of its own",
        {
            refused_by("org-acme"): "0x4 1x20",
            of("ALERTS", f'{FIRED}, alertname="StoreDown", domain="tea.example"', ""): "_x4 1x30",
        },
        "12m",
        base='org="acme", integration="slack"',
    ),
    Case(
        "StoreAlertsMissed",
        "what the platform's receiver refused no org hears of",
        {
            refused_by("platform"): "0x4 1x20",
            of(
                "ALERTS", f'{FIRED}, alertname="StoreDown", domain="tea.example"', ""
            ): "_x4 1x3 stale",
        },
        "12m",
        base='org="acme", integration="slack"',
    ),
]

PROMETHEUS = 'job="prometheus", instance="prometheus:9090"'


def group(name: str, failed: str = "0x800", late: str = "0x800") -> dict[str, str]:
    """What Prometheus counts of a group of rules: both counters, whatever happens."""
    own = f'rule_group="/rules/{name}"'
    return {
        of("prometheus_rule_evaluation_failures_total", own, PROMETHEUS): failed,
        of("prometheus_rule_group_iterations_missed_total", own, PROMETHEUS): late,
    }


VMALERT = 'job="vmalert", instance="vmalert:8880"'


def vmalert_group(name: str, errors: str = "0x800", late: str = "0x800") -> dict[str, str]:
    """What vmalert counts of a group of a recording rule and an alert."""
    own = f'group="{name}", file="/rules.yml"'
    return {
        of(
            "vmalert_recording_rules_errors_total", f'{own}, recording="a", id="1"', VMALERT
        ): errors,
        of("vmalert_alerting_rules_errors_total", f'{own}, alertname="B", id="2"', VMALERT): errors,
        of("vmalert_iteration_missed_total", own, VMALERT): late,
    }


OPERATIONS = "recording.yml;store-exporter.operations"
HOURS = "slo.yml;store-exporter.slo.hours"
EACH_HOUR = "0x59 6x59 12x59 18x59 24x59 30x59"
EVALUATION = [
    Case(
        "StoreRulesFailing",
        "rules that fail, or are too late, again and again are a ticket that names their groups",
        {
            **group(OPERATIONS, "0x5 0+2x40"),
            **group("alerts.yml;store-exporter.alerts.sales"),
            **group("slo.yml;store-exporter.slo", late="0x5 0+1x40"),
        },
        "30m",
        "prometheus:9090 keeps failing to evaluate the exporter's rules, or evaluates them too "
        "late: 30 times lately. Alerts that need them may not fire. Groups: "
        "store-exporter.operations, store-exporter.slo.",
        "warning",
        base=PROMETHEUS,
    ),
    Case(
        "StoreRulesFailing",
        "one failure is not",
        group(OPERATIONS, "0x5 1x40"),
        "21m",
        base=PROMETHEUS,
    ),
    Case(
        "StoreRulesFailing",
        "nor are failures of other rules than ours",
        group("node.yml;node", "0x5 0+2x40"),
        "30m",
        base=PROMETHEUS,
    ),
    *(
        Case(
            "StoreRulesFailing",
            f"rules of an hour that fail in each are told of all the time, as after {at}",
            {**group(HOURS, EACH_HOUR), **group(OPERATIONS)},
            at,
            "prometheus:9090 keeps failing to evaluate the exporter's rules, or evaluates them "
            f"too late: {times} times lately. Alerts that need them may not fire. Groups: "
            "store-exporter.slo.hours.",
            "warning",
            base=PROMETHEUS,
        )
        for at, times in (("2h22m", 6), ("3h50m", 6), ("4h59m", 6))
    ),
    Case(
        "StoreRulesFailing",
        "rules of an hour that failed once are not",
        {**group(HOURS, "0x59 6x800"), **group(OPERATIONS)},
        "2h12m",
        base=PROMETHEUS,
    ),
    Case(
        "StoreRulesFailing",
        "rules that fail in vmalert, or are too late there, are a ticket as well",
        {
            **vmalert_group("store-exporter.operations", "0x5 0+1x40"),
            **vmalert_group("store-exporter.slo", late="0x5 0+1x40"),
            **vmalert_group("store-exporter.alerts.sales"),
        },
        "30m",
        "vmalert:8880 keeps failing to evaluate the exporter's rules, or evaluates them too "
        "late: 45 times lately. Alerts that need them may not fire. Groups: "
        "store-exporter.operations, store-exporter.slo.",
        "warning",
        base=VMALERT,
    ),
    Case(
        "StoreRulesFailing",
        "rules of others that fail in vmalert are not",
        vmalert_group("node", "0x5 0+1x40"),
        "30m",
        base=VMALERT,
    ),
    Case(
        "StoreRulesFailing",
        "rules of an hour that fail in each in vmalert are told of all the time",
        {
            **vmalert_group("store-exporter.slo.hours", "0x59 1x59 2x59 3x59 4x59"),
            **vmalert_group("store-exporter.operations"),
        },
        "3h50m",
        "vmalert:8880 keeps failing to evaluate the exporter's rules, or evaluates them too "
        "late: 2 times lately. Alerts that need them may not fire. Groups: "
        "store-exporter.slo.hours.",
        "warning",
        base=VMALERT,
    ),
]
