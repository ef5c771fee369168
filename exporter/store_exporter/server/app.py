"""The HTTP server: its routes, and what applies to all of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from ..config import ConfigError, dump
from ..ingest.body import MAX_BYTES
from .api.calls import CallsApi
from .api.events import EventsApi
from .api.ingest import Ingest
from .api.maintenance import MaintenanceApi
from .api.orgs import JsonApi
from .api.otlp import OtlpReceiver
from .api.predecessor import PredecessorApi
from .api.receiving import Tenants
from .api.reports import AWAITED
from .bodies import Bodies
from .endpoints import json_endpoint
from .exporter import Exporter
from .metrics import Scrape
from .pages import runbooks
from .pages.calls import CallsPage
from .pages.landing import Landing
from .places import FullError, Places
from .probe import Probing
from .process.addresses import WebPaths
from .security import safety
from .security.access import basic_auth
from .security.tokens import OrgAccess
from .security.web_file import WebFile
from .security.web_rules import rate_limit, set_headers

EXPORTER = web.AppKey("exporter", Exporter)
RELOADS = web.AppKey("reloads", Places)
MAX_RELOADS = 4
"""One that is running, and those that wait for it."""


def create_app(
    exporter: Exporter,
    *,
    telemetry_path: str = "/metrics",
    web_file: WebFile | None = None,
    paths: WebPaths | None = None,
) -> web.Application:
    """Create the application. It starts and stops the exporter together with itself.

    Args:
        exporter: the exporter that it shows and controls.
        telemetry_path: the path of the metrics.
        web_file: authentication and other rules for requests; without it, everybody has access.
        paths: the path prefix of all routes; the root without it.
    """
    paths = paths or WebPaths()
    middlewares: list[Middleware] = [safety.guard]
    if web_file is not None:
        middlewares += [rate_limit(web_file), basic_auth(web_file, paths.prefix)]
    app = web.Application(middlewares=middlewares, client_max_size=MAX_BYTES)
    app.on_response_prepare.append(safety.add_headers)
    if web_file is not None:
        app.on_response_prepare.append(set_headers(web_file))
    app[EXPORTER] = exporter
    app[RELOADS] = Places(MAX_RELOADS)
    app.cleanup_ctx.append(_running)
    app.on_shutdown.append(_shutting_down)
    app.add_routes(_operator_routes(exporter, telemetry_path, paths.prefix))
    app.add_routes(_org_routes(exporter, paths.prefix))
    if paths.prefix:
        # Links are relative to the first page, whose path therefore ends in a slash.
        for path in {"/", paths.prefix}:
            app.router.add_get(path, _redirect_to(paths.home))
    return app


def _operator_routes(exporter: Exporter, telemetry_path: str, prefix: str) -> list[web.RouteDef]:
    """Return the routes for Prometheus and for the exporter's operators, below a path."""
    return [
        web.get(prefix + "/", Landing(exporter, telemetry_path).handle),
        web.get(prefix + telemetry_path, Scrape(exporter.recorder).handle),
        web.get(prefix + "/probe", Probing(exporter).handle),
        web.get(prefix + "/-/healthy", healthy),
        web.get(prefix + "/-/ready", ready),
        web.post(prefix + "/-/reload", reload),
        web.put(prefix + "/-/reload", reload),
        web.get(prefix + "/config", config),
        web.get(prefix + "/sd", service_discovery),
        web.get(prefix + "/calls", CallsPage(exporter).handle),
        web.get(prefix + "/runbooks", runbooks.folder),
        web.get(prefix + "/runbooks/", runbooks.index),
        web.get(prefix + "/runbooks/{name}", runbooks.show),
    ]


