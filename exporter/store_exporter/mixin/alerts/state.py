"""Alerts on the exporter's sources of stores and its saved state."""

from __future__ import annotations

from functools import partial

from ...metrics.catalogue import exporter
from ...metrics.catalogue.values import StateErrorReason
from .. import promql
from ..go_templates import choice, each, when
from ..model import Alert, Group
from ..names import AlertName, Dashboards
from ..policy import MESSAGES, MINUTE, RESTART
from ..promql import equal, one_of
from .texts import PROCESS, estimated

_alert = partial(Alert, dashboard=Dashboards.EXPORTER, by=PROCESS)

_BY_ORG = (*PROCESS, "org")
_FAILING = promql.select(exporter.DISCOVERY_FAILING)
DISCOVERY_FAILING = _alert(
    AlertName.STORE_DISCOVERY_FAILING,
    f"{promql.total(_BY_ORG, _FAILING)} > 1",
    5 * MINUTE,
    "warning",
    "A source of stores cannot be read.",
    "A source of stores could not be read.",
    "{{ $labels.instance }} could not read the stores of {{ $labels.org }} "
    '{{ $value | printf "%.0f" }} times in a row; stores found earlier are still watched.',
    """
    The file or address that lists stores could not be read, or contained no list, at least twice in
    a row (reads are `refresh` apart). Stores found earlier are still watched, even if they were
    removed since; new ones are not watched. The alert ends five minutes after the first read that
    succeeds.

    - The exporter's log says what was wrong.
    - Fetch the address, or open the file, that `discovery` names for this org: is it there, and is
      it a list of stores?

    - Correct the source or its access; the next read takes effect by itself, and a reload reads at
      once.
    """,
    by=_BY_ORG,
    keep=RESTART,
)

# The alert has no org: such a dispute is between orgs, and the platform must settle it.
_BY_REASON = (*PROCESS, "reason")
_REFUSED = promql.select(exporter.DISCOVERY_REFUSED)
_WHO = promql.select(exporter.DISCOVERY_REFUSED, 'instance="%s"', 'reason="%s"')
_ORGS = promql.quote(f"sort_desc({_WHO} > 0)")
_LISTED = (
    (f"lt $i {MESSAGES.listed}", when("$i", ",") + " {{ .Labels.org }}"),
    (f"eq $i {MESSAGES.listed}", " and more"),
)
_OF_ORGS = each(
    f"$i, $each := query (printf {_ORGS} $labels.instance $labels.reason)", choice(_LISTED)
)
DISCOVERY_REFUSED = _alert(
    AlertName.STORE_DISCOVERY_REFUSED,
    f"{promql.total(_BY_REASON, _REFUSED)} > 0",
    5 * MINUTE,
    "warning",
    "Stores named by a source are refused.",
    "Stores named by a source were refused.",
    f"{{{{ $labels.instance }}}} refuses {estimated('domain')} for reason "
    f"{{{{ $labels.reason }}}}, which sources of{_OF_ORGS} name.",
    """
    A source lists domains that its org may not have. `contested`: another org owns the domain and
    keeps it, or several orgs name it and none gets it; somebody may be trying to take over a store.
    `not_allowed`: the domain is outside `domains` of the org, or below those of another org.
    `invalid`: it is not a public host name, or one of its credentials is malformed.

    - The exporter's landing page, its log and `store-exporter doctor` list them.
    - Who owns a contested domain? Ask the orgs that name it.

    - Have the other source drop it, or list it under `domains` of the org that owns it and reload:
      then no other org's source can have it.
    - If the domain is intended, allow it with `domains` of the org or `networks` of the source.
    """,
    by=_BY_REASON,
)

STATE_LOST = _alert(
    AlertName.STORE_STATE_LOST,
    f"{promql.total(PROCESS, promql.fresh_increase(exporter.STATE_LOSSES, '1h'))}",
    0,
    "warning",
    "Saved state was damaged.",
    "Saved state was damaged.",
    "{{ $labels.instance }} lost saved state; orders and revenue may count only from then on.",
    """
    The state file, or a document in it, was damaged or of an earlier version, and was set aside.
    Counters restarted from zero, which `rate` and `increase` handle; orders between the damage and
    the restart are not counted. Or the last saves are missing, because the log beside the file was
    damaged or the file is an older copy. Then the exporter continues from that file and reads the
    later orders again.

    - The exporter's log says what was damaged. Damaged parts are kept: the file as
      `state.db.damaged-…`, a document with ` (damaged)` in its name.
    - Is the disk failing, or did something else write to the file?

    - Replace the disk, or keep other programs from the file.
    - If there is a backup, restore the file from it while no exporter uses it; this alert then
      fires once more.
    """,
)

_UNSAVED = promql.increase(exporter.STATE_ERRORS, "10m", equal("reason", StateErrorReason.FULL))
STATE_FULL = _alert(
    AlertName.STORE_STATE_FULL,
    f"{promql.total(PROCESS, _UNSAVED)} > 0",
    2 * MINUTE,
    "critical",
    "The disk for saved state is full.",
    "The exporter saves its state again.",
    f"{{{{ $labels.instance }}}} could not save {estimated('run')} within ten minutes, "
    "because the disk is full. Counters stand still; nothing is lost.",
    """
    The counters of collectors cannot be saved, so their new values are not shown. Orders and
    revenue stand still and disappear after three intervals; they catch up once there is space.
    Probes continue.

    - Run `df` and `df -i` on `state_directory`, or look at the database's own disk.
    - What else writes there? The state itself takes up to a megabyte for each store.

    - Make space, or raise the quota. Nothing needs to be restarted.
    """,
)

_UNUSABLE = promql.increase(
    exporter.STATE_ERRORS,
    "10m",
    one_of("reason", (StateErrorReason.UNAVAILABLE, StateErrorReason.CONFLICT)),
)
STATE_UNAVAILABLE = _alert(
    AlertName.STORE_STATE_UNAVAILABLE,
    f"{promql.total(_BY_REASON, _UNUSABLE)} > 0",
    10 * MINUTE,
    "critical",
    "The exporter cannot use its saved state.",
    "The exporter uses its saved state again.",
    f"{{{{ $labels.instance }}}} skipped {estimated('run')} within ten minutes, for "
    "reason {{ $labels.reason }}. Counters stand still; nothing is lost.",
    """
    `unavailable`: the state's file or database cannot be read or written now. Orders and revenue
    stand still and disappear after three intervals; they catch up later. Probes continue.
    `conflict`: another process saves the state of the same store, so that only one of the two
    counts at a time.

    - The exporter's log has the error of the file or database, once a minute.
    - If it is a database: is it up, does it accept writes, does the user have its grants?
    - For a conflict: which other exporter has the same stores and the same state?

    - Restore the database, or give the exporter its rights; it reconnects by itself.
    - Give each store to one exporter: by `--shard`, or by stopping the other one.
    """,
    by=_BY_REASON,
)

_FOUND = [DISCOVERY_FAILING, DISCOVERY_REFUSED, STATE_LOST, STATE_FULL, STATE_UNAVAILABLE]
GROUPS = [Group("store-exporter.alerts.state", _FOUND)]
