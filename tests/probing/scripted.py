"""A sender of requests without a network."""

from __future__ import annotations

from collections.abc import Callable

from store_exporter.contract import Response
from store_exporter.probing.exchange import Exchange, Outgoing


class Scripted:
    """A sender without a network: answers from a function, and remembers what it was sent."""

    def __init__(self, respond: Callable[[Outgoing], Response]) -> None:
        self.sent: list[Outgoing] = []
        self.respond = respond

    async def send(self, outgoing: Outgoing, exchange: Exchange) -> Response:
        self.sent.append(outgoing)
        response = self.respond(outgoing)
        exchange.responded(response.status)
        return response


def always(status: int = 200, **headers: str) -> Scripted:
    found = {name.replace("_", "-"): value for name, value in headers.items()}
    return Scripted(lambda outgoing: Response(status, found, b"{}", outgoing.url))
