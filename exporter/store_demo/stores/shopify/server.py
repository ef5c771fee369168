"""The simulated shop's HTTP side: tokens, rate limit, and GraphQL by graphql-core."""

from __future__ import annotations

import json
import re
import secrets
import time
from collections.abc import Callable, Mapping
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    build_schema,
    execute_sync,
    parse,
    validate,
)

from ..serving import Incoming, Outgoing, SimulatedServer
from .admin import SCOPES, Admin
from .cost import Bucket, Costs, Growth, charged
from .shop import StockRoom
from .storefront import Storefront

VERSIONS = ("2026-07", "2026-10")
_DAY = 86_400
_PUBLIC = "x-shopify-storefront-access-token"
MOST_COST = 1000.0
_PATH = re.compile(r"(?P<admin>/admin)?/api/(?P<version>\d{4}-\d{2})/graphql\.json")
_PAGE = "<!DOCTYPE html><html><head><title>{0}</title></head><body><h1>{0}</h1></body></html>"


@cache
def used_schema(api: str) -> GraphQLSchema:
    """Return what the queries use of an API's official schema."""
    text = files(__package__).joinpath(f"{api}_schema.graphql").read_text(encoding="utf-8")
    return build_schema(text)


class Tokens:
    """The tokens of the app, what it is given some for, and what the Admin API's may do."""

    def __init__(self, domain: str) -> None:
        seed = "".join(f"{byte:02x}" for byte in domain.encode())
        self.admin = f"shpat_{seed:0<32.32}"
        self.storefront = f"{seed[::-1]:0<32.32}"
        self.client_id = f"{seed:1<32.32}"
        self.client_secret = f"shpss_{seed:2<32.32}"
        self.scopes = set(SCOPES)
        self._granted: dict[str, float] = {}

    def revoke(self) -> None:
        """Make both tokens worthless."""
        self.admin = f"shpat_{secrets.token_hex(16)}"
        self.storefront = secrets.token_hex(16)
        self.client_secret = f"shpss_{secrets.token_hex(16)}"
        self._granted.clear()

    def grant(self, asked: Mapping[str, Any], now: float) -> dict[str, Any] | None:
        """Return a token for a day, None for an app that is not this one."""
        if (asked.get("client_id"), asked.get("client_secret")) != (
            self.client_id,
            self.client_secret,
        ):
            return None
        token = f"shpat_{secrets.token_hex(16)}"
        self._granted[token] = now + _DAY
        scope = ",".join(sorted(self.scopes))
        return {"access_token": token, "scope": scope, "expires_in": _DAY - 1}

    def is_admin(self, token: str | None, now: float) -> bool:
        """Whether a token is good for the Admin API."""
        return token == self.admin or self._granted.get(token or "", 0.0) > now


