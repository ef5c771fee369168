"""YAML text into plain data, with the line of every entry and all bounds kept.

Scalars follow YAML 1.2: `true` and `false` are the only booleans, so that `no` stays a word, and
nothing turns into a date or a base-60 number. Aliases may be used; merge keys and tags may not.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml

from ..problems import ConfigError, Problem, path_text, shortened

MAX_BYTES = 16 * 1024 * 1024
MAX_DEPTH = 16
MAX_ENTRIES = 1_000_000

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INTEGER = re.compile(r"[-+]?[0-9]{1,18}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]{1,3})?")
_WORDS: dict[str, bool | None] = {"": None, "~": None, "null": None, "true": True, "false": False}
_ADVICE = (
    ("cannot start any token", "quote a value that begins with @, ` or %"),
    ("unexpected end of stream", "a quotation mark is not closed"),
    ("flow", "a bracket or brace is not closed"),
    ("", "check the indentation of this line and the one above"),
)
"""What to do about YAML that cannot be parsed, by a part of the parser's message. The messages
themselves are not shown, because the parsers differ in theirs."""
_MISPLACED_COLON = "mapping values are not allowed"
_BEFORE_COLONS = (
    (re.compile(r"\s*-[^\s-]"), "put a space after a dash"),
    (re.compile(r"\s*[\w.-]+:[^\s:]\S*\s*$"), "put a space after a colon"),
)
"""What to do about a colon where none may be, by how the line or the one above begins."""

Path = tuple[str | int, ...]


@dataclass(slots=True)
class Node:
    """A value of the document and the line on which it starts."""

    line: int
    value: Any
    """A scalar, a list of nodes, or a dict from a key to the key's line and its node."""


@dataclass(slots=True)
class Document:
    """One parsed file."""

    file: str
    root: Node
    data: Any
    """The plain data: dicts, lists and scalars."""
    problems: list[Problem]
    """What is wrong although it could be read, such as duplicate keys."""

    def line(self, path: Sequence[str | int]) -> int:
        """Return the line of the entry at a path, or of its nearest ancestor that is there."""
        node, line = self.root, self.root.line
        for step in path:
            if isinstance(node.value, dict) and step in node.value:
                line, node = node.value[step]
            elif isinstance(node.value, list) and isinstance(step, int) and step < len(node.value):
                node = node.value[step]
                line = node.line
            else:
                break
        return line

    def problem(self, path: Sequence[str | int], message: str) -> Problem:
        """Make a problem of the entry at a path."""
        return Problem(self.file, self.line(path), path_text(path), message)


def parse(text: str, file: str) -> Document:
    """Parse one YAML document.

    Raises:
        ConfigError: a syntax error or an exceeded bound, after which nothing further is checked.
    """
    if len(text) > MAX_BYTES:
        raise ConfigError(
            [Problem(file, 1, "YAML", f"the file is larger than {MAX_BYTES // 2**20} MiB")]
        )
    builder = _Builder(file)
    try:
        root = builder.build(text)
    except yaml.YAMLError as error:
        builder.problems.append(_syntax_problem(error, text, file))
        raise ConfigError(builder.problems) from None
    return Document(file, root, _plain(root, _Budget(file)), builder.problems)


def _syntax_problem(error: yaml.YAMLError, text: str, file: str) -> Problem:
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
    if _MISPLACED_COLON in message and len(re.findall(r":(?:\s|$)", shown)) > 1:
        advice = "quote a value that contains ': '"
    elif _MISPLACED_COLON in message:
        both = [shown, *(line for line in reversed(lines[:number]) if line.strip())][:2]
        found = (text for form, text in _BEFORE_COLONS if any(map(form.match, both)))
        advice = next(found, advice)
    if "\t" in shown[: len(shown) - len(shown.lstrip())]:
        advice = "indent with spaces, not tabs"
    return Problem(file, min(number, max(len(lines) - 1, 0)) + 1, "YAML", f"not valid: {advice}")


Events = Iterator[yaml.Event]


