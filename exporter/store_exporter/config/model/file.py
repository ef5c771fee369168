"""The configuration file's keys. The ones that depend on a platform are in `platform_model`.

Every field's description is the sentence that `docs/configuration.md` and error messages use.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    WrapValidator,
    model_validator,
)

from ...stores.maintenance import MAX_SECONDS, is_reason
from .receivers import OrgReceivers
from .section import Section, none_as_empty
from .types import (
    DatabaseUrl,
    Domain,
    Duration,
    ErrorTypeName,
    FilePath,
    Info,
    Moment,
    Network,
    Org,
    ProxyExemption,
    ProxyUrl,
    ReadableFile,
    Says,
    SecretReference,
    Token,
    Url,
    read_token,
)


def _reason(value: str) -> str:
    if not is_reason(value):
        raise ValueError("must be one line of at most 200 characters")
    return value


def _blank_mapping(value: Any) -> Any:
    return {} if value is None else value


class ProxySection(Section):
    """What requests to stores go through. Whoever sets `proxy_url` sets the other keys with it."""

    proxy_url: ProxyUrl | None = Field(
        None,
        description="Proxy for all requests to the store, such as http://proxy.example.com:3128; "
        "`direct` for none. A store's own wins over its org's, and that over `defaults`.",
    )
    proxy_username: str | None = Field(None, max_length=255, description="The proxy's user.")
    proxy_password: SecretReference | None = Field(
        None, description="That user's password, as an env: or file: reference."
    )
    no_proxy: list[ProxyExemption] | None = Field(
        None,
        max_length=1000,
        description="What is reached without it: hosts with all below them, `.example.com` for "
        "those below alone, IP addresses, networks, `*`.",
    )

    @model_validator(mode="after")
    def _belong_together(self) -> Self:
        others = (self.proxy_username, self.proxy_password, self.no_proxy)
        if self.proxy_url is None and any(other is not None for other in others):
            raise ValueError("proxy_username, proxy_password and no_proxy go with a proxy_url")
        if (self.proxy_username is None) != (self.proxy_password is None):
            raise ValueError("proxy_username and proxy_password go together")
        return self


class Limits(ProxySection):
    """What this exporter may cost a store, how it gets there, and whether it tells of it singly."""

    requests_per_hour: int | None = Field(
        None, ge=1, le=1_000_000, description="Requests to the store in any hour, all told."
    )
    concurrency: int | None = Field(
        None, ge=1, le=16, description="Requests to the store at the same time, besides liveness."
    )
    max_body_bytes: int | None = Field(
        None, ge=1024, le=100 * 2**20, description="The largest answer that is read, in bytes."
    )
    ca_file: ReadableFile | None = Field(
        None, description="PEM file with issuers to trust beside the system's."
    )
    lists: bool | None = Field(
        None,
        description="Whether abandoned carts, scarce products and best sellers are listed one by "
        "one, products by name: at most 83 series of a store. A store's own key wins over its "
        "org's, and that over `defaults`.",
    )


class ScheduleSection(Section):
    """How often one probe or collector runs."""

    interval: Duration | None = Field(None, description="Time from one start to the next.")
    timeout: Duration | None = Field(None, description="The longest that one run may take.")
    enabled: bool | None = Field(None, description="Whether it runs at all.")


class ProbeSection(ScheduleSection):
    """How often one probe runs, and what its failure means."""

    critical: bool | None = Field(
        None,
        description="Of a probe: whether the store is critical, rather than degraded, while it "
        "fails.",
    )


class MaintenanceSection(Section):
    """A stretch of time in which nobody is alerted about a store."""

    key_from: Moment = Field(description="Its start, such as 2026-03-01T02:00:00+01:00.")
    to: Moment = Field(description="Its end, in the same form; a month later at most.")
    reason: Annotated[str, AfterValidator(_reason)] = Field(
        description="Why, in one line of at most 200 characters; shown on pages and in the API."
    )

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> Self:
        if not 0 < self.to - self.key_from <= MAX_SECONDS:
            raise ValueError("must end after it starts, and a month later at most")
        return self


def _no_alerts() -> OrgReceivers:
    return OrgReceivers.model_validate({})


Scope = Literal["read", "ingest", "events", "maintenance"]
"""What a token of /api/v1 may do, for its own org."""


class ApiToken(Section):
    """A bearer token and what it may do."""

    token: Token = Field(description="The token.")
    scopes: list[Scope] = Field(
        min_length=1,
        description="What it may do: read health, analytics, calls and events, ingest operations, "
        "tell events, make and end maintenance windows.",
    )


def _reading(value: Any, validate: Callable[[Any], ApiToken], info: Info) -> ApiToken:
    """A reference alone is a token that reads."""
    if isinstance(value, dict):
        return validate(value)
    return ApiToken.model_construct(token=read_token(value, info), scopes=["read"])


ApiTokens = list[
    Annotated[ApiToken, WrapValidator(_reading), Says("`env:` or `file:`, or mapping")]
]


class OrgSection(ProxySection):
    """One tenant."""

    org: Org = Field(description="The tenant's name, the value of the label `org`.")
    api_tokens: Annotated[ApiTokens, BeforeValidator(none_as_empty), Field(max_length=20)] = Field(
        [],
        description="Bearer tokens for /api/v1: references of tokens that read, and mappings of "
        "tokens with other scopes.",
    )
    unknown_domains: Literal["refuse", "accept"] = Field(
        "refuse",
        description="What becomes of operations that the org's applications report by HTTP for a "
        "domain that is none of its stores here.",
    )
    domains: Annotated[list[Domain], BeforeValidator(none_as_empty), Field(max_length=1000)] = (
        Field(
            [],
            description="What the org's sources of stores may name: these hosts and those below "
            "them. Sources of orgs without such a key may not name them.",
        )
    )
    lists: bool | None = Field(
        None,
        description="Whether carts and products of its stores are listed one by one, by name, "
        "where a store does not say so itself.",
    )
    alerts: OrgReceivers = Field(
        default_factory=_no_alerts, description="Where this org's alerts go (used by `generate`)."
    )


class HttpSource(Section):
    """An address that answers a list of domains, as Prometheus' http_sd does."""

    url: Url = Field(description='The address; it answers JSON: [{"targets": ["a.example"]}].')
    bearer_token: SecretReference | None = Field(
        None, description="Token to send, as an env: or file: reference."
    )
    ca_file: ReadableFile | None = Field(
        None, description="PEM file with issuers to trust beside the system's."
    )
    timeout: Duration = Field(10.0, description="The longest that one request may take.")


