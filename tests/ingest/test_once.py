"""A batch counts once: sent again, across restarts, when killed, and when the disk is full."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from resource import RLIMIT_FSIZE, prlimit
from typing import Any

import aiohttp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from store_exporter.ingest import ledger, ledger_file
from store_exporter.ingest.intake import Effect, Intake
from store_exporter.ingest.ledger import MarkKey, ReportLedger
from store_exporter.ingest.saved import added_row, row
from store_exporter.metrics.addition import Addition
from store_exporter.metrics.guard import Labels
from store_exporter.metrics.recorder import Recorder
from tests.commands.serving import served
from tests.ingest.support import (
    CART,
    ERRORS,
    PATH,
    SHOP,
    TOKEN,
    TOTAL,
    call,
    figures,
    post,
    reporting,
    shown,
    taking,
)
from tests.server.support import ENVIRON

BATCH = [call(), call(seconds=3, error_type="timeout")]


async def test_a_batch_that_is_sent_again_is_not_counted_again(tmp_path: Path) -> None:
    async with taking(tmp_path) as running:
        first = await post(running, BATCH, key="one")
        again = await post(running, BATCH, key="one")
        together = await asyncio.gather(*(post(running, BATCH, key="two") for _ in range(9)))
        found = await shown(running)
        metrics = (await running.ask("/metrics")).text
    assert (first.json["duplicate"], again.json["duplicate"]) == (False, True)
    assert sorted(answer.json["duplicate"] for answer in together) == [False] + [True] * 8
    assert found[TOTAL, *CART] == 4
    assert found[ERRORS, *CART, "timeout", "store"] == 2
    name = 'store_exporter_ingested_operations_total{org="acme",outcome='
    assert f'{name}"counted"}} 4' in metrics
    assert f'{name}"duplicate"}} 18' in metrics


async def test_a_key_is_of_one_batch(tmp_path: Path) -> None:
    async with taking(tmp_path) as running:
        await post(running, BATCH, key="one")
        answer = await post(running, BATCH[:1], key="one")
        found = await shown(running)
    assert (answer.status, answer.json) == (
        422, {"error": "another batch was sent with this Idempotency-Key"},
    )  # fmt: skip
    assert found[TOTAL, *CART] == 2


async def test_a_restart_forgets_neither_keys_nor_totals(tmp_path: Path) -> None:
    async with taking(tmp_path) as running:
        await post(running, BATCH, key="one")
        before = (await running.ask("/metrics")).text
    async with taking(tmp_path) as running:
        after = (await running.ask("/metrics")).text
        again = await post(running, BATCH, key="one")
        await post(running, BATCH, key="two")
        found = await shown(running)
    assert figures(after) == figures(before) != {}
    buckets = [line for line in before.splitlines() if "_bucket" in line]
    assert buckets == [line for line in after.splitlines() if "_bucket" in line]
    assert again.json["duplicate"] is True
    assert found[TOTAL, *CART] == 4


async def test_what_a_scraper_saw_never_falls_and_what_it_did_not_see_begins_at_zero(
    tmp_path: Path,
) -> None:
    seen = []
    async with taking(tmp_path) as running:
        await post(running, BATCH)
        seen += [(await shown(running, scraper="prometheus"))[TOTAL, *CART] for _ in range(2)]
        # Nobody looks at these any more.
        await post(running, BATCH)
        await post(running, [call("check_stock")])
    stock = (*CART[:3], "check_stock")
    unseen = []
    async with taking(tmp_path) as running:
        for _ in range(2):
            found = await shown(running, scraper="prometheus")
            seen.append(found[TOTAL, *CART])
            unseen.append(found[TOTAL, *stock])
    assert seen == [0, 2, 4, 4]
    assert unseen == [0, 1]


async def test_after_a_crash_totals_go_on_from_where_they_were(tmp_path: Path) -> None:
    crashed = tmp_path / "crashed"
    async with taking(tmp_path) as running:
        await post(running, BATCH, key="one")
        await shown(running, scraper="prometheus")
        shutil.copytree(tmp_path / "state", crashed / "state")
    async with taking(crashed) as running:
        first = (await shown(running, scraper="prometheus"))[TOTAL, *CART]
        again = await post(running, BATCH, key="one")
    assert first == 2
    assert again.json["duplicate"] is True


async def test_a_series_that_begins_anew_while_a_batch_is_saved_does_so_after_a_restart_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A store was removed from the configuration and added again in that moment."""
    save, meanwhile = ReportLedger.save, list[Callable[[], None]]()

    def saved(self: ReportLedger, *what: Any) -> None:
        save(self, *what)
        while meanwhile:
            meanwhile.pop()()

    monkeypatch.setattr(ReportLedger, "save", saved)
    async with taking(tmp_path) as running:
        await post(running, BATCH)
        meanwhile.append(lambda: running.exporter.recorder.forget(CART[:3]))
        await post(running, BATCH[:1])
        before = await shown(running)
    async with taking(tmp_path) as running:
        after = await shown(running)
    assert before[TOTAL, *CART] == after[TOTAL, *CART] == 1


