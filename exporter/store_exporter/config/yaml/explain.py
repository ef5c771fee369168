"""Pydantic's findings as problems of the file, with messages that name the right form."""

from __future__ import annotations

import types
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from ..problems import Problem, suggestion
from .document import Document

_MESSAGES = {
    "missing": "a required key is missing",
    "model_type": "must be a mapping of keys to values",
    "dict_type": "must be a mapping of keys to values",
    "list_type": "must be a list, each entry after a '- '",
    "tuple_type": "must be a list, each entry after a '- '",
    "string_type": "must be a string; quote what looks like a number, or begins with # or @",
    "bool_type": "must be true or false",
    "int_type": "must be a whole number",
    "float_type": "must be a number",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "literal_error": "must be {expected}",
    "too_short": "must not be empty",
    "too_long": "must have at most {max_length} entries",
    "string_pattern_mismatch": "is not of the right form",
}


def explain(
    error: ValidationError,
    model: type[BaseModel],
    document: Document,
    path: Sequence[str | int],
) -> Iterable[Problem]:
    """Turn each error into a problem with its line."""
    findings = error.errors(include_url=False, include_input=False)
    missing = [finding["loc"] for finding in findings if finding["type"] == "missing"]
    for finding in findings:
        where = [*path, *finding["loc"]]
        context = finding.get("ctx", {})
        match finding["type"]:
            case "extra_forbidden":
                *parents, name = finding["loc"]
                parent = _model_at(model, parents)
                known = by_key(parent) if parent else ()
                absent = [str(loc[-1]) for loc in missing if list(loc[:-1]) == parents]
                message = f"unknown key; {suggestion(str(name), known, missing=absent)}"
            case "value_error":
                message = str(context["error"])
            case kind:
                template = _MESSAGES.get(kind, "is not right here")
                message = template.format_map(context)
                message += _hint(model, finding["loc"], kind)
        yield document.problem(where, message)


def _hint(model: type[BaseModel], loc: Sequence[str | int], kind: str) -> str:
    """Add the key's own description where it names the right form."""
    if kind not in ("missing", "string_pattern_mismatch") or not isinstance(loc[-1], str):
        return ""
    parent = _model_at(model, loc[:-1])
    info = by_key(parent).get(loc[-1]) if parent else None
    if info is None or not info.description:
        return ""
    text = info.description.rstrip(".")
    # An abbreviation such as PEM stays as it is.
    return f": {text}" if text[:2].isupper() else f": {text[0].lower()}{text[1:]}"


def by_key(model: type[BaseModel]) -> Mapping[str, FieldInfo]:
    """Return a model's fields by the keys that the file has for them."""
    return {info.alias or name: info for name, info in model.model_fields.items()}


def _model_at(model: type[BaseModel], loc: Sequence[str | int]) -> type[BaseModel] | None:
    current: type[BaseModel] | None = model
    for step in loc:
        if current is None:
            return None
        if isinstance(step, int):
            continue
        info = by_key(current).get(step)
        current = model_in(info.annotation) if info else None
    return current


def model_in(annotation: Any) -> type[BaseModel] | None:
    """Find the model inside an optional or list type, if there is one."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if get_origin(annotation) in (Annotated, Union, types.UnionType, list, tuple):
        found = (model_in(argument) for argument in get_args(annotation))
        return next((model for model in found if model), None)
    return None
