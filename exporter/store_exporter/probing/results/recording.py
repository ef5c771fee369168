"""Records results as metrics: the only place where probing writes metrics."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ...calls.call import Call
from ...contract import Report
from ...metrics import tracing
from ...metrics.catalogue import business, exporter, health
from ...metrics.catalogue.values import HealthState, SkipReason, StateErrorReason
from ...metrics.families import Sample
from ...metrics.recorder import Recorder
from ...net.redactor import Redactor
from ...stores.model import Store
from ..access import Access, Journal
from ..jobs import COLLECTOR, PROBE, Job
from .health import Standing
from .result import Result

_LONGEST_LABEL = 100
"""Characters of a label value that a store chooses."""

_STATES = {
    state: [Sample(health.HEALTH, float(one is state), {"state": one}) for one in HealthState]
    for state in HealthState
}
"""The series of `store_health`, by the state that a store is in."""


class Recording:
    """Writes the results of runs into a recorder.

    Figures are published in groups that replace each other as a whole. They disappear if they are
    not renewed for three intervals. The exception are the metrics about collectors, such as the
    time of the last success: an alert on a stopped collector needs them most when nothing arrives
    any more.

    Args:
        recorder: holds the metrics.
    """

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder

    def begin(self) -> None:
        """Show the exporter's own counters at zero, so that their first increase can be seen."""
        for reason in SkipReason:
            self._recorder.inc(exporter.RUNS_SKIPPED, (reason,), 0)
        self._recorder.inc(exporter.STATE_LOSSES, (), 0)
        for refusal in StateErrorReason:
            self._recorder.inc(exporter.STATE_ERRORS, (refusal,), 0)

    def expect(self, store: Store, jobs: Iterable[Job]) -> None:
        """Show a store's collectors, and at zero those of its counters whose labels are known.

        So a collector that never runs is noticed as well as one that fails.
        """
        self._recorder.inc(health.API_THROTTLED, store.labels, 0)
        collectors = [
            Sample(business.COLLECTOR_INTERVAL, job.schedule.interval, {COLLECTOR: job.name})
            for job in jobs
            if job.kind == COLLECTOR
        ]
        self._recorder.publish(("collectors", store.domain), store.labels, collectors)

    def record(self, standing: Standing, ended: object, journal: Journal, redact: Redactor) -> None:
        """Record one finished run.

        Args:
            standing: what is known after it.
            ended: the report that it returned, or the exception that it raised.
            journal: what it requested of the store.
            redact: masks the store's secrets.

        Raises:
            ValueError: a sample of the report does not match the catalogue.
        """
        job, result = standing.job, standing.result
        if isinstance(ended, Report):
            # This comes first: the recorder may refuse the samples, and then the run is a failure.
            self._publish_figures(job, ended, redact.line)
        samples = _of_probe(job, result) if job.kind == PROBE else _of_collector(job, result)
        if standing.last_success is not None:
            metric = health.PROBE_LAST_SUCCESS
            if job.kind == COLLECTOR:
                metric = business.COLLECTOR_LAST_SUCCESS
            samples.append(Sample(metric, standing.last_success, {job.kind: job.name}))
        if (failure := standing.failing) is not None:
            own = {PROBE: job.name}
            why = {"error_type": failure.error_type, "reason": failure.reason}
            samples.append(Sample(health.PROBE_FAILING_SINCE, failure.since, own))
            samples.append(Sample(health.PROBE_FAILURE, 1.0, {**own, **why}))
        if job.liveness:
            samples.append(Sample(health.UP, float(result.ok)))
        ttl = job.ttl if job.kind == PROBE else None
        self._recorder.publish(job.key, job.store.labels, samples, ttl=ttl)
        self._count(job, result, journal)
        self._remember(job, result)

    def _remember(self, job: Job, result: Result) -> None:
        """Put a failed run among the recent calls of its store."""
        calls = self._recorder.calls
        if calls is None or result.error_type is None:
            return
        calls.add(
            Call(
                result.time,
                *job.store.labels,
                result.kind,
                result.name,
                result.duration,
                result.error_type,
                result.message,
                result.status,
                tracing.ids().get("trace_id", ""),
            )
        )

    def _publish_figures(self, job: Job, report: Report, line: Callable[[str, int], str]) -> None:
        own: list[Sample] = []
        expiry: list[Sample] = []
        for sample in report.samples:
            if sample.metric is health.TLS_EXPIRY:
                expiry.append(sample)
            else:
                own.append(_legible(sample, line) if sample.labels else sample)
        if expiry:
            self.certificate(job, expiry[-1].value)
        if own:
            group = ("figures", *job.key)
            self._recorder.publish(group, job.store.labels, own, ttl=job.ttl)

    def certificate(self, job: Job, expiry: float) -> None:
        """Record when the store's certificate expires, from whichever probe saw it last."""
        group = ("certificate", job.store.domain)
        samples = [Sample(health.TLS_EXPIRY, expiry)]
        self._recorder.publish(group, job.store.labels, samples, ttl=job.ttl)

    def _count(self, job: Job, result: Result, journal: Journal) -> None:
        labels, recorder = job.store.labels, self._recorder
        if job.kind == PROBE:
            duration = max(result.duration, 0.0)
            recorder.observe(health.PROBE_DURATION, (*labels, job.name), duration)
        if result.error_type is not None and result.fault is not None:
            metric = health.PROBE_FAILURES if job.kind == PROBE else business.COLLECTOR_FAILURES
            recorder.inc(metric, (*labels, job.name, result.error_type, str(result.fault)))
        if journal.requests:
            recorder.inc(health.API_REQUESTS, (*labels, job.name), journal.requests)
        if journal.throttled:
            recorder.inc(health.API_THROTTLED, labels, journal.throttled)
        if journal.certificate_expiry is not None:
            self.certificate(job, journal.certificate_expiry)

    def store(self, job: Job, state: HealthState | None, access: Access) -> None:
        """Record a store's health and budget after a run."""
        store = job.store
        samples = [
            Sample(health.API_BUDGET_LIMIT, access.budget.per_hour),
            Sample(health.API_BUDGET_REMAINING, access.budget.remaining),
        ]
        if state is not None:
            samples += _STATES[state]
        self._recorder.publish(("standing", store.domain), store.labels, samples, ttl=job.ttl)

    def skipped(self, reason: str, count: int = 1) -> None:
        """Count skipped runs."""
        self._recorder.inc(exporter.RUNS_SKIPPED, (reason,), count)

    def state_lost(self) -> None:
        """Count saved state that was not usable and has been set aside."""
        self._recorder.inc(exporter.STATE_LOSSES, ())

    def state_failed(self, reason: StateErrorReason) -> None:
        """Count a run whose state could not be saved."""
        self._recorder.inc(exporter.STATE_ERRORS, (reason,))

    def started(self, lag: float) -> None:
        """Record how much later than planned a run started, in seconds."""
        self._recorder.observe(exporter.SCHEDULER_LAG, (), max(lag, 0.0))

    def forget(self, store: Store) -> None:
        """Remove all series of a store."""
        self._recorder.forget(store.labels, operations=False)

    def forget_job(self, job: Job) -> None:
        """Remove the figures of a probe or collector that is no longer run."""
        self._recorder.withdraw(job.key)
        self._recorder.withdraw(("figures", *job.key))


def _legible(sample: Sample, line: Callable[[str, int], str]) -> Sample:
    """Return a sample with labels that are safe to display: a store may have chosen their text."""
    labels = {name: line(text, _LONGEST_LABEL) for name, text in sample.labels.items()}
    return sample._replace(labels=labels)


def _of_probe(job: Job, result: Result) -> list[Sample]:
    own = {"probe": job.name}
    samples = [Sample(health.PROBE_SUCCESS, float(result.ok), own)]
    if result.status is not None:
        samples.append(Sample(health.PROBE_STATUS, result.status, own))
    for phase, seconds in result.phases.items():
        samples.append(Sample(health.PROBE_PHASE, max(seconds, 0.0), {**own, "phase": phase}))
    return samples


def _of_collector(job: Job, result: Result) -> list[Sample]:
    own = {"collector": job.name}
    return [
        Sample(business.COLLECTOR_SUCCESS, float(result.ok), own),
        Sample(business.COLLECTOR_DURATION, max(result.duration, 0.0), own),
    ]
