"""The operator's blocks, by what is blocked."""

from __future__ import annotations

from storage.base import Store
from tests.storage.contract_base import BaseContract

BLOCK = {"reason": "why", "created": "2014-12-02T09:09:09.123Z"}


class BlocksContract(BaseContract):
    def test_a_new_store_has_no_blocks(self, empty: Store) -> None:
        assert empty.blocks.all() == []

    def test_blocks_are_listed_by_target(self, store: Store, other: Store) -> None:
        for target in ("key:5f3c", "192.0.2.0/24", "2001:db8::/32"):
            store.blocks.put(target, BLOCK)
        found = other.blocks.all()
        assert [target for target, _ in found] == ["192.0.2.0/24", "2001:db8::/32", "key:5f3c"]
        assert all(BLOCK.items() <= document.items() for _, document in found)

    def test_a_block_is_replaced(self, store: Store) -> None:
        store.blocks.put("192.0.2.0/24", BLOCK)
        store.blocks.put("192.0.2.0/24", {**BLOCK, "reason": "another"})
        assert [document["reason"] for _, document in store.blocks.all()] == ["another"]

    def test_a_removed_block_is_gone(self, store: Store, other: Store) -> None:
        store.blocks.put("192.0.2.0/24", BLOCK)
        assert other.blocks.remove("192.0.2.0/24") is True
        assert store.blocks.all() == []

    def test_a_block_that_does_not_exist_is_not_removed(self, store: Store) -> None:
        store.blocks.put("192.0.2.0/24", BLOCK)
        assert store.blocks.remove("192.0.2.0/25") is False
        assert len(store.blocks.all()) == 1
