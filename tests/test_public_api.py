"""What `import store_exporter` offers, and what it does not do."""

from __future__ import annotations

import importlib
import subprocess
import sys
from types import ModuleType
from typing import Literal, get_origin

import pytest

import store_exporter
from tests.platforms import interface

PUBLIC = {
    # Measuring
    "track",
    "bind",
    "store_context",
    "StoreLabels",
    "Operation",
    # Errors
    "ERROR_TYPES",
    "ErrorName",
    "ErrorType",
    "Fault",
    "StoreError",
    "UnsupportedOperationError",
    "classify",
    "register_error",
    # State
    "Recorder",
    "default_recorder",
    # Showing
    "CallReporter",
    "MetricsServer",
    "PrometheusCollector",
    "Pusher",
    "add_metrics_route",
    "make_asgi_app",
    "make_wsgi_app",
    "report_calls",
    "serve_metrics",
    "start_otlp",
    "__version__",
}


INTERFACE = """\
tests/platforms/interface.txt is not what the code offers to platforms of other distributions.
Run `PYTHONPATH=exporter python -m tests.platforms.interface`. A line that it removes or changes,
other than by a new optional parameter, breaks such platforms, and belongs in CHANGELOG.md.
"""


def run(program: str) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def test_what_platforms_of_other_distributions_may_rely_on_is_recorded_in_full() -> None:
    assert interface.RECORDED.read_text("utf-8") == interface.written(), INTERFACE


def test_the_public_names_are_exactly_these() -> None:
    assert set(store_exporter.__all__) == PUBLIC
    assert len(store_exporter.__all__) == len(PUBLIC)
    assert set(dir(store_exporter)) == PUBLIC


def test_nothing_else_is_in_the_package_but_modules_and_its_machinery() -> None:
    others = {
        name for name in vars(store_exporter) if not name.startswith("_") and name not in PUBLIC
    }
    machinery = {"TYPE_CHECKING", "Any", "annotations", "import_module"}
    modules = {name for name in others if isinstance(getattr(store_exporter, name), ModuleType)}
    assert others - machinery - modules == set()


@pytest.mark.parametrize("name", sorted(PUBLIC))
def test_every_public_name_is_there_and_documented(name: str) -> None:
    value = getattr(store_exporter, name)
    # An alias of types has no docstring.
    if callable(value) and get_origin(value) is not Literal:
        assert value.__doc__


def test_another_name_is_not_there() -> None:
    with pytest.raises(AttributeError, match="'store_exporter' has no attribute 'tracks'"):
        store_exporter.tracks  # noqa: B018
    with pytest.raises(ImportError):
        importlib.import_module("store_exporter.tracks")


def test_importing_opens_starts_and_imports_nothing() -> None:
    run("""
import os, sys, threading
before = set(sys.modules)
files = os.listdir("/proc/self/fd") if os.path.isdir("/proc/self/fd") else []
import store_exporter
assert threading.active_count() == 1
assert len(files) == (len(os.listdir("/proc/self/fd")) if files else 0)
heavy = {"asyncio", "ssl", "http", "email", "urllib.request", "socket", "subprocess", "platform"}
assert not heavy & (set(sys.modules) - before), heavy & set(sys.modules)
others = {
    name.partition(".")[0]
    for name in set(sys.modules) - before
    if "site-packages" in (getattr(sys.modules[name], "__file__", None) or "")
}
assert others <= {"store_exporter"}, others
""")


def test_the_core_needs_no_extra() -> None:
    # As if nothing were installed beside it.
    run("""
import sys
sys.modules.update(dict.fromkeys(
    ["aiohttp", "httpx", "pydantic", "yaml", "opentelemetry", "bcrypt", "google"], None))
import store_exporter
for name in store_exporter.__all__:
    getattr(store_exporter, name)

@store_exporter.track("get_cart", org="acme", domain="shop", platform="woocommerce")
def get():
    return "cart"

assert get() == "cart"
""")
