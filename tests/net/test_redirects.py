"""Where a redirect may lead, and when it leads in a circle."""

from __future__ import annotations

import pytest

from store_exporter.contract import Response
from store_exporter.net.plans import RedirectError
from store_exporter.net.redirects import MOST, Trail, origin

HERE = "https://xn--kse-qla.example/"


def leading(location: str, status: int = 302, **headers: str) -> Response:
    more = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(status, {"location": location, **more}, b"", HERE)


@pytest.mark.parametrize(
    ("location", "target"),
    [
        ("/shop/#top", f"{HERE}shop/"),
        ("shop/?lang=de", f"{HERE}shop/?lang=de"),
        ("//xn--kse-qla.example/de", f"{HERE}de"),
        ("https://käse.example/de", "https://käse.example/de"),
        ("https://XN--KSE-QLA.example./de", "https://XN--KSE-QLA.example./de"),
    ],
)
def test_the_same_host_is_known_however_it_is_written(location: str, target: str) -> None:
    assert Trail("GET", HERE).next(leading(location)) == target
    assert origin(target) == ("https", "xn--kse-qla.example", 443)


def test_a_circle_ends_at_once_and_shows_the_cookies_that_it_sets() -> None:
    trail = Trail("GET", HERE)
    first = "seen=1; path=/; expires=Wed, 21 Oct 2026 07:28:00 GMT, lang=de; Secure"
    assert trail.next(leading("/test", set_cookie=first)) == f"{HERE}test"
    with pytest.raises(RedirectError, match="in a circle, to / again") as caught:
        trail.next(leading("/", set_cookie="seen=2; HttpOnly"))
    assert (caught.value.target, caught.value.cookies) == (HERE, "seen=2; lang=de")


def test_redirects_without_an_end_are_followed_for_a_while() -> None:
    trail = Trail("GET", HERE)
    for number in range(MOST):
        assert trail.next(leading(f"/{number}")) is not None
    with pytest.raises(RedirectError, match=f"more than {MOST} times"):
        trail.next(leading("/more"))


@pytest.mark.parametrize(
    ("refresh", "target"),
    [
        ("0; url=/shop/", f"{HERE}shop/"),
        ("0;URL='https://xn--kse-qla.example/x'", f"{HERE}x"),
        ("300; url=/shop/", None),
        ("3", None),
        ("2; url=/", None),
    ],
)
def test_a_header_that_leads_on_at_once_is_a_redirect(refresh: str, target: str | None) -> None:
    response = Response(200, {"refresh": refresh}, b"", HERE)
    assert Trail("GET", HERE).next(response) == target
