"""The optional dependencies: which modules an extra of the distribution brings.

A module that is missing for another reason, such as a dependency's own dependency or a release
that does not have it yet, belongs to no extra: installing one again would change nothing.
"""

from __future__ import annotations

from collections.abc import Mapping

MODULES: Mapping[str, tuple[str, ...]] = {
    "clients": ("httpx",),
    "otlp": (
        "google.protobuf",
        "google.rpc",
        "opentelemetry.proto",
        "opentelemetry.sdk",
        "opentelemetry.exporter.otlp.proto.http",
        "opentelemetry.exporter.otlp.proto.grpc",
    ),
    "server": ("aiohttp", "bcrypt", "pydantic", "yaml"),
    "postgresql": ("psycopg",),
    "mixin": ("grafana_foundation_sdk",),
}
"""Modules that are imported, by the extra of pyproject.toml that brings them."""


def missing(error: BaseException, what: str) -> str | None:
    """Say which extra to install, or return None when no extra would help.

    Args:
        error: what an import raised.
        what: what needs the module, such as `store-exporter serve`.
    """
    if not isinstance(error, ModuleNotFoundError) or not error.name:
        return None
    # Without any of its modules a namespace such as `opentelemetry` is missing as a whole.
    missed = (error.name, f"{error.name}.")
    for extra, modules in MODULES.items():
        if any(module == missed[0] or module.startswith(missed[1]) for module in modules):
            return f"{what} needs {error.name}: pip install 'store-exporter[{extra}]'"
    return None
