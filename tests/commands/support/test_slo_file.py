"""Files of objectives: what they mean, and the exact words in which a bad one is refused."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from store_exporter import cli
from store_exporter.commands.support import slo_file
from store_exporter.config import ConfigError
from store_exporter.mixin import alerts
from store_exporter.mixin.objectives import DEFAULT, Objective, ObjectiveKind, Override
from store_exporter.mixin.rules import slo
from tests.servers import tool

GOOD = """
objectives:
  - name: availability
    kind: availability
    target: 99.5
    minimum_operations: 50
    overrides:
      - {org: acme, target: 99.9}
      - {org: acme, domain: books.example, minimum_operations: 20}
  - name: checkout
    kind: latency
    target: 95
    threshold: 1s
    match: {operation: [add_to_cart, get_cart], org: [acme]}
"""


def read(tmp_path: Path, text: str) -> tuple[Objective, ...]:
    file = tmp_path / "slo.yml"
    file.write_text(text)
    return slo_file.load(file)


def test_objectives_are_read(tmp_path: Path) -> None:
    availability, checkout = read(tmp_path, GOOD)
    assert availability.kind is ObjectiveKind.AVAILABILITY
    assert (availability.target, availability.minimum_operations) == (0.995, 50)
    assert availability.overrides == (
        Override("acme", target=0.999),
        Override("acme", "books.example", minimum_operations=20),
    )
    assert (checkout.kind, checkout.threshold) == (ObjectiveKind.LATENCY, 1.0)
    assert dict(checkout.match)["operation"] == ("add_to_cart", "get_cart")


USUAL = """
objectives:
  - {name: availability, kind: availability, target: 99}
  - {name: latency, kind: latency, target: 95, threshold: 2500ms}
  - {name: uptime, kind: uptime, target: 99}
"""


def test_the_usual_objectives_in_a_file_are_the_usual_rules(tmp_path: Path) -> None:
    # Of single operations the same is read from many times as many series.
    assert slo.document(read(tmp_path, USUAL)) == slo.document(DEFAULT)


@pytest.mark.parametrize(
    ("text", "held_back_by"),
    [
        (USUAL, ['slo=~"availability|uptime"']),
        (GOOD, ['slo="availability"']),
        (GOOD.replace("kind: availability", "kind: latency\n    threshold: 1s"), []),
    ],
)
def test_a_page_about_an_objective_that_counts_outages_is_the_only_one_about_them(
    tmp_path: Path, text: str, held_back_by: list[str]
) -> None:
    groups = alerts.document(of=read(tmp_path, text))["groups"]
    (unstable,) = (
        rule["expr"]
        for group in groups
        for rule in group["rules"]
        if rule["alert"] == "StoreUnstable"
    )
    assert re.findall(r"slo=[^}]*(?=}\[30m\])", unstable) == held_back_by


@pytest.mark.real
def test_rules_of_ones_own_objectives_are_accepted_by_promtool(tmp_path: Path) -> None:
    file = tmp_path / "slo.yml"
    file.write_text(GOOD)
    assert cli.main(["generate", f"--slo={file}", f"--output={tmp_path / 'out'}"]) == 0
    rules = tmp_path / "out/prometheus/rules/slo.yml"
    done = subprocess.run(
        [tool("promtool"), "check", "rules", str(rules)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "slo: checkout" in rules.read_text()


BAD = {
    "nothing": ("", ["1: objectives: a required key is missing: the objectives, a list"]),
    "an empty list": (
        "objectives: []\n",
        ["1: objectives: must be a list with at least one objective"],
    ),
    "every key is wrong": (
        """\
objectives:
  - name: Availability
    kind: speed
    target: 50
    minimum_operations: 0
    match: {operaton: [x], org: acme}
    overrides: [{org: "a b", domain: "A"}]
extra: 1
""",
        [
            "2: objectives[0].name: is not of the right form: its name, the value of the label slo",
            "3: objectives[0].kind: must be one of availability, latency, uptime",
            (
                "4: objectives[0].target: must be above 93.06 and below 100 percent: at a "
                "lower target the fastest alert could never fire, and 100 leaves no error "
                "budget"
            ),
            "5: objectives[0].minimum_operations: must be at least 1",
            "6: objectives[0].match.operaton: unknown key; did you mean operation?",
            "6: objectives[0].match.org: must be a list, each entry after a '- '",
            (
                "7: objectives[0].overrides[0].domain: is not a host name in lower case, such as "
                "shop.example.com, without https:// or port"
            ),
            "7: objectives[0].overrides[0].org: ",
            "8: extra: unknown key; known here: objectives",
        ],
    ),
    "keys contradict each other": (
        """\
objectives:
  - {name: a, kind: latency, target: 99}
  - {name: a, kind: latency, target: 99, threshold: 3s}
  - name: b
    kind: availability
    target: 99
    threshold: 1s
    overrides:
      - {org: acme}
      - {org: acme, target: 98}
  - {name: c, kind: uptime, target: 99, threshold: 1s, match: {operation: [get_cart]}}
""",
        [
            "2: objectives[0]: an objective on latency needs a threshold, such as 2500ms",
            "3: objectives[1].name: the name is already on line 2",
            (
                "3: objectives[1].threshold: must be a bound of the histogram's buckets; in "
                "seconds: 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30"
            ),
            "7: objectives[2].threshold: belongs to objectives on latency only",
            "9: objectives[2].overrides[0]: changes nothing: give target or minimum_operations",
            "10: objectives[2].overrides[1]: an override of the same stores is already on line 9",
            "11: objectives[3].match.operation: belongs to objectives on operations only",
            "11: objectives[3].threshold: belongs to objectives on latency only",
        ],
    ),
}


@pytest.mark.parametrize("name", sorted(BAD))
def test_a_bad_file_is_refused_with_every_problem(name: str, tmp_path: Path) -> None:
    text, expected = BAD[name]
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, text)
    prefix = f"{tmp_path / 'slo.yml'}:"
    said = [line.removeprefix(prefix) for line in str(caught.value).splitlines()]
    assert len(said) == len(expected), said
    for line, beginning in zip(said, expected, strict=True):
        assert line.startswith(beginning), said


def test_a_bad_file_stops_generate(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "slo.yml"
    file.write_text("objectives: []\n")
    assert cli.main(["generate", f"--slo={file}", f"--output={tmp_path / 'out'}"]) == 1
    assert f"{file}:1: objectives" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_every_key_is_documented(repository: Path) -> None:
    text = (repository / "docs/slo.md").read_text(encoding="utf-8")
    for model in (slo_file.ObjectiveSection, slo_file.OverrideSection, slo_file.Match):
        for key in model.model_fields:
            assert f"`{key}`" in text, key
