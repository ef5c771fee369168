"""What BigCommerce's responses mean. No I/O."""

from __future__ import annotations

from typing import Any, ClassVar

from store_exporter.platforms.kit.rest import responses

from .marks import MARKS


class Reader(responses.RestReader):
    """Reads responses of both versions."""

    marks = MARKS
    statuses: ClassVar = {**responses.STATUSES, 404: "not_found"}

    def code_and_message(self, body: Any) -> tuple[str | None, str]:
        """Return the words: version 2 has a list of errors, version 3 one that has a title."""
        first = body[0] if isinstance(body, list) and body else body
        said = map(first.get, ("title", "message")) if isinstance(first, dict) else ()
        return None, next((words for words in said if isinstance(words, str)), "")


READER = Reader()
