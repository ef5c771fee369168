"""What is done to the system. An attack returns when what it did is undone.

An attack that makes an outage goes on until somebody was told of it.
"""

from __future__ import annotations

import asyncio
import errno
import json
import os
import shutil
import signal
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from resource import RLIMIT_FSIZE, RLIMIT_NOFILE, prlimit

import aiohttp

from store_demo.stores.base import cast
from store_demo.stores.faults import Fault
from store_exporter.metrics.catalogue import business
from store_exporter.mixin.names import AlertName
from tests.chaos.world import CLOCK, FOUND, PASSWORD, USER, World, open_files

Attack = Callable[[World], Awaitable[None]]
STALE_SECONDS = 300.0
TOLD_SECONDS = 240
"""How long a message may take on a machine that is busy."""


class UntoldError(AssertionError):
    """Nobody was told of an outage in time, or figures did not come to rest."""


async def until(holds: Callable[[], Awaitable[bool]], what: str, seconds: float) -> None:
    """Wait until something is so.

    Raises:
        UntoldError: it was not so in time.
    """
    deadline, late = time.monotonic() + seconds, False
    while not await holds():
        if late:
            raise UntoldError(f"{what}: not within {seconds:g} s")
        await asyncio.sleep(0.3)
        late = time.monotonic() > deadline


async def told(
    world: World,
    alert: str,
    about: str = "",
    *,
    since: float,
    seconds: float = TOLD_SECONDS,
) -> None:
    """Wait until a message about an alert, and a store, has reached Slack."""

    async def arrived() -> bool:
        return any(
            message.received >= since
            and all(word in message.text for word in (alert, about, "FIRING"))
            for message in world.slack.messages
        )

    await until(arrived, f"a message {alert} {about}".rstrip(), seconds)
    world.truth.told.append((alert, about))
    world.say(f"   told after {time.time() - since:.0f} s: {alert} {about}")


async def settled(world: World) -> None:
    """Wait until the exporter shows what is true and Prometheus has seen it; shops are closed."""

    async def shown() -> bool:
        found = await world.figures()
        return {d: (n, round(r * 100)) for d, (n, r) in found.items()} == world.truth.shown()

    await until(shown, "the figures of the exporter", 180)
    async with world.reporting:
        since = time.time()

    async def scraped() -> bool:
        # A sample carries the time at which its scrape began.
        begun = await world.evidence.by_domain(f"timestamp({business.ORDERS_PAID.name})")
        return begun.keys() == world.stores.keys() and min(begun.values()) > since

    # Figures that had disappeared in an outage have their earlier value in the first scrape.
    for _ in range(2):
        await until(scraped, "a scrape of the exporter's figures", 180)
        since = time.time()


# The process


async def kill(world: World) -> None:
    """The exporter is killed, and killed again while it starts."""
    for _ in range(world.random.randrange(1, 4)):
        await world.stop("exporter", signal.SIGKILL)
        await world.run("exporter")
        await asyncio.sleep(world.random.uniform(0, 1.5))


async def end(world: World) -> None:
    """The exporter is ended as an upgrade does it."""
    await world.stop("exporter", signal.SIGTERM)
    if world.exporter.child.returncode:
        raise AssertionError(f"the exporter ended with {world.exporter.child.returncode}")
    await world.run("exporter")


async def pause(world: World) -> None:
    """The exporter stands still for some seconds, as in a virtual machine that is moved."""
    for _ in range(world.random.randrange(1, 3)):
        world.exporter.child.send_signal(signal.SIGSTOP)
        await asyncio.sleep(world.random.uniform(2, 5))
        world.exporter.child.send_signal(signal.SIGCONT)
        await asyncio.sleep(world.random.uniform(0.5, 3))


async def absence(world: World) -> None:
    """The exporter is gone until somebody is told."""
    since = time.time()
    await world.stop("exporter", signal.SIGKILL)
    await told(world, AlertName.STORE_EXPORTER_DOWN, since=since)
    await world.run("exporter")


# The machine


async def full_disk(world: World) -> None:
    """No file of the exporter may grow: nothing more can be saved."""
    pid, since = world.exporter.child.pid, time.time()
    before = prlimit(pid, RLIMIT_FSIZE)
    prlimit(pid, RLIMIT_FSIZE, (0, before[1]))
    try:
        await told(world, AlertName.STORE_STATE_FULL, since=since)
    finally:
        prlimit(pid, RLIMIT_FSIZE, before)


