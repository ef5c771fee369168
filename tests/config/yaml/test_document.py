from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from store_exporter.config.problems import ConfigError, Problem
from store_exporter.config.yaml import document
from store_exporter.config.yaml.document import parse, scalar


@pytest.fixture(autouse=True, params=["CSafeLoader", "SafeLoader"])
def loader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document, "_LOADER", getattr(yaml, request.param))


def problems(text: str) -> list[str]:
    try:
        return [str(problem) for problem in sorted(parse(text, "f.yml").problems)]
    except ConfigError as error:
        return [str(problem) for problem in error.problems]


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("", None),
        ("# nothing\n", None),
        ("a: 1\nb: 2.5\nc: -3\n", {"a": 1, "b": 2.5, "c": -3}),
        ("a: true\nb: FALSE\nc: ~\nd:\n", {"a": True, "b": False, "c": None, "d": None}),
        ("a: no\nb: on\nc: Yes\n", {"a": "no", "b": "on", "c": "Yes"}),
        ("a: 1:30\nb: 2026-10-01\nc: 0x1F\n", {"a": "1:30", "b": "2026-10-01", "c": "0x1F"}),
        ("a: 'true'\nb: \"1\"\nc: !!str 3\n", {"a": "true", "b": "1", "c": "3"}),
        ("a: &x [1, 2]\nb: *x\n", {"a": [1, 2], "b": [1, 2]}),
        ("a: .nan\nb: 1e999\n", {"a": ".nan", "b": "1e999"}),
        ("- - 1\n- {}\n", [[1], {}]),
    ],
)
def test_yaml_becomes_plain_data_by_the_rules_of_yaml_1_2(text: str, data: object) -> None:
    assert parse(text, "f.yml").data == data


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: b: c\n", "f.yml:1: YAML: not valid: quote a value that contains ': '"),
        ("a:\n\t- b\n", "f.yml:2: YAML: not valid: indent with spaces, not tabs"),
        ("a: [1\nb: 2", "f.yml:2: YAML: not valid: a bracket or brace is not closed"),
        ("a: {b: 1\n", "f.yml:1: YAML: not valid: a bracket or brace is not closed"),
        ("a: 'x\n", "f.yml:1: YAML: not valid: a quotation mark is not closed"),
        ("a: @x\n", "f.yml:1: YAML: not valid: quote a value that begins with @, ` or %"),
        (
            "a:\n  - b\n c: 1\n",
            "f.yml:3: YAML: not valid: check the indentation of this line and the one above",
        ),
        (
            "a:\n  - b: 1\n     c: 2\n",
            "f.yml:3: YAML: not valid: check the indentation of this line and the one above",
        ),
        (
            "a: 'one: of: many'\n   c: 2\n",
            "f.yml:2: YAML: not valid: check the indentation of this line and the one above",
        ),
        ("a:\n  -b: 1\n\n   c: 2\n", "f.yml:4: YAML: not valid: put a space after a dash"),
        ("a:b\nc: 2\n", "f.yml:2: YAML: not valid: put a space after a colon"),
        ("a: 1\nb: \x01\n", "f.yml:2: YAML: control characters are not allowed; remove them"),
        ("a: *u\n", "f.yml:1: a: *u has no whole anchor before it"),
        ("a: &r [*r]\n", "f.yml:1: a[0]: *r has no whole anchor before it"),
        ("a: !thing 1\n", "f.yml:1: a: tags are not supported; write the plain value"),
        ("a: 1\n---\nb: 2\n", "f.yml:2: YAML: one document is expected; remove the second `---`"),
        ("? [1]\n: 2\n", "f.yml:1: YAML: a key must be a plain word"),
        ("a: 1\nb: 2\na: 3\n", "f.yml:3: a: duplicate key; the first is on line 1"),
        ("<<: {a: 1}\n", "f.yml:1: YAML: merge keys are not supported; use `defaults`"),
        ("[" * 40 + "]" * 40, "f.yml:1: [0][0][0]: entries are nested more than 16 deep"),
    ],
)
def test_each_mistake_is_reported_with_its_line(text: str, expected: str) -> None:
    assert problems(text) == [expected]


def test_aliases_cannot_multiply_without_bound() -> None:
    levels = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    levels += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 8)]
    found = problems("\n".join(levels))
    assert len(found) == 1
    assert found[0].endswith("aliases expand to more than 1000000 entries")


def test_a_file_that_is_too_large_is_refused_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document, "MAX_BYTES", 2**20)
    assert problems("#" * (2**20 + 1)) == ["f.yml:1: YAML: the file is larger than 1 MiB"]


def test_several_mistakes_are_reported_together() -> None:
    assert problems("a: 1\na: 2\nb: !x 1\nc: *c\n") == [
        "f.yml:2: a: duplicate key; the first is on line 1",
        "f.yml:3: b: tags are not supported; write the plain value",
        "f.yml:4: c: *c has no whole anchor before it",
    ]


def test_the_line_of_an_entry_is_that_of_its_key_and_of_a_missing_one_that_of_its_parent() -> None:
    parsed = parse("a:\n  - b: 1\n    c:\n      d\n  - e: 2\n", "f.yml")
    assert parsed.line(("a", 0, "c")) == 3
    assert parsed.line(("a", 1)) == 5
    assert parsed.line(("a", 1, "missing", "deeper")) == 5
    assert parsed.line(()) == 1


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused_with_problems(text: str) -> None:
    lines = text.count("\n") + 2
    found = [problem.rsplit(": YAML")[0] for problem in problems(text)]
    assert all(1 <= int(problem.split(":")[1]) <= lines for problem in found)


# The writer knows YAML 1.1 and leaves unquoted what only YAML 1.2 takes for a number, such as 0E0.
TEXT = st.text(max_size=20).filter(lambda text: not isinstance(scalar(text), float))
KEY = TEXT.filter(lambda key: key != "<<")
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**17), 10**17) | TEXT,
    lambda children: st.lists(children, max_size=4) | st.dictionaries(KEY, children, max_size=4),
    max_leaves=15,
)


@given(st.dictionaries(KEY, PLAIN, max_size=4))
def test_what_a_yaml_writer_wrote_is_read_back(data: dict[str, object]) -> None:
    assert parse(yaml.safe_dump(data), "f.yml").data == data


def test_a_problem_names_a_long_or_unprintable_key_in_one_short_line() -> None:
    parsed = parse('"a\\nb": {"' + "k" * 100 + '": 1}\n', "f.yml")
    problem = parsed.problem(("a\nb", "k" * 100), "wrong")
    assert problem == Problem("f.yml", 1, "a?b." + "k" * 61 + "...", "wrong")
