"""Keys and secrets."""

from __future__ import annotations

import pytest

from storage.base import Store
from storage.errors import AlreadyExists, InvalidId, NotFound
from tests.storage.contract_base import BaseContract, OpenStore
from tests.storage.contract_jobs import HOSTILE_IDS
from tests.storage.helpers import at_once

KEY = {"owner": "semprebeta"}


class KeysContract(BaseContract):
    def test_a_key_is_read_as_it_was_added(self, empty: Store, open_store: OpenStore) -> None:
        empty.add_key("abc", KEY)
        assert empty.key("abc") == open_store().key("abc") == KEY

    def test_an_unknown_key_is_none(self, empty: Store) -> None:
        assert empty.key("abc") is None

    def test_a_key_is_added_once(self, empty: Store) -> None:
        empty.add_key("abc", KEY)
        with pytest.raises(AlreadyExists):
            empty.add_key("abc", {"owner": "thief"})
        assert empty.key("abc") == KEY

    def test_all_keys_are_listed(self, empty: Store) -> None:
        keys = {name: {"owner": name} for name in ("c", "a", "b")}
        for name, document in keys.items():
            empty.add_key(name, document)
        assert dict(empty.keys()) == keys

    def test_a_new_store_has_no_keys(self, empty: Store) -> None:
        assert list(empty.keys()) == []

    def test_a_removed_key_is_gone(self, empty: Store, open_store: OpenStore) -> None:
        empty.add_key("abc", KEY)
        open_store().remove_key("abc")
        assert empty.key("abc") is None
        assert list(empty.keys()) == []

    def test_an_unknown_key_is_not_removed(self, empty: Store) -> None:
        with pytest.raises(NotFound) as caught:
            empty.remove_key("abc")
        assert (caught.value.kind, caught.value.identifier) == ("key", "abc")

    @pytest.mark.parametrize("name", HOSTILE_IDS)
    def test_a_hostile_name_is_refused(self, empty: Store, name: str) -> None:
        for act in (
            lambda: empty.key(name),
            lambda: empty.add_key(name, KEY),
            lambda: empty.remove_key(name),
            lambda: empty.secret(name, str),
        ):
            with pytest.raises(InvalidId):
                act()

    def test_a_secret_is_made_once(self, empty: Store, open_store: OpenStore) -> None:
        assert empty.secret("leases.key", lambda: "first") == ("first", True)
        assert empty.secret("leases.key", lambda: "second") == ("first", False)
        assert open_store().secret("leases.key", lambda: "third") == ("first", False)

    def test_of_many_at_once_one_makes_the_secret(self, empty: Store, open_store: OpenStore) -> None:
        other = open_store()
        acts = [
            lambda number=number: (empty, other)[number % 2].secret("s", lambda: f"s{number}") for number in range(8)
        ]
        outcomes = at_once(acts)
        [winner] = [number for number, outcome in enumerate(outcomes) if outcome == (f"s{number}", True)]
        assert outcomes.count((f"s{winner}", False)) == 7
