"""`orgs:` of the file: the tenants, and the tokens of their applications."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WrapValidator

from ..yaml.explain import by_key
from .receivers import OrgReceivers
from .section import Section, blank_as_list
from .store import ProxySection
from .types import Domain, Info, Org, Says, Token, read_token

Scope = Literal["read", "ingest", "events", "maintenance"]
"""What a token of /api/v1 may do, for its own org."""


class ApiToken(Section):
    """A bearer token and what it may do."""

    token: Token = Field(description="The token, of at least 16 characters.")
    scopes: list[Scope] = Field(
        min_length=1,
        description="What the token may do: `read` health, analytics, calls and events; "
        "`ingest` operations; report `events`; start and end `maintenance` windows.",
    )


def _reading(value: Any, validate: Callable[[Any], ApiToken], info: Info) -> ApiToken:
    """Read a token; a reference without scopes is a token with the scope `read`."""
    if isinstance(value, dict):
        return validate(value)
    return ApiToken.model_construct(token=read_token(value, info), scopes=["read"])


ApiTokens = list[
    Annotated[ApiToken, WrapValidator(_reading), Says("`env:` or `file:`, or mapping")]
]


OF_STORES = (*by_key(ProxySection), "lists")
"""Keys of an org that apply to each of its stores, unless the store sets them itself."""


class OrgSection(ProxySection):
    """One tenant."""

    org: Org = Field(description="The tenant's name, the value of the label `org`.")
    api_tokens: Annotated[ApiTokens, BeforeValidator(blank_as_list), Field(max_length=20)] = Field(
        [],
        description="Bearer tokens for /api/v1: a reference for a token with the scope `read`, "
        "or a mapping for a token with other scopes.",
    )
    unknown_domains: Literal["refuse", "accept"] = Field(
        "refuse",
        description="Whether reported operations are accepted if their domain is not a configured "
        "store of the org.",
    )
    domains: Annotated[list[Domain], BeforeValidator(blank_as_list), Field(max_length=1000)] = (
        Field(
            [],
            description="Hosts that the org's discovery sources may supply, with their "
            "subdomains. Sources of orgs without this key may not supply them.",
        )
    )
    lists: bool | None = Field(
        None,
        description="Whether carts and products of its stores are listed one by one, by name; a "
        "store's own setting overrides it.",
    )
    alerts: OrgReceivers = Field(
        default_factory=OrgReceivers.usual,
        description="Where this org's alerts go (used by `generate`).",
    )
