"""Keys by digest, and secrets made once."""

from __future__ import annotations

import pytest

from storage.base import Store
from storage.errors import AlreadyExists, InvalidId, NotFound
from tests.storage.contract_base import BaseContract, OpenStore
from tests.storage.contract_jobs import HOSTILE_IDS
from tests.storage.helpers import run_concurrently

KEY = {"owner": "alice"}


class KeysContract(BaseContract):
    def test_a_key_is_read_as_it_was_added(self, empty: Store, open_store: OpenStore) -> None:
        empty.keys.add("abc", KEY)
        assert empty.keys.get("abc") == open_store().keys.get("abc") == KEY

    def test_an_unknown_key_is_none(self, empty: Store) -> None:
        assert empty.keys.get("abc") is None

    def test_a_key_is_added_once(self, empty: Store) -> None:
        empty.keys.add("abc", KEY)
        with pytest.raises(AlreadyExists):
            empty.keys.add("abc", {"owner": "bob"})
        assert empty.keys.get("abc") == KEY

    def test_all_keys_are_listed(self, empty: Store) -> None:
        keys = {name: {"owner": name} for name in ("c", "a", "b")}
        for name, document in keys.items():
            empty.keys.add(name, document)
        assert dict(empty.keys.all()) == keys

    def test_a_new_store_has_no_keys(self, empty: Store) -> None:
        assert list(empty.keys.all()) == []

    def test_a_removed_key_is_gone(self, empty: Store, open_store: OpenStore) -> None:
        empty.keys.add("abc", KEY)
        open_store().keys.remove("abc")
        assert empty.keys.get("abc") is None
        assert list(empty.keys.all()) == []

    def test_an_unknown_key_is_not_removed(self, empty: Store) -> None:
        with pytest.raises(NotFound) as caught:
            empty.keys.remove("abc")
        assert (caught.value.kind, caught.value.identifier) == ("key", "abc")

    @pytest.mark.parametrize("name", HOSTILE_IDS)
    def test_a_hostile_name_of_a_key_or_secret_is_refused(self, empty: Store, name: str) -> None:
        for call in (
            lambda: empty.keys.get(name),
            lambda: empty.keys.add(name, KEY),
            lambda: empty.keys.remove(name),
            lambda: empty.keys.secret(name, str),
        ):
            with pytest.raises(InvalidId):
                call()

    def test_a_secret_is_made_once(self, empty: Store, open_store: OpenStore) -> None:
        assert empty.keys.secret("leases.key", lambda: "first") == ("first", True)
        assert empty.keys.secret("leases.key", lambda: "second") == ("first", False)
        assert open_store().keys.secret("leases.key", lambda: "third") == ("first", False)

    def test_one_of_many_concurrent_callers_makes_the_secret(self, empty: Store, open_store: OpenStore) -> None:
        other = open_store()
        calls = [
            lambda number=number: (empty, other)[number % 2].keys.secret("s", lambda: f"s{number}")
            for number in range(8)
        ]
        outcomes = run_concurrently(calls)
        [winner] = [number for number, outcome in enumerate(outcomes) if outcome == (f"s{number}", True)]
        assert outcomes.count((f"s{winner}", False)) == 7