async def no_descriptors(world: World) -> None:
    """The exporter may open no more files, and its clients keep it busy."""
    pid = world.exporter.child.pid
    before = prlimit(pid, RLIMIT_NOFILE)
    spare = world.random.randrange(3)
    prlimit(pid, RLIMIT_NOFILE, (open_files(world.exporter) + spare, before[1]))
    try:
        flood = asyncio.create_task(_ask_much(world, "/api/v1/health"))
        await asyncio.sleep(world.random.uniform(4, 8))
        await flood
    finally:
        prlimit(pid, RLIMIT_NOFILE, before)
    await asyncio.sleep(2)


async def clock(world: World) -> None:
    """The exporter's clock jumps ahead and back, and stays wrong over a restart."""
    world.faked = True
    await end(world)
    with ExitStack() as refused:
        for role in (*cast(), FOUND):
            if role.platform == "woocommerce":
                # Over http its requests are signed with the time, and refused with a wrong one.
                refused.enter_context(world.sabotage(role.domain))
        for _ in range(3):
            days = world.random.choice((0.02, 1, 40, 91, 400, -0.02, -1, -40))
            world.say(f"   the clock is {days:g} days off")
            world.set_clock(days * 86_400)
            await asyncio.sleep(world.random.uniform(2, 5))
            if world.random.random() < 0.3:
                await kill(world)
        world.set_clock(0)
        world.faked = False
        await end(world)


async def flipped_bit(world: World) -> None:
    """A bit of what is saved is another one after a restart."""
    world.closed = True
    await settled(world)
    await world.stop("exporter", signal.SIGKILL)
    files = [p for p in sorted(world.state.rglob("*")) if p.is_file() and p.stat().st_size]
    file = world.random.choice([p for p in files if "damaged" not in p.name])
    content = bytearray(file.read_bytes())
    for _ in range(world.random.choice((1, 1, 20))):
        content[world.random.randrange(len(content))] ^= 1 << world.random.randrange(8)
    file.write_bytes(content)
    world.say(f"   bits of {file.name} ({len(content)} bytes)")
    since = time.time()
    await world.run("exporter")

    async def all_are_shown() -> bool:
        return set(await world.figures()) == set(world.stores)

    await until(all_are_shown, "figures of every store after a flipped bit", 60)
    await asyncio.sleep(4)
    found, expected, lost = await world.figures(), world.truth.shown(), []
    for domain, (paid, revenue) in found.items():
        figures = (paid, float(round(revenue * 100)))
        if figures == expected[domain]:
            continue
        if figures != (0.0, 0.0):
            raise AssertionError(f"{domain} shows {figures} and not {expected[domain]}")
        lost.append(domain)
        world.truth.lost[domain] = (world.truth.paid[domain], world.truth.revenue[domain])
    if lost:
        world.say(f"   began again: {', '.join(lost)}")
        await told(world, AlertName.STORE_STATE_LOST, since=since)
    world.closed = False


LOCAL = {
    # Which calls, by their numbers in `faults.c`, and how they fail on a machine in trouble.
    3: ("EIO", "ENOSPC"),
    4: ("EIO", "ENOMEM"),
    8: ("EMFILE", "ENFILE", "EACCES"),
    16: ("EMFILE", "ENFILE", "ENOBUFS", "ENOMEM", "EACCES", "EPERM"),
    32: ("EADDRNOTAVAIL", "ENETUNREACH", "ENETDOWN", "EACCES", "EPERM", "ENOBUFS"),
    64 + 128: ("ENOBUFS", "ENOMEM"),
    256: ("EIO", "ENOSPC"),
    512: ("ENOLCK",),
    1024: ("EMFILE", "ENFILE", "ENOBUFS", "ENOMEM"),
    2048: ("EMFILE", "ENOMEM"),
}


