"""The status of each store, from the last results of its checks, for pages and the API."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, get_args

from ..errors import ERROR_TYPES
from ..probing.jobs import PROBE, Job, jobs_of
from ..probing.results.health import Health
from ..probing.results.result import Result
from ..stores.maintenance import Window
from ..stores.model import Store

State = Literal["critical", "degraded", "unknown", "healthy"]
WORST_FIRST: tuple[State, ...] = get_args(State)


@dataclass(frozen=True, slots=True)
class Check:
    """The last result of one probe or collector of a store.

    Attributes:
        state: unknown before the first run; a collector is never critical.
        at: Unix time of its end, in seconds.
        duration: seconds it took.
        error_type: why it failed; None if it succeeded.
        message: one line for a person.
        liveness: whether its result is `store_up`.
    """

    kind: str
    name: str
    state: State
    at: float | None = None
    duration: float | None = None
    error_type: str | None = None
    message: str = ""
    liveness: bool = False

    @property
    def advice(self) -> str:
        """What to do about the failure; empty without a failure."""
        return ERROR_TYPES[self.error_type].advice if self.error_type in ERROR_TYPES else ""


@dataclass(frozen=True, slots=True)
class Status:
    """The status of one store; its state is the worst of the checks that count."""

    store: Store
    state: State
    checks: Sequence[Check]
    maintenance: Window | None = None

    @property
    def reason(self) -> Check | None:
        """The check that explains the state best, if any has run.

        That is the liveness probe while the store is healthy, otherwise the worst check that
        counts. A failing collector does not count, because only its figures are missing.
        """
        ran = [check for check in self.checks if check.state != "unknown"]
        counting = [check for check in ran if check.kind == PROBE or check.error_type is None]
        worst = min(
            counting,
            key=lambda check: (WORST_FIRST.index(check.state), not check.liveness),
            default=None,
        )
        return (self.liveness or worst) if self.state == "healthy" else worst

    @property
    def liveness(self) -> Check | None:
        """The check that decides whether the store is up, if it is run."""
        return next((check for check in self.checks if check.liveness), None)


def state_of(health: Health | None) -> State:
    """Return the state of a store's health; `unknown` before the health is known."""
    return health.state.value if health else "unknown"


def status(
    store: Store,
    results: Iterable[Result],
    health: Health | None,
    maintenance: Window | None = None,
) -> Status:
    """Sum up one store, with all its checks."""
    known = {(result.kind, result.name): result for result in results}
    checks = tuple(_check(job, known.get((job.kind, job.name))) for job in jobs_of(store))
    return Status(store, state_of(health), checks, maintenance)


def _check(job: Job, result: Result | None) -> Check:
    if result is None:
        return Check(job.kind, job.name, "unknown", liveness=job.liveness)
    state: State = "healthy"
    if not result.ok:
        state = "critical" if job.critical else "degraded"
    elif result.degraded:
        state = "degraded"
    message = result.summary if result.ok else result.message
    return Check(
        kind=job.kind,
        name=job.name,
        state=state,
        at=result.time,
        duration=result.duration,
        error_type=result.error_type,
        message="; ".join((*result.degraded, message) if result.ok else (message,)),
        liveness=job.liveness,
    )


def worst_first(states: Sequence[tuple[Store, State]]) -> list[tuple[Store, State]]:
    """Return the stores sorted by state, the worst first."""
    return sorted(states, key=lambda pair: (WORST_FIRST.index(pair[1]), pair[0].domain))


def window_document(window: Window) -> dict[str, str]:
    """Return a window as the API shows it."""
    start, end = (
        datetime.fromtimestamp(moment, UTC).isoformat(timespec="seconds")
        for moment in (window.start, window.end)
    )
    return {"from": start, "to": end, "reason": window.reason}
