"""The log of activity: every process follows it, through compactions too."""

from __future__ import annotations

from storage.base import Document, Store
from tests.storage.contract_base import BaseContract, OpenStore

LARGE = {"event": "test", "text": "x" * (1 << 20)}


def events(*numbers: int) -> list[Document]:
    return [{"event": "test", "number": number} for number in numbers]


def append(store: Store, *numbers: int) -> None:
    for event in events(*numbers):
        store.activity.append([event])


def append_large(store: Store) -> None:
    for _ in range(17):
        store.activity.append([LARGE])
    store.activity.read()


class ActivityContract(BaseContract):
    def test_a_new_log_has_no_events(self, store: Store) -> None:
        assert store.activity.read() == (True, [])

    def test_events_are_read_in_order_and_once(self, store: Store) -> None:
        append(store, 1, 2)
        assert store.activity.read() == (True, events(1, 2))
        assert store.activity.read() == (False, [])
        append(store, 3)
        assert store.activity.read() == (False, events(3))

    def test_every_process_reads_the_events_of_all(self, store: Store, other: Store) -> None:
        append(store, 1)
        append(other, 2)
        append(store, 3)
        assert store.activity.read() == other.activity.read() == (True, events(1, 2, 3))

    def test_the_log_survives_a_restart(self, store: Store, open_store: OpenStore) -> None:
        append(store, 1, 2)
        store.close()
        assert open_store().activity.read() == (True, events(1, 2))

    def test_a_small_log_is_not_compacted(self, store: Store) -> None:
        append(store, 1)
        store.activity.compact(lambda is_new, added: events(9))
        assert store.activity.read() == (True, events(1))

    def test_a_large_log_is_replaced_for_every_process(self, store: Store, other: Store) -> None:
        append_large(store)
        other.activity.read()
        store.activity.compact(lambda is_new, added: events(1, 2))
        append(store, 3)
        assert store.activity.read() == other.activity.read() == (True, events(1, 2, 3))

    def test_a_compaction_gets_the_events_since_the_last_reading(self, store: Store, other: Store) -> None:
        append_large(store)
        append(other, 1, 2)
        given = []
        store.activity.compact(lambda is_new, added: given.append((is_new, added)) or added)
        assert given == [(False, events(1, 2))]

    def test_events_after_a_compaction_by_another_process_are_in_the_new_log(self, store: Store, other: Store) -> None:
        append_large(store)
        other.activity.read()
        store.activity.compact(lambda is_new, added: events(1))
        append(other, 2)
        assert store.activity.read() == (True, events(1, 2))
