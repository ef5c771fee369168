"""Lists and resources of a REST API, bare and wrapped."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import pytest

from store_exporter.contract import Response
from store_exporter.errors import StoreError
from store_exporter.net.marks import GENERIC
from store_exporter.net.plans import Plan, Request
from store_exporter.platforms.kit.connection import Connection
from store_exporter.platforms.kit.rest import api
from store_exporter.platforms.kit.rest.responses import RestReader
from store_exporter.platforms.kit.rest.wrapping import Wrapping

META = {"pagination": {"total": 3, "total_pages": 2}}
PAGES = {"1": [{"id": 1}, {"id": 2}], "2": [{"id": 3}]}


class Reader(RestReader):
    marks = GENERIC

    def code_and_message(self, body: Any) -> tuple[str | None, str]:
        return None, str(body)


class Api(api.Api):
    page_size = 2
    most_pages = 5
    total_header = "x-total"
    reader = Reader()
    wrappings: ClassVar = {
        # As BigCommerce's version 3 has it.
        "/v3/": Wrapping(
            "data", "data", ("meta", "pagination", "total"), ("meta", "pagination", "total_pages")
        ),
        # As Magento has it: a single resource is bare.
        "/V1/": Wrapping("items", total=("total_count",)),
    }


class Store(Connection[Api]):
    api_type = Api

    def sign(self, request: Request) -> Request:
        return request


def run(
    plan: Callable[[Api], Plan[Any]],
    respond: Callable[[Mapping[str, str]], Any],
    headers: Mapping[str, str] | None = None,
) -> Any:
    """Run a plan against a store that sends the same JSON whatever the path; return its result."""

    def send(request: Request) -> Plan[Response]:
        response = yield request
        assert response is not None
        return response

    steps = plan(Store("https://shop.example.com", {}, {}).api(send, deadline=5.0))
    try:
        request = next(steps)
        while True:
            assert isinstance(request, Request)
            body = json.dumps(respond(request.params)).encode()
            request = steps.send(Response(200, headers or {}, body, request.url))
    except StopIteration as end:
        return end.value


@pytest.mark.parametrize(
    ("path", "wrapped"),
    [
        ("/v3/products", lambda items: {"data": items, "meta": META}),
        ("/V1/products", lambda items: {"items": items, "total_count": 3}),
    ],
)
def test_a_wrapped_list_is_read_to_its_own_end(path: str, wrapped: Callable[[Any], Any]) -> None:
    rows = run(lambda store: store.rows(path), lambda params: wrapped(PAGES[params["page"]]))
    assert ([row["id"] for row in rows.items], rows.total, rows.complete) == ([1, 2, 3], 3, True)
    one = run(
        lambda store: store.count(path, {}, lambda row: row.identifier() == 3),
        lambda _: wrapped(PAGES["2"]),
    )
    assert one == 3


def test_a_bare_list_is_as_long_as_a_header_says() -> None:
    rows = run(
        lambda store: store.rows("/products"),
        lambda params: PAGES[params["page"]],
        {"x-total": "3"},
    )
    assert ([row["id"] for row in rows.items], rows.total) == ([1, 2, 3], 3)


@pytest.mark.parametrize(
    ("path", "body"), [("/v3/a", {"data": {"id": 7}}), ("/V1/a", {"id": 7}), ("/a", {"id": 7})]
)
def test_a_resource_is_what_stands_in_its_wrapping(path: str, body: Any) -> None:
    for method in (
        lambda store: store.get(path),
        lambda store: store.change(path, {}),
        lambda store: store.create(path, {}),
    ):
        assert run(method, lambda _: body) == {"id": 7}


@pytest.mark.parametrize("meta", [None, {}, {"pagination": None}, {"pagination": {"total": True}}])
def test_a_wrapping_that_does_not_say_how_long_a_list_is_leaves_it_unknown(meta: Any) -> None:
    page = run(lambda store: store.page("/v3/a"), lambda _: {"data": [], "meta": meta})
    assert (page.total, page.pages) == (None, None)


@pytest.mark.parametrize("body", [[], {}, {"data": None}, {"data": 5}, 5])
def test_a_list_without_its_wrapping_is_none(body: Any) -> None:
    with pytest.raises(StoreError, match="/v3/a is ") as raised:
        run(lambda store: store.page("/v3/a"), lambda _: body)
    assert raised.value.error_type == "invalid_response"


class Sparing(Api):
    """An API whose requests name the members that they want."""

    members_name = "fields"
    spare_members: ClassVar = {"/a": ("color", "size")}


@pytest.mark.parametrize("path", ["/a", "/a/7"])
def test_what_was_made_for_a_request_of_other_members_is_refused(
    monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setattr(Store, "api_type", Sparing)
    read = (
        (lambda api: api.page(path, {"fields": "id"}))
        if path == "/a"
        else (lambda api: api.get(path, {"fields": "id"}))
    )

    def respond(others: bool) -> Callable[[Mapping[str, str]], Any]:
        def made(params: Mapping[str, str]) -> Any:
            wanted = set(params["fields"].split(","))
            body = dict.fromkeys({"id", "color", "size"} - wanted if others else wanted, 1)
            return [body] if path == "/a" else body

        return made

    run(read, respond(others=False))
    with pytest.raises(StoreError, match="which was not requested"):
        run(read, respond(others=True))
