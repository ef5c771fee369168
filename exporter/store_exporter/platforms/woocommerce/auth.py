"""How a request to WooCommerce proves who sent it. No I/O.

Over https the consumer key and secret travel as basic authentication. Over http WooCommerce ignores
that, so that nobody on the way can read the secret, and requires OAuth 1.0a without a token: the
parameters go into the query, signed with HMAC-SHA256. (Observed on WooCommerce 11.0.1.)
"""

from __future__ import annotations

import base64
import re
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial

from ..kit.auth import oauth1

_KEYED = re.compile(r"/wc(/v[0-9]+|-analytics|-admin)(/|$)")


def needs_key(url: str) -> bool:
    """Whether a request to an address needs the key.

    Only WooCommerce's own API does. With the key, the Store API would take a shopper for the shop's
    manager, and WordPress' index refuses it (401 `invalid_username`) if application passwords are
    in use, because it takes the key for one.
    """
    # The search is from the host to the query; parsing the whole address takes ten times as long.
    path = url.partition("?")[0]
    return _KEYED.search(path, path.find("/", path.find("//") + 2)) is not None


@dataclass(frozen=True, slots=True)
class Credentials:
    """A REST API key of a store.

    Args:
        consumer_key: `ck_…`.
        consumer_secret: `cs_…`; neither is ever shown by `repr`.
        in_query: send key and secret in the query over https, for the hosts that strip the
            Authorization header. They are then in the access logs of that host.
        now: Unix time in seconds.
        nonce: makes a string that is used once.
    """

    consumer_key: str = field(repr=False)
    consumer_secret: str = field(repr=False)
    in_query: bool = field(default=False, kw_only=True)
    now: Callable[[], float] = field(default=time.time, kw_only=True, repr=False, compare=False)
    nonce: Callable[[], str] = field(
        default=partial(secrets.token_hex, 16), kw_only=True, repr=False, compare=False
    )

    def authorize(
        self, method: str, url: str, params: Mapping[str, str]
    ) -> tuple[dict[str, str], dict[str, str]]:
        """Return the query parameters and the additional headers of an authorized request.

        The scheme of the address, which has no query, decides how the request is authorized. The
        method is in upper case.
        """
        if not needs_key(url):
            return dict(params), {}
        if not url.startswith("https:"):
            query = oauth1.signed_query(
                method,
                url,
                params,
                key=self.consumer_key,
                secret=self.consumer_secret,
                timestamp=self.now(),
                nonce=self.nonce,
            )
            return query, {}
        if self.in_query:
            secret = {"consumer_key": self.consumer_key, "consumer_secret": self.consumer_secret}
            return {**params, **secret}, {}
        pair = f"{self.consumer_key}:{self.consumer_secret}".encode()
        return dict(params), {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}
