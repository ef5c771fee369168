"""What the queries use of Shopify's official schemas, as a schema of its own.

The simulated shop executes queries on it, so that the demo needs no download. To write it anew
after a query was changed: `python -m tests.platforms.shopify.subset`.
"""

from __future__ import annotations

import gzip
import json
from functools import cache
from pathlib import Path

from graphql import (
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    build_client_schema,
    get_named_type,
    introspection_types,
    is_specified_scalar_type,
    parse,
    visit,
)

ROOT = Path(__file__).parents[3]
OFFICIAL = ROOT / ".tools" / "bin" / "shopify-schemas"
QUERIES = ROOT / "exporter/store_exporter/platforms/shopify"
WRITTEN = ROOT / "exporter/store_demo/stores/shopify"
FILES = {"admin": "admin", "storefront": "storefront-graphql"}
LATEST = "2026-10"

# Members of input objects that the code sends in variables, which the documents do not show.
_INPUTS = {
    "CartInput": ("discountCodes", "lines"),
    "CartLineInput": ("merchandiseId", "quantity"),
    "CartLineUpdateInput": ("id", "quantity"),
}
_IMPLEMENTED_BY = {
    "Event": "BasicEvent",
    "BaseCartLine": "CartLine",
    "Node": "Order",
    "DiscountContext": "DiscountBuyerSelectionAll",
    "DiscountItems": "AllDiscountItems",
    "DiscountShippingDestinationSelection": "DiscountCountryAll",
}
"""The object that the simulated shop gives where the queries name an interface or union only."""
_OUTSIDE = ("CurrencyCode", "CountryCode")
"""Long lists that the simulated shop takes as plain texts."""


@cache
def official(api: str, version: str = LATEST) -> GraphQLSchema:
    """Read an official schema out of the npm package that `scripts/tools` has unpacked."""
    with gzip.open(OFFICIAL / f"{FILES[api]}_{version}.json.gz") as file:
        document = json.load(file)
    return build_client_schema(document.get("data", document), assume_valid=True)


class _Used(Visitor):
    """Collects the fields, arguments and types that a document uses."""

    def __init__(self, info: TypeInfo) -> None:
        super().__init__()
        self._info = info
        self.fields: dict[str, dict[str, set[str]]] = {}
        self.types: set[str] = set()

    def enter_field(self, node, *_: object) -> None:  # type: ignore[no-untyped-def]
        parent, field = self._info.get_parent_type(), self._info.get_field_def()
        if parent is None or field is None or node.name.value == "__typename":
            return
        arguments = {argument.name.value for argument in node.arguments or ()}
        self.fields.setdefault(parent.name, {}).setdefault(node.name.value, set()).update(arguments)
        self.types.add(get_named_type(field.type).name)

    def enter_inline_fragment(self, node, *_: object) -> None:  # type: ignore[no-untyped-def]
        if node.type_condition is not None:
            self.types.add(node.type_condition.name.value)


def subset(api: str, schema: GraphQLSchema) -> str:
    """Return the part of an official schema that the queries use, in GraphQL's own language."""
    info = TypeInfo(schema)
    used = _Used(info)
    visit(
        parse((QUERIES / f"{api}.graphql").read_text(encoding="utf-8")), TypeInfoVisitor(info, used)
    )
    names = {*used.fields, *used.types, *_argument_types(schema, used)}
    names |= {concrete for name, concrete in _IMPLEMENTED_BY.items() if name in names}
    blocks = [_block(schema, name, used, names) for name in sorted(names)]
    query, mutation = schema.query_type, schema.mutation_type
    assert query is not None
    assert mutation is not None
    roots = f"schema {{\n  query: {query.name}\n  mutation: {mutation.name}\n}}"
    enums = [f"scalar {name}" for name in _OUTSIDE if name in names]
    note = (
        f"# What the queries use of Shopify's {api} schema {LATEST}; see tests/platforms/shopify."
    )
    return "\n\n".join([note, roots, *enums, *filter(None, blocks)]) + "\n"


def _argument_types(schema: GraphQLSchema, used: _Used) -> set[str]:
    found: set[str] = set()
    for type_name, fields in used.fields.items():
        for field_name, arguments in fields.items():
            for name in arguments:
                kind = schema.type_map[type_name]
                assert isinstance(kind, GraphQLObjectType | GraphQLInterfaceType)
                argument = kind.fields[field_name].args[name]
                found.add(get_named_type(argument.type).name)
    pending = list(found)
    while pending:
        kind = schema.type_map[pending.pop()]
        if isinstance(kind, GraphQLInputObjectType):
            inner = {get_named_type(kind.fields[n].type).name for n in _INPUTS[kind.name]}
            pending += inner - found
            found |= inner
    return found


def _block(schema: GraphQLSchema, name: str, used: _Used, names: set[str]) -> str:
    kind = schema.type_map[name]
    if name in _OUTSIDE or is_specified_scalar_type(kind) or name in introspection_types:
        return ""
    if isinstance(kind, GraphQLUnionType):
        members = sorted(m.name for m in kind.types if m.name in names)
        return f"union {name} = {' | '.join(members)}"
    if isinstance(kind, GraphQLInputObjectType):
        rows = [f"  {field}: {kind.fields[field].type}" for field in _INPUTS[name]]
        return f"input {name} {{\n" + "\n".join(rows) + "\n}"
    if isinstance(kind, (GraphQLObjectType, GraphQLInterfaceType)):
        return _fields(kind, used, names)
    if hasattr(kind, "values"):
        return f"enum {name} {{\n" + "\n".join(f"  {value}" for value in kind.values) + "\n}"
    return f"scalar {name}"


def _fields(kind: GraphQLObjectType | GraphQLInterfaceType, used: _Used, names: set[str]) -> str:
    own = dict(used.fields.get(kind.name, {}))
    implemented = [i.name for i in kind.interfaces if i.name in used.fields and i.name in names]
    for interface in implemented:
        for field, arguments in used.fields[interface].items():
            own.setdefault(field, set()).update(arguments)
    rows = []
    for field, arguments in sorted(own.items()):
        given = ", ".join(f"{a}: {kind.fields[field].args[a].type}" for a in sorted(arguments))
        rows.append(f"  {field}{f'({given})' if given else ''}: {kind.fields[field].type}")
    word = "interface" if isinstance(kind, GraphQLInterfaceType) else "type"
    of = f" implements {' & '.join(implemented)}" if implemented else ""
    # A type that is only told apart by its name still needs a field.
    return f"{word} {kind.name}{of} {{\n" + "\n".join(rows or ["  _: Boolean"]) + "\n}"


def main() -> None:
    """Write both files."""
    for api in FILES:
        (WRITTEN / f"{api}_schema.graphql").write_text(subset(api, official(api)), encoding="utf-8")


if __name__ == "__main__":
    main()