async def local_errors(world: World) -> None:
    """Calls of the operating system fail in the exporter, now and then or all of a kind."""
    source, library = Path(__file__).with_name("faults.c"), world.folder / "faults.so"
    argv = ["cc", "-shared", "-fPIC", "-o", str(library), str(source), "-ldl"]
    await (await asyncio.create_subprocess_exec(*argv)).wait()
    world.failing = True
    await end(world)
    faults = world.folder / "faults"
    for _ in range(6):
        calls = world.random.choice(list(LOCAL))
        name, permille = world.random.choice(LOCAL[calls]), world.random.choice((20, 200, 1000))
        world.say(f"   {permille} of 1000 calls ({calls}) fail with {name}")
        faults.with_suffix(".new").write_text(f"{permille} {getattr(errno, name)} {calls}")
        faults.with_suffix(".new").replace(faults)
        await asyncio.sleep(world.random.uniform(2, 6))
        faults.unlink()
        if world.random.random() < 0.3:
            await kill(world)
        await asyncio.sleep(world.random.uniform(1, 3))
    world.failing = False
    await end(world)


# The stores


async def store_down(world: World) -> None:
    """A store fails in one of the ways in which stores fail."""
    domain, fault = _victim(world)
    since = time.time()
    with world.sabotage(domain):
        world.stores[domain].faults.add(fault)
        await told(world, AlertName.STORE_DOWN, domain, since=since)
        world.stores[domain].faults.remove(fault)


async def store_down_unheard(world: World) -> None:
    """A store fails while Slack, or Alertmanager, is away; the message comes later."""
    domain, fault = _victim(world)
    since, slack = time.time(), world.random.random() < 0.5
    world.say("   while Slack refuses" if slack else "   while Alertmanager is gone")
    with world.sabotage(domain):
        world.stores[domain].faults.add(fault)
        if slack:
            world.slack.outage = True
        else:
            await world.stop("alertmanager", signal.SIGKILL)
        await asyncio.sleep(12)
        if slack:
            world.slack.outage = False
        else:
            await world.run("alertmanager")
        await told(world, AlertName.STORE_DOWN, domain, since=since)
        world.stores[domain].faults.remove(fault)


def _victim(world: World) -> tuple[str, Fault]:
    domain = world.random.choice([role.domain for role in cast()])
    keys = " ".join(world.stores[domain].credentials.values())
    repeated = json.dumps({"code": "failed", "message": f"wrong: {keys}", "errors": keys})
    name, fault = world.random.choice(
        (
            ("HTTP 500", Fault(status=500, body="<h1>Error establishing a database connection")),
            ("no answer", Fault(drop=True)),
            ("slow beyond every limit", Fault(latency=60)),
            ("half an answer", Fault(truncate=7)),
            ("a byte a second", Fault(trickle=1)),
            ("no JSON", Fault(body=b"\x00\xff\x1b[2J\xe2\x80\xae" * 50, status=200)),
            ("the keys that it was sent", Fault(status=500, body=repeated)),
        )
    )
    world.say(f"   {domain}: {name}")
    return domain, fault


async def hostile_store(world: World) -> None:
    """A store answers everything but what it is asked for, whole or in part."""
    domain = world.random.choice([role.domain for role in cast()])
    store = world.stores[domain]
    deep, huge = "[" * 100_000, '{"a":"' + "x" * 3_000_000 + '"}'
    changes: tuple[Callable[[object], object], ...] = (
        lambda _: None,
        lambda _: [],
        lambda _: {"": {"\x1b[31m": "\u202e"}},
        lambda answer: [answer] * 50,
        lambda _: 10**400,
    )
    faults = [
        Fault(rate=0.3, change=world.random.choice(changes)),
        Fault(rate=0.2, body=world.random.choice((deep, huge)), content_type="application/json"),
        Fault(rate=0.1, headers={"Location": "http://127.0.0.1:9/", "Retry-After": "9" * 30}),
        Fault(rate=0.1, status=world.random.choice((301, 401, 429, 503, 599))),
        Fault(rate=0.1, truncate=30),
    ]
    with world.sabotage(domain):
        for fault in faults:
            store.faults.add(fault)
        await asyncio.sleep(world.random.uniform(6, 12))
        for fault in faults:
            store.faults.remove(fault)
        await asyncio.sleep(2)


