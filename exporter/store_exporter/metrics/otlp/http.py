"""The official exporter over HTTP, made to take a redirect for the failure that it is."""

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
    """Fail where the endpoint points elsewhere.

    Some releases of the exporter would send the headers there, credentials included; others take
    such a response, which took nothing in, for a success.
    """
    if 300 <= response.status_code < 400:
        response.close()
        raise requests.TooManyRedirects("the endpoint responded with a redirect; none is followed")
