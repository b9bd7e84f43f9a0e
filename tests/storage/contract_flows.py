"""Flows: documents written once, locks, signals and references."""

from __future__ import annotations

import pytest

from storage.base import Document, Store
from storage.errors import AlreadyExists, InvalidId, NotFound
from storage.flow_store import (
    PENDING,
    BlockedFlows,
    FlowStore,
    IdempotencyKey,
    ReservedVariable,
    RunningFlows,
    Source,
    UsedJob,
)
from tests.storage.contract_base import BaseContract, OpenStore
from tests.storage.contract_jobs import HOSTILE_IDS
from tests.storage.helpers import JOB, add, run_concurrently

FLOW: Document = {"id": "f1", "jobs": [JOB], "levels": []}
KEY = IdempotencyKey("digest")
VARIABLE = ReservedVariable(JOB, "a")


class FlowsContract(BaseContract):
    @pytest.fixture
    def flows(self, store: Store) -> FlowStore:
        """A running flow in a store with a job that has one variable."""
        add(store, "a")
        store.flows.create("f1", FLOW)
        return store.flows

    @pytest.fixture
    def others(self, other: Store) -> FlowStore:
        return other.flows

    def test_a_flow_is_read_as_it_was_stored(self, flows: FlowStore, open_store: OpenStore) -> None:
        assert open_store().flows.get("f1") == FLOW

    def test_a_missing_flow_is_not_found(self, store: Store) -> None:
        with pytest.raises(NotFound, match="there is no flow 'f2'"):
            store.flows.get("f2")

    def test_a_flow_is_stored_once(self, flows: FlowStore) -> None:
        with pytest.raises(AlreadyExists):
            flows.create("f1", {**FLOW, "name": "other"})
        assert flows.get("f1") == FLOW

    def test_of_two_concurrent_creations_one_succeeds(self, store: Store, others: FlowStore) -> None:
        outcomes = run_concurrently([lambda: store.flows.create("f1", FLOW), lambda: others.create("f1", FLOW)])
        assert sorted(type(outcome).__name__ for outcome in outcomes) == ["AlreadyExists", "NoneType"]

    @pytest.mark.parametrize("flow_id", HOSTILE_IDS)
    def test_a_hostile_flow_id_is_refused(self, store: Store, flow_id: str) -> None:
        with pytest.raises(InvalidId):
            store.flows.create(flow_id, FLOW)

    def test_flow_ids_are_listed_in_descending_order(self, flows: FlowStore) -> None:
        for name in ("f0", "f3", "f2"):
            flows.create(name, FLOW)
        assert flows.ids(None, 3) == ["f3", "f2", "f1"]
        assert flows.ids("f1", 3) == ["f0"]

    def test_a_document_is_written_once(self, flows: FlowStore, others: FlowStore) -> None:
        assert flows.write_once("f1", "1/settled/0", {"a": 1}) == {"a": 1}
        assert others.write_once("f1", "1/settled/0", {"a": 2}) == {"a": 1}
        assert others.read("f1", "1/settled/0") == {"a": 1}

    def test_a_missing_document_is_none(self, flows: FlowStore) -> None:
        assert flows.read("f1", "outcome") is None

    def test_a_document_of_a_missing_flow_is_none(self, store: Store) -> None:
        assert store.flows.read("f1", "flow") is None

    def test_no_document_is_written_for_a_missing_flow(self, store: Store) -> None:
        with pytest.raises(NotFound):
            store.flows.write_once("f1", "1/settled/0", {})

    def test_document_names_are_listed_below_a_name(self, flows: FlowStore) -> None:
        for name in ("1/settled/0", "1/settled/12", "1/started", "outcome"):
            flows.write_once("f1", name, {})
        assert sorted(flows.names("f1", "1/settled")) == ["0", "12"]
        assert flows.names("f1", "1") == ["started"]
        assert flows.names("f1", "2") == []

    @pytest.mark.parametrize("inbox", ["f1", PENDING])
    def test_signals_are_drained_once(self, flows: FlowStore, others: FlowStore, inbox: str) -> None:
        flows.signal(inbox, ["0.1.1", "0.2.1", "0.1.1"])
        assert others.has_signals(inbox)
        assert sorted(others.drain_signals(inbox)) == ["0.1.1", "0.2.1"]
        assert (flows.has_signals(inbox), flows.drain_signals(inbox)) == (False, [])

    def test_inboxes_are_separate(self, flows: FlowStore) -> None:
        flows.create("f2", FLOW)
        flows.signal("f1", ["0.1.1"])
        assert (flows.has_signals("f2"), flows.has_signals(PENDING)) == (False, False)

    def test_a_missing_flow_has_no_inbox(self, store: Store) -> None:
        with pytest.raises(NotFound):
            store.flows.signal("f1", ["0.1.1"])

    @pytest.mark.parametrize("subject", ["f1", KEY])
    def test_one_caller_at_a_time_holds_a_lock(
        self, flows: FlowStore, others: FlowStore, subject: str | IdempotencyKey
    ) -> None:
        with flows.lock(subject) as first, others.lock(subject) as second:
            assert (first, second) == (True, False)
        with others.lock(subject) as third:
            assert third

    def test_locks_on_two_keys_are_independent(self, flows: FlowStore, others: FlowStore) -> None:
        keys = [IdempotencyKey(str(number)) for number in range(300)]
        with flows.lock(KEY):
            for key in keys:
                with others.lock(key) as is_held:
                    assert is_held

    def test_a_document_can_be_replaced(self, flows: FlowStore, others: FlowStore) -> None:
        for number in (1, 2):
            flows.replace("f1", "blocked", {"x": number})
            assert others.read("f1", "blocked") == {"x": number}
        with pytest.raises(NotFound):
            flows.replace("missing", "blocked", {})

    def test_a_flow_is_blocked_until_its_reference_is_removed(self, flows: FlowStore, others: FlowStore) -> None:
        flows.add_reference(BlockedFlows(), "f1")
        assert others.references(BlockedFlows()) == ["f1"]
        for _ in range(2):
            flows.remove_reference(BlockedFlows(), "f1")
        assert others.references(BlockedFlows()) == []

    def test_a_missing_flow_has_no_lock(self, store: Store) -> None:
        with pytest.raises(NotFound), store.flows.lock("f1"):
            pass

    def test_a_flow_runs_until_its_reference_is_removed(self, flows: FlowStore, others: FlowStore) -> None:
        assert others.references(RunningFlows()) == ["f1"]
        for _ in range(2):
            flows.remove_reference(RunningFlows(), "f1")
        assert others.references(RunningFlows()) == []

    def test_a_job_refers_to_the_flows_that_use_it(self, flows: FlowStore, others: FlowStore) -> None:
        assert flows.references(UsedJob(JOB)) == []
        for name in ("f1", "f2", "f1"):
            assert flows.add_reference(UsedJob(JOB), name)
        assert others.references(UsedJob(JOB)) == ["f1", "f2"]
        for _ in range(2):
            flows.remove_reference(UsedJob(JOB), "f1")
        assert others.references(UsedJob(JOB)) == ["f2"]

    @pytest.mark.parametrize("source", [UsedJob("missing"), ReservedVariable(JOB, "missing")])
    def test_a_missing_job_or_variable_gets_no_reference(self, flows: FlowStore, source: Source) -> None:
        with pytest.raises(NotFound):
            flows.add_reference(source, "f1")

    def test_a_deleted_job_has_no_references(self, flows: FlowStore, store: Store) -> None:
        flows.add_reference(UsedJob(JOB), "f1")
        store.jobs.delete(JOB)
        flows.remove_reference(UsedJob(JOB), "f1")
        assert flows.references(UsedJob(JOB)) == []

    @pytest.mark.parametrize("source", [VARIABLE, KEY])
    def test_an_exclusive_source_refers_to_one_flow(self, flows: FlowStore, others: FlowStore, source: Source) -> None:
        assert flows.references(source) == []
        assert flows.add_reference(source, "f1")
        assert not others.add_reference(source, "f2")
        assert others.references(source) == ["f1"]

    @pytest.mark.parametrize("source", [VARIABLE, KEY])
    def test_of_two_concurrent_exclusive_references_one_is_added(
        self, flows: FlowStore, others: FlowStore, source: Source
    ) -> None:
        outcomes = run_concurrently(
            [lambda: flows.add_reference(source, "f1"), lambda: others.add_reference(source, "f2")]
        )
        assert sorted(map(str, outcomes)) == ["False", "True"]

    @pytest.mark.parametrize("source", [VARIABLE, KEY])
    def test_a_reference_to_another_flow_is_not_removed(self, flows: FlowStore, source: Source) -> None:
        flows.add_reference(source, "f1")
        flows.remove_reference(source, "f2")
        assert flows.references(source) == ["f1"]
        flows.remove_reference(source, "f1")
        assert flows.references(source) == []

    def test_one_caller_at_a_time_looks_up_a_key_and_adds_its_flow(self, flows: FlowStore, others: FlowStore) -> None:
        found: list[list[str]] = []

        def post(flows: FlowStore) -> None:
            is_held = False
            while not is_held:
                with flows.lock(KEY) as is_held:
                    if is_held:
                        found.append(flows.references(KEY))
                        flows.add_reference(KEY, "f1")

        run_concurrently([lambda: post(flows), lambda: post(others)])
        assert found == [[], ["f1"]]
