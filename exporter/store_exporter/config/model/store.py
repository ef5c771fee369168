"""The keys of a store that are the same on every platform, and those of its proxy."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from ...stores.maintenance import MAX_REASON, MAX_SECONDS, is_reason
from .section import Section
from .types import (
    Duration,
    FilePath,
    Interval,
    Moment,
    ProxyExemption,
    ProxyUrl,
    ReadableFile,
    SecretReference,
)

_ISSUERS = "PEM file with issuers to trust in addition to the system's."


def _reason(value: str) -> str:
    if not is_reason(value):
        raise ValueError(f"must be one line of at most {MAX_REASON} characters")
    return value


class ProxySection(Section):
    """The proxy of requests to stores. The other keys must be in the section with `proxy_url`."""

    proxy_url: ProxyUrl | None = Field(
        None,
        description="Proxy for all requests to the store, such as "
        "http://proxy.example.com:3128; `direct` for none. A store's setting "
        "overrides its org's, which overrides `defaults`.",
    )
    proxy_username: str | None = Field(None, max_length=255, description="The proxy's user.")
    proxy_password: SecretReference | None = Field(
        None, description="That user's password, as an env: or file: reference."
    )
    no_proxy: list[ProxyExemption] | None = Field(
        None,
        max_length=1000,
        description="Targets reached without the proxy: hosts with their subdomains, "
        "`.example.com` for subdomains only, IP addresses, networks, `*`.",
    )

    @model_validator(mode="after")
    def _belong_together(self) -> Self:
        others = (self.proxy_username, self.proxy_password, self.no_proxy)
        if self.proxy_url is None and any(other is not None for other in others):
            raise ValueError("proxy_username, proxy_password and no_proxy need proxy_url here too")
        if (self.proxy_username is None) != (self.proxy_password is None):
            raise ValueError("proxy_username and proxy_password must be set together")
        return self


class Limits(ProxySection):
    """Limits on requests to a store, its proxy, and whether products and carts are listed."""

    requests_per_hour: int | None = Field(
        None, ge=1, le=1_000_000, description="Maximum number of requests to the store in any hour."
    )
    concurrency: int | None = Field(
        None,
        ge=1,
        le=16,
        description="Maximum number of concurrent requests to the store, besides liveness.",
    )
    max_body_bytes: int | None = Field(
        None, ge=1024, le=100 * 2**20, description="Maximum size of a response, in bytes."
    )
    ca_file: ReadableFile | None = Field(None, description=_ISSUERS)
    lists: bool | None = Field(
        None,
        description="Whether abandoned carts, scarce products and best sellers are listed one "
        "by one, products by name: at most 83 series per store. A store's setting "
        "overrides its org's, which overrides `defaults`.",
    )


class ScheduleSection(Section):
    """How often one probe or collector runs."""

    interval: Interval | None = Field(
        None, description="Time between two starts, at least a second."
    )
    timeout: Duration | None = Field(None, description="Maximum duration of a run.")
    enabled: bool | None = Field(None, description="Whether it is enabled.")


class ProbeSection(ScheduleSection):
    """How often one probe runs, and what its failure means."""

    critical: bool | None = Field(
        None,
        description="For probes: whether the store is critical, rather than degraded, while the "
        "probe fails.",
    )


class MaintenanceSection(Section):
    """A time window in which nobody is alerted about a store."""

    key_from: Moment = Field(description="Its start, such as 2026-03-01T02:00:00+01:00.")
    to: Moment = Field(description="Its end, in the same form, at most a month later.")
    reason: Annotated[str, AfterValidator(_reason)] = Field(
        description=f"Why, in one line of at most {MAX_REASON} characters; shown on pages and in "
        "the API."
    )

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> Self:
        if not 0 < self.to - self.key_from <= MAX_SECONDS:
            raise ValueError("must end after it starts, and at most a month later")
        return self


class StoreLimits(Limits):
    """The same of a single store: if its file is missing, no other store is affected."""

    ca_file: FilePath | None = Field(None, description=_ISSUERS)