class SimulatedShopify(SimulatedServer):
    """A Shopify shop with state. The package's docstring has the overview.

    The domain decides the tokens, and the seed everything that is random. The schemas, by API,
    replace what the queries use of the official ones.
    """

    def __init__(
        self,
        domain: str = "shop.example.com",
        *,
        currency: str = "GBP",
        seed: int = 0,
        clock: Callable[[], float] = time.time,
        schemas: Mapping[str, GraphQLSchema] | None = None,
    ) -> None:
        super().__init__(seed)
        self.domain = domain
        self.tokens = Tokens(domain)
        self.stock_room = StockRoom(domain, currency, seed, clock)
        self.bucket = Bucket(clock)
        self.growth: Growth = charged
        self._schemas = schemas or {api: used_schema(api) for api in ("admin", "storefront")}
        admin = Admin(self.stock_room, self.tokens.scopes, VERSIONS)
        self._roots = {"admin": admin.root(), "storefront": Storefront(self.stock_room).root()}

    def respond(self, request: Incoming) -> Outgoing:
        """Answer GraphQL at the two APIs' addresses, and a page anywhere else."""
        if request.path == "/admin/oauth/access_token":
            return self._grant(request)
        match = _PATH.fullmatch(request.path)
        if match is None:
            return self._page(request)
        if match["version"] not in VERSIONS:
            return Outgoing({"errors": "Not Found"}, status=404)
        api = "admin" if match["admin"] else "storefront"
        if not self._known(api, request.headers):
            message = "[API] Invalid API key or access token (unrecognized login or wrong password)"
            return Outgoing({"errors": message}, status=401)
        try:
            body = json.loads(request.body)
            query, variables = str(body["query"]), dict(body.get("variables") or {})
        except (ValueError, KeyError, TypeError):
            return Outgoing(
                {"errors": {"query": "Required parameter missing or invalid"}}, status=400
            )
        return Outgoing(self._run(api, query, variables, body.get("operationName")))

    def _page(self, request: Incoming) -> Outgoing:
        """Show a page; a shop with a domain of its own sends visitors there unless told not to."""
        if not self.stock_room.primary_domain or "_fd" in request.query:
            return Outgoing(text=_PAGE.format(self.domain))
        headers = {
            "Location": f"https://{self.stock_room.primary_domain}{request.path}",
            "X-Redirect-Reason": "primary_domain_redirection",
        }
        return Outgoing(status=301, headers=headers)

    def _grant(self, request: Incoming) -> Outgoing:
        granted = self.tokens.grant(json.loads(request.body), self.stock_room.clock())
        if granted is None:
            return Outgoing({"error": "invalid_client"}, status=401)
        return Outgoing(granted)

    def _known(self, api: str, headers: Mapping[str, str]) -> bool:
        if api == "admin":
            token = headers.get("x-shopify-access-token")
            return self.tokens.is_admin(token, self.stock_room.clock())
        token = self.tokens.storefront
        private = token.startswith("shpat_")
        name = "shopify-storefront-private-token" if private else _PUBLIC
        return headers.get(name) == token

    def _run(
        self, api: str, query: str, variables: dict[str, Any], name: str | None
    ) -> dict[str, Any]:
        schema = self._schemas[api]
        try:
            document = _understood(schema, query)
        except _QueryError as error:
            return {"errors": error.problems}
        fragments = {
            d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)
        }
        operation = next(
            d
            for d in document.definitions
            if isinstance(d, OperationDefinitionNode)
            and (name is None or (d.name is not None and d.name.value == name))
        )
        cost = (
            Costs(schema, fragments, variables, self.growth).of(operation)
            if api == "admin"
            else 0.0
        )
        if cost > MOST_COST:
            message = f"Query cost is {cost:g}, which exceeds the single query max cost limit"
            extensions = {"code": "MAX_COST_EXCEEDED", "cost": cost, "maxCost": MOST_COST}
            return {"errors": [{"message": message, "extensions": extensions}]}
        if not self.bucket.spend(cost):
            throttled = {"message": "Throttled", "extensions": {"code": "THROTTLED"}}
            return {"errors": [throttled], "extensions": self._cost(cost, None)}
        result = execute_sync(
            schema,
            document,
            root_value=self._roots[api],
            variable_values=variables,
            operation_name=name,
        )
        answer: dict[str, Any] = {"data": result.data}
        if result.errors:
            answer["errors"] = [error.formatted for error in result.errors]
        if api == "admin":
            # What was asked for and was not there is given back.
            actual = min(cost, max(1.0, cost * 0.8))
            self.bucket.give_back(cost - actual)
            answer["extensions"] = self._cost(cost, actual)
        return answer

    def _cost(self, requested: float, actual: float | None) -> dict[str, Any]:
        return {
            "cost": {
                "requestedQueryCost": requested,
                "actualQueryCost": actual,
                "throttleStatus": self.bucket.status(),
            }
        }


class _QueryError(Exception):
    def __init__(self, problems: list[dict[str, Any]]) -> None:
        super().__init__(problems)
        self.problems = problems


@lru_cache(maxsize=200)
def _understood(schema: GraphQLSchema, query: str) -> DocumentNode:
    """Return a query that fits the schema. Shops share what took longer than to answer it."""
    try:
        found = parse(query)
    except GraphQLError as error:
        raise _QueryError([{"message": error.message}]) from None
    problems = validate(schema, found)
    if problems:
        raise _QueryError([_undefined(problem) for problem in problems])
    return found


def _undefined(problem: GraphQLError) -> dict[str, Any]:
    return {"message": problem.message, "extensions": {"code": "undefinedField"}}
