"""The configuration file's top level: its sections, sources of stores and the state's database.

The keys of a store are in `store`, or in `platform` if they depend on its platform. The keys of an
org are in `org`. `docs/configuration.md` and error messages show each field's description.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

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
from .values import comparable


def _distinct(classes: dict[str, str]) -> dict[str, str]:
    """Return error types by name, if no two different ones belong to names that count as one."""
    known: dict[str, str] = {}
    for name, error_type in classes.items():
        compared = comparable(name)
        if not compared:
            raise ValueError(
                f"{name[:80]!r} is not the name of an error, because only ASCII letters and digits "
                "are compared"
            )
        other = known.setdefault(compared, name)
        if classes[other] != error_type:
            raise ValueError(
                f"{other} and {name} are the same name, because case and punctuation do not matter"
            )
    return classes


class HttpSource(Section):
    """An address that returns a list of domains, as Prometheus' http_sd does."""

    url: Url = Field(description='The URL; it returns JSON: [{"targets": ["a.example"]}].')
    bearer_token: SecretReference | None = Field(
        None, description="Token to send, as an env: or file: reference."
    )
    ca_file: ReadableFile | None = Field(
        None, description="PEM file with issuers to trust in addition to the system's."
    )
    timeout: Duration = Field(10.0, description="Maximum duration of a request.")


class DiscoverySection(Section):
    """A source of stores. It supplies domains only; everything else is configured here."""

    org: Org = Field(description="The tenant of every store found here.")
    platform: str = Field(description="The platform of every store found here.")
    files: list[str] | None = Field(
        None,
        max_length=100,
        description="JSON or YAML files with lists of domains, as Prometheus' file_sd; may use *.",
    )
    http: HttpSource | None = Field(None, description="A URL that lists the domains.")
    refresh: Duration = Field(300.0, description="Time between two reads.")
    limit: int = Field(
        1000, ge=1, le=100_000, description="Maximum number of domains; more are an error."
    )
    networks: Annotated[list[Network], BeforeValidator(blank_as_list), Field(max_length=100)] = (
        Field(
            [],
            description="Private networks, such as 10.0.0.0/8, that stores of this source may be "
            "in.",
        )
    )
    store: Any = Field(
        None,
        description="Settings of every store of this source: url, credentials, settings, "
        "probes, collectors and limits, as under `stores`. Each store's own values replace "
        "`{domain}` and `{org}` in a credential's reference, and `{domain}` in the host of `url`.",
    )


class StateDatabase(Section):
    """A PostgreSQL database that stores the state."""

    url: DatabaseUrl = Field(
        description="The database, such as postgresql://exporter@db.example.com/monitoring; "
        "parameters of libpq may follow, such as ?sslmode=verify-full."
    )
    password: SecretReference | None = Field(
        None, description="The user's password, as an env: or file: reference."
    )


class CallsSection(Section):
    """How many single calls are stored, for /api/v1/calls and pages."""

    failures: int = Field(
        20,
        ge=0,
        le=1000,
        description="Number of latest failures stored per store, separately for operations, for "
        "refusals with fault `customer`, and for probes and collectors.",
    )
    slowest: int = Field(
        10, ge=0, le=1000, description="Number of slowest successful operations stored per store."
    )
    age: Duration = Field(86_400.0, description="Age at which a call is deleted.")
    keep: bool = Field(
        False, description="Whether calls of watched stores are saved in the state, masked."
    )


class Root(Section):
    """The file's top level. Other modules check each entry of its lists."""

    state_directory: FilePath | None = Field(
        None,
        description="Folder of the state file, which keeps counters monotonic across restarts; "
        "default: `state` beside the configuration.",
    )
    state_database: StateDatabase | None = Field(
        None,
        description="A PostgreSQL database that stores the state instead of that file, for "
        "exporters on several machines; needs the extra `postgresql`.",
    )
    prometheus_url: Url | None = Field(
        None, description="The Prometheus that /api/v1/analytics queries for past days."
    )
    prometheus_years_url: Url | None = Field(
        None,
        description="A Prometheus for queries over more than 90 days, if another one stores the "
        "hourly recorded series; default: `prometheus_url`.",
    )
    predecessor_api: bool = Field(
        False,
        description="Whether `/api/woocommerce/analytics` and `/api/woocommerce/health` are "
        "enabled, see [migration](migration.md#the-old-addresses).",
    )
    calls: CallsSection = Field(
        default_factory=CallsSection.usual,
        description="How many single calls are stored, see [HTTP](http-api.md#get-apiv1calls).",
    )
    error_classes: Annotated[
        dict[str, ErrorTypeName], BeforeValidator(blank_as_mapping), AfterValidator(_distinct)
    ] = Field(
        {},
        max_length=1000,
        description="Error types by the class or code of an application's own errors, for "
        "operations reported over HTTP.",
    )
    defaults: Any = Field(None, description="Default settings of all stores.")
    alerts: Any = Field(
        None, description="Receivers of the platform's own alerts, and the mail server."
    )
    orgs: Annotated[list[Any], BeforeValidator(blank_as_list)] = Field(
        [], max_length=10_000, description="The tenants."
    )
    stores: Annotated[list[Any], BeforeValidator(blank_as_list)] = Field(
        [], max_length=100_000, description="The stores to watch."
    )
    discovery: Annotated[list[Any], BeforeValidator(blank_as_list)] = Field(
        [], max_length=100, description="Sources of further stores."
    )
