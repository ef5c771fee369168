"""`store-exporter run`: operations from the shell."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

import pytest

from store_demo.stores.woocommerce import Fault, SimulatedWooCommerce
from store_exporter.cli import main
from store_exporter.spec import shell
from store_exporter.spec.operation import OperationSpec
from store_exporter.spec.operations import OPERATIONS

from .shops import DOMAIN


@pytest.fixture
def shop() -> SimulatedWooCommerce:
    return SimulatedWooCommerce(DOMAIN, orders=0)


def run(file: Path, *words: str, store: str = DOMAIN) -> int:
    return main(["run", *words, "--store", store, "--config.file", str(file)])


def as_json(file: Path, capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    assert run(file, *words, "--format", "json") == 0
    return json.loads(capsys.readouterr().out)


def test_a_result_is_printed_for_people(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(file, "check_price", "product=SKU-010") == 0
    lines = capsys.readouterr().out.splitlines()
    assert "price: 80 GBP" in lines
    assert "on_sale: no" in lines
    assert "sale_ends: -" in lines


def test_a_store_that_a_source_names_gets_no_key_within_this_network(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEY", "ck_" + "ab" * 20)
    monkeypatch.setenv("SECRET", "cs_" + "cd" * 20)
    (tmp_path / "found.json").write_text('[{"targets": ["found.example.com"]}]')
    file = tmp_path / "store-exporter.yml"
    file.write_text(
        f"state_directory: {tmp_path}\n"
        "orgs: [{org: acme, domains: [found.example.com]}]\n"
        "discovery:\n"
        "  - org: acme\n"
        "    platform: woocommerce\n"
        "    files: [found.json]\n"
        "    store:\n"
        "      url: http://{domain}:PORT\n"
        "      credentials: {consumer_key: env:KEY, consumer_secret: env:SECRET}\n"
    )
    found, real = "found.example.com", socket.getaddrinfo
    monkeypatch.setattr(
        socket,
        "getaddrinfo",
        lambda host, *args, **more: real("127.0.0.1" if host == found else host, *args, **more),
    )
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(60)
        file.write_text(file.read_text().replace("PORT", str(listener.getsockname()[1])))
        assert run(file, "check_price", "product=1", store=found) == 1
        connection, _ = listener.accept()
        assert connection.recv(1000) == b""
        connection.close()
    assert "127.0.0.1, which is not public" in capsys.readouterr().err


def test_a_result_is_printed_for_programs(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = as_json(file, capsys, "search_products", "query=pump", "in_stock=TRUE", "limit=2")
    assert len(found["items"]) == 2
    assert found["items"][0]["price"] == {"amount": "215", "currency": "GBP"}
    report = as_json(file, capsys, "get_sales_report", "first=2026-01-01", "last=2026-01-31")
    assert report["first"] == "2026-01-01"


def test_a_cart_goes_on_from_one_command_to_the_next_by_its_token(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cart = as_json(file, capsys, "add_to_cart", "product=SKU-010", "quantity=2")
    token = f"cart={cart['token']}"
    options = 'variation={"Voltage": "24V"}'
    cart = as_json(file, capsys, "add_to_cart", "product=MOTOR-1", options, token)
    assert [line["sku"] for line in cart["lines"]] == ["SKU-010", "MOTOR-1-24V"]
    assert as_json(file, capsys, "get_cart", token)["items"] == 3


def test_a_failure_says_what_it_means_and_what_to_do(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(file, "check_stock", "product=NOPE") == 1
    error = capsys.readouterr().err
    assert error.startswith("not_found (fault: customer): ")
    assert "means" in error
    assert "do " in error


def test_a_key_that_may_only_read_cannot_cancel(
    shop: SimulatedWooCommerce, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    order = shop.new_order("processing")
    assert run(file, "cancel_order", f"order={order['id']}") == 1
    assert "forbidden (fault: config)" in capsys.readouterr().err


def test_no_key_is_shown(
    shop: SimulatedWooCommerce, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key = shop.keys.read_only
    echo = f'{{"code": "x", "message": "bad {key.consumer_key} {key.consumer_secret}"}}'
    shop.faults.add(Fault(status=401, body=echo, content_type="application/json"))
    assert run(file, "check_stock", "product=1") == 1
    shown = "".join(capsys.readouterr())
    assert key.consumer_key not in shown
    assert key.consumer_secret not in shown


def test_a_terminal_is_not_steered_by_what_a_store_says(
    shop: SimulatedWooCommerce, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.add_product(name="\x1b[2JBoo\r\nFake: line \u0641\u200c\u0646", sku="B", price="1")
    assert run(file, "get_product_details", "product=B") == 0
    shown = capsys.readouterr().out
    assert "\x1b" not in shown
    assert "Boo  Fake: line \u0641\u200c\u0646\n" in shown


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["check_stok", "product=1"], "did you mean check_stock?"),
        (["check_stock"], "check_stock needs product, such as product=SKU-010"),
        (["check_stock", "SKU-010"], "SKU-010 is not of the form name=value"),
        (["check_stock", "prodct=1"], "did you mean product?"),
        (["check_stock", "product=1", "product=2"], "product is given twice"),
        (
            ["search_products", "limit=ten"],
            "limit is a whole number, such as limit=4, and not 'ten'",
        ),
        (["search_products", "in_stock=maybe"], "in_stock is true or false, such as in_stock=true"),
        (
            ["search_products", "attributes=red"],
            """such as 'attributes={"Colour": "red"}', and not 'red'""",
        ),
        (["search_products", 'attributes={"Colour": 5}'], "names and texts as a JSON object"),
        (["add_to_cart", "product=1", "variation={x"], "names and texts as a JSON object"),
    ],
)
def test_a_command_line_that_does_not_fit_is_reported(
    file: Path, capsys: pytest.CaptureFixture[str], words: list[str], says: str
) -> None:
    assert run(file, *words) == 2
    assert says in capsys.readouterr().err


@pytest.mark.parametrize("spec", OPERATIONS.values(), ids=OPERATIONS)
def test_a_value_of_the_wrong_form_is_reported_with_an_example(
    spec: OperationSpec[..., Any],
) -> None:
    for parameter in spec.parameters:
        wrong = "?" if shell.form_of(parameter).kind != "str" else " "
        with pytest.raises(shell.ValueFormError) as raised:
            shell.value(parameter, wrong)
        example = str(raised.value).split("such as ")[1].split(", and not")[0]
        name, _, text = example.strip("'").partition("=")
        assert name == parameter.name
        assert shell.value(parameter, text) is not None


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["search_products", "sort=odd"], "sort is not one of "),
        (
            ["get_customer_orders", "email=a@b.example", "status=odd"],
            "has no status odd, only pending",
        ),
        (["get_sales_report", "period=odd"], "period is not one of "),
        (["get_sales_report", "definition=odd"], "definition is not one of created, paid"),
        (["get_customer_orders", "email=odd"], "email is not an address, such as "),
        (["get_shipping_info", "country=odd"], "two letters, such as GB"),
        (["get_shipping_info", "postcode=1"], "postcode needs a country too, such as GB"),
        (["get_product_reviews", "product=1", "min_rating=9"], "a whole number from 1 to 5"),
        (["search_products", "limit=0"], "a whole number from 1 to 1000"),
        (["search_products", "page=0"], "a whole number from 1"),
        (["add_to_cart", "product=1", "quantity=0"], "from 1 to 9999"),
        (["search_products", "max_price=-1"], "an amount such as 19.90"),
    ],
)
def test_a_value_that_an_operation_refuses_is_reported_with_what_it_takes(
    file: Path, capsys: pytest.CaptureFixture[str], words: list[str], says: str
) -> None:
    assert run(file, *words) == 1
    assert says in capsys.readouterr().err


def test_the_help_says_how_values_are_written(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["run", "--help"])
    shown = " ".join(capsys.readouterr().out.split())
    for form in shell.FORMS:
        assert f"{form.words} ({form.example})" in shown


def test_an_unknown_store_is_reported(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(file, "get_cart", store="shop.example.org") == 2
    assert "did you mean shop.example.com?" in capsys.readouterr().err
    assert run(file, "get_cart", store="nope.example") == 2
    assert "did you mean" not in capsys.readouterr().err


def test_a_broken_configuration_is_reported(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = tmp_path / "broken.yml"
    broken.write_text("stores: 5\n")
    assert run(broken, "get_cart") == 1
    assert "broken.yml" in capsys.readouterr().err
