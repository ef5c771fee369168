"""Messages are laid out as Slack lays them out, and nothing in them is taken for HTML."""

from __future__ import annotations

from typing import Any

import pytest

from store_demo import slack_page


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("*A store* does not _answer_.", "<b>A store</b> does not <i>answer</i>."),
        ("`add_to_cart` and get_cart_total", "<code>add_to_cart</code> and get_cart_total"),
        ("5 * 3 * 2", "5 * 3 * 2"),
        ("a &lt;b&gt; &amp; c", "a &lt;b&gt; &amp; c"),
        ("&lt;script&gt;", "&lt;script&gt;"),
        (
            "See <http://127.0.0.1/a?b=1&amp;c=2|the *runbook*>.",
            'See <a class="" href="http://127.0.0.1/a?b=1&amp;c=2">the <b>runbook</b></a>.',
        ),
    ],
)
def test_markup_is_slacks_and_the_rest_is_text(text: str, html: str) -> None:
    assert slack_page.markup(text) == html


def message(**attachment: Any) -> str:
    return slack_page.message(0.0, {"username": "Alertmanager", "attachments": [attachment]})


def test_a_bar_has_the_colour_that_slack_gives_the_name() -> None:
    assert "border-color: #a30200" in message(color="danger", text="down")
    assert "border-color: #123456" in message(color="#123456", text="down")


def test_buttons_are_links_and_an_empty_one_is_left_out() -> None:
    button = {"type": "button", "text": "Runbook", "url": "http://127.0.0.1/runbook"}
    shown = message(text="down", actions=[button, {}])
    assert shown.count("<a ") == 1
    assert 'href="http://127.0.0.1/runbook">Runbook</a>' in shown


def test_what_a_message_holds_cannot_run_or_lead_astray() -> None:
    shown = message(
        title='"><script>', title_link="javascript:alert(1)", color='"><b>', text="<b>bold</b>"
    )
    assert "<script>" not in shown
    assert "javascript:" not in shown
    assert "<b>" not in shown.partition("</header>")[2]


def test_the_newest_message_of_many_is_above_and_none_is_said() -> None:
    page = slack_page.page([(2.0, {"text": "later"}), (1.0, {"text": "earlier"})])
    assert page.index("later") < page.index("earlier")
    assert "No message has arrived yet." in slack_page.page([])