async def flapping_source(world: World) -> None:
    """A source of discovery names and drops stores, other orgs' stores, and nonsense."""
    documents: tuple[object, ...] = (
        [],
        [{"targets": ["localhost", "a.flap.example", "b.flap.example"]}],
        [{"targets": ["localhost", *(role.domain for role in cast())]}],
        [{"targets": [f"s{number}.flap.example" for number in range(60)]}],
        {"targets": 7},
        [{"targets": ["localhost", "127.0.0.1", "x\x1b[0m\u202e", "a" * 300, None, 1e999]}],
    )
    # A store that is taken out while it is down is told for as long as its last sample counts.
    after = STALE_SECONDS
    with world.sabotage(FOUND.domain, after), world.sabotage("flap.example", after):
        for _ in range(8):
            document = world.random.choice(documents)
            world.source.write_text(json.dumps(document)[: world.random.choice((20, None))])
            await asyncio.sleep(world.random.uniform(0.3, 2))
        world.source.write_text('[{"targets": ["localhost"]}]')
        await asyncio.sleep(2)


# Those who ask and are asked


async def reloads(world: World) -> None:
    """Reloads come faster than they are done, some of them with a broken file."""
    good = world.configuration.read_text()
    for _ in range(6):
        broken = world.random.random() < 0.5
        world.configuration.write_text(good[: len(good) // 2] + "\n  : [" if broken else good)
        await _ask_much(world, "/-/reload", method="POST", count=8)
        for _ in range(5):
            world.exporter.child.send_signal(signal.SIGHUP)
        await asyncio.sleep(world.random.uniform(0, 0.5))
    world.configuration.write_text(good)
    world.exporter.child.send_signal(signal.SIGHUP)


async def wrong_passwords(world: World) -> None:
    """Somebody guesses passwords, right after a restart too."""
    for _ in range(2):
        await _ask_much(world, "/metrics", count=200, password="wrong")
        await _ask_much(world, "/api/v1/health", count=50, token="wrong")
        if world.random.random() < 0.5:
            await end(world)


async def _ask_much(
    world: World,
    path: str,
    *,
    method: str = "GET",
    count: int = 100,
    password: str = PASSWORD,
    token: str = "",
) -> None:
    basic = aiohttp.encode_basic_auth(USER, password)
    headers = {"Authorization": f"Bearer {token}" if token else basic}
    connector = aiohttp.TCPConnector(limit=0, force_close=True)
    limit = aiohttp.ClientTimeout(total=8)

    async def ask(session: aiohttp.ClientSession) -> int:
        with suppress(aiohttp.ClientError, TimeoutError):
            url = world.addresses["exporter"] + path
            async with session.request(method, url, headers=headers) as answer:
                await answer.read()
                return answer.status
        return 0

    async with aiohttp.ClientSession(connector=connector, timeout=limit) as session:
        answers = await asyncio.gather(*(ask(session) for _ in range(count)))
    if (password != PASSWORD or token) and 200 in answers:
        raise AssertionError(f"{path} answered 200 to a wrong password")


async def prometheus_gone(world: World) -> None:
    """Prometheus is killed or stands still for a while."""
    if world.random.random() < 0.5:
        await world.stop("prometheus", signal.SIGKILL)
        await asyncio.sleep(world.random.uniform(0, 5))
        await world.run("prometheus")
    else:
        os.kill(world.processes["prometheus"].child.pid, signal.SIGSTOP)
        await asyncio.sleep(world.random.uniform(2, 6))
        os.kill(world.processes["prometheus"].child.pid, signal.SIGCONT)


async def otlp_refuses(world: World) -> None:
    """The OTLP endpoint refuses, redirects or is broken until somebody is told."""
    if any(alert is AlertName.STORE_OTLP_PUSHES_FAILING for alert, _ in world.truth.told):
        return
    since = time.time()
    world.otlp = world.random.choice((302, 400, 401, 500, 503))
    try:
        # It must be most pushes of a quarter of an hour.
        await told(world, AlertName.STORE_OTLP_PUSHES_FAILING, since=since, seconds=900)
    finally:
        world.otlp = 200


QUICK: tuple[Attack, ...] = (kill, pause, no_descriptors, reloads, wrong_passwords, store_down)
"""Those of the short round."""
ATTACKS: Mapping[str, Attack] = {
    attack.__name__: attack
    for attack in (
        *QUICK,
        *(end, absence, full_disk, flipped_bit, store_down_unheard, hostile_store),
        *(flapping_source, prometheus_gone, otlp_refuses),
        *((clock,) if CLOCK.exists() else ()),
        *((local_errors,) if shutil.which("cc") else ()),
    )
}
