"""The last results, for pages and the HTTP API: bounded, in memory, lost on restart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from ...errors import Fault

Key = tuple[str, str, str]
"""Domain, kind (`probe` or `collector`) and name."""


@dataclass(frozen=True, slots=True)
class Result:
    """The result of one run of a probe or collector.

    Attributes:
        domain: of the store.
        kind: `probe` or `collector`.
        name: of the probe or collector.
        time: when it ended, in Unix time.
        ok: whether it succeeded.
        duration: seconds it took, without waits for other runs of this exporter.
        error_type: why it failed; None if it succeeded.
        fault: who must act on the failure; None if it succeeded.
        message: what happened, for a person; free of secrets.
        status: HTTP status of its last response.
        phases: of its last request, in seconds.
        degraded: reasons why the store works, but not well.
        summary: what was requested and what came back, in one line.
        requests: the number of requests that it sent.
        lines: one for each request, for debugging; only kept for a run on request.
        skipped: why the run says nothing about the store, one of `SKIP_REASONS`; "" if it does.
    """

    domain: str
    kind: str
    name: str
    time: float
    ok: bool
    duration: float
    error_type: str | None = None
    fault: Fault | None = None
    message: str = ""
    status: int | None = None
    phases: Mapping[str, float] = field(default_factory=dict)
    degraded: tuple[str, ...] = ()
    summary: str = ""
    requests: int = 0
    lines: tuple[str, ...] = ()
    skipped: str = ""


class History:
    """The last results of every probe and collector.

    Args:
        per_check: how many results to keep of each.
        total: how many results to keep in all. With many stores, fewer are kept of each, but always
            the last one.
    """

    def __init__(self, per_check: int = 20, total: int = 100_000) -> None:
        self._per_check = per_check
        self._total = total
        self._stores: dict[str, dict[tuple[str, str], list[Result]]] = {}
        self._checks = 0
        self._changed: set[str] = set()

    def add(self, result: Result) -> None:
        """Remember a result, and forget older ones past the limit."""
        self._changed.add(result.domain)
        checks = self._stores.setdefault(result.domain, {})
        key = (result.kind, result.name)
        results = checks.get(key)
        if results is None:
            results = checks[key] = []  # a tenth of an empty deque's size
            self._checks += 1
        results.append(result)
        limit = max(1, min(self._per_check, self._total // self._checks))
        del results[:-limit]

    def take_changed(self) -> set[str]:
        """Return the domains that had results since this method was last called."""
        changed, self._changed = self._changed, set()
        return changed

    def last(self, key: Key) -> Result | None:
        """Return the last result of a probe or collector."""
        results = self._stores.get(key[0], {}).get(key[1:])
        return results[-1] if results else None

    def latest(self, domain: str) -> list[Result]:
        """Return the last result of each probe and collector of a store, in the order of names."""
        return [results[-1] for _, results in sorted(self._stores.get(domain, {}).items())]

    def results(self, domain: str) -> Iterator[Result]:
        """Yield all results of a store, newest first within each probe or collector."""
        for _, results in sorted(self._stores.get(domain, {}).items()):
            yield from reversed(results)

    def forget(self, domain: str) -> None:
        """Forget a store."""
        self._checks -= len(self._stores.pop(domain, {}))

    def forget_check(self, key: Key) -> None:
        """Forget a probe or collector that is no longer run."""
        if self._stores.get(key[0], {}).pop(key[1:], None) is not None:
            self._checks -= 1
