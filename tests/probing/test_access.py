"""What all runs against one store share."""

from __future__ import annotations

from dataclasses import replace

from store_exporter.probing.access import Access
from store_exporter.stores.model import Secret, Store


def test_what_masks_a_stores_secrets_is_made_once_for_each_of_its_configurations() -> None:
    store = Store(
        "acme", "a.example", "shopify", "https://a.example", credentials={"token": Secret("first")}
    )
    changed = replace(store, credentials={"token": Secret("second")})
    access = Access(store)
    redact = access.redactor(store)
    assert redact.line("first second") == "<masked> second"
    assert access.redactor(store) is redact
    assert access.redactor(changed).line("first second") == "first <masked>"
