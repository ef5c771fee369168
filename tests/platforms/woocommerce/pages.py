"""Pages that stores show."""

from __future__ import annotations

WORDPRESS = '<link rel="stylesheet" href="/wp-content/themes/x/style.css">'
"""What every page that WordPress makes has of some kind."""


def page(title: str, body: str = "<p>Hello</p>") -> str:
    return f"<!DOCTYPE html><html><head><title>{title}</title></head><body>{body}</body></html>"
