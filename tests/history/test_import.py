"""What the command takes of the old table's exports, what it refuses, and what it writes."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from tests.history.support import HEADER, imported, rejected

GOOD = "1,7,shop.example.com,get_cart,120,t,,,Mozilla,2025-03-01 10:02:00.5+00\n"
TOTAL = re.compile(r"store_operations_total\{.*\} (\d+) (\S+)")


def totals(folder: Path) -> dict[tuple[str, str, str, str], float]:
    """Calls by org, domain, operation and error type ("" for all), from all files."""
    found: dict[tuple[str, str, str, str], float] = {}
    for file in sorted((folder / "out").glob("*.om")):
        # That parser takes no histogram with several times; promtool does, in test_truth.
        counters = file.read_text().partition("# HELP store_operation_duration")[0] + "# EOF\n"
        for family in text_string_to_metric_families(counters):
            last: dict[str, float] = {}
            for sample in family.samples:
                if not sample.name.endswith("_total"):
                    continue
                labels: Mapping[str, str] = sample.labels
                key = (labels["org"], labels["domain"], labels["operation"],
                       labels.get("error_type", ""))  # fmt: skip
                before = last.get(str(key), 0.0)
                last[str(key)] = sample.value
                grown = sample.value - before if sample.value >= before else sample.value
                found[key] = found.get(key, 0.0) + grown
    return {key: value for key, value in found.items() if value}


QUOTED = HEADER.replace(",", '","').join('""').replace('\n"', '"\n')
OTHER_COLUMNS = """\
operation,domain,created_at,duration_ms,success
get_cart,"https://Shop.Example.com./",2025-03-01T11:02:00.500+01:00,120.0,true
"""
TEXT = (
    "1\t7\tshop.example.com\tget_cart\t120\tt\t\\N\ta\\tb\\\\c\\N\t\\N\t2025-03-01 10:02:00\n\\.\n"
)
JSON_LINES = """\
{"customer_config_id": 7, "domain": "shop.example.com", "operation": "get_cart", \
"duration_ms": 120, "success": true, "created_at": "2025-03-01T10:02:00Z"}

