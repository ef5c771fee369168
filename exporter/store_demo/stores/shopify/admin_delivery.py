"""The Admin API's root fields about delivery: one profile, delivering at home and abroad."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from .shop import StockRoom
from .views import View, connection, gid, money


class AdminDelivery:
    """Answers what is asked of delivery; each public method is a root field."""

    def __init__(self, room: StockRoom) -> None:
        self._room = room

    def delivery_profiles(self, _info: Any, first: int, **_: Any) -> View:
        """`deliveryProfiles`: there is one."""
        return connection([self._profile()], lambda row: row, first)

    def delivery_profile(self, _info: Any, id: str) -> View:  # noqa: A002, ARG002
        """`deliveryProfile`."""
        return self._profile()

    def _profile(self) -> View:
        """Return a profile with two ways of delivery at home and some abroad, by weight."""

        def zone(index: int, name: str, methods: list[View], country: str | None) -> View:
            code = {"countryCode": country, "restOfWorld": country is None}
            place = {"id": gid("DeliveryZone", index), "name": name, "countries": [{"code": code}]}
            return {
                "zone": place,
                "methodDefinitions": lambda _info, first, **_: connection(
                    methods, lambda row: row, first
                ),
            }

        def total(least: int) -> View:
            return money(Decimal(least), self._room.currency)

        free = _method("Free from 100", total(0), _condition("GREATER", total(100)))
        abroad = [
            _method(
                "Letter", total(0), _condition("LESS", _kilos(0.5)), _condition("LESS", total(20))
            ),
            _method(
                "Parcel",
                total(20),
                _condition("GREATER", _kilos(0.5)),
                _condition("LESS", _kilos(30)),
            ),
            _method("Abroad", total(20)),
        ]
        zones = [
            zone(1, "Domestic", [_method("Standard", total(5)), free], "GB"),
            zone(2, "World", abroad, None),
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


def _kilos(weight: float) -> View:
    return {"__typename": "Weight", "value": weight, "unit": "KILOGRAMS"}


def _condition(operator: str, criterion: View) -> View:
    return {
        "field": "TOTAL_WEIGHT" if "unit" in criterion else "TOTAL_PRICE",
        "operator": f"{operator}_THAN_OR_EQUAL_TO",
        "conditionCriteria": criterion,
    }


def _method(name: str, price: View, *conditions: View) -> View:
    return {
        "name": name,
        "active": True,
        "rateProvider": {"__typename": "DeliveryRateDefinition", "price": price},
        "methodConditions": list(conditions),
    }
