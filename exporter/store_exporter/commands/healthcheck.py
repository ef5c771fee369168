"""`store-exporter healthcheck`: check whether a running exporter is ready, for containers.

It uses only the standard library, because it is started frequently.
"""

from __future__ import annotations

import argparse
import http.client
import ssl
import urllib.error
import urllib.request
from urllib.parse import urlsplit

from . import CommandError
from .serve import PORT
from .support.arguments import add_url

_SECONDS = 4.0
_OURS = b"store-exporter"
"""How the response of an exporter begins."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    what = "where it listens, with its route prefix if it has one"
    add_url(parser, "--exporter.url", f"http://127.0.0.1:{PORT}", what)


def run(args: argparse.Namespace) -> int:
    """Return 0 when it watches its stores.

    Raises:
        CommandError: it does not; the message has the reason.
    """
    # A user and a password in the address are left out: nothing needs them here.
    parts = urlsplit(f"{args.exporter_url}/-/ready")
    url = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
    # No data is sent, only the status is used, and the certificate of a server that is requested
    # by 127.0.0.1 is usually for another name.
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    handlers = (urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context))
    try:
        with urllib.request.build_opener(*handlers).open(url, timeout=_SECONDS) as response:
            if response.read(len(_OURS)) == _OURS:
                return 0
        problem = "is not the address of a store-exporter: another program responds there"
    except urllib.error.HTTPError as error:
        with error:
            problem = (
                "is not ready" if error.code == 503 else "is not the address of a store-exporter"
            )
            problem += f": it responds {error.code} {error.reason}".rstrip()
    except OSError as error:
        problem = f"cannot be reached: {_why(error)}; does the exporter listen there?"
    except (ValueError, http.client.InvalidURL):
        problem = f"is not an address, such as http://127.0.0.1:{PORT}"
    except http.client.HTTPException as error:
        problem = f"does not speak HTTP: {str(error).strip() or type(error).__name__}"
    raise CommandError(f"{args.exporter_url} {problem}")


def _why(error: OSError) -> str:
    """Return the reason of a failed connection, without the error number."""
    reason = getattr(error, "reason", error)
    return getattr(reason, "strerror", None) or str(reason)
