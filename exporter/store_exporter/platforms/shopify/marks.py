"""The marks by which Shopify's responses are recognised, and the forms of its credentials."""

from __future__ import annotations

from ...net.marks import GENERIC, Marks

MARKS = GENERIC.plus(
    Marks(
        pages=("cdn.shopify.com", "/cdn/shop/", "shopify.theme", "shopify-features"),
        failures=tuple(
            (f"this {name} is {state}unavailable", "maintenance", "a shop that is closed")
            for name in ("shop", "store")
            for state in ("currently ", "")
        ),
        own_members=("errors", "error"),
        login_paths=("/password",),
        secrets=(
            r"\bshp[a-z]{2}_[0-9A-Za-z]+",
            r"\bsig[0-9]*=:[0-9A-Za-z+/=]+:",
            # Storefront tokens have no form of their own; they are found by the names before them.
            r"(?i:-token|client_secret|access_token)[\"']?\s*[:=]\s*[\"']?[^\s\"'&,}]{8,}",
        ),
    )
)
