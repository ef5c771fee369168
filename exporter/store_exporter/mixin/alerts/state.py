"""Alerts on what the exporter relies on: its sources of stores, and its saved state."""

from __future__ import annotations

from ...metrics.catalogue import exporter
from .. import promql
from ..model import Alert, Group, Runbook
from ..names import AlertName, Dashboards
from ..policy import MESSAGES, MINUTE
from ..promql import equal, one_of
from .texts import PROCESS


def groups() -> list[Group]:
    """Every alert on sources of stores and on saved state."""
    found = [
        discovery_failing(),
        discovery_refused(),
        state_lost(),
        state_full(),
        state_unavailable(),
    ]
    return [Group("store-exporter.alerts.state", found)]


def discovery_failing() -> Alert:
    """A source of stores does not respond, more than once in a row."""
    labels = (*PROCESS, "org")
    failing = promql.select(exporter.DISCOVERY_FAILING)
    return Alert(
        AlertName.STORE_DISCOVERY_FAILING,
        f"{promql.total(labels, failing)} > 1",
        5 * MINUTE,
        "warning",
        "A source of stores cannot be read.",
        "A source of stores could not be read.",
        "{{ $labels.instance }} could not read the stores of {{ $labels.org }} "
        '{{ $value | printf "%.0f" }} times in a row; those found before are watched on.',
        Dashboards.EXPORTER,
        Runbook(
            "The file or address that lists stores cannot be read, or does not hold a list, and "
            "has failed so at least twice in a row, `refresh` apart. Stores found before are still "
            "watched; new ones are not, and removed ones still are. It ends with the first read "
            "that succeeds.",
            (
                "Fetch the address, or open the file: is it there, and is it a list of stores?",
                "The exporter's log says what was wrong with the response.",
            ),
            (
                (
                    "Correct the source or its access; the next read takes effect by itself, and "
                    "a reload reads at once."
                ),
            ),
        ),
        by=labels,
    )


def discovery_refused() -> Alert:
    """Sources name domains that they do not get.

    It has no org: what it is about is between orgs, and the platform's to settle.
    """
    labels = (*PROCESS, "reason")
    refused = promql.select(exporter.DISCOVERY_REFUSED)
    who = promql.select(exporter.DISCOVERY_REFUSED, 'instance="%s"', 'reason="%s"')
    orgs = promql.quote(f"sort_desc({who} > 0)")
    return Alert(
        AlertName.STORE_DISCOVERY_REFUSED,
        f"{promql.total(labels, refused)} > 0",
        5 * MINUTE,
        "warning",
        "Stores named by a source are refused.",
        "Stores named by a source were refused.",
        '{{ $labels.instance }} refuses {{ $value | printf "%.0f" }} domains for reason '
        f"{{{{ $labels.reason }}}}, which sources of{{{{ range $i, $each := query (printf {orgs} "
        "$labels.instance $labels.reason) }}"
        f"{{{{ if lt $i {MESSAGES.listed} }}}}{{{{ if $i }}}},{{{{ end }}}} {{{{ .Labels.org }}}}"
        f"{{{{ else if eq $i {MESSAGES.listed} }}}} and more{{{{ end }}}}{{{{ end }}}} name.",
        Dashboards.EXPORTER,
        Runbook(
            "A source lists domains that its org does not get. `contested`: another org has the "
            "domain and keeps it, or several orgs name it and none gets it; somebody may be trying "
            "to take over a store. `not_allowed`: the domain is outside `domains` of the org, or "
            "below those of another. `invalid`: it is no host name that the public reaches, or a "
            "credential of it is malformed.",
            (
                "The exporter's landing page, its log and `store-exporter doctor` list them.",
                "Whose is a contested domain? Ask the orgs that name it.",
            ),
            (
                (
                    "Have the other source drop it, or list it under `domains` of the org that "
                    "owns it and reload: then no other org's source can have it."
                ),
                "If it is meant, allow it: by `domains` of the org, or `networks` of the source.",
            ),
        ),
        by=labels,
    )


