"""The operations, the same on every platform: one entry each, read by everything that lists them.

An entry is a method without a body in the module of its subject, such as `operations_products`. A
new operation needs an entry there, and a plan in the `operations` folder of each platform that can
do it. The other platforms give the reason in `UNSUPPORTED` of that folder.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .operation import OperationSpec
from .operations_carts import CartOperations
from .operations_orders import OrderOperations
from .operations_products import ProductOperations
from .operations_sales import SalesOperations
from .operations_shop import ShopOperations


class Operations(
    ProductOperations, OrderOperations, ShopOperations, CartOperations, SalesOperations
):
    """The operations of a store, as methods of its clients."""


OPERATIONS: Mapping[str, OperationSpec[..., Any]] = {
    name: value
    for subject in Operations.__bases__
    for name, value in vars(subject).items()
    if isinstance(value, OperationSpec) and name == value.name
}
"""By name, in the order of the documentation.

The names are fixed: dashboards and old data use them.
"""

ALIASES: Mapping[str, str] = {
    alias: spec.name for spec in OPERATIONS.values() for alias in spec.aliases
}
"""Name of the operation by other names of its method."""