def _org_routes(exporter: Exporter, prefix: str) -> list[web.RouteDef]:
    """Return the routes for orgs and their applications, which need a token, below a path."""
    access, bodies, tenants = OrgAccess(exporter), Bodies(), Tenants(exporter)
    api = JsonApi(exporter, access)
    maintenance = MaintenanceApi(exporter, access, bodies)
    events = EventsApi(exporter, access, bodies)
    ingest = Ingest(exporter, access, bodies, tenants)
    otlp = OtlpReceiver(exporter, access, bodies, tenants)
    predecessor = PredecessorApi(exporter, access, api)
    return [
        web.get(prefix + "/api/v1/health", json_endpoint(api.health)),
        web.get(prefix + "/api/v1/analytics", json_endpoint(api.analytics)),
        web.get(prefix + "/api/v1/calls", json_endpoint(CallsApi(exporter, access).listed)),
        web.get(prefix + "/api/v1/events", json_endpoint(events.listed)),
        web.post(prefix + "/api/v1/events", json_endpoint(events.record)),
        web.get(prefix + "/api/v1/maintenance", json_endpoint(maintenance.listed)),
        web.post(prefix + "/api/v1/maintenance", json_endpoint(maintenance.begin)),
        web.delete(prefix + "/api/v1/maintenance", json_endpoint(maintenance.end)),
        web.post(prefix + "/api/v1/calls", json_endpoint(ingest.calls)),
        web.post(prefix + "/api/v1/operations", json_endpoint(ingest.operations)),
        web.post(prefix + "/v1/metrics", otlp.metrics),
        web.get(prefix + "/api/woocommerce/analytics", predecessor.analytics),
        web.get(prefix + "/api/woocommerce/health", predecessor.health),
    ]


def _redirect_to(home: str) -> Handler:
    async def redirect(_: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": home})

    return redirect


async def _running(app: web.Application) -> AsyncIterator[None]:
    try:
        await app[EXPORTER].start()
        yield
    finally:
        await app[EXPORTER].stop()


async def _shutting_down(app: web.Application) -> None:
    # This comes before waiting for running requests, so that a load balancer sends no more.
    app[EXPORTER].ready = False


async def healthy(_: web.Request) -> web.Response:
    """Respond with 200 as long as the process can respond at all."""
    return web.Response(text="store-exporter is healthy.\n")


async def ready(request: web.Request) -> web.Response:
    """Respond 200 while stores are probed, 503 before and after."""
    if request.app[EXPORTER].ready:
        return web.Response(text="store-exporter is ready.\n")
    return web.Response(status=503, text="store-exporter is not ready.\n")


async def reload(request: web.Request) -> web.Response:
    """Reload the configuration; 500 with every problem if it has any."""
    try:
        with request.app[RELOADS].occupied():
            change = await request.app[EXPORTER].reload()
    except FullError:
        return web.Response(status=503, text="too many reloads at the same time\n")
    except ConfigError:
        problems = request.app[EXPORTER].reload_problem
        return web.Response(status=500, text=f"the old configuration stays:\n{problems}\n")
    return web.Response(text=f"reloaded; stores: {change}\n")


async def config(request: web.Request) -> web.Response:
    """Show the configuration in use, with references in the place of secrets."""
    exporter = request.app[EXPORTER]
    text = await asyncio.to_thread(lambda: exporter.redact(dump.text(exporter.config)))
    return web.Response(text=text, content_type="text/yaml")


async def service_discovery(request: web.Request) -> web.Response:
    """List the stores as Prometheus' http_sd expects, ready for `/probe`.

    503 while some are missing, so that Prometheus keeps the targets that it has.
    """
    exporter = request.app[EXPORTER]
    if exporter.silent:
        return web.Response(status=503, text=f"{AWAITED}\n")
    groups = [
        {
            "targets": [store.domain],
            "labels": {
                # The metrics of `/probe` have these labels themselves; as labels of the target
                # they would only stand in their way.
                "__param_target": store.domain,
                "__meta_store_org": store.org,
                "__meta_store_domain": store.domain,
                "__meta_store_platform": store.platform,
            },
        }
        for store in exporter.inventory.stores.values()
    ]
    return web.json_response(groups)
