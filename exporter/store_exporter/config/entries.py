"""The entries of the file's lists, and the rules between them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..platforms.base import Platform
from ..stores.model import Store
from .admission import Reference, admission, check_references, references
from .build import Builder, Keys, Template, layered
from .model.file import DiscoverySection, HttpSource
from .model.org import OrgSection
from .model.platform import defaults_model, store_model
from .model.section import Section
from .model.store import Limits
from .model.values import duration_text, is_org
from .problems import suggestion
from .secrets import reference
from .unchanged import UnchangedStores
from .yaml.checker import Checker
from .yaml.document import Path
from .yaml.explain import by_key


@dataclass(frozen=True, slots=True)
class Discovery:
    """A source of further stores: files or an address.

    Attributes:
        files: patterns of files, absolute.
        refresh: seconds between reads of the source.
        limit: the most domains accepted.
    """

    files: tuple[str, ...]
    http: HttpSource | None
    refresh: float
    limit: int
    template: Template


def read_defaults(
    checker: Checker, data: Mapping[str, Any], platforms: Mapping[str, Platform]
) -> Keys:
    """Validate `defaults:`, which may contain keys of any platform.

    Platforms that no entry of the file names are imported only for keys that the others do not
    have. The keys of a platform that cannot be used are unknown, so unknown keys are then left out.
    """
    defaults = data.get("defaults")
    entries = [*checker.items(data, "stores"), *checker.items(data, "discovery")]
    named = {_raw(item, "platform") for _, item in entries}
    needed = [platforms[name] for name in platforms if name in named]
    model = defaults_model(*needed)
    if checker.unknown_keys(model, defaults):
        needed = list(platforms.values())
        model = defaults_model(*needed)
    if any(platform.unusable for platform in needed):
        for *parents, key in checker.unknown_keys(model, defaults):
            section: Any = defaults
            for parent in parents:
                section = section[parent]
            if parents:
                del section[key]
    return checker.keys(model, defaults, ("defaults",)) or {}


def read_orgs(checker: Checker, data: Mapping[str, Any]) -> dict[str, OrgSection]:
    """Validate `orgs:`; names and tokens must be unique."""
    orgs: dict[str, OrgSection] = {}
    names: dict[Any, Path] = {}
    tokens: dict[Any, Path] = {}
    for path, item in checker.items(data, "orgs"):
        section = checker.validate(OrgSection, item, path)
        name = section.org if section else _raw(item, "org")
        if name is not None:
            checker.unique(names, name, (*path, "org"), "the org")
        if section is None:
            continue
        orgs.setdefault(section.org, section)
        for index, token in enumerate(section.api_tokens):
            if checker.source.resolve:
                where = (*path, "api_tokens", index)
                checker.unique(tokens, token.token, where, "the same token")
    return orgs


def declared(data: Mapping[str, Any]) -> set[str]:
    """Return the names of all orgs in the file, also of entries with other problems."""
    items = data.get("orgs")
    names = (_raw(item, "org") for item in items) if isinstance(items, list) else ()
    return {name for name in names if name is not None and is_org(name)}


def _raw(item: Any, key: str) -> str | None:
    value = item.get(key) if isinstance(item, dict) else None
    return value if isinstance(value, str) else None


class StoreReader:
    """Validates `stores:` and `discovery:` against the platforms, the defaults and the orgs.

    Args:
        orgs: the names of all orgs.
        tenants: the valid orgs.
        known: provides the stores that have not changed; nothing by default.
    """

    def __init__(
        self,
        checker: Checker,
        platforms: Mapping[str, Platform],
        defaults: Keys,
        orgs: set[str],
        tenants: Mapping[str, OrgSection],
        *,
        known: UnchangedStores | None = None,
    ) -> None:
        self.checker = checker
        self.platforms = platforms
        self.builder = Builder(defaults, tenants)
        self.orgs = orgs
        self.tenants = tenants
        self._known = known

    def stores(self, data: Mapping[str, Any]) -> list[Store]:
        """Return the valid stores of the file."""
        stores = []
        domains: dict[Any, Path] = {}
        for path, item in self.checker.items(data, "stores"):
            if (domain := _raw(item, "domain")) is not None:
                self.checker.unique(domains, domain, (*path, "domain"), "the store")
            self._check_org(item, path)
            if (store := self._store(item, path)) is not None:
                stores.append(store)
        return stores

    def _store(self, item: Any, path: Path) -> Store | None:
        platform = self._platform(item, path)
        if platform is not None and self._known is not None:
            same = self._known.store(item, platform)
            if same is not None:
                return same
        keys = self.checker.keys(self._model(platform, item), item, path)
        if keys is None or platform is None:
            return None
        store = self.builder.store(platform, keys)
        self._check_credentials(platform, store, path)
        check_schedules(self.checker, keys, store, path)
        return store

    def _model(self, platform: Platform | None, item: Any) -> type[Section]:
        """Return the model of an entry, and remove the keys that nobody can validate."""
        platform = platform or _NO_PLATFORM
        if platform.unusable:
            _remove_platform_keys(item)
        return store_model(platform)

    def _check_credentials(self, platform: Platform, store: Store, path: Path) -> None:
        if problem := platform.problem(store.credentials):
            self.checker.complain((*path, "credentials"), problem)

    def _platform(self, item: Any, path: Path) -> Platform | None:
        name = _raw(item, "platform")
        if name is not None and name not in self.platforms:
            hint = suggestion(name, self.platforms)
            self.checker.complain((*path, "platform"), f"unknown platform; {hint}")
        return self.platforms.get(name) if name is not None else None

    def _check_org(self, item: Any, path: Path) -> None:
        name = _raw(item, "org")
        if name is not None and name not in self.orgs:
            hint = suggestion(name, self.orgs) if self.orgs else "no entry there is valid"
            message = f"the org is not declared under `orgs`; {hint}"
            self.checker.complain((*path, "org"), message)

    def discovery(self, data: Mapping[str, Any]) -> list[Discovery]:
        """Return the valid sources of further stores."""
        entries = self.checker.items(data, "discovery")
        templates: list[Reference] = []
        found = [self._discovery(item, path, templates) for path, item in entries]
        of_stores = references(data, self.platforms)
        check_references(self.checker, templates, of_stores, self.tenants)
        return [discovery for discovery in found if discovery is not None]

    def _discovery(self, item: Any, path: Path, templates: list[Reference]) -> Discovery | None:
        self._check_org(item, path)
        platform = self._platform(item, path)
        section = self.checker.validate(DiscoverySection, item, path)
        keys: Keys | None = None
        if platform is not None:
            model = store_model(platform, template=True)
            template = layered(item).get("store")
            if platform.unusable:
                _remove_platform_keys(template)
            keys = self.checker.keys(model, template, (*path, "store"))
        if section is None:
            return None
        if (section.http is None) == (not section.files):
            self.checker.complain(path, "exactly one of the keys http and files is needed")
        if keys is None or platform is None:
            return None
        templates += self._check_template(section.org, platform, keys, (*path, "store"))
        base = self.checker.source.directory
        return Discovery(
            files=tuple(str(base / pattern) for pattern in section.files or ()),
            http=section.http,
            refresh=section.refresh,
            limit=section.limit,
            template=Template(
                admission(self.tenants, section.org, section.networks),
                platform,
                keys,
                self.builder,
                self.checker.source.afresh(),
            ),
        )

    def _check_template(
        self, org: str, platform: Platform, keys: Keys, path: Path
    ) -> Iterator[Reference]:
        """Check what can be checked before a domain is known, and yield the secrets."""
        for setting in platform.credentials:
            value = layered(keys.get("credentials")).get(setting.name)
            if setting.secret and value is not None:
                place = (*path, "credentials", setting.name)
                try:
                    reference(value)
                except ValueError as error:
                    self.checker.complain(place, str(error))
                else:
                    yield Reference(org, place, value)
        some = self.builder.store(platform, {**keys, "org": org, "domain": "any.example"})
        self._check_credentials(platform, some, path)
        check_schedules(self.checker, keys, some, path)


def check_schedules(checker: Checker, keys: Keys, store: Store, path: Path) -> None:
    """Check that a configured timeout fits into its interval; a platform's default need not."""
    for group, schedules in (("probes", store.probes), ("collectors", store.collectors)):
        for name, own in layered(keys.get(group)).items():
            schedule = schedules[name]
            if layered(own).get("timeout") and schedule.timeout > schedule.interval:
                interval = duration_text(schedule.interval)
                message = f"is longer than the interval, {interval}; runs would overlap"
                checker.complain((*path, group, name, "timeout"), message)


def _nothing(*_: object, **__: object) -> Any:
    """Connect to nothing."""


_NO_PLATFORM = Platform(
    "", "", (), (), {}, {}, {}, _nothing, _nothing, unusable="there is no such platform"
)


def _remove_platform_keys(entry: Any) -> None:
    """Remove the keys that depend on the platform: keys that are not validated are not shown."""
    keys = by_key(store_model(_NO_PLATFORM, template=True)).keys() - by_key(Limits).keys()
    for key in keys & layered(entry).keys() if isinstance(entry, dict) else ():
        del entry[key]
