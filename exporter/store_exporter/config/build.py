"""Builds stores from validated configuration: platform, defaults and own keys in layers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ..contract import Collector, Probe, Setting
from ..platforms.base import Platform
from ..stores.maintenance import Window
from ..stores.model import Proxy, Schedule, Secret, Store, Unreadable
from . import secrets
from .admission import DOMAIN, ORG, Admission, RefusedError
from .model.org import OrgSection
from .model.store import Limits, ProbeSection, ProxySection
from .model.values import DIRECT
from .yaml.explain import by_key

Keys = Mapping[str, Any]
"""Validated keys, only those that the file contains."""


_PROXY = tuple(by_key(ProxySection))
_LIMITS = tuple(key for key in by_key(Limits) if key not in _PROXY)
_SCHEDULE = tuple(by_key(ProbeSection))

Schedules = Mapping[str, Schedule]


@dataclass(frozen=True, slots=True)
class Builder:
    """Makes stores: their own keys win over `defaults:`, and those over the platform's.

    Stores without their own schedules share one mapping. It is built once, and stores that share
    it are fast to compare.

    Attributes:
        defaults: the validated keys under `defaults:`.
        tenants: the orgs, whose own keys win over `defaults:` too.
    """

    defaults: Keys
    tenants: Mapping[str, OrgSection] = field(default_factory=dict)
    _shared: dict[tuple[str, str], Schedules] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def store(self, platform: Platform, own: Keys) -> Store:
        """Make a store of its platform and its own keys."""
        settings = {s.name: s.default for s in platform.settings if s.default is not None}
        credentials = {s.name: s.default for s in platform.credentials if s.default is not None}
        return Store(
            org=own["org"],
            domain=own["domain"],
            platform=platform.name,
            url=own.get("url") or f"https://{own['domain']}",
            credentials=layered(credentials, own.get("credentials")),
            settings=layered(settings, own.get("settings")),
            probes=self._schedules(platform, "probes", platform.probes, own),
            collectors=self._schedules(platform, "collectors", platform.collectors, own),
            maintenance=tuple(
                Window(each["from"], each["to"], each["reason"])
                for each in own.get("maintenance") or ()
            ),
            proxy=self._proxy(own),
            **_limits(layered(self.defaults, self._of_org(own["org"]), own)),
        )

    def _of_org(self, org: str) -> dict[str, bool]:
        lists = self.tenants[org].lists if org in self.tenants else None
        return {} if lists is None else {"lists": lists}

    def _proxy(self, own: Keys) -> Proxy | None:
        """Return the proxy of the nearest layer that names one, with that layer's user, if any."""
        org = self.tenants.get(own["org"])
        of_org = None if org is None else org.model_dump(include=set(_PROXY))
        layers = map(layered, (own, of_org, self.defaults))
        keys = next((found for found in layers if "proxy_url" in found), None)
        if keys is None or keys["proxy_url"] == DIRECT:
            return None
        return Proxy(
            keys["proxy_url"],
            keys.get("proxy_username", ""),
            keys.get("proxy_password"),
            tuple(keys.get("no_proxy", ())),
        )

    def _schedules(
        self,
        platform: Platform,
        group: str,
        checks: Mapping[str, Probe] | Mapping[str, Collector],
        own: Keys,
    ) -> Schedules:
        key, keys = (platform.name, group), own.get(group)
        if not keys and key in self._shared:
            return self._shared[key]
        defaults = self.defaults.get(group) or {}
        made = {
            name: _schedule(check, layered(defaults.get(name), (keys or {}).get(name)))
            for name, check in checks.items()
        }
        return made if keys else self._shared.setdefault(key, made)


def layered(*layers: Keys | None) -> dict[str, Any]:
    """Return the keys of all layers that were not left blank; those of later layers win."""
    return {
        key: value for keys in layers for key, value in (keys or {}).items() if value is not None
    }


def _limits(keys: Keys) -> dict[str, Any]:
    limits = {key: keys[key] for key in _LIMITS if key in keys}
    return {key: str(value) if isinstance(value, Path) else value for key, value in limits.items()}


def _schedule(check: Probe | Collector, keys: Keys) -> Schedule:
    """Make a schedule; every key but the check's own options is a field of the same name."""
    chosen = {key: keys[key] for key in _SCHEDULE if key in keys}
    own: dict[str, Any] = {
        "interval": check.interval,
        "timeout": check.timeout,
        "options": {name: keys.get(name, default) for name, default in check.options.items()},
    }
    return Schedule(**own | chosen)


def checked(setting: Setting, value: Any) -> Any:
    """Return a platform's credential or setting, if the platform finds nothing wrong with it.

    A wrong secret is not a mistake in the file, and must not stop other stores.

    Returns:
        The value; for a wrong secret, an `Unreadable` with the reason.

    Raises:
        ValueError: any other value is wrong; the message says why.
    """
    if isinstance(value, Unreadable):
        return value
    text = value.reveal() if isinstance(value, Secret) else str(value)
    problem = setting.check(text) if setting.check is not None and text else None
    if problem is None:
        return value
    if isinstance(value, Secret):
        return Unreadable("is not of the right form" if text in problem else problem)
    raise ValueError(problem)


@dataclass(frozen=True, slots=True)
class Template:
    """Makes the stores of one discovery source; they differ only in their domains.

    Attributes:
        keys: the validated keys under `store:`.
    """

    admission: Admission
    platform: Platform
    keys: Keys
    builder: Builder
    source: secrets.SecretSource

    @property
    def org(self) -> str:
        """The tenant of all of them."""
        return self.admission.org

    def store(self, domain: str) -> Store:
        """Make the store of a found domain.

        Raises:
            RefusedError: the domain is not accepted, or a credential that is no secret has the
                wrong form.
        """
        self.admission.check(domain)
        credentials = {}
        known = {setting.name: setting for setting in self.platform.credentials}
        for name, value in layered(self.keys.get("credentials")).items():
            text = value
            if isinstance(value, str):
                text = value.replace(DOMAIN, domain).replace(ORG, self.org)
            try:
                found = self.source.of_store(text) if known[name].secret else text
                credentials[name] = checked(known[name], found)
            except ValueError as error:
                raise RefusedError("invalid", f"credentials.{name}: {error}") from None
        own = {**self.keys, "org": self.org, "domain": domain, "credentials": credentials}
        if own.get("url"):
            own["url"] = own["url"].replace(DOMAIN, domain)
        store = self.builder.store(self.platform, own)
        return replace(store, networks=self.admission.networks)
