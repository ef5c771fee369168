"""Ways of delivery. No I/O."""

from __future__ import annotations

from ...spec.money import Money
from ...spec.results import ShippingMethod
from ..kit.fields import Fields
from .ids import amount


def shipping_method(zone: str, fields: Fields) -> ShippingMethod:
    """Read a way of delivery out of a delivery profile."""
    provider = fields.child("rateProvider")
    fixed = provider.text("__typename") == "DeliveryRateDefinition"
    cost = amount(provider.child("price")) if fixed else None
    free = cost is not None and cost.amount == 0
    return ShippingMethod(
        zone=zone,
        title=fields.text("name"),
        kind="free_shipping" if free else "flat_rate" if fixed else "carrier",
        cost=None if free else cost,
        cost_rule="" if fixed else "computed by the carrier",
        minimum=_minimum(fields),
        needs_coupon=False,
    )


def _minimum(fields: Fields) -> Money | None:
    """Return the order value from which a way of delivery is offered."""
    for row in fields.children("methodConditions"):
        at_least = row.raw("operator") == "GREATER_THAN_OR_EQUAL_TO"
        if row.raw("field") == "TOTAL_PRICE" and at_least:
            return amount(row.child("conditionCriteria"))
    return None
