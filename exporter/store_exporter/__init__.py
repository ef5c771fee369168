"""Observability for online stores: instrument the operations that run against them.

    from store_exporter import track

    @track("search_products", org="acme", domain="shop.example.com", platform="woocommerce")
    def search(query: str) -> list[Product]: ...

Importing this package opens nothing, starts nothing, and imports no other distribution.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ._version import __version__
from .errors import ERROR_TYPES, ErrorName, ErrorType, Fault, StoreError, UnsupportedOperationError
from .metrics.recorder import Recorder
from .metrics.recorder import default as default_recorder
from .net.classify import classify, register_error
from .operations.bound import bind
from .operations.labels import StoreLabels, store_context
from .operations.operation import Operation
from .operations.track import track

if TYPE_CHECKING:
    from .metrics.exposition import PrometheusCollector
    from .metrics.otlp import Pusher, start_otlp
    from .mounts import (
        MetricsServer,
        add_metrics_route,
        make_asgi_app,
        make_wsgi_app,
        serve_metrics,
    )
    from .operations.reports import CallReporter, report_calls

# These names show what is recorded. Each is imported at first use: an application needs one or two.
_LATER = {
    "CallReporter": ".operations.reports",
    "MetricsServer": ".mounts",
    "PrometheusCollector": ".metrics.exposition",
    "Pusher": ".metrics.otlp",
    "add_metrics_route": ".mounts",
    "make_asgi_app": ".mounts",
    "make_wsgi_app": ".mounts",
    "report_calls": ".operations.reports",
    "serve_metrics": ".mounts",
    "start_otlp": ".metrics.otlp",
}

__all__ = [
    "ERROR_TYPES",
    "CallReporter",
    "ErrorName",
    "ErrorType",
    "Fault",
    "MetricsServer",
    "Operation",
    "PrometheusCollector",
    "Pusher",
    "Recorder",
    "StoreError",
    "StoreLabels",
    "UnsupportedOperationError",
    "__version__",
    "add_metrics_route",
    "bind",
    "classify",
    "default_recorder",
    "make_asgi_app",
    "make_wsgi_app",
    "register_error",
    "report_calls",
    "serve_metrics",
    "start_otlp",
    "store_context",
    "track",
]


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_LATER[name], __name__), name)
    return value


def __dir__() -> list[str]:
    return __all__.copy()
