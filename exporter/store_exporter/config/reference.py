"""The tables of docs/configuration.md, from the models and the platforms' own descriptions.

    python -m store_exporter.config.reference docs/configuration.md

rewrites everything below the page's marker; a test fails when the page is stale.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from ..contract import Collector, Probe
from ..platforms.base import Platform, Setting
from ..stores.model import Store
from . import alerting, model, values, web
from .explain import by_key
from .platform_model import installed, store_model
from .types import Says

MARKER = "<!-- Everything below is written by `python -m store_exporter.config.reference`. -->\n"

_KINDS: Mapping[Any, str] = {
    bool: "true or false",
    int: "whole number",
    float: "number",
    str: "text",
    Any: "mapping",
}
_LIMITS = {field.name: field.default for field in fields(Store)}


def tables(platforms: Mapping[str, Platform]) -> str:
    """Return the reference of all keys as Markdown."""
    some = next(iter(platforms.values()))
    identity = ("domain", "org", "platform", "url", "credentials", "settings")
    store = by_key(store_model(some))
    sections: list[tuple[str, Mapping[str, FieldInfo]]] = [
        ("Top level", by_key(model.Root)),
        ("`orgs`", by_key(model.OrgSection)),
        ("`orgs[].alerts`", by_key(model.OrgAlerts)),
        ("`orgs[].alerts.slack`, `alerts.slack`", by_key(model.SlackAlerts)),
        ("`alerts`", by_key(alerting.PlatformAlerts)),
        ("`alerts.smtp`", by_key(alerting.Smtp)),
        ("`alerts.business_hours`, `alerts.maintenance[]`", by_key(alerting.Hours)),
        ("`stores`", {key: store[key] for key in identity}),
        ("`stores`, `defaults` and `discovery[].store`", _common(store)),
        ("Each probe and collector", by_key(model.ProbeSection)),
        ("`discovery`", by_key(model.DiscoverySection)),
        ("`discovery[].http`", by_key(model.HttpSource)),
        ("The file of `--web.config.file`", by_key(web.WebConfig)),
        ("`tls_server_config`", by_key(web.TlsServer)),
    ]
    parts = [f"### {title}\n\n{_table(_rows(keys))}" for title, keys in sections]
    return "\n".join([*parts, *(_platform(platform) for platform in platforms.values())])


def _common(store: Mapping[str, FieldInfo]) -> dict[str, FieldInfo]:
    return {key: store[key] for key in ("probes", "collectors", *by_key(model.Limits))}


def _rows(keys: Mapping[str, FieldInfo]) -> Iterator[tuple[str, ...]]:
    for key, info in keys.items():
        kind = _kind(info.annotation, info.metadata)
        yield f"`{key}`", kind, _default(key, info), info.description or ""


def _kind(annotation: Any, metadata: Iterable[Any] = ()) -> str:
    """Say what a value is, from its type."""
    for says in metadata:
        if isinstance(says, Says):
            return says.kind
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _kind(arguments[0], arguments[1:])
    if origin is Literal:
        return " or ".join(f"`{value}`" for value in arguments)
    if origin in (list, tuple):
        of = _kind(arguments[0])
        return "list" if of == "mapping" else f"list: {of}"
    if origin in (Union, UnionType):
        return _kind(arguments[0])
    return _KINDS.get(annotation, "mapping")


def _default(key: str, info: FieldInfo) -> str:
    if info.is_required():
        return "required"
    if key in _LIMITS and isinstance(_LIMITS[key], int):
        return f"{_LIMITS[key]}"
    return _shown(info.default)


def _shown(value: Any) -> str:
    """Show a default; a fraction is a time in seconds."""
    return values.duration_text(value) if isinstance(value, float) else _plain(value)


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return str(value) if isinstance(value, str | int | float) else ""


def _platform(platform: Platform) -> str:
    credentials = [
        (f"`{s.name}`", "`env:` or `file:`" if s.secret else "text", _need(s), s.description)
        for s in platform.credentials
    ]
    settings = [(f"`{s.name}`", _plain(s.default), s.description) for s in platform.settings]
    return (
        f"### {platform.title} (`platform: {platform.name}`)\n\n"
        f"Credentials:\n\n{_table(credentials)}\n"
        f"Settings:\n\n{_table(settings, ('key', 'default', 'meaning'))}\n"
        f"Probes:\n\n{_checks(platform.probes.values())}\n"
        f"Collectors:\n\n{_checks(platform.collectors.values())}"
    )


def _need(setting: Setting) -> str:
    return "required" if setting.required else _plain(setting.default)


def _checks(checks: Iterable[Probe | Collector]) -> str:
    head = ("name", "interval", "timeout", "options and their defaults", "what it does")
    rows = (
        (
            f"`{check.name}`",
            values.duration_text(check.interval),
            values.duration_text(check.timeout),
            ", ".join(f"`{name}: {_option(value)}`" for name, value in check.options.items()),
            check.description,
        )
        for check in checks
    )
    return _table(rows, head)


def _option(value: Any) -> str:
    return f"[{_shown(value)}]" if isinstance(value, list | tuple) else _shown(value)


def _table(
    rows: Iterable[Iterable[str]], head: tuple[str, ...] = ("key", "value", "default", "meaning")
) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    cells = (" | ".join(cell.replace("|", "\\|") for cell in line) for line in lines)
    return "".join(f"| {line} |\n" for line in cells)


def renewed(page: str) -> str:
    """Return the page with the tables of now below its marker."""
    return page.partition(MARKER)[0] + MARKER + "\n" + tables(installed())


if __name__ == "__main__":
    for name in sys.argv[1:]:
        Path(name).write_text(renewed(Path(name).read_text("utf-8")), "utf-8")
