"""Which key exchange a server chooses in TLS 1.3, read before OpenSSL spends time on it.

OpenSSL offers finite-field groups of up to 8,192 bits, which occupy a client for an eighth of a
second per handshake, a hundred times as long as the groups of browsers. Before Python 3.15 the
offered groups cannot be set. A client sends no key for a finite-field group at first, so the server
has to ask for one, in plain text (RFC 8446, 4.1.4).
"""

from __future__ import annotations

import ssl

_HANDSHAKE, _SERVER_HELLO, _KEY_SHARE = 22, 2, 51
_RETRY = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")
"""The random value by which a ServerHello is a HelloRetryRequest (RFC 8446, 4.1.3)."""
_FINITE_FIELD = range(0x0100, 0x0200)
"""Groups of finite-field Diffie-Hellman (RFC 7919, section 2)."""
_MOST_BYTES = 65_536
_REFUSED = (
    "the server asks for a finite-field key exchange (DHE), which browsers refuse, too: "
    "let it prefer X25519 or P-256"
)


def asks_for_finite_field(flight: bytes) -> bool | None:
    """Return whether a server asks for a key of a finite-field group; None if it is not known yet.

    `flight` is what it has sent, from the beginning.
    """
    messages = bytearray()
    while len(flight) >= 5 and flight[0] == _HANDSHAKE:
        length = int.from_bytes(flight[3:5], "big")
        messages += flight[5 : 5 + length]
        flight = flight[5 + length :]
    if messages and messages[0] != _SERVER_HELLO:
        return False
    length = int.from_bytes(messages[1:4], "big")
    if len(messages) < 4 or len(messages) < 4 + length:
        return False if flight and flight[0] != _HANDSHAKE else None
    hello = bytes(messages[4 : 4 + length])
    return hello[2:34] == _RETRY and _group(hello) in _FINITE_FIELD


def _group(retry: bytes) -> int | None:
    """Return the group that a HelloRetryRequest names."""
    # Version and random value, then the session's id, cipher suite, compression and extensions.
    place = 34
    place += 1 + retry[place] + 3 + 2 if place < len(retry) else 0
    while place + 4 <= len(retry):
        kind, length = (int.from_bytes(retry[place + n : place + n + 2], "big") for n in (0, 2))
        if kind == _KEY_SHARE:
            return int.from_bytes(retry[place + 4 : place + 6], "big")
        place += 4 + length
    return None


class CheckedSSLObject(ssl.SSLObject):
    """An `SSLObject` that refuses a finite-field key exchange."""

    incoming: ssl.MemoryBIO | None = None
    """What the server sends, until its choice is known."""
    _flight = b""

    def do_handshake(self) -> None:
        """Go on with the handshake.

        Raises:
            ssl.SSLError: it failed, or the server asks for such an exchange.
        """
        if self.incoming is not None:
            arrived = self.incoming.read()
            self.incoming.write(arrived)
            self._flight += arrived
            found = asks_for_finite_field(self._flight)
            if found:
                error = ssl.SSLError(ssl.SSL_ERROR_SSL, _REFUSED)
                error.reason = _REFUSED
                raise error
            if found is False or len(self._flight) > _MOST_BYTES:
                self.incoming, self._flight = None, b""
        super().do_handshake()


class CheckedContext(ssl.SSLContext):
    """A context for event loops whose connections refuse a finite-field key exchange."""

    sslobject_class = CheckedSSLObject

    def wrap_bio(
        self,
        incoming: ssl.MemoryBIO,
        outgoing: ssl.MemoryBIO,
        server_side: bool = False,
        server_hostname: str | bytes | None = None,
        session: ssl.SSLSession | None = None,
    ) -> ssl.SSLObject:
        """Return a connection without a socket, as the standard library does."""
        made = super().wrap_bio(incoming, outgoing, server_side, server_hostname, session)
        if isinstance(made, CheckedSSLObject):
            made.incoming = incoming
        return made
