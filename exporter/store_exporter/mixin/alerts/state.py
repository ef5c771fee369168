"""Alerts on what the exporter relies on: its sources of stores, and its saved state."""

from __future__ import annotations

from ...metrics.catalogue import exporter
from .. import promql
from ..model import Alert, Group, Runbook
from ..names import AlertName, Dashboards
from ..policy import MINUTE
from .texts import PROCESS


def groups() -> list[Group]:
    """Every alert on sources of stores and on saved state."""
    return [Group("store-exporter.alerts.state", [discovery_failing(), state_lost()])]


def discovery_failing() -> Alert:
    """A source of stores does not answer."""
    labels = (*PROCESS, "org")
    failed = promql.increase(exporter.DISCOVERY_FAILURES, "2h")
    return Alert(
        AlertName.STORE_DISCOVERY_FAILING,
        f"{promql.total(labels, failed)} > 1",
        5 * MINUTE,
        "warning",
        "A source of stores gives no usable answer.",
        "A source of stores gave no usable answer.",
        "{{ $labels.instance }} could not read the stores of {{ $labels.org }} "
        '{{ $value | printf "%.0f" }} times in two hours; those found before are watched on.',
        Dashboards.EXPORTER,
        Runbook(
            "The file or address that lists stores cannot be read, or does not hold a list. Stores "
            "found before are still watched; new ones are not, and removed ones still are.",
            (
                "The exporter's log says what was wrong with the answer.",
                "Fetch the address, or open the file, where the exporter runs.",
            ),
            ("Correct the source or its access; the next look takes effect by itself.",),
        ),
        by=labels,
    )


def state_lost() -> Alert:
    """Saved state was damaged; counters began again."""
    return Alert(
        AlertName.STORE_STATE_LOST,
        f"{promql.total(PROCESS, promql.fresh_increase(exporter.STATE_LOSSES, '1h'))}",
        2 * MINUTE,
        "warning",
        "Saved state was damaged; counters of orders and revenue began again.",
        "Saved state was damaged; counters of orders and revenue began again.",
        "{{ $labels.instance }} set damaged state aside {{ $value | humanize }} times; orders and "
        "revenue count from then on.",
        Dashboards.EXPORTER,
        Runbook(
            "A file in the state directory could not be read and was set aside. Counters began "
            "again at nothing, which rates and increases bear; orders between the damage and the "
            "new beginning are not counted.",
            (
                "The exporter's log names the file; the damaged one is kept beside it.",
                "Is the disk full or failing? Do two exporters share one state directory?",
            ),
            (
                "Free or replace the disk; give each exporter a directory of its own.",
                "Restore the file from a backup while the exporter is stopped, if there is one.",
            ),
        ),
        by=PROCESS,
    )
