"""`track`: the instrumentation that applications put around their store operations."""

from __future__ import annotations

from ..metrics.recorder import Recorder, default
from ..metrics.signals import comes_from_outside
from .labels import Labels
from .outcome import Failure
from .tracker import Tracker


def track(
    operation: str,
    *,
    org: str | None = None,
    domain: str | None = None,
    platform: str | None = None,
    labels: Labels | None = None,
    failure: Failure | None = None,
    recorder: Recorder | None = None,
) -> Tracker:
    """Measure a store operation: how often, how long, and how it fails.

    As a decorator of functions, coroutine functions, generators, asynchronous generators and
    methods of each kind, or as a context manager (`with` and `async with`), which gives the
    `Operation`. A context manager may be entered again, also while it is open, from any thread
    or task.

    The operation's result or exception never changes. Misuse raises an exception when a function is
    decorated. Later it is counted in `store_exporter_instrumentation_errors_total` and logged, each
    kind at most once a minute.

    Args:
        operation: its name, the value of the label `operation`.
        org: the tenant. If org, domain or platform is left out, `store_context` supplies it when
            the operation starts.
        domain: the store's host name.
        platform: `woocommerce`, `shopify`, …
        labels: a function of the operation's arguments that returns (org, domain, platform),
            instead of the three above. A context manager calls it without arguments.
        failure: a function of the operation's result that returns why it is a failure, as an
            error type or exception, or None. Decorators only; not for asynchronous generators.
        recorder: where to record; the process's own recorder by default.

    Raises:
        TypeError: when decorating, for a wrong argument or something that is not a function; and
            for `@track` without an operation.
        ValueError: when decorating, for an empty string.
    """
    if org is not None and labels is None and failure is None:
        try:
            # That of an earlier block with these labels has found its handle already.
            made: Tracker = (default() if recorder is None else recorder).trackers[
                org, domain, platform, operation  # type: ignore[index]
            ]
            return made
        except Exception as error:
            # There is none; or the arguments are wrong, which is reported where they are used.
            if comes_from_outside(error):
                raise
    if operation.__class__ is not str and callable(operation):
        raise TypeError('track() needs the operation\'s name, as in @track("search_products")')
    return Tracker((org, domain, platform, operation), labels, failure, recorder)
