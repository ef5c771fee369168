"""What is wrong with YAML that cannot be parsed, in our words: the parsers differ in theirs."""

from __future__ import annotations

from collections.abc import Callable

import yaml

from ..problems import Problem


def _tab_indents(line: str) -> bool:
    return "\t" in line[: len(line) - len(line.lstrip())]


_ADVICE: tuple[tuple[Callable[[str, str], bool], str], ...] = (
    (lambda _, line: _tab_indents(line), "indent with spaces, not tabs"),
    (lambda said, _: "mapping values are not allowed" in said, "quote a value that contains ': '"),
    (lambda said, _: "cannot start any token" in said, "quote a value that begins with @, ` or %"),
    (lambda said, _: "unexpected end of stream" in said, "a quotation mark is not closed"),
    (lambda said, _: "flow" in said, "a bracket or brace is not closed"),
    (lambda *_: True, "check the indentation of this line and the one above"),
)


def syntax_problem(error: yaml.YAMLError, text: str, file: str) -> Problem:
    """Return a syntax error as a problem with the line and what is most likely to be corrected."""
    if not isinstance(error, yaml.MarkedYAMLError):
        position = getattr(error, "position", 0)
        line = text.count("\n", 0, position) + 1
        return Problem(file, line, "YAML", "control characters are not allowed; remove them")
    mark = error.problem_mark or error.context_mark
    number = mark.line if mark else 0
    lines = text.splitlines()
    said = f"{error.context or ''} {error.problem or ''}"
    shown = lines[number] if number < len(lines) else ""
    advice = next(advice for applies, advice in _ADVICE if applies(said, shown))
    return Problem(file, min(number, max(len(lines) - 1, 0)) + 1, "YAML", f"not valid: {advice}")
