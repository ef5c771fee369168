"""By what BigCommerce shows itself in answers."""

from __future__ import annotations

from store_exporter.net.marks import GENERIC, Marks

MARKS = GENERIC.plus(
    Marks(
        own_members=("title",),
        maintenance=("this store is currently unavailable", "down for maintenance"),
        login_paths=("/login.php", "/manage"),
        # An API token is 31 letters and digits that nothing precedes, so its name gives it away.
        secrets=(r"(?i:x-auth-token|access_token)[\"']?\s*[:=]\s*[\"']?[^\s\"'&,}]{8,}",),
    )
)
