"""Finds the org and store of a row of the old table, by its customer's number or its domain."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import Field

from ..config import ConfigError
from ..config.load import read
from ..config.model import values
from ..config.model.section import Section
from ..config.model.types import Domain, Org
from ..config.problems import suggestion
from ..config.secrets import SecretSource
from ..config.yaml.checker import Checker
from ..config.yaml.document import parse
from ..stores.model import Store

_ADDRESS = re.compile(r"(?:https?://)?([^/:?#]+)(?::\d+)?(?:[/?#].*)?", re.IGNORECASE | re.DOTALL)


class RowError(ValueError):
    """A row cannot be imported; the message names the wrong field and its right form."""


class MappedCustomer(Section):
    """The org, and perhaps the domain, of a `customer_config_id`."""

    org: Org = Field(description="The org, one of the configuration.")
    domain: Domain | None = Field(
        None, description="The domain of all its rows, where they say another or none."
    )


def load(path: Path, orgs: Collection[str]) -> dict[str, MappedCustomer]:
    """Read the org, and perhaps the domain, of each `customer_config_id`.

    Args:
        path: a YAML file that maps each number to an org, or to an org and a domain.
        orgs: the orgs of the configuration.

    Raises:
        ConfigError: the file is wrong; it has every problem.
    """
    parsed = parse(read(path), str(path))
    checker = Checker(parsed, SecretSource(path.absolute().parent, {}, resolve=False))
    found: dict[str, MappedCustomer] = {}
    if not isinstance(parsed.data, dict):
        checker.complain((), "must be a mapping from each customer_config_id to its org")
        raise ConfigError(checker.problems)
    for number, entry in parsed.data.items():
        section = entry if isinstance(entry, dict) else {"org": entry}
        customer = checker.validate(MappedCustomer, section, (number,))
        if customer is not None and customer.org not in orgs:
            hint = suggestion(customer.org, orgs)
            what = f"{customer.org} is not an org of the configuration; {hint}"
            checker.complain((number,), what)
        elif customer is not None:
            found[number] = customer
    if checker.problems:
        raise ConfigError(checker.problems)
    return found


@dataclass(frozen=True, slots=True)
class Ownership:
    """Finds the org and store of a row.

    Attributes:
        customers: the known customers by `customer_config_id`.
        stores: the configured stores by domain.
        platform: the platform of domains that are not configured; None rejects their rows.
    """

    customers: Mapping[str, MappedCustomer]
    stores: Mapping[str, Store]
    platform: str | None

    def labels(self, number: str | None, address: Any) -> tuple[str, str, str]:
        """Return org, domain and platform of a row.

        Args:
            number: its `customer_config_id`.
            address: its `domain`, which may be written as an address.

        Raises:
            RowError: it belongs to no org or to several, or its domain or platform is unknown.
        """
        customer = self.customers.get(number or "")
        domain = customer.domain if customer is not None and customer.domain else _domain(address)
        store = self.stores.get(domain)
        if customer is None and store is None:
            raise RowError(
                "customer_config_id is not in the mapping, and domain is no store of the "
                "configuration or of its sources"
            )
        org = customer.org if customer is not None else store.org if store is not None else ""
        if store is not None and store.org != org:
            raise RowError("domain is a store of another org than customer_config_id")
        platform = self.platform if store is None else store.platform
        if platform is None:
            raise RowError("domain is no store of the configuration: give its --platform")
        return org, domain, platform


def _domain(address: Any) -> str:
    match = _ADDRESS.fullmatch(address.strip()) if isinstance(address, str) else None
    try:
        return values.domain(match[1].lower().rstrip(".") if match else None)
    except ValueError as error:
        raise RowError(f"domain {error}") from None
