"""The tables of docs/applications.md, made from the code that reads reports."""

from __future__ import annotations

from collections.abc import Mapping

from .. import markdown
from .calls import FIELDS
from .error_classes import CLASSES


def tables() -> Mapping[str, str]:
    """Return the tables by the name of their section."""
    fields = [(f"`{name}`", meaning) for name, meaning in FIELDS.items()]
    classes = [
        (f"`{error_type}`", " ".join(f"`{name}`" for name in names.split()))
        for error_type, names in CLASSES.items()
    ]
    return {
        "fields": markdown.table(("field", "meaning"), fields),
        "error-classes": markdown.table(("error type", "names that become it"), classes),
    }
