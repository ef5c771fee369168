"""The configuration file's top level: its sections, sources of stores and the state's database.

The keys of a store are in `store` and, where they depend on its platform, in `platform`; those of
an org in `org`. Every field's description is the sentence that `docs/configuration.md` and error
messages use.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from .section import Section, blank_as_list, blank_as_mapping
from .types import (
    DatabaseUrl,
    Duration,
    ErrorTypeName,
    FilePath,
    Network,
    Org,
    ReadableFile,
    SecretReference,
    Url,
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
    """A source of stores. It supplies domains only; everything else is configured here."""

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
    networks: Annotated[list[Network], BeforeValidator(blank_as_list), Field(max_length=100)] = (
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
        default_factory=CallsSection.usual,
        description="How many single calls are remembered, see [HTTP](http-api.md#get-apiv1calls).",
    )
    error_classes: Annotated[dict[str, ErrorTypeName], BeforeValidator(blank_as_mapping)] = Field(
        {},
        max_length=1000,
        description="Error types by the names that applications give to their own errors, for "
        "operations that they report by HTTP.",
    )
    defaults: Any = Field(None, description="What every store starts from.")
    alerts: Any = Field(
        None, description="Where the platform's own alerts go, and how mail is sent."
    )
    orgs: Annotated[list[Any], BeforeValidator(blank_as_list)] = Field(
        [], max_length=10_000, description="The tenants."
    )
    stores: Annotated[list[Any], BeforeValidator(blank_as_list)] = Field(
        [], max_length=100_000, description="The stores to watch."
    )
    discovery: Annotated[list[Any], BeforeValidator(blank_as_list)] = Field(
        [], max_length=100, description="Where further stores are found."
    )
