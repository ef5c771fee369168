"""What a query costs and the bucket that it is taken from.

Shopify publishes the idea and not the formula: an object costs a point, a connection grows with
what is asked of it but slower than in proportion. The formula here has that shape and gives what
was reported for `product { variants(first: 250) { nodes { inventoryItem { id } } } }`: 25 points.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    GraphQLObjectType,
    GraphQLSchema,
    IntValueNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    VariableNode,
    get_named_type,
)

_MUTATION = 10.0
Growth = Callable[[float], float]
"""How many times what is in a connection costs, by how many of it are requested."""


def reported(first: float) -> float:
    """Slower than in proportion, as was reported."""
    return math.log2(1 + first)


def proportional(first: float) -> float:
    """In proportion, as nobody has seen it since 2024, and no shop can charge more."""
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

    def take(self, points: float) -> bool:
        """Take points; False when there are not enough."""
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
    """Judges queries by their text.

    Args:
        schema: that the query runs on.
        fragments: of the document, by name.
        variables: that came with it.
        growth: of what a connection costs.
    """

    def __init__(
        self,
        schema: GraphQLSchema,
        fragments: Mapping[str, FragmentDefinitionNode],
        variables: Mapping[str, Any],
        growth: Growth = reported,
    ) -> None:
        self._growth = growth
        self._schema = schema
        self._fragments = fragments
        self._variables = variables

    def of(self, operation: OperationDefinitionNode) -> float:
        """Return the points of an operation."""
        root = self._schema.get_root_type(operation.operation)
        base = _MUTATION if operation.operation is OperationType.MUTATION else 0.0
        return base + math.ceil(self._selection(operation.selection_set, root))

    def _selection(self, selection: SelectionSetNode | None, parent: Any) -> float:
        total = 0.0
        for node in selection.selections if selection else ():
            if isinstance(node, FieldNode):
                total += self._field(node, parent)
                continue
            name = getattr(getattr(node, "name", None), "value", "")
            inner: Any = self._fragments.get(name, node)
            condition = inner.type_condition
            kind = self._schema.type_map[condition.name.value] if condition else parent
            total += self._selection(inner.selection_set, kind)
        return total

    def _field(self, node: FieldNode, parent: Any) -> float:
        field = getattr(parent, "fields", {}).get(node.name.value)
        if field is None or node.selection_set is None:
            return 0.0
        kind = get_named_type(field.type)
        inner = self._selection(node.selection_set, kind)
        first = self._first(node)
        if first is None or not isinstance(kind, GraphQLObjectType):
            return 1.0 + inner
        return 1.0 + (1.0 + inner) * self._growth(first)

    def _first(self, node: FieldNode) -> int | None:
        for argument in node.arguments or ():
            if argument.name.value == "first":
                value = argument.value
                if isinstance(value, IntValueNode):
                    return int(value.value)
                if isinstance(value, VariableNode):
                    return int(self._variables.get(value.name.value) or 0)
        return None
