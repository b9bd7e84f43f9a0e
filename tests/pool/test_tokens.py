"""Lease tokens: read as they were signed, and refused in every other form, place and pool."""

from __future__ import annotations

import dataclasses

import pytest

from pool.errors import BadLease
from pool.tokens import LeaseToken, Tokens

TOKEN = LeaseToken("0123456789abcdef", 1, 9_999_999_999_999, "a" * 16)
TOKENS = Tokens(lambda: "a secret")
SIGNED = TOKENS.sign(TOKEN, "uid", "one")


@pytest.mark.parametrize("token", [TOKEN, dataclasses.replace(TOKEN, volunteer=""), LeaseToken("0" * 16, 0, 0, "")])
def test_a_token_is_read_as_it_was_signed(token: LeaseToken) -> None:
    assert TOKENS.read(TOKENS.sign(token, "uid", "one"), "uid", "one") == token


def test_a_token_is_valid_after_a_restart() -> None:
    assert Tokens(lambda: "a secret").read(SIGNED, "uid", "one") == TOKEN


def test_the_secret_is_read_once_when_it_is_needed() -> None:
    read: list[str] = []
    tokens = Tokens(lambda: read.append("read") or "a secret")  # type: ignore[func-returns-value]
    assert not read
    tokens.read(tokens.sign(TOKEN, "uid", "one"), "uid", "one")
    assert read == ["read"]


@pytest.mark.parametrize(
    "forged",
    [
        "",
        "x",
        "{token}x",
        "0{token}",
        "{token}\n",
        "{token}.",
        "0000000000000000.1.999999999999999999..AAAAAAAAAAAAAAAAAAAAAA",
        "0000000000000000.-1.1..AAAAAAAAAAAAAAAAAAAAAA",
        "0000000000000000.1.1.G.AAAAAAAAAAAAAAAAAAAAAA",
        "ü",
        "\0",
        "x" * 5000,
    ],
)
def test_another_form_is_no_token(forged: str) -> None:
    with pytest.raises(BadLease, match="lease: not a lease token"):
        TOKENS.read(forged.replace("{token}", SIGNED), "uid", "one")


@pytest.mark.parametrize("field", range(4))
def test_no_field_of_a_token_can_be_changed(field: int) -> None:
    parts = SIGNED.split(".")
    parts[field] = ("1" + parts[field][1:]) if parts[field][0] != "1" else "2" + parts[field][1:]
    with pytest.raises(BadLease, match="belongs to another variable"):
        TOKENS.read(".".join(parts), "uid", "one")


def test_a_signature_cannot_be_invented() -> None:
    with pytest.raises(BadLease, match="belongs to another variable"):
        TOKENS.read("0000000000000000.1.9999999999999..AAAAAAAAAAAAAAAAAAAAAA", "uid", "one")


@pytest.mark.parametrize(("uid", "variable_id"), [("uid", "two"), ("other", "one"), ("uid/one", ""), ("", "uid/one")])
def test_a_token_is_valid_for_its_variable_and_job_alone(uid: str, variable_id: str) -> None:
    with pytest.raises(BadLease, match="belongs to another variable"):
        TOKENS.read(SIGNED, uid, variable_id)


def test_a_token_of_another_pool_is_refused() -> None:
    with pytest.raises(BadLease, match="belongs to another variable"):
        Tokens(lambda: "another secret").read(SIGNED, "uid", "one")
