"""The log of activity: every process follows it, through compactions too."""

from __future__ import annotations

from collections.abc import Iterable

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


def compact(store: Store, condensed: list[Document]) -> list[Document]:
    """Replaces the events, and returns those that were there."""
    given: list[Document] = []

    def condense(found: Iterable[Document]) -> list[Document]:
        given.extend(found)
        return condensed

    store.activity.compact(condense)
    store.activity.finish_compaction()
    return given


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
        compact(store, events(9))
        assert store.activity.read() == (True, events(1))

    def test_a_large_log_is_replaced_for_whoever_begins_to_follow_it(self, store: Store, other: Store) -> None:
        append_large(store)
        compact(store, events(1, 2))
        append(store, 3)
        assert other.activity.read() == (True, events(1, 2, 3))

    def test_who_follows_a_log_reads_on_behind_a_compaction(self, store: Store, other: Store) -> None:
        append_large(store)
        other.activity.read()
        append(other, 1)
        compact(store, events(9))
        append(store, 2)
        append(other, 3)
        assert store.activity.read() == other.activity.read() == (False, events(1, 2, 3))

    def test_who_has_read_only_a_part_reads_the_rest(self, store: Store, other: Store) -> None:
        append(other, 1)
        other.activity.read()
        append_large(store)
        compact(store, events(9))
        assert other.activity.read() == (False, [LARGE] * 17)

    def test_who_has_missed_a_compaction_reads_the_log_anew(self, store: Store, other: Store) -> None:
        other.activity.read()
        for _ in range(2):
            append_large(store)
            compact(store, events(1))
        assert other.activity.read() == (True, events(1))

    def test_a_compaction_gets_all_events_so_far(self, store: Store, other: Store) -> None:
        append(other, 1)
        append_large(store)
        append(other, 2)
        assert compact(store, []) == [*events(1), *[LARGE] * 17, *events(2)]

    def test_nobody_waits_for_a_compaction(self, store: Store, other: Store) -> None:
        append_large(store)
        other.activity.read()

        def condense(_events: Iterable[Document]) -> list[Document]:
            append(other, 1)
            append(store, 2)
            assert other.activity.read() == (False, events(1, 2))
            return events(9)

        store.activity.compact(condense)
        store.activity.finish_compaction()
        append(other, 3)
        assert store.activity.read() == (False, events(1, 2, 3))
        assert other.activity.read() == (False, events(3))

    def test_the_next_compaction_gets_the_condensed_events(self, store: Store) -> None:
        append_large(store)
        compact(store, events(1))
        append_large(store)
        assert compact(store, []) == [*events(1), *[LARGE] * 17]
