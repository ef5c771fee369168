"""Validation of one document, part by part, so that a problem in one part hides none in another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from pydantic import ValidationError

from ..model.section import Section
from ..secrets import SecretSource
from .document import Document, Path
from .explain import explain

ModelT = TypeVar("ModelT", bound=Section)


class Checker:
    """Gathers the problems of a document while its parts are validated."""

    def __init__(self, document: Document, source: SecretSource) -> None:
        self.document = document
        self.source = source
        self.problems = list(document.problems)

    def complain(self, path: Sequence[str | int], message: str) -> None:
        """Note a problem of the entry at a path."""
        self.problems.append(self.document.problem(path, message))

    def validate(self, model: type[ModelT], data: Any, path: Path) -> ModelT | None:
        """Return the data as the model, or None after noting what is wrong with it."""
        try:
            return model.model_validate(data, context=self.source)
        except ValidationError as error:
            self.problems.extend(explain(error, model, self.document, path))
            return None

    def keys(self, model: type[Section], data: Any, path: Path) -> dict[str, Any] | None:
        """Return the validated keys that the data has, or None after noting what is wrong."""
        section = self.validate(model, data, path)
        return None if section is None else section.model_dump(by_alias=True, exclude_unset=True)

    def unknown_keys(self, model: type[Section], data: Any) -> list[Path]:
        """Return where the data has keys that the model does not have."""
        try:
            model.model_validate(data, context=self.source)
        except ValidationError as error:
            found = error.errors(include_url=False, include_input=False)
            return [finding["loc"] for finding in found if finding["type"] == "extra_forbidden"]
        return []

    def items(self, data: Mapping[str, Any], key: str) -> list[tuple[Path, Any]]:
        """Return the entries of a top-level list with their paths; none if it is not a list."""
        value = data.get(key)
        if not isinstance(value, list):
            return []
        return [((key, index), item) for index, item in enumerate(value)]

    def unique(self, seen: dict[Any, Path], value: Any, path: Path, what: str) -> None:
        """Note a problem if an earlier entry has the same value; `what` names it in the message."""
        if value in seen:
            self.complain(path, f"{what} is already on line {self.document.line(seen[value])}")
        seen.setdefault(value, path)
