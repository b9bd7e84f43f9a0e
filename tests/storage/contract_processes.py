"""What processes say of themselves. Two stores of one process are two processes here: each has a workspace."""

from __future__ import annotations

from storage.base import Store
from tests.storage.contract_base import BaseContract, OpenStore


class ProcessesContract(BaseContract):
    def test_what_the_others_say_is_what_they_said_last(self, store: Store, other: Store) -> None:
        assert store.processes.others() == []
        for number in (1, 2):
            other.processes.put({"refusals": {"leases": number}})
        store.processes.put({"own": True})
        assert store.processes.others() == [{"refusals": {"leases": 2}}]

    def test_what_a_process_said_is_gone_with_it(self, store: Store, open_store: OpenStore) -> None:
        dead = open_store()
        dead.processes.put({"refusals": {}})
        dead.close()
        assert store.processes.others() == []
