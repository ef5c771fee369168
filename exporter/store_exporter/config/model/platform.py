"""The keys of a store, which depend on its platform: models made from the platform's own lists.

A new platform needs no change here: the models are made from its `Setting`, `Probe` and `Collector`
lists. Making them takes most of the time of reading a small file, so they are cached.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache, partial
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, create_model

from ...contract import Collector, Probe, Setting
from ...platforms import base
from ...stores.maintenance import MAX_WINDOWS
from ..build import checked
from . import values
from .section import KEY_PREFIX, Section, blank_as_list
from .store import Limits, MaintenanceSection, ProbeSection, ScheduleSection, StoreLimits
from .types import Domain, Org, StoreSecret, Url, UrlTemplate

Fields = dict[str, Any]


@lru_cache(maxsize=32)
def store_model(platform: base.Platform, *, template: bool = False) -> type[Section]:
    """Make the model of one entry under `stores:`.

    Args:
        platform: the store's platform.
        template: whether the entry describes stores that are discovered later. It then has no
            domain, and its credentials and address are strings with the placeholder `{domain}`.
    """
    fields: Fields = _address() if template else _identity()
    credentials = {s.name: _setting(s, template=template) for s in platform.credentials}
    fields["credentials"] = _nested("credentials", credentials, "The platform's credentials.")
    settings = {s.name: _setting(s) for s in platform.settings}
    fields["settings"] = _nested("settings", settings, "The platform's other settings.")
    fields |= _schedules((platform,))
    return _section(f"{platform.name}_store", fields, Limits if template else StoreLimits)


@lru_cache(maxsize=32)
def defaults_model(*platforms: base.Platform) -> type[Section]:
    """Make the model of `defaults:`, which may have the keys of every platform."""
    return _section("defaults", _schedules(platforms), Limits)


def _identity() -> Fields:
    return {
        "domain": (Domain, Field(description="The store's host name, its identity everywhere.")),
        "org": (Org, Field(description="The tenant that owns it, one of `orgs`.")),
        "platform": (str, Field(description="The name of the platform.")),
        "url": (
            Url | None,
            Field(None, description="Base URL; default: https://<domain>."),
        ),
        "maintenance": (
            Annotated[list[MaintenanceSection], BeforeValidator(blank_as_list)],
            Field(
                [],
                max_length=MAX_WINDOWS,
                description="Maintenance windows, in which no alerts are sent: a list of "
                "`from`, `to` and `reason`.",
            ),
        ),
    }


def _address() -> Fields:
    return {
        "url": (
            UrlTemplate | None,
            Field(None, description="Base address; default: https://{domain}."),
        )
    }


def _schedules(platforms: Iterable[base.Platform]) -> Fields:
    """Probes and collectors of the platforms; those of the same name share their options."""
    probes: dict[str, Fields] = {}
    collectors: dict[str, Fields] = {}
    for platform in platforms:
        for probe in platform.probes.values():
            probes.setdefault(probe.name, {}).update(_options(probe))
        for collector in platform.collectors.values():
            made = {
                name: (_checked(collector, name, kind), default)
                for name, (kind, default) in _options(collector).items()
            }
            collectors.setdefault(collector.name, {}).update(made)
    by_probe = _by_name(probes, ProbeSection)
    by_collector = _by_name(collectors, ScheduleSection)
    return {
        "probes": _nested("probes", by_probe, "Schedule by probe."),
        "collectors": _nested("collectors", by_collector, "Schedule by collector."),
    }


def _by_name(checks: Mapping[str, Fields], parent: type[Section]) -> Fields:
    return {
        name: (_section(name, options, parent) | None, Field(None))
        for name, options in checks.items()
    }


def _options(check: Probe | Collector) -> Fields:
    return {
        name: (_option_type(default), Field(default)) for name, default in check.options.items()
    }


def _checked(collector: Collector, name: str, kind: Any) -> Any:
    """Return the type of a collector's option, which that collector checks."""

    def look(value: Any) -> Any:
        if problem := collector.wrong_option(name, value):
            raise ValueError(problem)
        return value

    return Annotated[kind, AfterValidator(look)]


def _option_type(default: Any) -> Any:
    """Infer an option's type from its default; an option in seconds may be a duration."""
    if isinstance(default, float):
        return Annotated[float, BeforeValidator(_number_or_duration)]
    if isinstance(default, bool | int | str):
        return type(default)
    if isinstance(default, list | tuple):
        return list[str]
    return Any


def _number_or_duration(value: Any) -> Any:
    return values.duration(value) if isinstance(value, str) else value


def _setting(setting: Setting, *, template: bool = False) -> Any:
    kind: Any = type(setting.default) if isinstance(setting.default, bool | int | float) else str
    if setting.secret:
        kind = str if template else StoreSecret
    if setting.check is not None and not template:
        kind = Annotated[kind, AfterValidator(partial(checked, setting))]
    if setting.required:
        return (kind, Field(description=setting.description))
    return (kind | None, Field(None, description=setting.description))


def _nested(name: str, fields: Fields, description: str) -> Any:
    section = _section(name, fields, Section)
    if any(field.is_required() for field in section.model_fields.values()):
        return (section, Field(description=description))
    return (section, Field(section(), description=description))


def _section(name: str, fields: Fields, parent: type[Section]) -> type[Section]:
    """Make a model; attributes have a prefix, so that no key collides with pydantic's names."""
    prefixed = {f"{KEY_PREFIX}{key}": field for key, field in fields.items()}
    return create_model(name, __base__=parent, **prefixed)
