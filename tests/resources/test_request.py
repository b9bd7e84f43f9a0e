"""Headers and query parameters of requests: which values are read, and which are refused by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import falcon
import pytest
from falcon.testing import create_environ

from pool.peers import Networks, Peers
from pool.scheduling import Capabilities
from resources import request
from resources.errors import Problem

ID = "an-unguessable-id-of-mine"


def with_query(query: str) -> falcon.Request:
    options = falcon.RequestOptions()
    options.keep_blank_qs_values = True
    req = falcon.Request(create_environ(query_string=query), options=options)
    req.context.peers = Peers(lambda: "secret", Networks(), Networks())
    return req


def with_header(name: str, value: str) -> falcon.Request:
    return falcon.Request({**create_environ(), f"HTTP_{name.upper().replace('-', '_')}": value})


def refused(read: Callable[[falcon.Request], Any], req: falcon.Request, named: str) -> None:
    with pytest.raises(Problem) as caught:
        read(req)
    assert caught.value.status_code == 400
    assert named in str(caught.value.description)


# Pages


@pytest.mark.parametrize(
    ("query", "limit"), [("", 100), ("limit=1", 1), ("limit=999", 999), ("limit=1000", 1000), ("Limit=3", 100)]
)
def test_a_limit_of_a_page(query: str, limit: int) -> None:
    assert request.page_limit(with_query(query)) == limit


@pytest.mark.parametrize(
    "limit",
    [
        "",
        "0",
        "-1",
        "1001",
        "x",
        "1.5",
        "1e3",
        "%2B1",
        "%201",
        "01",
        "%D9%A3",
        "0x10",
        "%00",
        "%FF",
        "9" * 20,
        "000000001000000000",
        "9" * 5000,
        "1,2",
    ],
)
def test_an_invalid_limit_is_refused(limit: str) -> None:
    refused(request.page_limit, with_query(f"limit={limit}"), "limit: must be a whole number from 1 to 1000")


# Volunteers


def test_the_name_of_a_volunteer_is_a_hash_of_its_id() -> None:
    name = request.volunteer_name(with_header("Volunteer", ID))
    assert len(name) == 16
    assert ID not in name
    assert name == request.volunteer_name(with_header("Volunteer", ID))
    assert name != request.volunteer_name(with_header("Volunteer", ID + "x"))


def test_a_volunteer_without_an_id_has_no_name() -> None:
    assert request.volunteer_name(with_query("")) == ""


@pytest.mark.parametrize("volunteer", ["x" * 16, "x" * 128, "azAZ09_-azAZ09_-"])
def test_a_valid_id_of_a_volunteer(volunteer: str) -> None:
    assert request.volunteer_name(with_header("Volunteer", volunteer))


@pytest.mark.parametrize(
    "volunteer",
    ["", "x" * 15, "x" * 129, "an id with blanks in it", "../../secrets/operator.key", "ü" * 20, "x\x00" * 9],
)
def test_an_invalid_id_of_a_volunteer_is_refused(volunteer: str) -> None:
    refused(request.volunteer_name, with_header("Volunteer", volunteer), "Volunteer: must be 16 to 128 of")


def test_a_volunteer_has_every_value_of_every_parameter() -> None:
    assert request.volunteer(with_query("tag=x&tag=y&owner=")).query == {"tag": ["x", "y"], "owner": [""]}


# Capabilities


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", Capabilities()),
        ("memory_mb=0", Capabilities()),
        ("can=wasm", Capabilities(frozenset({"wasm"}))),
        ("can=wasm&can=time_travel&memory_mb=1024", Capabilities(frozenset({"wasm", "time_travel"}), 1024)),
        ("can=", Capabilities(frozenset({""}))),
        ("can=webgpu,wasm", Capabilities(frozenset({"webgpu,wasm"}))),
        ("memory_mb=999999999", Capabilities(memory_mb=999_999_999)),
    ],
)
def test_the_capabilities_of_a_query(query: str, expected: Capabilities) -> None:
    assert request.capabilities(with_query(query)) == expected


@pytest.mark.parametrize(
    "memory", ["", "-1", "1.5", "1e3", "many", "0x10", "%2B1", "1%00", "٣", "9" * 10, "1&memory_mb=2"]
)
def test_an_invalid_memory_is_refused(memory: str) -> None:
    refused(request.capabilities, with_query(f"memory_mb={memory}"), "memory_mb: must be one whole number")


# Results and leases


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("1", 1.0), ("1.5", 1.5), ("0", 0.0), ("0.1234567", 0.123456), ("0.000000999", 0.0), ("999999999", 999999999.0)],
)
def test_run_seconds_are_in_whole_microseconds(header: str, seconds: float) -> None:
    assert request.run_seconds(with_header("Run-Seconds", header)) == seconds


def test_run_seconds_are_optional() -> None:
    assert request.run_seconds(with_query("")) is None


@pytest.mark.parametrize(
    "header", ["", " ", "-1", "1e3", "NaN", "Infinity", "1,5", "0x1", "1" * 10, "1.", "²", "x", "1." + "1" * 10]
)
def test_invalid_run_seconds_are_refused(header: str) -> None:
    refused(request.run_seconds, with_header("Run-Seconds", header), "Run-Seconds: must be a number of seconds")


@pytest.mark.parametrize("query", ["lease=x&lease=y", "lease=&lease="])
def test_two_lease_tokens_are_refused(query: str) -> None:
    refused(request.lease_token, with_query(query), "lease: give one token")


@pytest.mark.parametrize(("query", "token"), [("", None), ("lease=x", "x"), ("lease=", ""), ("lease=a,b", "a,b")])
def test_a_lease_token(query: str, token: str | None) -> None:
    assert request.lease_token(with_query(query)) == token


# Idempotency keys


@pytest.mark.parametrize("key", ["a", "x" * 200, "~!@#$%^&*()", "a-key-of-mine"])
def test_an_idempotency_key(key: str) -> None:
    assert request.idempotency_key(with_header("Idempotency-Key", key)) == key


def test_an_idempotency_key_is_optional() -> None:
    assert request.idempotency_key(with_query("")) is None


@pytest.mark.parametrize("key", ["", " ", "a b", "ü", "x" * 201, "a\tb", "a\x7f", "\x00"])
def test_an_invalid_idempotency_key_is_refused(key: str) -> None:
    refused(request.idempotency_key, with_header("Idempotency-Key", key), "Idempotency-Key: must be 1 to 200")
