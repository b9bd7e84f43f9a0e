"""Keys: who a caller is, and what it may do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pool.errors import Forbidden, Invalid, UnknownKey
from pool.keys import Caller, Keys, digest, new_key
from storage.base import Store

OWNED: dict[str, Any] = {"id": "job", "key": "mine"}
KEYLESS: dict[str, Any] = {"id": "job", "key": None}
MINE, OTHER, NOBODY = Caller("mine", "me"), Caller("other", "them"), Caller()
OPERATOR = Caller("operators", "operator", is_operator=True)


@pytest.fixture
def keys(store: Store) -> Keys:
    return Keys(store, is_open=False)


@pytest.fixture
def open_keys(store: Store) -> Keys:
    """The keys of a pool where anyone may post jobs."""
    return Keys(store, is_open=True)


# Callers


def test_a_caller_without_a_key_is_nobody(keys: Keys) -> None:
    assert keys.caller(None) == Caller(None, None, False)


def test_a_caller_is_the_owner_of_its_key(keys: Keys) -> None:
    key = keys.add("semprebeta")
    assert keys.caller(key) == Caller(digest(key), "semprebeta", False)


def test_the_operators_key_is_made_once(keys: Keys) -> None:
    key = keys.make_operator_key()
    assert key is not None
    assert keys.make_operator_key() is None
    assert keys.caller(key) == keys.operator() == Caller(digest(key), "operator", True)


@pytest.mark.parametrize(
    "key", ["", "x", "x" * 15, "x" * 43, "x" * 129, "x" * 5000, "../../secrets/operator.key", "ü" * 20, "a b" * 10]
)
def test_any_other_key_is_unknown(keys: Keys, key: str) -> None:
    keys.make_operator_key()
    with pytest.raises(UnknownKey, match="Authorization: not a key of this pool"):
        keys.caller(key)


def test_a_rotated_key_owns_what_the_old_one_did(keys: Keys) -> None:
    old = keys.add("semprebeta")
    first = keys.rotate(digest(old)[:8])
    second = keys.rotate(digest(first)[:8])
    assert keys.caller(second) == Caller(digest(old), "semprebeta", False)
    for gone in (old, first):
        with pytest.raises(UnknownKey):
            keys.caller(gone)


def test_an_auditor_decides_on_results_and_posts_and_owns_nothing(keys: Keys) -> None:
    caller = keys.caller(keys.add("a friend", "auditor"))
    assert (keys.decides(caller, OWNED), keys.owns(caller, OWNED)) == (True, False)
    with pytest.raises(Forbidden, match="posts no jobs"):
        keys.require_poster(caller)


def test_a_rotated_auditor_is_one_still(keys: Keys) -> None:
    key = keys.add("a friend", "auditor")
    assert keys.caller(keys.rotate(digest(key))).role == "auditor"


def test_a_key_has_one_of_the_roles(keys: Keys) -> None:
    with pytest.raises(Invalid, match="must be one of owner, auditor"):
        keys.add("a friend", "emperor")


@pytest.mark.parametrize("caller", [MINE, OPERATOR])
def test_owners_and_the_operator_decide_on_results(keys: Keys, caller: Caller) -> None:
    assert keys.decides(caller, OWNED)
    assert not keys.decides(OTHER, OWNED)


def test_a_revoked_key_is_unknown(keys: Keys) -> None:
    key = keys.add("semprebeta")
    assert keys.revoke(digest(key)[:8]) == "semprebeta"
    with pytest.raises(UnknownKey):
        keys.caller(key)


def test_a_key_is_stored_as_its_digest(keys: Keys) -> None:
    key = keys.add("semprebeta")
    ((known, document),) = keys.all()
    assert known == digest(key)
    assert key not in str(document)
    assert len({new_key() for _ in range(10)}) == 10


def test_a_new_key_is_no_option_of_a_command(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = iter(["-first", "-second", "third-"])
    monkeypatch.setattr("secrets.token_urlsafe", lambda _count: next(drawn))
    assert new_key() == "third-"


@pytest.mark.parametrize("owner", ["", "a\nb", "\x7f", "x" * 101])
def test_an_owner_has_a_printable_name(keys: Keys, owner: str) -> None:
    with pytest.raises(Invalid, match="owner"):
        keys.add(owner)
    assert not list(keys.all())


# Permissions


@pytest.mark.parametrize(
    ("caller", "document", "expected"),
    [
        (MINE, OWNED, True),
        (OTHER, OWNED, False),
        (NOBODY, OWNED, False),
        (OPERATOR, OWNED, True),
        (MINE, KEYLESS, False),
        (NOBODY, KEYLESS, False),
        (OPERATOR, KEYLESS, True),
    ],
)
def test_who_owns_a_document(keys: Keys, caller: Caller, document: dict[str, Any], expected: bool) -> None:
    assert keys.owns(caller, document) is expected


def test_a_missing_key_and_a_foreign_one_are_different_errors(keys: Keys) -> None:
    keys.require_owner(MINE, OWNED)
    keys.require_owner(OPERATOR, OWNED)
    with pytest.raises(UnknownKey, match="changing job 'job' needs its owner's key"):
        keys.require_owner(NOBODY, OWNED)
    with pytest.raises(Forbidden, match="flow 'job' belongs to another key"):
        keys.require_owner(OTHER, OWNED, "flow")


def test_posting_needs_a_key_unless_the_pool_is_open(keys: Keys, open_keys: Keys) -> None:
    keys.require_poster(MINE)
    open_keys.require_poster(NOBODY)
    with pytest.raises(UnknownKey, match="posting a job or a flow needs a key"):
        keys.require_poster(NOBODY)


def test_in_an_open_pool_anybody_contributes_to_a_keyless_job(keys: Keys, open_keys: Keys) -> None:
    open_keys.require_contributor(NOBODY, KEYLESS)
    with pytest.raises(UnknownKey):
        keys.require_contributor(NOBODY, KEYLESS)


def test_an_owned_job_needs_its_key_in_an_open_pool_too(open_keys: Keys) -> None:
    open_keys.require_contributor(MINE, OWNED)
    with pytest.raises(UnknownKey):
        open_keys.require_contributor(NOBODY, OWNED)
    with pytest.raises(Forbidden):
        open_keys.require_contributor(OTHER, OWNED)


def test_a_keyless_job_is_changed_by_the_operator_alone(open_keys: Keys) -> None:
    open_keys.require_owner(OPERATOR, KEYLESS)
    with pytest.raises(UnknownKey):
        open_keys.require_owner(NOBODY, KEYLESS)
    with pytest.raises(Forbidden):
        open_keys.require_owner(OTHER, KEYLESS)


# Management keys


JOB: dict[str, Any] = {"id": "job", "uid": "0123456789abcdef", "key": None}
FLOW: dict[str, Any] = {"id": "20141202090909123456-5f3c9a", "key": None}


@pytest.mark.parametrize("document", [JOB, FLOW])
def test_a_management_key_owns_what_was_posted_without_a_key(open_keys: Keys, document: dict[str, Any]) -> None:
    caller = open_keys.caller(open_keys.management_key(document), "prefix")
    assert open_keys.owns(caller, document)
    assert (caller.key_id, caller.share.name) == (None, "anonymous prefix")


@pytest.mark.parametrize(
    "other", [{**JOB, "uid": "fedcba9876543210"}, {**JOB, "key": "mine"}, FLOW], ids=["later job", "owned job", "flow"]
)
def test_a_management_key_owns_nothing_else(open_keys: Keys, other: dict[str, Any]) -> None:
    caller = open_keys.caller(open_keys.management_key(JOB))
    assert not open_keys.owns(caller, other)
    with pytest.raises(Forbidden, match="belongs to another key"):
        open_keys.require_owner(caller, other)


@pytest.mark.parametrize("change", [lambda key: f"{key[:-1]}x", lambda key: key.replace("0123", "0124"), str.upper])
def test_a_forged_management_key_is_unknown(open_keys: Keys, change: Callable[[str], str]) -> None:
    with pytest.raises(UnknownKey):
        open_keys.caller(change(open_keys.management_key(JOB)))


def test_a_management_key_posts_nothing_in_a_closed_pool(keys: Keys) -> None:
    with pytest.raises(UnknownKey):
        keys.require_poster(keys.caller(keys.management_key(JOB)))
