"""What counts as a change of a store, and how much of it is remembered."""

from __future__ import annotations

import json

import pytest

from store_exporter.events.event import MAX_TEXT, Event, EventKind
from store_exporter.events.page import AGE_SECONDS, MAX_EVENTS, Facts, Page, tidy

STORE = ("acme", "shop.example", "woocommerce")
NOW = 1_795_436_653.0
DAY = 86_400.0


def found(page: Page, now: float = NOW, **kinds: dict[str, str]) -> list[tuple[str, ...]]:
    """Let a page see facts, and return what changed: component, before, after."""
    facts: Facts = tidy({EventKind(kind): values for kind, values in kinds.items()}, str)
    return [(one.component, one.before, one.after) for one in page.notice(STORE, facts, now)]


def deploy(version: str, time: float = NOW, key: str = "") -> Event:
    return Event(time, *STORE, EventKind.DEPLOY, "shop", after=version, key=key)


def test_what_is_seen_for_the_first_time_is_no_change() -> None:
    page = Page()
    assert found(page, platform={"WooCommerce": "9.3"}) == []
    assert found(page, plugin={"Stripe": "8.0"}) == []
    assert page.events == []


def test_a_change_is_reported_once_with_what_was_before_and_after() -> None:
    page = Page()
    found(page, platform={"WooCommerce": "9.3", "PHP": "8.2"})
    after = {"WooCommerce": "9.4", "PHP": "8.2"}
    assert found(page, platform=after) == [("WooCommerce", "9.3", "9.4")]
    assert found(page, platform=after) == []
    (event,) = page.events
    assert (event.time, event.domain, event.kind) == (NOW, "shop.example", EventKind.PLATFORM)


def test_what_is_new_or_gone_in_a_kind_that_is_known_is_a_change() -> None:
    page = Page()
    found(page, plugin={"Stripe": "8.0", "Tax": "1"})
    assert found(page, plugin={"Stripe": "8.0", "Cache": "2"}) == [
        ("Cache", "", "2"),
        ("Tax", "1", ""),
    ]


def test_a_kind_that_is_not_looked_at_stays_as_it_was() -> None:
    page = Page()
    found(page, platform={"PHP": "8.2"}, plugin={"Stripe": "8.0"})
    assert found(page, platform={"PHP": "8.3"}) == [("PHP", "8.2", "8.3")]
    assert found(page, plugin={"Stripe": "8.1"}) == [("Stripe", "8.0", "8.1")]


def test_two_servers_with_different_certificates_are_reported_at_most_four_times_a_day() -> None:
    page = Page()
    told = 0
    for minute in range(600):
        day = ("2027-01-01", "2027-02-01")[minute % 2]
        told += len(found(page, NOW + 60 * minute, certificate={"expires": day}))
    assert told == 4
    assert len(found(page, NOW + 2 * DAY, certificate={"expires": "2027-05-01"})) == 1


def test_nonsense_in_the_responses_of_a_store_causes_at_most_fifty_events_a_day() -> None:
    page = Page()
    for hour in range(24):
        found(page, NOW + hour, plugin={f"{hour}-{number}": "1" for number in range(300)})
    assert len(page.events) == 50
    assert len(page.facts[EventKind.PLUGIN]) == 200


def test_only_the_latest_are_remembered_and_for_ninety_days() -> None:
    page = Page()
    for number in range(MAX_EVENTS + 5):
        page.add(deploy(str(number), NOW + number), NOW)
    assert len(page.events) == MAX_EVENTS
    assert page.events[0].after == "5"
    page.add(deploy("later", NOW + AGE_SECONDS + 500), NOW + AGE_SECONDS + 500)
    assert [one.after for one in page.events] == ["later"]


def test_a_deploy_mark_says_which_version_was_deployed_before_it() -> None:
    page = Page()
    assert page.add(deploy("1"), NOW).before == ""
    assert page.add(deploy("3", NOW + 20), NOW).before == "1"
    # One that is told late belongs between them.
    assert page.add(deploy("2", NOW + 10), NOW).before == "1"
    assert page.add(deploy("4", NOW + 30), NOW).before == "3"


def test_an_event_is_found_by_the_key_of_its_sender_and_none_by_no_key() -> None:
    page = Page()
    page.add(deploy("1"), NOW)
    page.add(deploy("2", key="build-7"), NOW)
    assert page.find("") is None
    assert (page.find("build-7") or deploy("")).after == "2"


def test_a_page_comes_back_as_it_was_saved() -> None:
    page = Page()
    found(page, theme={"Storefront": "4.5"}, webhook={"active": "3", "disabled": "0"})
    found(page, webhook={"active": "2", "disabled": "1"})
    page.add(deploy("1", key="k"), NOW)
    assert Page.read(json.loads(page.document())) == page


@pytest.mark.parametrize("text", ["[]", "{}", "null", '{"facts": {"x": {}}, "events": []}'])
def test_what_makes_no_sense_is_refused(text: str) -> None:
    with pytest.raises((ValueError, TypeError, KeyError, AttributeError)):
        Page.read(json.loads(text))


def test_texts_of_stores_are_one_line_and_cut() -> None:
    ((name, value),) = tidy({EventKind.PLUGIN: {"a\x00b\n\u202ec": "9" * 500}}, str)[
        EventKind.PLUGIN
    ].items()
    assert tidy({EventKind.PLUGIN: {"\u0641\u200c\u0646": "1"}}, str)[EventKind.PLUGIN] == {
        "\u0641\u200c\u0646": "1"
    }
    assert name == "a b c"
    assert (len(value), value[-1]) == (MAX_TEXT, "…")


def test_a_kind_that_nobody_knows_is_refused() -> None:
    with pytest.raises(ValueError, match="weather"):
        tidy({"weather": {}}, str)  # type: ignore[dict-item]
