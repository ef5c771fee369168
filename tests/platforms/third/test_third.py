"""A platform that another distribution brings, installed beside ours into a fresh environment."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import sysconfig
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from store_demo.stores.faults import Fault
from store_demo.stores.serving import Incoming, Outgoing, SimulatedServer
from tests.commands.serving import served

HERE = Path(__file__).parent
TOKEN = "0123456789abcdefghijklmnopqrstu"
ENVIRON = {"TOKEN": TOKEN, "ACME": "token-of-acme-0123456789", "PATH": "/usr/bin:/bin"}
API = "/stores/abc123def4"
PUMP = {
    "id": 77,
    "name": "Bicycle pump",
    "sku": "PUMP",
    "price": 24.9,
    "sale_price": 19.9,
    "inventory_level": 3,
    "inventory_tracking": "product",
    "availability": "available",
    "is_visible": True,
}
STORE = {"id": "abc123def4", "name": "Acme", "currency": "GBP"}
UNAUTHORIZED = Outgoing({"status": 401, "title": "X-Auth-Token is wrong"}, status=401)
NOT_FOUND = Outgoing({"status": 404, "title": "There is no such product"}, status=404)

CONFIGURATION = """
orgs: [{{org: acme, api_tokens: [env:ACME]}}]
stores:
  - domain: shop.example.com
    org: acme
    platform: bigcommerce
    url: {url}
    credentials: {{access_token: env:TOKEN}}
    settings: {{store_hash: abc123def4, api_url: "{url}"}}
"""


class CannedBigCommerce(SimulatedServer):
    """One product and a token; everything else is faults."""

    def respond(self, request: Incoming) -> Outgoing:
        if request.headers.get("x-auth-token") != TOKEN:
            return UNAUTHORIZED
        if request.path == f"{API}/v2/store":
            return Outgoing(STORE)
        if request.path == f"{API}/v3/catalog/products":
            found = [PUMP] if request.query["sku"] == "PUMP" else []
            pagination = {"total": len(found), "total_pages": 1}
            return Outgoing({"data": found, "meta": {"pagination": pagination}})
        return Outgoing({"data": PUMP, "meta": {}}) if request.path.endswith("/77") else NOT_FOUND


def run(*command: str | Path, cwd: Path, environ: dict[str, str] | None = None) -> str:
    """Run a program that must succeed."""
    done = subprocess.run(
        command, cwd=cwd, env=environ, capture_output=True, text=True, timeout=200, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def python(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment with the wheels of both distributions.

    What they depend on comes from the environment of the tests, so that nothing is downloaded.
    """
    folder = tmp_path_factory.mktemp("third")
    for project in (repository, HERE):
        run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder, cwd=project)
    fresh = folder / "environment"
    run(sys.executable, "-m", "venv", "--without-pip", fresh, cwd=folder)
    python = fresh / "bin/python"
    install = ("install", "--quiet", "--no-index", "--no-deps", "--no-compile")
    wheels = sorted(folder.glob("*.whl"))
    run(sys.executable, "-m", "pip", "--python", python, *install, *wheels, cwd=folder)
    (site,) = fresh.glob("lib/python*/site-packages")
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    where = "import store_exporter, store_exporter_bigcommerce as b; print(b.__path__[0])"
    assert run(python, "-c", where, cwd=folder).strip() == str(site / "store_exporter_bigcommerce")
    assert not (site / "store_demo").exists()
    return python


