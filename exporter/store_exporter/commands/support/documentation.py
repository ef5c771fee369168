"""The documentation that is made from the code: whole pages, and sections of written ones."""

from __future__ import annotations

from collections.abc import Mapping

from ...config.model import reference as configuration
from ...ingest.calls import FIELDS
from ...ingest.error_classes import CLASSES
from ...markdown import table
from ...mixin.documentation import sections as mixin
from ...platforms import base
from ...platforms import reference as operations
from .. import sizing
from . import slo_file


def pages() -> dict[str, str]:
    """Pages by their path, beside those of `mixin.files`."""
    return {"docs/operations.md": operations.page()}


def sections() -> dict[str, Mapping[str, str]]:
    """The sections of written pages, by the page's path and the section's name."""
    platforms = {name: base.load(name) for name in base.built_in()}
    return {
        "docs/alerting.md": mixin.alerting(),
        "docs/applications.md": applications(),
        "docs/configuration.md": {"keys": configuration.tables(platforms.values())},
        "docs/scaling.md": {"sizing": sizing.documentation()},
        "docs/slo.md": mixin.objectives() | {"keys": slo_file.tables()},
        **{
            f"docs/{name}.md": {"costs": configuration.costs(platform)}
            for name, platform in platforms.items()
        },
    }


def applications() -> Mapping[str, str]:
    """The tables of what applications report."""
    fields = [(f"`{name}`", meaning) for name, meaning in FIELDS.items()]
    classes = [
        (f"`{error_type}`", " ".join(f"`{name}`" for name in names.split()))
        for error_type, names in CLASSES.items()
    ]
    return {
        "fields": table(("field", "meaning"), fields),
        "error-classes": table(("error type", "names that become it"), classes),
    }
