"""Which responses to plain requests are a proxy's own, by how proxies sign them."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from store_exporter.net.plans import TransportError
from store_exporter.net.proxy import refuse_own

SQUID = {"x-squid-error": "ERR_ACCESS_DENIED 0"}
TINYPROXY = {"server": "tinyproxy/1.11.1"}
PRIVOXY = {"last-modified": "Wed, 08 Jun 1955 12:00:00 GMT"}


@pytest.mark.parametrize("headers", [SQUID, TINYPROXY, PRIVOXY])
@pytest.mark.parametrize(
    ("status", "kind"),
    [(403, "local_failure"), (407, "local_failure"), (503, "connection"), (504, "timeout")],
)
def test_what_a_proxy_signs_is_no_response_of_the_store(
    headers: Mapping[str, str], status: int, kind: str
) -> None:
    with pytest.raises(TransportError) as caught:
        refuse_own("http://proxy.example.com:3128", "shop.example.com", status, headers)
    assert caught.value.error_type == kind


@pytest.mark.parametrize(
    "headers",
    [{}, {"server": "nginx"}, {"last-modified": "Fri, 27 Nov 2026 12:00:00 GMT"}],
)
def test_what_no_proxy_signs_is_the_stores_own(headers: Mapping[str, str]) -> None:
    refuse_own("http://proxy.example.com:3128", "shop.example.com", 403, headers)