async def test_a_process_that_is_killed_again_and_again_loses_and_doubles_nothing(
    tmp_path: Path,
) -> None:
    """A real process, killed at any moment; the sender asks again until it has an answer."""
    (tmp_path / "store-exporter.yml").write_text(reporting())
    sent = 0
    total = 0.0
    async with aiohttp.ClientSession() as session:
        for life in range(3):
            async with served(tmp_path, environ=ENVIRON) as (process, address, _log):
                seen = await _total(session, address)
                # What was answered is there, and perhaps what was on its way when it was killed.
                assert seen in {2 * sent, 2 * (sent + 1)}
                killing = None
                while await _sent(session, address, f"batch-{sent}"):
                    sent += 1
                    if killing is None:  # so that some are answered, however slow the machine is
                        later = asyncio.get_running_loop().call_later
                        killing = later(0.1 + life / 20, process.kill)
        async with served(tmp_path, environ=ENVIRON) as (_process, address, _log):
            # The batch that was on its way when the last one was killed.
            assert await _sent(session, address, f"batch-{sent}")
            total = await _total(session, address)
    assert sent >= 3
    assert total == 2 * (sent + 1)


async def _sent(session: aiohttp.ClientSession, address: str, key: str) -> bool:
    headers = {
        "Authorization": f"Bearer {TOKEN}",
        "Content-Type": "application/json",
        "Idempotency-Key": key,
    }
    try:
        async with session.post(
            f"http://{address}{PATH}" if "//" not in address else address + PATH,
            data=json.dumps(BATCH),
            headers=headers,
        ) as answer:
            await answer.read()
            return answer.status == 200
    except (aiohttp.ClientError, OSError):
        return False


async def _total(session: aiohttp.ClientSession, address: str) -> float:
    url = f"http://{address}" if "//" not in address else address
    async with session.get(f"{url}/metrics") as answer:
        return figures(await answer.text()).get((TOTAL, *CART), 0)


async def test_on_a_full_disk_nothing_is_counted_and_the_response_says_so(tmp_path: Path) -> None:
    async with taking(tmp_path) as running:
        await post(running, BATCH, key="one")
        ledger = running.exporter.intake._ledger
        assert ledger is not None
        database = ledger._database
        pages = database.execute("PRAGMA page_count").fetchone()[0]
        database.execute(f"PRAGMA max_page_count = {pages}")
        many = [call(f"own_{number}") for number in range(90)]
        answer = await post(running, many, key="two")
        refused = await shown(running)
        database.execute("PRAGMA max_page_count = 100000")
        later = await post(running, many, key="two")
        found = await shown(running)
    assert (answer.status, answer.json) == (
        507, {"error": "the disk is full; nothing was counted"},
    )  # fmt: skip
    assert {key[4] for key in refused} == {"get_cart"}
    assert later.json["duplicate"] is False
    assert len({key[4] for key in found}) == 91


async def test_an_exporter_whose_disk_is_full_when_it_starts_takes_reports_once_there_is_room(
    tmp_path: Path,
) -> None:
    recorder, key = Recorder(), MarkKey("acme", "key", "one")
    file = saved(tmp_path, recorder)
    file.load()
    add(file, recorder)
    file.close()
    intake = Intake(recorder, lambda: saved(tmp_path, recorder))

    async def decide(_: Mapping[MarkKey, str]) -> Effect:
        return Effect({CART: Addition(1, {}, [0.2])}, {key: "note"})

    before = prlimit(0, RLIMIT_FSIZE)
    prlimit(0, RLIMIT_FSIZE, (0, before[1]))
    try:
        intake.restore()
        with pytest.raises(ledger_file.LedgerError) as refused:
            await intake.count((key,), decide)
    finally:
        prlimit(0, RLIMIT_FSIZE, before)
    assert refused.value.full
    await intake.count((key,), decide)
    await intake.close()
    assert recorder.totals(recorder.operation(*CART)).finished == 1


