"""Observability for online stores: instrument the operations that run against them.

    from store_exporter import track

    @track("search_products", org="acme", domain="shop.example.com", platform="woocommerce")
    def search(query: str) -> list[Product]: ...

Importing this opens nothing and starts nothing.
"""

from __future__ import annotations

from ._version import __version__
from .errors import ERROR_TYPES, ErrorType, Fault, StoreError, UnsupportedOperationError
from .metrics.recorder import Recorder
from .metrics.recorder import default as default_recorder
from .operations.bound import bind
from .operations.classify import classify, register_error
from .operations.labels import StoreLabels, store_context
from .operations.operation import Operation
from .operations.track import track

__all__ = [
    "ERROR_TYPES",
    "ErrorType",
    "Fault",
    "Operation",
    "Recorder",
    "StoreError",
    "StoreLabels",
    "UnsupportedOperationError",
    "__version__",
    "bind",
    "classify",
    "default_recorder",
    "register_error",
    "store_context",
    "track",
]
