"""The official exporter over HTTP, changed so that a redirect is a failure."""

from __future__ import annotations

import os
from typing import Any

import requests
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter

_OWN_SESSION = (
    "OTEL_PYTHON_EXPORTER_OTLP_HTTP_CREDENTIAL_PROVIDER",
    "OTEL_PYTHON_EXPORTER_OTLP_HTTP_METRICS_CREDENTIAL_PROVIDER",
)


def http_exporter() -> OTLPMetricExporter:
    """Make the exporter. It reads the standard variables itself."""
    if any(os.environ.get(name) for name in _OWN_SESSION):
        # The application's own provider of credentials makes the session.
        return OTLPMetricExporter()
    session = requests.Session()
    session.hooks["response"] = [_refuse_redirect]
    return OTLPMetricExporter(session=session)


def _refuse_redirect(response: requests.Response, *_: Any, **__: Any) -> None:
    """Fail if the endpoint redirects.

    Some releases of the exporter follow it with all headers, credentials included. Others take the
    response for a success, although nothing was accepted.
    """
    if 300 <= response.status_code < 400:
        response.close()
        raise requests.TooManyRedirects("the endpoint responded with a redirect; none is followed")