class DiscoverySection(Section):
    """A source of stores. It tells domains and nothing else; all the rest stands here."""

    org: Org = Field(description="The tenant of every store found here.")
    platform: str = Field(description="The platform of every store found here.")
    files: list[str] | None = Field(
        None,
        max_length=100,
        description="JSON or YAML files with lists of domains, as Prometheus' file_sd; may use *.",
    )
    http: HttpSource | None = Field(None, description="An address that lists the domains.")
    refresh: Duration = Field(300.0, description="Time from one look to the next.")
    limit: int = Field(
        1000, ge=1, le=100_000, description="Domains that are taken at most; more is an error."
    )
    networks: Annotated[list[Network], BeforeValidator(none_as_empty), Field(max_length=100)] = (
        Field(
            [],
            description="Networks, such as 10.0.0.0/8, that stores found here may be in although "
            "they are not public.",
        )
    )
    store: Any = Field(
        None,
        description="What every store found has: url, credentials, settings, probes, collectors "
        "and limits, as under `stores`; `{domain}` and `{org}` in a credential's reference, and "
        "`{domain}` in the host of `url`, stand for its own.",
    )


class StateDatabase(Section):
    """A PostgreSQL database that keeps the state."""

    url: DatabaseUrl = Field(
        description="The database, such as postgresql://exporter@db.example.com/monitoring; "
        "parameters of libpq may follow, such as ?sslmode=verify-full."
    )
    password: SecretReference | None = Field(
        None, description="The user's password, as an env: or file: reference."
    )


class CallsSection(Section):
    """How many single calls are remembered, for /api/v1/calls and pages."""

    failures: int = Field(
        20,
        ge=0,
        le=1000,
        description="Latest failures remembered of each store: so many of operations, so many of "
        "what was rightly refused, and so many of probes and collectors.",
    )
    slowest: int = Field(
        10, ge=0, le=1000, description="Slowest successful operations remembered of each store."
    )
    age: Duration = Field(86_400.0, description="When a call is forgotten.")
    keep: bool = Field(
        False, description="Whether those of watched stores are kept in the state, masked."
    )


def _usual_calls() -> CallsSection:
    return CallsSection.model_validate({})


class Root(Section):
    """The file's top level. Entries of the lists are checked one by one elsewhere."""

    state_directory: FilePath | None = Field(
        None,
        description="Folder of the file that keeps counters monotonic across restarts; `state` "
        "beside the configuration if it is absent.",
    )
    state_database: StateDatabase | None = Field(
        None,
        description="A PostgreSQL that keeps the state in place of that file, for exporters on "
        "several machines; needs the extra `postgresql`.",
    )
    prometheus_url: Url | None = Field(
        None, description="A Prometheus that answers /api/v1/analytics for past days."
    )
    prometheus_years_url: Url | None = Field(
        None,
        description="The one that is asked for more than 90 days, where another one keeps what was "
        "recorded each hour; `prometheus_url` if it is absent.",
    )
    predecessor_api: bool = Field(
        False,
        description="Whether `/api/woocommerce/analytics` and `/api/woocommerce/health` answer, "
        "see [migration](migration.md#the-old-addresses).",
    )
    calls: CallsSection = Field(
        default_factory=_usual_calls,
        description="How many single calls are remembered, see [HTTP](http-api.md#get-apiv1calls).",
    )
    error_classes: Annotated[dict[str, ErrorTypeName], BeforeValidator(_blank_mapping)] = Field(
        {},
        max_length=1000,
        description="Error types by the names that applications give to their own errors, for "
        "operations that they report by HTTP.",
    )
    defaults: Any = Field(None, description="What every store starts from.")
    alerts: Any = Field(
        None, description="Where the platform's own alerts go, and how mail is sent."
    )
    orgs: Annotated[list[Any], BeforeValidator(none_as_empty)] = Field(
        [], max_length=10_000, description="The tenants."
    )
    stores: Annotated[list[Any], BeforeValidator(none_as_empty)] = Field(
        [], max_length=100_000, description="The stores to watch."
    )
    discovery: Annotated[list[Any], BeforeValidator(none_as_empty)] = Field(
        [], max_length=100, description="Where further stores are found."
    )
