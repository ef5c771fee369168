"""The Admin API's root fields about delivery: one profile, delivering at home and abroad."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from .shop import StockRoom
from .views import View, connection, gid, money


class AdminDelivery:
    """Answers what is asked of delivery; each public method is a root field.

    Args:
        room: the shop.
    """

    def __init__(self, room: StockRoom) -> None:
        self._room = room

    def delivery_profiles(self, _info: Any, first: int, **_: Any) -> View:
        """`deliveryProfiles`: there is one."""
        return connection([self._profile()], lambda row: row, first)

    def delivery_profile(self, _info: Any, id: str) -> View:  # noqa: A002, ARG002
        """`deliveryProfile`."""
        return self._profile()

    def _profile(self) -> View:
        """Return a profile with two ways of delivery at home and one abroad."""

        def method(name: str, price: int, minimum: int | None) -> View:
            condition = {
                "field": "TOTAL_PRICE",
                "operator": "GREATER_THAN_OR_EQUAL_TO",
                "conditionCriteria": money(Decimal(minimum or 0), self._room.currency),
            }
            return {
                "name": name,
                "active": True,
                "rateProvider": {
                    "__typename": "DeliveryRateDefinition",
                    "price": money(Decimal(price), self._room.currency),
                },
                "methodConditions": [condition] if minimum is not None else [],
            }

        def zone(index: int, name: str, methods: list[View], country: str | None) -> View:
            code = {"countryCode": country, "restOfWorld": country is None}
            place = {"id": gid("DeliveryZone", index), "name": name, "countries": [{"code": code}]}
            return {
                "zone": place,
                "methodDefinitions": lambda _info, first, **_: connection(
                    methods, lambda row: row, first
                ),
            }

        home = [method("Standard", 5, None), method("Free from 100", 0, 100)]
        zones = [
            zone(1, "Domestic", home, "GB"),
            zone(2, "World", [method("Abroad", 20, None)], None),
        ]
        group = {
            "locationGroup": {"id": gid("DeliveryLocationGroup", 1)},
            "locationGroupZones": lambda _info, first, after=None, **_: connection(
                zones, lambda z: z, first, after
            ),
        }
        return {
            "id": gid("DeliveryProfile", 1),
            "profileLocationGroups": lambda _info, **_: [group],
        }
