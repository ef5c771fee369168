"""The tables of docs/configuration.md, from the models and the platforms' own descriptions."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import fields
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from ... import markdown
from ...contract import Collector, Probe, Setting
from ...platforms.base import Platform
from ...stores.model import Store
from ..yaml.explain import by_key
from . import alerting, file, hours, receivers, tls_server, values, web
from .org import ApiToken, OrgSection
from .platform import defaults_model, store_model
from .section import Section
from .store import Limits, MaintenanceSection, ProbeSection
from .types import Says

_KINDS: Mapping[Any, str] = {
    bool: "true or false",
    int: "whole number",
    float: "number",
    str: "string",
    Any: "mapping",
}


def tables(platforms: Collection[Platform]) -> str:
    """Return the reference of all keys as Markdown."""
    keys_of = sections(platforms)
    blocks = [
        block for title, keys in keys_of.items() for block in (f"### {title}", keys_table(keys))
    ]
    blocks += [block for platform in platforms for block in _platform(platform)]
    return markdown.page(blocks)


def keys_table(keys: Mapping[str, FieldInfo]) -> str:
    """Return the table of a mapping's keys."""
    return markdown.table(("key", "value", "default", "meaning"), _rows(keys))


def costs(platform: Platform) -> str:
    """Return the table of the requests sent to a store by default, and their intervals."""
    rows, total = [], 0.0
    kinds = (("probe", platform.probes), ("collector", platform.collectors))
    for kind, name, check in ((kind, *item) for kind, of in kinds for item in of.items()):
        hourly = check.requests * 3600 / check.interval
        total += hourly
        every = values.duration_text(check.interval)
        rows.append((f"{kind} `{name}`", every, str(check.requests), f"{round(hourly, 1):g}"))
    head = ("requests of", "interval", "per run", "per hour")
    return markdown.table(head, [*rows, ("**all**", "", "", f"**{total:.1f}**")])


def sections(platforms: Collection[Platform]) -> Mapping[str, Mapping[str, FieldInfo]]:
    """Return the keys that every platform has, by the heading of their table."""
    limits = by_key(Limits)
    defaults = _common(map(defaults_model, platforms))
    store = _common(map(store_model, platforms))
    return {
        "Top level": by_key(file.Root),
        "`state_database`": by_key(file.StateDatabase),
        "`calls`": by_key(file.CallsSection),
        "`orgs`": by_key(OrgSection),
        "`orgs[].api_tokens[]`": by_key(ApiToken),
        "`orgs[].alerts`": by_key(receivers.OrgReceivers),
        "`orgs[].alerts.links`": by_key(receivers.OrgLinks),
        "`orgs[].alerts.slack`, `alerts.slack`": by_key(receivers.SlackAlerts),
        "`orgs[].alerts.telegram`, `alerts.telegram`": by_key(receivers.TelegramAlerts),
        "`orgs[].alerts.routes[]`, `alerts.routes[]`": by_key(receivers.AlertRouteSection),
        "`alerts`": by_key(alerting.PlatformAlerts),
        "`alerts.smtp`": by_key(alerting.Smtp),
        "`alerts.business_hours`, `alerts.maintenance[]`, `orgs[].alerts.business_hours`": by_key(
            hours.Hours
        ),
        "`stores`": {key: info for key, info in store.items() if key not in defaults},
        "`stores`, `defaults` and `discovery[].store`": {
            **{key: info for key, info in defaults.items() if key not in limits},
            **{key: info for key, info in defaults.items() if key in limits},
        },
        "`stores[].maintenance[]`": by_key(MaintenanceSection),
        "Each probe and collector": by_key(ProbeSection),
        "`discovery`": by_key(file.DiscoverySection),
        "`discovery[].http`": by_key(file.HttpSource),
        "The file of `--web.config.file`": by_key(web.WebConfig),
        "`tls_server_config`": by_key(tls_server.TlsServer),
        "`http_server_config`": by_key(web.HttpServer),
        "`rate_limit`": by_key(web.RateLimit),
    }


def _common(models: Iterable[type[Section]]) -> Mapping[str, FieldInfo]:
    """Return the keys that all the models have; a key is required if every model requires it."""
    found: dict[str, FieldInfo] = {}
    for model in models:
        keys = by_key(model)
        found |= {k: info for k, info in keys.items() if k not in found or not info.is_required()}
    return found


def _rows(keys: Mapping[str, FieldInfo]) -> Iterator[tuple[str, ...]]:
    of_store = {field.name: field.default for field in fields(Store)}
    for key, info in keys.items():
        default = of_store.get(key) if key in by_key(Limits) else info.default
        shown = "required" if info.is_required() else _shown(default)
        yield f"`{key}`", _kind(info.annotation, info.metadata), shown, info.description or ""


def _kind(annotation: Any, metadata: Iterable[Any] = ()) -> str:
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


def _shown(value: Any) -> str:
    """Show a default; a `float` is a time in seconds."""
    return values.duration_text(value) if isinstance(value, float) else _plain(value)


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return str(value) if isinstance(value, str | int | float) else ""


def _platform(platform: Platform) -> Iterator[str]:
    credentials = [
        (f"`{s.name}`", "`env:` or `file:`" if s.secret else "string", _need(s), s.description)
        for s in platform.credentials
    ]
    settings = [(f"`{s.name}`", _need(s), s.description) for s in platform.settings]
    yield f"### {platform.title} (`platform: {platform.name}`)"
    yield "Credentials:"
    yield markdown.table(("key", "value", "default", "meaning"), credentials)
    yield "Settings:"
    yield markdown.table(("key", "default", "meaning"), settings)
    yield "Probes:"
    yield _checks(platform.probes.values())
    yield "Collectors:"
    yield _checks(platform.collectors.values())


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
    return markdown.table(head, rows)


def _option(value: Any) -> str:
    return f"[{_shown(value)}]" if isinstance(value, list | tuple) else _shown(value)
