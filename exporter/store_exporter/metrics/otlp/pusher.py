"""One background thread per process that pushes the recorder's state."""

from __future__ import annotations

import logging
import os
import threading
import time
import weakref
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Protocol

from ...extras import missing
from ..catalogue import exporter as catalogue
from ..catalogue.values import PushResult
from ..forks import end_with_process
from ..recorder import Recorder, default
from .masking import mask_logs
from .settings import ENDPOINTS, PROTOCOLS, Settings

if TYPE_CHECKING:
    from opentelemetry.sdk.metrics.export import MetricExporter

    from ..families import Family
    from .deltas import Memory
    from .exporter import Delivery

_logger = logging.getLogger(__name__)

_TWICE = (
    "this process is scraped and pushes by OTLP as well: if both reach one database, that counts "
    "each operation twice; do only one of the two"
)

_pushers: weakref.WeakSet[Pusher] = weakref.WeakSet()


def start_otlp(
    recorder: Recorder | None = None,
    *,
    protocol: str | None = None,
    interval: float | None = None,
    resource: Mapping[str, str] | None = None,
    exporter: Callable[[], MetricExporter] | None = None,
    exit_timeout: float = 5.0,
    memory: Memory | None = None,
    restored: Iterable[Family] = (),
) -> Pusher:
    """Push the state to an OTLP endpoint from now on until the process ends.

    The standard OTEL_ variables configure it; arguments take precedence. Each forked child pushes
    separately, with its own instance id. Calling it again starts a second pusher of the same id.

    Args:
        recorder: whose state; the process' own by default.
        protocol: `http/protobuf` (the default) or `grpc`.
        interval: seconds between pushes; 60 by default.
        resource: attributes such as `service.name`; they override `OTEL_RESOURCE_ATTRIBUTES`.
        exporter: makes the exporter to use instead of the official one for the protocol. It is
            called in the pushing thread, once per process.
        exit_timeout: seconds that the last push may delay the end of the process.
        memory: saves what the receiver acknowledged of counters that outlive the process. Only the
            pushing thread uses it, and no forked child.
        restored: series that an earlier process began and pushed, in their current state.

    Raises:
        ImportError: the extra `otlp` is not installed.
        ValueError: the protocol is unknown, or an argument in seconds is not positive.
    """
    settings = Settings.from_environment()
    settings = replace(
        settings, protocol=protocol or settings.protocol, interval=interval or settings.interval
    )
    if settings.protocol not in PROTOCOLS:
        raise ValueError(f"protocol is one of {', '.join(PROTOCOLS)}, not {protocol!r}")
    if min(settings.interval, exit_timeout) <= 0:
        raise ValueError("interval and exit_timeout are positive numbers of seconds")
    recorder = recorder or default()
    if settings.disabled:
        return Pusher(recorder, settings, exit_timeout=exit_timeout)
    pusher = Pusher(
        recorder,
        settings,
        connect=_connector(
            *(recorder, settings, exporter, resource or {}), memory=memory, restored=tuple(restored)
        ),
        exit_timeout=exit_timeout,
    )
    pusher.start()
    return pusher


def _connector(
    recorder: Recorder,
    settings: Settings,
    exporter: Callable[[], MetricExporter] | None,
    resource: Mapping[str, str],
    *,
    memory: Memory | None,
    restored: Sequence[Family],
) -> Connect:
    """Return a function that makes the delivery of a process.

    OpenTelemetry is imported and the resource detected here, not at first use. The first use may be
    the last push, and an interpreter that is ending starts no more thread pools.
    """
    try:
        from .deltas import Baseline
        from .exporter import Delivery, Identity, official_exporter, shared_baseline

        make = exporter or official_exporter(settings.protocol)
    except ModuleNotFoundError as error:
        if (advice := missing(error, "pushing")) is None:
            raise
        raise ModuleNotFoundError(advice, name=error.name) from error
    mask_logs()
    identity = Identity(resource, recorder)
    started = time.time_ns()

    def connect(*, forked: bool) -> Delivery:
        since = time.time_ns() if forked else started
        who = identity.resource(forked=forked)
        if exporter is None and memory is None:
            address = (os.environ.get(name) for name in ENDPOINTS)
            who_and_where = settings.protocol, *address, frozenset(who.attributes.items())
            baseline = shared_baseline(recorder, *who_and_where)
        else:
            baseline = Baseline(None if forked else memory)
        return Delivery(make(), who, settings, since, baseline, restored=() if forked else restored)

    return connect


