"""What platforms of other distributions may rely on stays, or changes on purpose."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.platforms import interface


def test_names_members_and_parameters_that_platforms_may_rely_on_are_still_there() -> None:
    assert interface.broken() == [], "see 'A new platform' in docs/contributing.md"


def test_the_external_example_relies_on_nothing_else() -> None:
    assert interface.used(["store_exporter_bigcommerce"]) <= interface.promised()


def test_what_a_platform_imports_is_found_in_every_way_of_importing_it() -> None:
    used = interface.used()
    assert {
        # By name, relative and absolute.
        "store_exporter.contract.Report",
        # As a member of a module.
        "store_exporter.platforms.kit.rest.api.Api",
        "store_exporter.platforms.kit.operations.arguments.limit",
        # By the external example alone.
        "store_exporter.platforms.kit.rest.wrapping.Wrapping",
    } <= used
    assert not any(".woocommerce" in name or ".shopify" in name for name in used)


@pytest.mark.parametrize(
    ("promised", "broken"),
    [
        ("platforms.kit.rest.api.Api(connection, send, *, deadline)", False),
        ("platforms.kit.rest.api.Api(connection, *, deadline)", True),
        ("platforms.kit.rest.api.Api(send, connection, *, deadline)", True),
        ("platforms.kit.rest.api.Api(connection, send, deadline)", True),
        ("platforms.kit.rest.api.Gone", True),
        ("platforms.kit.gone.Api", True),
        # A parameter that may be given by name may be given by its place as well.
        ("contract.Finding(check, *, advice=, message, state)", False),
        # What was added since, at the end and optional.
        ("contract.Report(samples=)", False),
        ("contract.Report(samples=, *, degraded)", False),
        ("contract.Report(samples=, *, other=)", True),
    ],
)
def test_a_change_breaks_the_promise_where_a_call_is_not_valid_any_more(
    promised: str, broken: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "interface.txt"
    file.write_text(f"{promised}\n    .no_such_member()\n")
    monkeypatch.setattr(interface, "RECORDED", file)
    expected = [promised] if broken else []
    assert interface.broken() == [*expected, "    .no_such_member()"]
