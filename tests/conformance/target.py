"""The store that is asked, and what is known of its contents."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from random import Random
from typing import Any
from urllib.parse import urlsplit

import pytest

from store_demo.shoppers import operated
from store_demo.stores.base import Role, cast, open_store, wares
from store_exporter.contract import Collector, Probe
from store_exporter.errors import StoreError
from store_exporter.net.retry import Policy
from store_exporter.platforms import base
from store_exporter.platforms.base import Platform
from store_exporter.spec.results import Order, Product
from store_exporter.stores.model import Schedule, Secret, Store
from tests.fakes.serving import serving

_PREFIX = "STORE_EXPORTER_CONFORMANCE_"
STRANGER = "conformance-stranger@example.com"
PATIENT = Policy(timeout=60.0, deadline=600.0)
"""With a real store, of which nothing is judged by how quick it is."""


def _variable(name: str) -> str | None:
    return os.environ.get(_PREFIX + name) or None


@dataclass(frozen=True)
class Choice:
    """A store to run against: a real one by its address, or a simulated one by its role."""

    name: str
    url: str | None = None
    role: Role | None = None


def choices() -> list[Choice]:
    """Return the real store that the environment names, or one simulated store per platform."""
    url = _variable("URL")
    if url is not None:
        return [Choice(urlsplit(url).hostname or url, url=url.rstrip("/"))]
    roles = {role.platform: role for role in reversed(cast())}
    return [Choice(platform, role=role) for platform, role in sorted(roles.items())]


def platform_of(values: list[str]) -> tuple[Platform, dict[str, str]]:
    """Return the platform whose credentials these can be, and the credentials by name.

    Raises:
        pytest.UsageError: no platform's credentials look like these.
    """
    for name in base.names():
        platform = base.load(name)
        pairs = list(zip(platform.credentials, values, strict=False))
        enough = len(values) >= sum(setting.required for setting in platform.credentials)
        if enough and all(s.check is None or s.check(value) is None for s, value in pairs):
            return platform, {setting.name: value for setting, value in pairs}
    raise pytest.UsageError(f"{_PREFIX}CREDENTIALS are not of a platform that is known here")


class Target:
    """A store that answers, with a client and with facts found out by asking.

    Args:
        store: as configuration would have it.
        writes: whether carts and orders may be changed.
        order: the number of an order that may be cancelled.
        coupon: a code that is good.
        real: whether it is not simulated.
    """

    def __init__(
        self,
        store: Store,
        *,
        writes: bool,
        real: bool,
        order: str | None = None,
        coupon: str | None = None,
    ) -> None:
        self.store = store
        self.writes = writes
        self.real = real
        self.order_to_cancel = order
        self.coupon = coupon
        self.platform = base.load(store.platform)

    @cached_property
    def client(self) -> Any:
        client = self.platform.connect(self.store)
        if self.real:
            client._policy = PATIENT
        return client

    @cached_property
    def products(self) -> list[Product]:
        """Some products; without any the test is skipped."""
        found = list(self.client.search_products(limit=50))
        if not found:
            pytest.skip("the store has no products")
        return found

    @cached_property
    def buyable(self) -> Product:
        """A product of the simplest kind, that is in stock and has a price."""
        for product in self.client.search_products(in_stock=True, limit=50):
            # Others without variations are sold elsewhere, are only a list, or take a booking.
            plain = product.type in ("simple", "product", "")
            enough = product.stock.quantity is None or product.stock.quantity >= 2
            listed = plain and product.price is not None and product.sku and enough
            if listed and self._takes_two(product.sku):
                found: Product = product
                return found
        pytest.skip("no product without variations, with a SKU and a price, is in stock")

    def _takes_two(self, sku: str) -> bool:
        """Whether a cart may have two of a product; some are sold one to a customer."""
        try:
            return not self.writes or self.client.add_to_cart(sku, 2).items == 2
        except StoreError as error:
            if error.error_type != "invalid_input":
                raise
            return False

    @cached_property
    def order(self) -> Order:
        """An order with its customer."""
        for customer in self.client.get_customer_insights(limit=20):
            if customer.email and customer.orders:
                for order in self.client.get_customer_orders(customer.email, limit=5):
                    if order.customer is not None and order.customer.email:
                        found: Order = order
                        return found
        pytest.skip("none of the best customers has an order that can be read")

    def close(self) -> None:
        self.client.close()

    @property
    def email(self) -> str:
        """The address of whoever placed `order`."""
        assert self.order.customer is not None
        return self.order.customer.email

    def must_write(self) -> None:
        """Skip the test unless the store may be changed."""
        if not self.writes:
            pytest.skip(f"only with {_PREFIX}WRITE=1, as it changes a cart")


@contextmanager
def opened(choice: Choice) -> Iterator[Target]:
    """Make a choice a store that answers."""
    with _simulated(choice.role) if choice.role is not None else _real(choice) as target:
        try:
            yield target
        finally:
            target.close()


def _patiently(checks: Mapping[str, Probe] | Mapping[str, Collector]) -> dict[str, Schedule]:
    return {
        name: Schedule(check.interval, PATIENT.deadline, options=check.options)
        for name, check in checks.items()
    }


@contextmanager
def _real(choice: Choice) -> Iterator[Target]:
    assert choice.url is not None
    platform, credentials = platform_of((_variable("CREDENTIALS") or "").split(":"))
    store = Store(
        "conformance",
        choice.name,
        platform.name,
        choice.url,
        {name: Secret(value) for name, value in credentials.items()},
        ca_file=_variable("CA_FILE"),
        requests_per_hour=3600,
        probes=_patiently(platform.probes),
        collectors=_patiently(platform.collectors),
    )
    yield Target(
        store,
        writes=_variable("WRITE") == "1",
        real=True,
        order=_variable("ORDER"),
    )


@contextmanager
def _simulated(role: Role) -> Iterator[Target]:
    shop = open_store(role, seed=1)
    random = Random(1)
    for _ in range(60):
        shop.trade(random)
    with serving(shop) as url:
        store = operated(shop, "conformance", url)
        coupon = next(iter(wares(role.platform).coupons), None)
        yield Target(store, writes=True, real=False, coupon=coupon)