@dataclass(slots=True)
class Installed:
    """The command line of that environment, in a folder with a configuration, and the store."""

    python: Path
    folder: Path
    shop: CannedBigCommerce
    environ: dict[str, str]

    async def __call__(self, *arguments: str) -> tuple[int, str, str]:
        """Run a command; return its exit status, output and errors."""
        process = await asyncio.create_subprocess_exec(
            self.python, "-m", "store_exporter", *arguments,
            cwd=self.folder, env=self.environ,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, err = await process.communicate()
        return process.returncode or 0, out.decode(), err.decode()

    async def operation(self, name: str, *values: str) -> Any:
        """Run an operation; return its result."""
        store = ("--store=shop.example.com", "--format=json")
        status, out, err = await self("run", name, *values, *store)
        assert status == 0, err
        return json.loads(out)


@pytest.fixture
async def command(python: Path, tmp_path: Path) -> AsyncIterator[Installed]:
    shop = CannedBigCommerce(seed=1)
    async with shop.serve() as url:
        (tmp_path / "store-exporter.yml").write_text(CONFIGURATION.format(url=url))
        yield Installed(python, tmp_path, shop, dict(ENVIRON))


async def test_its_probes_run_and_say_what_is_wrong(command: Installed) -> None:
    status, out, _ = await command("probe", "shop.example.com", "--format=json")
    checks = {check["name"]: check for check in json.loads(out)["checks"]}
    # Over plain http and by an address there is no certificate and no name to look at.
    assert (status, checks.keys()) == (0, {"liveness"})
    assert checks["liveness"]["summary"] == "the API responded; the shop sells in GBP"

    command.shop.faults.add(Fault(path=f"{API}/*", status=429, headers={"Retry-After": "7"}))
    status, liveness = await liveness_of(command)
    # To be asked to slow down is not to be down.
    assert (status, liveness["ok"], bool(liveness["degraded"])) == (0, True, True)
    command.shop.faults.clear()
    command.environ["TOKEN"] = "z" * 31
    status, liveness = await liveness_of(command)
    assert (status, liveness["error"]["type"]) == (1, "unauthorized")


async def test_doctor_checks_its_liveness(command: Installed) -> None:
    status, out, _ = await command("doctor", "--format=json")
    (store,) = json.loads(out)["stores"]
    summary = "the API responded; the shop sells in GBP"
    assert (status, store["findings"][0]["check"]) == (0, "liveness")
    assert (store["findings"][0]["state"], store["findings"][0]["message"]) == ("ok", summary)
    command.environ["TOKEN"] = "z" * 31
    status, out, _ = await command("doctor")
    assert (status, "FAIL  unauthorized" in out) == (1, True)


async def liveness_of(command: Installed) -> tuple[int, dict[str, Any]]:
    """Probe the store; return the exit status and what is said of its liveness."""
    status, out, _ = await command("probe", "shop.example.com", "--format=json")
    checks = {check["name"]: check for check in json.loads(out)["checks"]}
    return status, checks["liveness"]


async def test_its_operations_run_and_those_that_it_lacks_say_so(command: Installed) -> None:
    stock, left, price = await asyncio.gather(
        command.operation("check_stock", "product=PUMP"),
        command.operation("get_stock_quantity", "product=77"),
        command.operation("check_price", "product=PUMP"),
    )
    assert (stock["in_stock"], stock["quantity"], left["quantity"]) == (True, 3, 3)
    assert price["price"] == {"amount": "19.9", "currency": "GBP"}
    missing = await command("run", "check_stock", "product=78", "--store=shop.example.com")
    assert missing[0] == 1
    assert missing[2].startswith("not_found (fault: customer): There is no such product")
    lacking = await command("run", "get_cart", "--store=shop.example.com")
    assert lacking == (2, "", "BigCommerce cannot do get_cart: not written yet\n")


async def test_it_is_listed_with_the_built_in_platforms(command: Installed) -> None:
    status, out, err = await command("operations")
    head, *rows = out.splitlines()
    assert (status, err, head.split()[-1]) == (0, "", "BIGCOMMERCE")
    assert {row.split()[0] for row in rows if row.split()[-1] == "yes"} >= {"check_price"}
    assert len([row for row in rows if row.split()[-1] == "yes"]) == 3


async def test_it_is_watched_and_its_metrics_are_served(command: Installed) -> None:
    arguments = {"environ": command.environ, "python": command.python}
    async with (
        served(command.folder, **arguments) as (_, address, _),  # type: ignore[arg-type]
        aiohttp.ClientSession() as session,
        asyncio.timeout(60),
    ):
        text = ""
        while 'store_up{org="acme"' not in text:
            await asyncio.sleep(0.1)
            async with session.get(f"{address}/metrics") as response:
                text = await response.text()
    labels = '{org="acme",domain="shop.example.com",platform="bigcommerce"}'
    assert f"store_up{labels} 1\n" in text


async def test_a_broken_one_is_named_as_what_it_is(command: Installed) -> None:
    package = command.folder / "store_exporter_bigcommerce"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "platform.py").write_text("from store_exporter.platforms.kit import oauth9\n")
    command.environ["PYTHONPATH"] = str(command.folder)
    status, out, _ = await command("probe", "shop.example.com", "--format=json")
    (check,) = json.loads(out)["checks"]
    assert (status, check["name"], check["error"]["type"]) == (1, "liveness", "exception")
    assert check["error"]["message"].startswith(
        "the platform bigcommerce cannot be used: store_exporter_bigcommerce.platform of "
        "store-exporter-bigcommerce 0.1.0 cannot be imported: ImportError: cannot import name "
        "'oauth9'"
    )
    assert command.shop.requests == type(command.shop.requests)()
    assert (await command("operations"))[0] == 0
