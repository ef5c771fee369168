"""The GraphQL documents of this platform, read from `admin.graphql` and `storefront.graphql`."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

_DEFINITION = re.compile(r"^(query|mutation|fragment) (\w+)", re.MULTILINE)
_SPREAD = re.compile(r"\.\.\.\s*(?!on\b)(\w+)")


@cache
def definitions(api: str) -> dict[str, str]:
    """Return the text of every operation and fragment of an API (admin, storefront) by its name."""
    text = files(__package__).joinpath(f"{api}.graphql").read_text(encoding="utf-8")
    starts = list(_DEFINITION.finditer(text))
    ends = [match.start() for match in starts[1:]] + [len(text)]
    return {
        match.group(2): text[match.start() : end].strip()
        for match, end in zip(starts, ends, strict=True)
    }


@cache
def document(api: str, name: str) -> str:
    """Return one operation with the fragments that it needs, ready to send.

    Raises:
        KeyError: the API's file has no such operation.
    """
    known = definitions(api)
    needed = {name: None}
    for wanted in needed_by(known, name):
        needed.setdefault(wanted)
    return "\n\n".join(known[each] for each in needed)


def needed_by(known: dict[str, str], name: str) -> list[str]:
    """Return the fragments that a definition uses, those used by its fragments included."""
    found: list[str] = []
    for fragment in _SPREAD.findall(known[name]):
        found += [fragment, *needed_by(known, fragment)]
    return found