def state_lost() -> Alert:
    """Saved state was damaged; counters began again."""
    return Alert(
        AlertName.STORE_STATE_LOST,
        f"{promql.total(PROCESS, promql.fresh_increase(exporter.STATE_LOSSES, '1h'))}",
        0,
        "warning",
        "Saved state was damaged.",
        "Saved state was damaged.",
        "{{ $labels.instance }} lost saved state; orders and revenue may count from then on only.",
        Dashboards.EXPORTER,
        Runbook(
            "The file of the state, or a document in it, was not as it was written and was set "
            "aside; or it is of an earlier version. Counters began again at nothing, which rates "
            "and increases bear; orders between the damage and the new beginning are not counted. "
            "Or the last saves are missing, because the log beside the file was damaged or the "
            "file is an older copy: then it is gone on from, and orders since are read again.",
            (
                (
                    "Read in the exporter's log what was damaged; it is kept beside, the file as "
                    "`state.db.damaged-…` and a document with ` (damaged)` in its name."
                ),
                "Is the disk failing, or did something else write to the file?",
            ),
            (
                "Replace the disk, or keep others from the file.",
                (
                    "Restore the file from a backup while no exporter uses it, if there is one; "
                    "that is told once more."
                ),
            ),
        ),
        by=PROCESS,
    )


def state_full() -> Alert:
    """No more state can be saved, for the disk is full."""
    failed = promql.increase(exporter.STATE_ERRORS, "10m", equal("reason", "full"))
    return Alert(
        AlertName.STORE_STATE_FULL,
        f"{promql.total(PROCESS, failed)} > 0",
        2 * MINUTE,
        "critical",
        "The disk for saved state is full.",
        "The exporter saves its state again.",
        "{{ $labels.instance }} could not save {{ $value | humanize }} runs within ten minutes for "
        "want of space. Their counters stand still; nothing is lost.",
        Dashboards.EXPORTER,
        Runbook(
            "What collectors counted cannot be saved, and so is not shown. Orders and revenue "
            "stand still and disappear after three intervals; they are made up for once there is "
            "space. Probes go on.",
            (
                "Run `df` and `df -i` on `state_directory`, or look at the database's own disk.",
                "What else writes there? The state itself takes up to a megabyte for each store.",
            ),
            ("Make space, or raise the quota. Nothing needs to be restarted.",),
        ),
        by=PROCESS,
    )


def state_unavailable() -> Alert:
    """The state cannot be used, or is used by two processes for one store."""
    labels = (*PROCESS, "reason")
    failed = promql.increase(
        exporter.STATE_ERRORS, "10m", one_of("reason", ("unavailable", "conflict"))
    )
    return Alert(
        AlertName.STORE_STATE_UNAVAILABLE,
        f"{promql.total(labels, failed)} > 0",
        10 * MINUTE,
        "critical",
        "The exporter cannot use its saved state.",
        "The exporter uses its saved state again.",
        "{{ $labels.instance }} skipped {{ $value | humanize }} runs within ten minutes, for "
        "reason {{ $labels.reason }}. Their counters stand still; nothing is lost.",
        Dashboards.EXPORTER,
        Runbook(
            "`unavailable`: the state's file or database cannot be read or written now. Orders and "
            "revenue stand still and disappear after three intervals; they are made up for later. "
            "Probes go on. `conflict`: another process saves the state of the same store, so that "
            "only one of the two counts at a time.",
            (
                "Read in the exporter's log what the file or database answered, once a minute.",
                "For a database: is it up, does it take writes, does the user have its grants?",
                "For a conflict: which other exporter has the same stores and the same state?",
            ),
            (
                "Bring the database back, or give the exporter its rights; it connects by itself.",
                "Give each store to one exporter: by `--shard`, or by stopping the other one.",
            ),
        ),
        by=labels,
    )