class Connect(Protocol):
    """Makes the delivery of one process."""

    def __call__(self, *, forked: bool) -> Delivery:
        """Make it; `forked` says that this process is a forked child of the first one."""


class Pusher:
    """Pushes at an interval, on request, and at the end. Made by `start_otlp`.

    There is no queue between the operations and the endpoint: each push sends the current state.
    While the endpoint is down, pushes fail and are counted, and cost nothing else.
    """

    def __init__(
        self,
        recorder: Recorder,
        settings: Settings,
        *,
        connect: Connect | None = None,
        exit_timeout: float,
    ) -> None:
        self._recorder = recorder
        self._settings = settings
        self._connect = connect
        self._exit_timeout = exit_timeout
        self._forked = self._has_warned = False
        self._thread: threading.Thread | None = None
        self._renew()

    def _renew(self) -> None:
        self._changed = threading.Condition()
        self._requested = self._done = 0
        self._succeeded = False
        self._stopping = False
        self._delivery: Delivery | None = None

    def start(self) -> None:
        """Start the thread. `start_otlp` has already called this."""
        _restart_after_fork()
        _pushers.add(self)
        end_with_process(self, Pusher.shutdown)
        self._start_thread()

    def _start_thread(self) -> None:
        for result in PushResult:
            # Zeros, so that the first push shows as an increase.
            self._recorder.inc(catalogue.OTLP_PUSHES, (result,), 0)
        self._thread = threading.Thread(target=self._run, name="store-exporter-otlp", daemon=True)
        self._thread.start()

    def flush(self, timeout: float = 10.0) -> bool:
        """Push now, and return whether the push succeeded within `timeout` seconds."""
        with self._changed:
            if self._thread is None or self._stopping:
                return False
            self._requested += 1
            ticket = self._requested
            self._changed.notify_all()
            done = self._changed.wait_for(lambda: self._done >= ticket, timeout)
            return done and self._succeeded

    def shutdown(self, timeout: float | None = None) -> bool:
        """Push a last time and end the thread; return whether that push succeeded.

        Args:
            timeout: the most seconds to wait; `exit_timeout` by default. A push that takes longer
                is abandoned.
        """
        thread = self._thread
        if thread is None:
            return False
        self._thread = None
        _pushers.discard(self)
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        thread.join(self._exit_timeout if timeout is None else timeout)
        if thread.is_alive():
            if self._delivery is not None:
                self._delivery.close()
            return False
        return self._succeeded

    def _run(self) -> None:
        changed = self._changed
        due = time.monotonic() + self._settings.interval
        stopping = False
        while not stopping:
            with changed:
                changed.wait_for(
                    lambda: self._stopping or self._requested > self._done,
                    max(0.0, due - time.monotonic()),
                )
                ticket, stopping = self._requested, self._stopping
            succeeded = self._push()
            due = max(due + self._settings.interval, time.monotonic())
            with changed:
                self._done, self._succeeded = ticket, succeeded
                changed.notify_all()
        if self._delivery is not None:
            self._delivery.close()

    def _push(self) -> bool:
        """Push once. Never raises: the thread must live."""
        try:
            succeeded = self._send()
        except Exception:
            _logger.exception("an OTLP push failed")
            succeeded = False
        if succeeded and not self._has_warned and self._recorder.scrapers.any_came():
            self._has_warned = True
            _logger.warning(_TWICE)
        result = PushResult.SUCCESS if succeeded else PushResult.FAILURE
        self._recorder.inc(catalogue.OTLP_PUSHES, (result,))
        return succeeded

    def _send(self) -> bool:
        if self._delivery is None and self._connect is not None:
            self._delivery = self._connect(forked=self._forked)
        return self._delivery is not None and self._delivery.send(self._recorder.families())

    def restart(self) -> None:
        """Start afresh in a forked child, which has no threads and connections of its parent."""
        self._renew()
        self._forked = True
        self._start_thread()


@cache
def _restart_after_fork() -> None:
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=_restart_all)


def _restart_all() -> None:
    for pusher in list(_pushers):
        pusher.restart()
