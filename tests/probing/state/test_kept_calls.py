"""Calls that are saved in a form which this version does not know count as none."""

from __future__ import annotations

import pytest

from store_exporter.calls.book import CallBook
from store_exporter.probing.state.documents import MemoryDocuments
from store_exporter.probing.state.kept_calls import DOCUMENT, KeptCalls
from store_exporter.probing.state.storage import Key
from store_exporter.stores.model import Store

SHOP = Store("acme", "shop.example", "woocommerce", "https://shop.example")
CALL = '{"time": 1, "org": "acme", "domain": "shop.example", "platform": "woocommerce", '


@pytest.mark.parametrize(
    "document", ["{", "3", '{"a": 1}', "[null]", f'[{CALL}"more": 1}}]', "[" * 100_000]
)
async def test_calls_in_an_unknown_form_are_ignored_and_the_log_says_so(
    document: str, caplog: pytest.LogCaptureFixture
) -> None:
    book, documents = CallBook(), MemoryDocuments()
    await documents.write(Key.of(SHOP, DOCUMENT), document)
    kept = KeptCalls(book, documents)
    kept.on = True
    kept.expect([SHOP])
    await kept.restore()
    await kept.stop()
    assert book.of("acme", "shop.example") == set()
    assert "the saved calls of shop.example cannot be understood" in caplog.text
