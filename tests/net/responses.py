"""Responses of the tests of what they mean."""

from __future__ import annotations

from store_exporter.contract import Response


def response(
    body: bytes | str,
    status: int = 200,
    content_type: str = "application/json; charset=UTF-8",
    **headers: str,
) -> Response:
    data = body.encode() if isinstance(body, str) else body
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(
        status, {"content-type": content_type, **named}, data, "https://shop.example.com"
    )
