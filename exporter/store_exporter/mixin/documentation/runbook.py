"""Runbook pages: one for each alert, Markdown made from the alert's own definition."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ... import markdown
from ...errors import ERROR_TYPES, Fault
from .. import promql
from ..alerts import alerts
from ..model import Alert

_PROBE = "store-exporter probe DOMAIN --config.file=/etc/store-exporter"
# As deploy/ and docs/deploying.md install it.
_EXAMPLES = {
    "with systemd, as root": (
        "journalctl --unit store-exporter",
        (
            "CREDENTIALS_DIRECTORY=/run/credentials/store-exporter.service "
            f"/opt/store-exporter/bin/{_PROBE}/store-exporter.yml"
        ),
    ),
    "by docker compose": (
        "docker compose logs own-exporter",
        f"docker compose exec own-exporter {_PROBE}/store-exporter.yml",
    ),
    "in Kubernetes": (
        "kubectl --namespace monitoring logs store-exporter-0",
        (
            "kubectl --namespace monitoring exec store-exporter-0 -- "
            f"{_PROBE}/config/store-exporter.yml"
        ),
    ),
}
_SEVERITIES = {
    "critical": "pages somebody",
    "warning": "goes to the work queue",
    "info": "informs, and wakes nobody",
    "none": "for machines alone",
}


def pages() -> dict[str, str]:
    """Every runbook by the name of its alert, and an index as `README`."""
    every = alerts()
    names = sorted({alert.name for alert in every})
    return {"README": index(every)} | {name: render(name, every) for name in names}


def index(every: Iterable[Alert]) -> str:
    """The list of all runbooks."""
    rules = by_name(every)
    return markdown.page(
        (
            "# Runbooks",
            (
                "One page for each alert: what it means, how to check, what to do. "
                "Critical alerts page somebody, warnings are a work queue, info wakes nobody."
            ),
            markdown.table(
                ("alert", "severity", "what it says"),
                (
                    (
                        link(name),
                        ", ".join(dict.fromkeys(rule.severity for rule in rules[name])),
                        rules[name][0].summary,
                    )
                    for name in sorted(rules)
                ),
            ),
            "## Running the commands",
            (
                "If the exporter was started by hand, run the commands in the folder of "
                "`store-exporter.yml`. Otherwise they need its path and the keys of the stores:"
            ),
            markdown.table(
                ("the exporter runs", "its log", "a command"),
                ((where, f"`{log}`", f"`{text}`") for where, (log, text) in _EXAMPLES.items()),
            ),
            (
                "If the configuration refers to variables (`env:`), set them for the command as "
                "well; systemd reads them from `/etc/default/store-exporter`."
            ),
        )
    )


def by_name(every: Iterable[Alert]) -> dict[str, list[Alert]]:
    """The rules of each alert, which may have several: severities or windows."""
    found: dict[str, list[Alert]] = {}
    for alert in every:
        found.setdefault(alert.name, []).append(alert)
    return found


def link(name: str, folder: str = "") -> str:
    """A link to an alert's page, from the folder of runbooks or from above it."""
    return f"[{name}]({folder}{name}.md)"


def render(name: str, every: Iterable[Alert]) -> str:
    """The page of an alert."""
    every = list(every)
    rules = by_name(every)[name]
    book = rules[0].steps
    return markdown.page(
        (
            f"# {name}",
            rules[0].summary,
            "## What it means",
            book.meaning,
            *relations(rules, every),
            "## How to check",
            markdown.steps(book.check),
            "## What to do",
            markdown.items(book.action),
            *_commands((*book.check, *book.action)),
            *error_types(rules[0].faults),
            "## When it fires",
            *(block for rule in rules for block in condition(rule)),
        )
    )


def _commands(steps: Iterable[str]) -> Iterator[str]:
    """Where to read how our commands are run, if the steps have any."""
    if any("`store-exporter " in step for step in steps):
        how = "[How to run these commands](README.md#running-the-commands)"
        yield f"{how} with systemd and in containers."


def relations(rules: list[Alert], every: list[Alert]) -> Iterator[str]:
    """What holds an alert back, and what it holds back."""
    name = rules[0].name
    above: dict[tuple[str, ...], dict[str, str]] = {}
    below: dict[tuple[str, ...], dict[str, str]] = {}
    for alert in every:
        for cause in alert.inhibited_by:
            if cause.alert == name != alert.name:
                below.setdefault(cause.same, {})[alert.name] = link(alert.name)
            if alert.name == name != cause.alert:
                above.setdefault(cause.same, {})[cause.alert] = link(cause.alert)
    if above:
        listed = ", or ".join(" or ".join(of.values()) + store(same) for same, of in above.items())
        yield f"No message is sent while {listed} fires."
    for same, of in below.items():
        yield f"While it fires, no message is sent about {', '.join(of.values())}{store(same)}."


def store(same: tuple[str, ...]) -> str:
    """Say that only alerts of the same store, or of the same platform, are meant, if so."""
    return f" of the same {'store' if 'domain' in same else same[0]}" if same else ""


def condition(rule: Alert) -> tuple[str, str]:
    """When one rule fires."""
    holds = f"when this has held for {_time(rule.hold)}" if rule.hold else "as soon as this holds"
    return (
        f"Severity {rule.severity} ({_SEVERITIES[rule.severity]}), {holds}:",
        markdown.code("promql", promql.lines(rule.condition)),
    )


def _time(seconds: float) -> str:
    minutes = round(seconds / 60)
    if minutes % 60 == 0:
        return "an hour" if minutes == 60 else f"{minutes // 60} hours"
    return "a minute" if minutes == 1 else f"{minutes} minutes"


def error_types(faults: tuple[Fault, ...]) -> tuple[str, ...]:
    """What each error type of these faults means, and what to do about it."""
    rows = [
        (f"`{entry.name}`", entry.meaning, entry.advice)
        for entry in ERROR_TYPES.values()
        if entry.fault in faults
    ]
    table = markdown.table(("error type", "what it means", "what to do"), rows)
    return ("## Error types", table) if rows else ()