"""


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ("csv", HEADER + GOOD),
        ("csv", GOOD),
        ("csv", "\ufeff" + QUOTED + GOOD),
        ("csv", OTHER_COLUMNS),
        ("text", TEXT),
        ("jsonl", JSON_LINES),
    ],
)
def test_all_forms_of_an_export_mean_the_same(tmp_path: Path, form: str, text: str) -> None:
    file = tmp_path / "export"
    file.write_text(text)
    assert imported(tmp_path, file, f"--format={form}") == 0, rejected(tmp_path)
    assert totals(tmp_path) == {("acme", "shop.example.com", "get_cart", ""): 1}
    (written,) = (tmp_path / "out").iterdir()
    assert written.name == "2025-03.om"
    # A quarter of an hour from 10:00, and midnight.
    assert TOTAL.findall(written.read_text()) == [
        ("0", "1740823200.001"), ("1", "1740824100"), ("0", "1740873600")
    ]  # fmt: skip
    assert (
        'duration_seconds_bucket{org="acme",domain="shop.example.com",platform="woocommerce",'
        in (written.read_text())
    )


@pytest.mark.parametrize("field", ["id", "domain", "operation", "error_type", "created_at"])
def test_half_a_character_is_rejected_and_stops_no_other_row(tmp_path: Path, field: str) -> None:
    row = {**json.loads(JSON_LINES), "success": False, "error_type": "timeout", field: "\ud800"}
    file = tmp_path / "export"
    file.write_text(json.dumps(row) + "\n" + JSON_LINES)
    assert imported(tmp_path, file, "--format=jsonl") == 1
    assert totals(tmp_path) == {("acme", "shop.example.com", "get_cart", ""): 1}
    (entry,) = rejected(tmp_path)
    assert (entry["line"], entry["error"]) == (1, "it is not a JSON object of Unicode text")


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("9,9,other.example,get_cart,1,t,,,,2025-03-01T10:00:00Z", "is not in the mapping"),
        ("9,8,zen.example,get cart,1,t,,,,2025-03-01T10:00:00Z", "operation must be a name"),
        ("9,7,a b,get_cart,1,t,,,,2025-03-01T10:00:00Z", "is not a host name"),
        ("9,7,shop.example.com,get_cart,,t,,,,2025-03-01T10:00:00Z", "duration_ms is empty"),
        ("9,7,shop.example.com,get_cart,nan,t,,,,2025-03-01T10:00:00Z", "duration_ms must be"),
        ("9,7,shop.example.com,get_cart,-1,t,,,,2025-03-01T10:00:00Z", "duration_ms must be"),
        ("9,7,shop.example.com,get_cart,1,maybe,,,,2025-03-01T10:00:00Z", "success must be"),
        ("9,7,shop.example.com,get_cart,1,t,,,,yesterday", "created_at must be"),
        ("9,7,shop.example.com,get_cart,1,t,,,,1970-01-01T00:00:00Z", "before the year 2000"),
        ("9,7,shop.example.com", "it has 3 fields in place of 10"),
        ('9,7,shop.example.com,get_cart,1,f,timeout,"a"b,,2025-03-01T10:00:00Z', "not CSV"),
    ],
)
def test_a_row_that_cannot_be_taken_stands_in_a_file_with_the_reason(
    tmp_path: Path, row: str, problem: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "export"
    file.write_text(f"{HEADER}{row}\n{GOOD}")
    assert imported(tmp_path, file) == 1
    assert totals(tmp_path) == {("acme", "shop.example.com", "get_cart", ""): 1}
    (entry,) = rejected(tmp_path)
    assert entry["line"] == 2
    assert problem in entry["error"]
    assert json.dumps(entry["row"])
    assert "Rows rejected: 1; " in capsys.readouterr().out


def test_a_domain_of_one_org_is_never_counted_for_another(tmp_path: Path) -> None:
    (tmp_path / "export").write_text(GOOD.replace(",7,", ",9,") + GOOD.replace("1,7,", "2,8,"))
    assert imported(tmp_path, tmp_path / "export") == 0
    # The mapping names the domain of 8, whatever its rows say.
    assert totals(tmp_path) == {
        ("acme", "shop.example.com", "get_cart", ""): 1, ("zen", "zen.example", "get_cart", ""): 1
    }  # fmt: skip
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "export").write_text(GOOD)
    customers = tmp_path / "theirs.yml"
    customers.write_text("7: zen\n")
    assert imported(tmp_path / "b", tmp_path / "b" / "export", f"--customers={customers}") == 1
    assert "another org" in rejected(tmp_path / "b")[0]["error"]


def test_errors_are_mapped_and_unknown_ones_are_reported(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = ["timeout", "NetworkError", "weird_error", "Odd", "Odd", "", "NULL", "\\N"]
    rows = [
        f"{n},7,shop.example.com,get_cart,1,f,{name},,,2025-03-01T10:00:00Z\n"
        for n, name in enumerate(names)
    ]
    (tmp_path / "export").write_text(HEADER + "".join(rows))
    assert imported(tmp_path, tmp_path / "export") == 0
    place = ("acme", "shop.example.com", "get_cart")
    assert totals(tmp_path) == {
        (*place, ""): 8, (*place, "timeout"): 1, (*place, "connection"): 1,
        (*place, "invalid_coupon"): 1, (*place, "exception"): 5,
    }  # fmt: skip
    assert re.search(r"3  \(none\)\n\s+2  Odd", capsys.readouterr().out)


def test_a_row_that_stands_twice_counts_once_and_later_ones_are_left_to_the_live_figures(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    later = GOOD.replace("1,7", "2,7", 1).replace("10:02", "10:05")
    (tmp_path / "export").write_text(HEADER + GOOD + GOOD + later)
    assert imported(tmp_path, tmp_path / "export", "--before=2025-03-01T11:05:00+01:00") == 0
    assert totals(tmp_path) == {("acme", "shop.example.com", "get_cart", ""): 1}
    said = capsys.readouterr().out
    assert "Rows from --before or later, left out: 1" in said
    assert "Rows whose id stood there before, counted once: 1" in said


def test_the_day_on_which_live_figures_began_is_closed_once_it_is_over(tmp_path: Path) -> None:
    """The last sample is a zero at its midnight, from which `increase` extrapolates nothing."""
    (tmp_path / "export").write_text(HEADER + GOOD)
    assert imported(tmp_path, tmp_path / "export", "--before=2025-03-01T11:30:00+01:00") == 0
    (file,) = (tmp_path / "out").glob("*.om")
    *_, last = TOTAL.findall(file.read_text())
    assert last == ("0", str(int(datetime(2025, 3, 2, tzinfo=UTC).timestamp())))


def test_calls_of_the_last_quarter_of_a_day_end_with_it(tmp_path: Path) -> None:
    """No zero of midnight stands beside them: Prometheus would take only one of both."""
    rows = (GOOD, GOOD.replace("1,7", "2,7", 1).replace("10:02", "23:50"))
    (tmp_path / "export").write_text(HEADER + "".join(rows))
    assert imported(tmp_path, tmp_path / "export") == 0
    (file,) = (tmp_path / "out").glob("*.om")
    midnight = int(datetime(2025, 3, 2, tzinfo=UTC).timestamp())
    assert TOTAL.findall(file.read_text())[-2:] == [
        ("0", f"{midnight - 900}.001"), ("1", str(midnight))
    ]  # fmt: skip


def test_a_quote_that_is_never_closed_costs_a_part_of_the_file_and_loses_nothing(
    tmp_path: Path,
) -> None:
    broken = '0,7,shop.example.com,get_cart,1,f,timeout,"oh,,2025-03-01T10:00:00Z\n'
    many = "".join(GOOD.replace("1,7", f"{n},7", 1) for n in range(20_000))
    (tmp_path / "export").write_text(HEADER + broken + many)
    assert imported(tmp_path, tmp_path / "export") == 1
    (entry, *more) = rejected(tmp_path)
    lost = sum(row["row"]["text"].count("\n") for row in (entry, *more)) - 1
    taken = totals(tmp_path)["acme", "shop.example.com", "get_cart", ""]
    assert 0 < taken == 20_000 - lost


@pytest.mark.parametrize(
    ("text", "flags", "status", "said"),
    [
        ("id,created_at,operation\n", (), 1, "the header has no column domain"),
        ("id,domain\n", (), 1, "the header has no column operation"),
        (GOOD.replace(",", ";"), (), 1, "export: the first line is neither a header with domain, "),
        ("", (), 1, "export: it has no rows"),
        (HEADER, (), 1, "export: it has no rows"),
        ("PK\3\4", (), 1, "export: it is packed; unpack it first"),
        (GOOD, ("--before=tomorrow",), 2, "--before is not a date and time"),
        (GOOD, ("--platform=shoopify",), 2, "--platform must be one of"),
        (GOOD, ("--customers=nowhere.yml",), 1, "there is no such file"),
    ],
)
def test_what_cannot_be_done_is_said(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    *,
    text: str,
    flags: tuple[str, ...],
    status: int,
    said: str,
) -> None:
    (tmp_path / "export").write_text(text)
    assert imported(tmp_path, tmp_path / "export", *flags) == status
    assert said in (shown := capsys.readouterr().err)
    assert "it is not whole" not in shown
    (tmp_path / "export").write_text(GOOD)
    assert imported(tmp_path, tmp_path / "export") == 0


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ("nope.csv", "nope.csv: there is no such file in "),
        ("folder", "folder is a folder; name the file of the export"),
    ],
)
def test_a_file_that_is_none_is_said_and_nothing_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], file: str, said: str
) -> None:
    (tmp_path / "folder").mkdir()
    assert imported(tmp_path, tmp_path / file) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("flags", [(), ("--before=2027-01-01T00:00:00Z",)])
def test_without_the_time_at_which_live_figures_began_it_warns(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], flags: tuple[str, ...]
) -> None:
    (tmp_path / "export").write_text(GOOD)
    assert imported(tmp_path, tmp_path / "export", *flags) == 0
    assert ("--before leaves them out" in capsys.readouterr().out) == (not flags)


def test_a_folder_that_cannot_be_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "export").write_text(GOOD)
    (tmp_path / "out").write_text("")
    assert imported(tmp_path, tmp_path / "export") == 2
    assert "out is a file; name a folder" in capsys.readouterr().err
    long = tmp_path / ("x" * 300)
    for arguments in ((tmp_path / "export", f"--output={long}"), (long,)):
        assert imported(tmp_path, *arguments) == 1
        assert capsys.readouterr().err == f"cannot use {long}: File name too long\n"


def test_customers_of_unknown_orgs_and_folders_in_use_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "export").write_text(GOOD)
    wrong = tmp_path / "wrong.yml"
    wrong.write_text("7: acne\n8: {organisation: zen}\n")
    assert imported(tmp_path, tmp_path / "export", f"--customers={wrong}") == 1
    said = capsys.readouterr().err
    assert "wrong.yml:1: 7: acne is not an org of the configuration; did you mean acme?" in said
    assert "wrong.yml:2: " in said
    assert imported(tmp_path, tmp_path / "export") == 0
    assert imported(tmp_path, tmp_path / "export") == 2
    assert "is not empty; name a new folder" in capsys.readouterr().err


def test_no_sample_is_from_the_future(tmp_path: Path) -> None:
    """Prometheus would take no live sample until then."""
    now = datetime.now(UTC)
    row = f"{HEADER}1,7,shop.example.com,get_cart,1,t,,,,{now - timedelta(minutes=40)}\n"
    (tmp_path / "export").write_text(row)
    assert imported(tmp_path, tmp_path / "export") == 0
    (written,) = (tmp_path / "out").glob("*.om")
    assert max(float(at) for _, at in TOTAL.findall(written.read_text())) <= now.timestamp()


class TargetsHandler(BaseHTTPRequestHandler):
    """A source of stores that requires a token."""

    def do_GET(self) -> None:
        allowed = self.headers["Authorization"] == "Bearer s3cret"
        self.send_response(200 if allowed else 401)
        self.end_headers()
        self.wfile.write(b'[{"targets": ["found.example"]}]')

    def log_message(self, *_: object) -> None:
        """Print nothing."""


def test_rows_of_stores_that_a_source_names_belong_to_its_org(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("TOKEN", "s3cret"), ("KEY", "ck_1"), ("SECRET", "cs_1")):
        monkeypatch.setenv(name, value)
    (tmp_path / "export").write_text(
        f"{HEADER}1,,found.example,get_cart,100,t,,,,2025-03-01T00:00:00Z\n"
    )
    with ThreadingHTTPServer(("127.0.0.1", 0), TargetsHandler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        more = (
            "state_directory: state\n"
            "discovery:\n  - org: acme\n    platform: woocommerce\n"
            f"    http: {{url: 'http://127.0.0.1:{server.server_port}', bearer_token: env:TOKEN}}\n"
            "    store: {credentials: {consumer_key: env:KEY, consumer_secret: env:SECRET}}\n"
        )
        try:
            done = imported(tmp_path, tmp_path / "export", more=more)
        finally:
            server.shutdown()
            thread.join()
    assert done == 0
    assert 'org="acme",domain="found.example"' in (tmp_path / "out" / "2025-03.om").read_text()