async def test_when_the_file_cannot_be_used_nothing_is_counted(tmp_path: Path) -> None:
    async with taking(tmp_path) as running:
        await post(running, BATCH)
        ledger = running.exporter.intake._ledger
        assert ledger is not None
        ledger._database.execute("DROP TABLE marks")
        answer = await post(running, BATCH, key="two")
        found = await shown(running)
    assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
    assert found[TOTAL, *CART] == 2


def saved(folder: Path, recorder: Recorder) -> ReportLedger:
    return ReportLedger(folder, holder="test", empty=recorder.no_durations())


def add(file: ReportLedger, recorder: Recorder, *notes: MarkKey) -> None:
    addition = Addition(1, {}, [0.2])
    totals = recorder.totals(recorder.operation(*CART)).plus(addition, 1.0)
    file.save([row(CART, totals)], dict.fromkeys(notes, "note"))
    file.save([], {}, [added_row(CART, addition)])


def test_a_damaged_file_is_kept_aside_and_counting_begins_anew(tmp_path: Path) -> None:
    lost = []
    (tmp_path / ledger_file.FILE_NAME).write_bytes(b"no database" * 1000)
    recorder = Recorder()
    file = ReportLedger(
        tmp_path, holder="test", empty=recorder.no_durations(), lost=lambda: lost.append(1)
    )
    assert file.load() == []
    add(file, recorder)
    file.close()
    assert len(list(tmp_path.glob(f"{ledger_file.FILE_NAME}.damaged-*"))) == 1
    assert lost == [1]


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What a process leaves that is killed after it has saved something five times."""
    folder, recorder = tmp_path_factory.mktemp("killed"), Recorder()
    file = saved(folder, recorder)
    file.load()
    for number in range(5):
        add(file, recorder, MarkKey("acme", "key", str(number)))
    found = {p.name: p.read_bytes() for p in folder.iterdir() if not p.name.endswith("-shm")}
    file.close()
    return found


@settings(max_examples=60)
@given(place=st.integers(0, 2**24), bit=st.integers(0, 7))
def test_one_flipped_bit_of_the_log_of_a_killed_process_is_harmless_or_reported(
    killed: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory, place: int, bit: int
) -> None:
    """Totals that are older than what was shown would be a reset to Prometheus, and count twice."""
    folder = tmp_path_factory.getbasetemp() / "flipped-ingest-log"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name, content in killed.items():
        (folder / name).write_bytes(content)
    log = bytearray(killed[f"{ledger_file.FILE_NAME}-wal"])
    log[place % len(log)] ^= 1 << bit
    (folder / f"{ledger_file.FILE_NAME}-wal").write_bytes(log)
    lost: list[int] = []
    file = ReportLedger(
        folder, holder="test", empty=Recorder().no_durations(), lost=lambda: lost.append(1)
    )
    series = file.load()
    file.close()
    assert (len(series), lost) in ((1, []), (0, [1]))


def test_what_a_killed_process_saved_is_gone_on_from(
    killed: dict[str, bytes], tmp_path: Path
) -> None:
    for name, content in killed.items():
        (tmp_path / name).write_bytes(content)
    lost: list[int] = []
    file = ReportLedger(
        tmp_path, holder="test", empty=Recorder().no_durations(), lost=lambda: lost.append(1)
    )
    assert len(file.load()) == 1
    file.close()
    assert lost == []


def test_a_store_that_is_forgotten_is_no_loss(tmp_path: Path) -> None:
    recorder, lost = Recorder(), []
    file = saved(tmp_path, recorder)
    file.load()
    add(file, recorder)
    file.forget([CART[:3]])
    file.close()
    file = ReportLedger(
        tmp_path, holder="test", empty=recorder.no_durations(), lost=lambda: lost.append(1)
    )
    assert file.load() == []
    file.close()
    assert lost == []


def test_a_second_process_gets_an_error_while_the_file_is_in_use(tmp_path: Path) -> None:
    recorder = Recorder()
    file = saved(tmp_path, recorder)
    with pytest.raises(ledger_file.LedgerError, match="another exporter uses") as caught:
        saved(tmp_path, recorder)
    assert caught.value.passing
    file.close()


async def test_of_two_exporters_with_one_folder_the_second_takes_over_when_the_first_is_gone(
    tmp_path: Path,
) -> None:
    second = tmp_path / "second"
    second.mkdir()
    (second / "state").symlink_to(tmp_path / "state")
    async with AsyncExitStack() as later:
        async with taking(tmp_path) as first:
            await post(first, BATCH, key="one")
            running = await later.enter_async_context(taking(second))
            refused = await post(running, BATCH, key="one")
            assert await shown(running) == {}
        again = await post(running, BATCH, key="one")
        await post(running, BATCH, key="two")
        found = await shown(running)
    assert (refused.status, refused.headers["Retry-After"]) == (503, "5")
    assert again.json["duplicate"] is True
    # Scrapers have the first one's totals from itself.
    assert found[TOTAL, *CART] == 2


def test_totals_of_another_process_are_not_gone_on_from(tmp_path: Path) -> None:
    recorder = Recorder()
    file = saved(tmp_path, recorder)
    add(file, recorder)
    file.close()
    other = ReportLedger(tmp_path, holder="other", empty=recorder.no_durations())
    assert other.load() == []
    other.close()


def test_totals_of_other_buckets_begin_anew(tmp_path: Path) -> None:
    recorder = Recorder()
    file = saved(tmp_path, recorder)
    add(file, recorder)
    file.close()
    other = Recorder(buckets=(1.0, 2.0))
    file = saved(tmp_path, other)
    assert file.load() == []
    file.close()


def test_when_the_machine_stopped_totals_begin_anew_and_keys_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder, key = Recorder(), MarkKey("acme", "batch", "one")
    for before, now, found in (("a", "a", 1), ("b", "c", 0), ("", "", 0)):
        folder, after = tmp_path / f"before-{before}", tmp_path / f"after-{before}"
        monkeypatch.setattr(ledger_file, "_boot", lambda boot=before: boot)
        file = saved(folder, recorder)
        add(file, recorder, key)
        shutil.copytree(folder, after)
        file.close()
        monkeypatch.setattr(ledger_file, "_boot", lambda boot=now: boot)
        file = saved(after, recorder)
        assert len(file.load()) == found
        assert file.note(key) == "note"
        file.close()


def test_the_oldest_keys_of_an_org_are_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger, "MOST_MARKS", 10)
    recorder = Recorder()
    file = saved(tmp_path, recorder)
    first = MarkKey("zen", "batch", "first")
    add(file, recorder, first)
    keys = [MarkKey("acme", "batch", str(number)) for number in range(600)]
    for key in keys:
        add(file, recorder, key)
    found = [key for key in (first, *keys) if file.note(key) is not None]
    file.close()
    assert first in found
    assert keys[-1] in found
    assert keys[0] not in found
    assert len(found) < 300


OTHER = ("acme", SHOP, "woocommerce", "other")


@pytest.mark.parametrize(("most", "found"), [(2, {CART, OTHER}), (1, {OTHER})])
def test_the_series_that_grew_longest_ago_go_first_whatever_the_clock_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most: int, found: set[Labels]
) -> None:
    monkeypatch.setattr(ledger, "MOST_SERIES", most)
    recorder = Recorder()
    for labels, now in ((CART, 1e9), (OTHER, 0.0)):
        file = ReportLedger(
            tmp_path, holder="test", empty=recorder.no_durations(), now=partial(float, now)
        )
        file.load()
        file.save([row(labels, recorder.totals(recorder.operation(*labels)))], {})
        file.close()
    file = saved(tmp_path, recorder)
    assert {series.labels for series in file.load()} == found
    file.close()


async def test_totals_outlive_a_change_of_their_store_and_end_with_it(tmp_path: Path) -> None:
    text = reporting()
    async with taking(tmp_path, text) as running:
        await post(running, BATCH)
        for changed, expected in (
            (text.replace("http://127.0.0.1:9", "http://127.0.0.1:10"), 2),
            (text.replace(SHOP, "other.example.com"), None),
        ):
            running.file.write_text(changed)
            assert (await running.ask("/-/reload", "POST")).status == 200
            assert (await shown(running)).get((TOTAL, *CART)) == expected


async def test_stores_of_other_orgs_have_keys_of_their_own(tmp_path: Path) -> None:
    text = reporting().replace("[env:ZEN_TOKEN]", "[{token: env:ZEN_TOKEN, scopes: [ingest]}]")
    async with taking(tmp_path, text) as running:
        await post(running, BATCH, key="one")
        zen = [{**call(), "domain": "zen.example"}]
        answer = await post(running, zen, key="one", token=ENVIRON["ZEN_TOKEN"])
        found = await shown(running)
    assert answer.json["duplicate"] is False
    assert found[TOTAL, "acme", SHOP, "woocommerce", "get_cart"] == 2
    assert found[TOTAL, "zen", "zen.example", "woocommerce", "get_cart"] == 1
