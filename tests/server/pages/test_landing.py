from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from store_demo.stores.base import DemoStore
from store_demo.stores.faults import Fault
from store_exporter.server.pages import landing
from store_exporter.server.pages.html import Html, join, tag
from store_exporter.server.pages.markdown import html
from tests.server.support import configuration, exporting

VOID = {"meta", "br", "input"}


class Outline(HTMLParser):
    """Checks that elements close in order and notes whatever could leave the page."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text = ""
        self.links: list[str] = []
        self.foreign: list[str] = []

    def handle_starttag(self, name: str, attributes: list[tuple[str, str | None]]) -> None:
        if name not in VOID:
            self.open.append(name)
        for key, value in attributes:
            if key == "href":
                self.links.append(value or "")
            elif key in ("src", "action", "style") or key.startswith("on"):
                self.foreign.append(f"{name} {key}")
        if name in ("script", "iframe", "link", "img", "object"):
            self.foreign.append(name)

    def handle_endtag(self, name: str) -> None:
        assert self.open.pop() == name

    def handle_data(self, data: str) -> None:
        if self.open[-1:] != ["style"]:
            self.text += data + "\n"


def outline(text: str) -> Outline:
    parser = Outline()
    parser.feed(text)
    assert parser.open == []
    assert parser.foreign == []
    return parser


async def test_the_page_shows_each_stores_state_last_probe_and_why_it_failed(
    tmp_path: Path, shop: DemoStore, shop_url: str, environ: dict[str, str]
) -> None:
    stores = [
        ("acme", "shop.example.com", shop_url),
        ("zen", "down.example.com", "http://127.0.0.1:9"),
    ]
    async with exporting(tmp_path, configuration(*stores), environ=environ) as running:
        page = outline((await running.ask("/")).text)
        assert page.text.count("not probed yet") == 2
        await running.scheduler.run("liveness")
        page = outline((await running.ask("/")).text)
        assert page.text.index("down.example.com") < page.text.index("shop.example.com")
        assert "connection: 127.0.0.1 refused the connection" in page.text
        assert "Check that the store's web server runs and is reachable." in page.text
        assert "zen · woocommerce" in page.text
        assert re.search(r"\d+m?s ago", page.text)
        assert {"metrics", "config", "sd", "runbooks/"} <= set(page.links)


async def test_what_a_store_says_is_escaped(
    tmp_path: Path, shop: DemoStore, shop_url: str, environ: dict[str, str]
) -> None:
    evil = '{"code":"x","message":"<script>alert(1)</script>\\"><img src=x onerror=y>"}'
    shop.faults.add(Fault(status=401, body=evil, content_type="application/json"))
    text = configuration(("acme", "shop.example.com", shop_url))
    async with exporting(tmp_path, text, environ=environ) as running:
        await running.scheduler.run("liveness")
        body = (await running.ask("/")).text
        assert "<script>" not in body
        outline(body)


async def test_many_stores_come_on_several_pages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(landing, "STORES_PER_PAGE", 2)
    stores = [("acme", f"s{n}.example", "http://127.0.0.1:9") for n in range(5)]
    async with exporting(tmp_path, configuration(*stores)) as running:

        async def domains(query: str) -> list[str]:
            return re.findall(r"s\d\.example", outline((await running.ask(f"/{query}")).text).text)

        assert await domains("") == ["s0.example", "s1.example"]
        assert await domains("?page=2") == ["s2.example", "s3.example"]
        assert await domains("?page=3") == ["s4.example"]
        assert await domains("?page=99") == ["s4.example"]
        for nonsense in ("?page=0", "?page=-1", "?page=x", "?page=" + "9" * 5000, "?page=<b>"):
            assert (await running.ask(f"/{nonsense[:3000]}")).status == 200
        assert "page 2 of 3" in (await running.ask("/?page=2")).text


async def test_stores_are_found_by_domain_org_and_state_on_every_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(landing, "STORES_PER_PAGE", 2)
    stores = [("acme", f"s{n}.example", "http://127.0.0.1:9") for n in range(5)]
    stores.append(("zen", "tea.example", "http://127.0.0.1:9"))
    async with exporting(tmp_path, configuration(*stores)) as running:

        async def shown(query: str) -> tuple[list[str], Outline]:
            page = outline((await running.ask(f"/{query}")).text)
            return re.findall(r"(?m)^(?:s\d|tea)\.example", page.text), page

        assert (await shown("?search=ZEN"))[0] == ["tea.example"]
        assert (await shown("?search=s3"))[0] == ["s3.example"]
        found, page = await shown("?search=s&state=unknown")
        assert found == ["s0.example", "s1.example"]
        assert "?search=s&state=unknown&page=2" in page.links
        assert (await shown("?search=s&state=unknown&page=3"))[0] == ["s4.example"]
        assert "?state=critical" in page.links
        found, page = await shown("?state=critical")
        assert found == []
        assert "There is no such store." in page.text
        # The figures are those of all stores, whatever is searched for.
        assert re.search(r"stores\n6\n", (await shown("?search=zen"))[1].text)
        found, page = await shown("?search=%22%3E%3Cscript%3E&state=%3Cb%3E")
        assert found == []


async def test_a_page_without_stores_says_so(tmp_path: Path) -> None:
    async with exporting(tmp_path, configuration()) as running:
        assert "No stores are configured." in (await running.ask("/")).text


async def test_the_policy_allows_the_style_sheet_and_nothing_else(tmp_path: Path) -> None:
    async with exporting(tmp_path, configuration()) as running:
        for path in ("/", "/runbooks/", "/runbooks/StoreDown"):
            answer = await running.ask(path)
            policy = answer.headers["Content-Security-Policy"]
            assert "unsafe" not in policy
            assert "style-src 'sha256-" in policy
            outline(answer.text)


def test_text_is_escaped_unless_it_was_made_here() -> None:
    inner = tag("b", '<&"')
    assert inner == "<b>&lt;&amp;&quot;</b>"
    assert tag("p", inner, "<i>", None, class_='a"b', title=None) == (
        '<p class="a&quot;b"><b>&lt;&amp;&quot;</b>&lt;i&gt;</p>'
    )
    assert join(Html("<hr>"), "<hr>") == "<hr>&lt;hr&gt;"


def test_markdown_of_runbooks_becomes_html() -> None:
    text = (
        "# Title\n\nSome `code` and\na [link](Other.md).\n\n1. one\n2. two\n\n- a <b>\n- c\n\n"
        "| x | y |\n|---|---|\n| 1 | `2` |\n\n```promql\nup == 0 < `1`\n```\n"
    )
    assert html(text) == (
        '<h1 id="title">Title</h1><p>Some <code>code</code> and a <a href="Other">link</a>.</p>'
        "<ol><li>one</li><li>two</li></ol><ul><li>a &lt;b&gt;</li><li>c</li></ul>"
        '<div class="wide"><table><thead><tr><th scope="col">x</th><th scope="col">y</th></tr>'
        "</thead><tbody><tr><td>1</td><td><code>2</code></td></tr></tbody></table></div>"
        "<pre><code>up == 0 &lt; `1`</code></pre>"
    )
