"""What is wrong with YAML that cannot be parsed, in our words: the parsers differ in theirs."""

from __future__ import annotations

import yaml

from ..problems import Problem

_ADVICE = (
    ("mapping values are not allowed", "quote a value that contains ': '"),
    ("cannot start any token", "quote a value that begins with @, ` or %"),
    ("unexpected end of stream", "a quotation mark is not closed"),
    ("flow", "a bracket or brace is not closed"),
    ("", "check the indentation of this line and the one above"),
)
"""What to do, by a part of the parser's message."""


def syntax_problem(error: yaml.YAMLError, text: str, file: str) -> Problem:
    """Return a syntax error as a problem with the line and what is most likely to be corrected."""
    if not isinstance(error, yaml.MarkedYAMLError):
        position = getattr(error, "position", 0)
        line = text.count("\n", 0, position) + 1
        return Problem(file, line, "YAML", "control characters are not allowed; remove them")
    mark = error.problem_mark or error.context_mark
    number = mark.line if mark else 0
    lines = text.splitlines()
    message = f"{error.context or ''} {error.problem or ''}"
    shown = lines[number] if number < len(lines) else ""
    advice = next(advice for part, advice in _ADVICE if part in message)
    if "\t" in shown[: len(shown) - len(shown.lstrip())]:
        advice = "indent with spaces, not tabs"
    return Problem(file, min(number, max(len(lines) - 1, 0)) + 1, "YAML", f"not valid: {advice}")
