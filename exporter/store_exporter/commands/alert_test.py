"""`store-exporter alert-test`: send a test alert of an org, and print where it arrived.

The running Alertmanager gets it as from Prometheus, so it takes the real routes and receivers.
Alertmanager's metrics show the result by kind of receiver; with
`--enable-feature=receiver-name-in-metrics`, by receiver.
"""

from __future__ import annotations

import argparse
import re
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import httpx
import yaml

from ..config.problems import suggestion
from . import CommandError
from .support import arguments, servers, stores

ALERT = "AlertTest"
SEVERITIES = ("critical", "warning", "info")
_POLL = 0.5
_ALERTMANAGER = "Alertmanager"
_LIVES = timedelta(minutes=10)
_SAMPLE = re.compile(r"^(alertmanager_notification\w+)\{([^}\n]*)\} (\S+)$", re.MULTILINE)
_ATTEMPTS, _REFUSED, _FAILED = (
    "alertmanager_notification_requests_total",
    "alertmanager_notification_requests_failed_total",
    "alertmanager_notifications_failed_total",
)

Where = tuple[str, str]
"""A receiver and a kind of integration; the receiver is empty without the feature."""
T = TypeVar("T")


class AlertTestError(Exception):
    """The test is not possible; the message says why."""


@dataclass(slots=True)
class Counts:
    """What Alertmanager has counted of its messages."""

    attempts: Counter[Where] = field(default_factory=Counter)
    refused: Counter[Where] = field(default_factory=Counter)
    reasons: Counter[tuple[str, str, str]] = field(default_factory=Counter)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("org", help="the org whose receivers are tried, as in the configuration")
    parser.add_argument(
        "--severity",
        choices=SEVERITIES,
        default=SEVERITIES[0],
        help="of the test alert, by which routes choose receivers (default: %(default)s)",
    )
    what = "where Alertmanager listens"
    arguments.add_url(parser, "--alertmanager.url", "http://127.0.0.1:9093", what)
    parser.add_argument(
        "--timeout",
        type=float,
        default=90.0,
        metavar="SECONDS",
        help="how long to wait; the first message of a group waits 30 s (default: %(default)g)",
    )
    arguments.add_config_file(parser)


def run(args: argparse.Namespace) -> int:
    """Send it and wait; 0 when it arrived everywhere, 1 when not, 2 when there is no such org."""
    config = stores.read_config(args, resolve=False)
    if args.org not in config.orgs:
        hint = suggestion(args.org, config.orgs)
        message = f"{args.org} is not among the orgs of {config.file}; {hint}"
        raise CommandError(message, status=2)
    url = args.alertmanager_url.rstrip("/")
    with servers.asking(url, _ALERTMANAGER, "--alertmanager.url"), servers.client(url) as client:
        try:
            return _test(client, args.org, args.severity, args.timeout)
        except AlertTestError as error:
            raise CommandError(f"{url}: {error}") from None


def _test(client: httpx.Client, org: str, severity: str, timeout: float) -> int:
    begun = datetime.now(UTC)
    # The name of a test makes it a separate group, so it is sent directly after the group's wait.
    name = f"{ALERT}{begun:%H%M%S%f}"
    labels = {"alertname": name, "org": org, "severity": severity}
    alert = {
        "labels": labels,
        "annotations": {
            "summary": "This is a test; nothing is wrong.",
            "past": "This was a test; nothing was wrong.",
            "description": f"Somebody ran `store-exporter alert-test {org}`.",
        },
        "startsAt": begun.isoformat(),
        "endsAt": (begun + _LIVES).isoformat(),
    }
    before = counts(client)
    _post(client, alert)
    try:
        receivers = _routed(client, name)
        print(servers.printable(f"{name} of {org} goes to {', '.join(receivers)}"))
        return _wait(client, name, integrations(client, receivers), before, timeout)
    finally:
        _post(client, {**alert, "endsAt": datetime.now(UTC).isoformat()})


