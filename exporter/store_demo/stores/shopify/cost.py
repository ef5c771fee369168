"""What a query costs and the bucket that it is taken from.

Shopify publishes a summary of the formula and no figures. The one here is what its developers and
others found, and gives what Shopify charged for each of a dozen queries in version 2025-07, which
`tests/platforms/shopify/test_costs.py` has.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    GraphQLSchema,
    IntValueNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    VariableNode,
    get_named_type,
)

_MUTATION = 10.0
_FREE = ("MoneyBag", "MoneyV2", "PageInfo")
"""Objects that are mere values."""
Growth = Callable[[int, bool], int]
"""How many times the content of a list costs, by its size and by whether it is a connection."""


def charged(first: int, is_connection: bool) -> int:
    """As Shopify charges: slower than in proportion, and nothing for the size of other lists."""
    return math.floor(2 * math.log(max(2, first))) if is_connection else 1


def proportional(first: int, _: bool) -> int:
    """In proportion, which is more than Shopify charges for any list."""
    return first


class Bucket:
    """A leaky bucket of points.

    Attributes:
        maximum: points when full.
        restore_rate: points that flow back each second.
        lowest: the fewest points that there have been.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self.maximum = 2000.0
        self.restore_rate = 100.0
        self._clock = clock
        self._used = 0.0
        self._at = clock()
        self.lowest = self.maximum

    @property
    def available(self) -> float:
        """Points that are left now."""
        now = self._clock()
        self._used = max(0.0, self._used - (now - self._at) * self.restore_rate)
        self._at = now
        return max(0.0, self.maximum - self._used)

    def spend(self, points: float) -> bool:
        """Spend points; False when there are not enough."""
        if points > self.available:
            return False
        self._used += points
        self.lowest = min(self.lowest, self.available)
        return True

    def give_back(self, points: float) -> None:
        """Return what a query did not use."""
        self._used = max(0.0, self._used - points)

    def status(self) -> dict[str, float]:
        """Return `throttleStatus` as answers show it."""
        return {
            "maximumAvailable": self.maximum,
            "currentlyAvailable": math.floor(self.available),
            "restoreRate": self.restore_rate,
        }


class Costs:
    """Judges queries by their text, the fragments of their document, and their variables.

    `growth` is that of what a list costs.
    """

    def __init__(
        self,
        schema: GraphQLSchema,
        fragments: Mapping[str, FragmentDefinitionNode],
        variables: Mapping[str, Any],
        growth: Growth = charged,
    ) -> None:
        self._growth = growth
        self._schema = schema
        self._fragments = fragments
        self._variables = variables

    def of(self, operation: OperationDefinitionNode) -> float:
        """Return the points of an operation."""
        if operation.operation is OperationType.MUTATION:
            return _MUTATION
        root = self._schema.get_root_type(operation.operation)
        return float(self._selection(operation.selection_set, root))

    def _selection(self, selection: SelectionSetNode | None, parent: Any) -> int:
        total, members = 0, [0]
        for node in selection.selections if selection else ():
            if isinstance(node, FieldNode):
                total += self._field(node, parent)
                continue
            name = getattr(getattr(node, "name", None), "value", "")
            inner: Any = self._fragments.get(name, node)
            condition = inner.type_condition
            kind = self._schema.type_map[condition.name.value] if condition else parent
            members.append(self._selection(inner.selection_set, kind))
            if kind is parent:
                total += members.pop()
        # Of the members of a union, the dearest counts.
        return total + max(members)

    def _field(self, node: FieldNode, parent: Any) -> int:
        field = getattr(parent, "fields", {}).get(node.name.value)
        kind = get_named_type(field.type) if field else None
        if kind is None or node.selection_set is None or kind.name in _FREE:
            return 0
        inner = self._selection(node.selection_set, kind)
        if kind.name.endswith("Edge"):
            return inner
        first, is_connection = self._first(node), kind.name.endswith("Connection")
        times = 1 if first is None else self._growth(first, is_connection)
        return 2 + times * inner if is_connection else times * (1 + inner)

    def _first(self, node: FieldNode) -> int | None:
        for argument in node.arguments or ():
            if argument.name.value == "first":
                value = argument.value
                if isinstance(value, IntValueNode):
                    return int(value.value)
                if isinstance(value, VariableNode):
                    return int(self._variables.get(value.name.value) or 1)
        return None
