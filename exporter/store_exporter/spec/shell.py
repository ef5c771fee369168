"""How the parameters of operations are written in a shell, where everything is text."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from .operation import Parameter


class Form(NamedTuple):
    """How values of one type are written.

    Attributes:
        kind: the beginning of the type, or of one of the types, of a parameter.
        words: description of a value.
        example: an example of a value.
        read: returns the value of a text; raises `ValueError` if the text does not have this form.
    """

    kind: str
    words: str
    example: str
    read: Callable[[str], Any]


def _options(text: str) -> dict[str, str]:
    found = json.loads(text)
    if not isinstance(found, dict) or not all(isinstance(one, str) for one in found.values()):
        raise ValueError("not names and texts")
    return found


def _day(text: str) -> str:
    date.fromisoformat(text)
    return text


def _amount(text: str) -> str:
    if not text.isascii() or not Decimal(text).is_finite():
        raise ValueError("not finite")
    return text


def _text(text: str) -> str:
    if not text.strip():
        raise ValueError("empty")
    return text


FORMS = (
    Form("Mapping", "names and texts as a JSON object", '{"Colour": "red"}', _options),
    Form("bool", "true or false", "true", lambda text: ("false", "true").index(text.lower()) == 1),
    Form("Decimal", "an amount in the shop's currency", "19.90", _amount),
    Form("date", "a day as YYYY-MM-DD", "2026-01-31", _day),
    Form("int", "a whole number", "4", int),
    Form("str", "a text that is not empty", "shoes", _text),
)
"""The forms of all types; if several fit a type, the first one counts."""


TEXTS = {
    "cart": "TOKEN",
    "category": "shoes",
    "code": "SAVE10",
    "country": "GB",
    "definition": "created",
    "email": "name@example.com",
    "order": "1001",
    "parent": "12",
    "period": "week",
    "postcode": "EC1A",
    "product": "SKU-010",
    "query": "shoes",
    "reason": "customer",
    "sort": "price",
    "status": "completed",
    "variation": "SKU-010-RED",
    "zone": "1",
}
"""Examples of the parameters that take texts."""


class ValueFormError(ValueError):
    """A text does not have the form of its parameter; the message says what the form is."""


def value(parameter: Parameter, text: str) -> Any:
    """Return the value of a text. A parameter that takes numbers and texts gets the text.

    Raises:
        ValueFormError: the text does not have the parameter's form.
    """
    form = form_of(parameter, text)
    try:
        return form.read(text)
    except (ValueError, ArithmeticError, RecursionError):
        message = (
            f"{parameter.name} is {form.words}, such as {written(parameter, form)}, and not "
            f"{text[:100]!r}"
        )
        raise ValueFormError(message) from None


def form_of(parameter: Parameter, text: str = "") -> Form:
    """Return how a parameter is written; if it takes options or a text, by how the text begins."""
    kinds = [kind.strip() for kind in parameter.type.split("|")]
    takes_text = "str" in kinds

    def fits(form: Form) -> bool:
        if takes_text and form.kind == "Mapping":
            return text.startswith("{") and any(kind.startswith("Mapping") for kind in kinds)
        if takes_text and form.kind == "int":
            return False
        return any(kind.startswith(form.kind) for kind in kinds)

    return next(form for form in FORMS if fits(form))


def written(parameter: Parameter, form: Form) -> str:
    """Return a parameter with an example, as it is written in a shell."""
    example = TEXTS[parameter.name] if form.kind == "str" else form.example
    pair = f"{parameter.name}={example}"
    return f"'{pair}'" if '"' in pair else pair
