"""Names and addresses of people, whose members each platform calls differently. No I/O."""

from __future__ import annotations

from typing import NamedTuple

from ....spec.results import ShippingAddress
from .fields import Fields


class AddressMembers(NamedTuple):
    """A platform's names for the members of an address.

    Attributes:
        lines: of the street, in their order.
        city: of the town.
        state: of the state or province.
        postcode: of the postal code.
        country: of the country's code of two letters.
        company: of the company.
    """

    lines: tuple[str, ...]
    city: str
    state: str
    postcode: str
    country: str
    company: str = "company"


def full_name(person: Fields) -> str:
    """Read a name; one part may be missing."""
    return f"{person.text_or('first_name')} {person.text_or('last_name')}".strip()


def read_address(address: Fields, members: AddressMembers, name: str) -> ShippingAddress:
    """Read a shipping address to a person; missing parts are empty."""
    return ShippingAddress(
        name=name,
        company=address.text_or(members.company),
        lines=tuple(filter(None, map(address.text_or, members.lines))),
        city=address.text_or(members.city),
        state=address.text_or(members.state),
        postcode=address.text_or(members.postcode),
        country=address.text_or(members.country),
    )