@dataclass(slots=True)
class _Builder:
    """Builds nodes from parser events, so that depth and aliases stay under our control."""

    file: str
    problems: list[Problem] = field(default_factory=list)
    anchors: dict[str, Node] = field(default_factory=dict)

    def build(self, text: str) -> Node:
        events: Events = iter(yaml.parse(text, Loader=_LOADER))
        root = Node(1, None)
        documents = 0
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents == 2:
                    self.complain(event, (), "one document is expected; remove the second `---`")
                    break
                root = self.node(next(events), events, ())
        return root

    def complain(self, event: yaml.Event, path: Path, message: str) -> None:
        where = path_text(path) if path else "YAML"
        self.problems.append(Problem(self.file, _line(event), where, message))

    def node(self, event: yaml.Event, events: Events, path: Path) -> Node:
        if len(path) > MAX_DEPTH:
            self.complain(event, path[:3], f"entries are nested more than {MAX_DEPTH} deep")
            raise ConfigError(self.problems)
        if isinstance(event, yaml.AliasEvent):
            return self.alias(event, path)
        node = Node(_line(event), None)
        if isinstance(event, yaml.ScalarEvent):
            node.value = scalar(event.value) if event.implicit[0] else event.value
        elif isinstance(event, yaml.SequenceStartEvent):
            node.value = self.items(events, path)
        else:
            node.value = self.entries(events, path)
        if (tag := getattr(event, "tag", None)) and not _means_text(event, tag):
            self.complain(event, path, "tags are not supported; write the plain value")
        if anchor := getattr(event, "anchor", None):
            self.anchors[anchor] = node
        return node

    def alias(self, event: yaml.AliasEvent, path: Path) -> Node:
        name = event.anchor or ""
        if name not in self.anchors:
            message = f"*{shortened(name)} has no whole anchor before it"
            self.complain(event, path, message)
        return self.anchors.get(name, Node(_line(event), None))

    def items(self, events: Events, path: Path) -> list[Node]:
        items: list[Node] = []
        while not isinstance(event := next(events), yaml.SequenceEndEvent):
            items.append(self.node(event, events, (*path, len(items))))
        return items

    def entries(self, events: Events, path: Path) -> dict[str, tuple[int, Node]]:
        entries: dict[str, tuple[int, Node]] = {}
        while not isinstance(event := next(events), yaml.MappingEndEvent):
            if not isinstance(event, yaml.ScalarEvent):
                self.complain(event, path, "a key must be a plain word")
                self.node(event, events, (*path, "?"))
                self.node(next(events), events, (*path, "?"))
                continue
            key = event.value
            if key == "<<":
                self.complain(event, path, "merge keys are not supported; use `defaults`")
            elif key in entries:
                message = f"duplicate key; the first is on line {entries[key][0]}"
                self.complain(event, (*path, key), message)
            entries[key] = (_line(event), self.node(next(events), events, (*path, key)))
        return entries


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 1


def _means_text(event: yaml.Event, tag: str) -> bool:
    return isinstance(event, yaml.ScalarEvent) and tag in ("!", "tag:yaml.org,2002:str")


def scalar(text: str) -> str | int | float | bool | None:
    """Read a plain scalar as YAML 1.2's core schema does, in decimal only."""
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    if _INTEGER.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text) and math.isfinite(number := float(text)):
        return number
    return text


@dataclass(slots=True)
class _Budget:
    """How many entries a document may still expand to, so that aliases cannot multiply."""

    file: str
    left: int = MAX_ENTRIES

    def spend(self, node: Node) -> None:
        self.left -= 1
        if self.left < 0:
            message = f"aliases expand to more than {MAX_ENTRIES} entries"
            raise ConfigError([Problem(self.file, node.line, "YAML", message)])


def _plain(node: Node, budget: _Budget) -> Any:
    budget.spend(node)
    if isinstance(node.value, dict):
        return {key: _plain(child, budget) for key, (_, child) in node.value.items()}
    if isinstance(node.value, list):
        return [_plain(child, budget) for child in node.value]
    return node.value