def _wait(
    client: httpx.Client,
    name: str,
    receivers: Mapping[str, Counter[Where]],
    before: Counts,
    timeout: float,
) -> int:
    """Wait until every integration that may be used now was tried, and print each result."""
    deadline = time.monotonic() + timeout
    while True:
        now, held = counts(client), _held(client, name)
        wanted = sum((of for to, of in receivers.items() if to not in held), Counter[Where]())
        tried = now.attempts - before.attempts
        if tried >= wanted or time.monotonic() > deadline:
            break
        time.sleep(_POLL)
    refusals, reasons = now.refused - before.refused, now.reasons - before.reasons
    for to, why in held.items():
        print(servers.printable.line(f"{to}: not sent now, {why}"))
    arrived = True
    for where, number in sorted(wanted.items()):
        shown = servers.printable(" ".join(part for part in where if part))
        if tried[where] < number:
            arrived = False
            print(f"{shown}: NOT SENT within {timeout:g} s ({tried[where]} of {number})")
        elif refused := refusals[where]:
            arrived = False
            why = ", ".join(sorted(reason for *at, reason in reasons if tuple(at) == where))
            shown += f": REFUSED, {refused} of {tried[where]} requests"
            print(f"{shown} ({why or 'it is tried again'})")
        else:
            print(f"{shown}: arrived, {number} of {number}")
    if not wanted and not held:
        print("not sent: the receivers have no integrations")
    elif not arrived:
        print("Alertmanager's log has the receiver's response")
    return 0 if arrived and wanted else 1


def counts(client: httpx.Client) -> Counts:
    """Read what Alertmanager has counted.

    Raises:
        AlertTestError: it refuses.
        httpx.HTTPError: it does not respond.
    """
    found = Counts()
    for metric, text, value in _SAMPLE.findall(_accepted(client.get("/metrics")).text):
        labels = dict(re.findall(r'(\w+)="([^"]*)"', text))
        where = (labels.get("receiver_name", ""), labels.get("integration", ""))
        number = int(float(value))
        if metric == _ATTEMPTS:
            found.attempts[where] += number
        elif metric == _REFUSED:
            found.refused[where] += number
        elif metric == _FAILED:
            found.reasons[(*where, labels.get("reason", ""))] += number
    return found


def integrations(client: httpx.Client, receivers: list[str]) -> dict[str, Counter[Where]]:
    """Count the integrations of each receiver in Alertmanager's running configuration.

    Raises:
        AlertTestError: the configuration has an unexpected form.
    """
    status = _json(client, "/api/v2/status", dict)
    try:
        running = yaml.safe_load(status["config"]["original"])
        by_name = {each["name"]: each for each in running["receivers"]}
    except (KeyError, TypeError, RecursionError, yaml.YAMLError):
        raise AlertTestError("it does not show its configuration") from None
    by_receiver = 'receiver_name="' in client.get("/metrics").text
    found: dict[str, Counter[Where]] = {name: Counter() for name in receivers}
    for name, counted in found.items():
        for key, each in by_name.get(name, {}).items():
            if key.endswith("_configs") and isinstance(each, list):
                kind = key.removesuffix("_configs")
                counted[name if by_receiver else "", kind] += len(each)
    return found


def _routed(client: httpx.Client, name: str) -> list[str]:
    """Return the names of the receivers that an alert goes to, which Alertmanager must have."""
    for _ in range(20):
        found = _json(client, "/api/v2/alerts", list, filter=f'alertname="{name}"')
        if found:
            return sorted(each["name"] for each in found[0]["receivers"])
        time.sleep(_POLL)
    raise AlertTestError("it accepted the test alert but does not show it")


def _held(client: httpx.Client, name: str) -> dict[str, str]:
    """Return, by receiver, the reason why an alert is not sent to it now, if there is one."""
    said = (
        ("mutedBy", "by the hours {}"),
        ("silencedBy", "by the silence {}"),
        ("inhibitedBy", "by another alert ({})"),
    )
    held = {}
    for group in _json(client, "/api/v2/alerts/groups", list, filter=f'alertname="{name}"'):
        for alert in group["alerts"]:
            by = [(text, alert["status"].get(key) or ()) for key, text in said]
            why = "; ".join(text.format(", ".join(found)) for text, found in by if found)
            if why:
                held[group["receiver"]["name"]] = why
    return dict(sorted(held.items()))


def _post(client: httpx.Client, alert: Mapping[str, Any]) -> None:
    _accepted(client.post("/api/v2/alerts", json=[alert]))


def _json(client: httpx.Client, path: str, expected: type[T], **params: str) -> T:
    found = servers.json_of(_accepted(client.get(path, params=params)))
    if not isinstance(found, expected):
        raise TypeError(type(found))
    return found


def _accepted(response: httpx.Response) -> httpx.Response:
    if not response.is_success:
        path, status = response.url.path, response.status_code
        raise AlertTestError(f"HTTP {status} for {path}; is this {_ALERTMANAGER}?")
    return response
