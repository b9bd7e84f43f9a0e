"""Flows: what is kept of them, whose turn it is, and what their jobs know of them."""

from __future__ import annotations

import pytest

from storage.base import Document, Store
from storage.errors import AlreadyExists, InvalidId, NotFound
from tests.storage.contract_base import BaseContract, OpenStore
from tests.storage.contract_jobs import HOSTILE_IDS
from tests.storage.helpers import JOB, add, at_once

FLOW: Document = {"id": "f1", "jobs": [JOB], "levels": []}


class FlowsContract(BaseContract):
    @pytest.fixture
    def flows(self, store: Store) -> Store:
        """A store with a job and a flow that runs."""
        store.create_flow("f1", FLOW)
        return store

    def test_a_flow_is_read_as_it_was_stored(self, flows: Store, open_store: OpenStore) -> None:
        assert open_store().flow("f1") == FLOW

    def test_a_flow_that_is_not_there_is_not_found(self, store: Store) -> None:
        with pytest.raises(NotFound, match="there is no flow 'f2'"):
            store.flow("f2")

    def test_a_flow_is_stored_once(self, flows: Store) -> None:
        with pytest.raises(AlreadyExists):
            flows.create_flow("f1", {**FLOW, "name": "other"})
        assert flows.flow("f1") == FLOW

    def test_of_two_that_store_a_flow_at_once_one_does(self, store: Store, other: Store) -> None:
        outcomes = at_once([lambda: store.create_flow("f1", FLOW), lambda: other.create_flow("f1", FLOW)])
        assert sorted(type(outcome).__name__ for outcome in outcomes) == ["AlreadyExists", "NoneType"]

    @pytest.mark.parametrize("flow_id", HOSTILE_IDS)
    def test_a_hostile_id_of_a_flow_is_refused(self, store: Store, flow_id: str) -> None:
        with pytest.raises(InvalidId):
            store.create_flow(flow_id, FLOW)

    def test_ids_of_flows_come_from_the_highest_down(self, flows: Store) -> None:
        for name in ("f0", "f3", "f2"):
            flows.create_flow(name, FLOW)
        assert flows.flow_ids(None, 3) == ["f3", "f2", "f1"]
        assert flows.flow_ids("f1", 3) == ["f0"]

    def test_a_flow_runs_until_it_is_stopped(self, flows: Store, other: Store) -> None:
        assert (other.is_running("f1"), other.running_flows()) == (True, ["f1"])
        flows.stop_flow("f1")
        flows.stop_flow("f1")
        assert (other.is_running("f1"), other.running_flows()) == (False, [])

    def test_a_flow_that_is_not_there_does_not_run(self, store: Store) -> None:
        assert not store.is_running("f1")

    def test_an_id_is_claimed_once(self, store: Store, other: Store) -> None:
        assert store.claimed_flow("digest") is None
        store.claim_flow("digest", "f1")
        other.claim_flow("digest", "f2")
        assert other.claimed_flow("digest") == "f1"

    def test_one_at_a_time_makes_a_claim(self, store: Store, other: Store) -> None:
        found: list[str | None] = []

        def claim(store: Store, flow_id: str) -> None:
            with store.claiming("digest"):
                found.append(store.claimed_flow("digest"))
                store.claim_flow("digest", flow_id)

        at_once([lambda: claim(store, "same"), lambda: claim(other, "same")])
        assert found == [None, "same"]

    def test_a_document_is_kept_under_its_name_once(self, flows: Store, other: Store) -> None:
        assert flows.keep("f1", "1/settled/0", {"a": 1}) == {"a": 1}
        assert other.keep("f1", "1/settled/0", {"a": 2}) == {"a": 1}
        assert other.kept("f1", "1/settled/0") == {"a": 1}

    def test_what_was_not_kept_is_none(self, flows: Store) -> None:
        assert flows.kept("f1", "outcome") is None

    def test_nothing_is_kept_of_a_flow_that_is_not_there(self, store: Store) -> None:
        with pytest.raises(NotFound):
            store.keep("f1", "1/settled/0", {})

    def test_names_are_listed_by_what_they_begin_with(self, flows: Store) -> None:
        for name in ("1/settled/0", "1/settled/12", "1/started", "outcome"):
            flows.keep("f1", name, {})
        assert sorted(flows.kept_in("f1", "1/settled")) == ["0", "12"]
        assert flows.kept_in("f1", "1") == ["started"]
        assert flows.kept_in("f1", "2") == []

    def test_word_is_taken_once(self, flows: Store, other: Store) -> None:
        flows.tell("f1", ["0.1.1", "0.2.1", "0.1.1"])
        assert other.has_news("f1")
        assert sorted(other.take_news("f1")) == ["0.1.1", "0.2.1"]
        assert (flows.has_news("f1"), flows.take_news("f1")) == (False, [])

    def test_word_for_a_flow_that_is_not_there_is_refused(self, store: Store) -> None:
        with pytest.raises(NotFound):
            store.tell("f1", ["0.1.1"])

    def test_a_flow_is_behind_until_it_has_caught_up(self, flows: Store, other: Store) -> None:
        for _ in range(2):
            flows.note_behind("f1")
        assert other.flows_behind() == ["f1"]
        for _ in range(2):
            other.note_caught_up("f1")
        assert flows.flows_behind() == []

    def test_one_at_a_time_has_the_turn(self, flows: Store, other: Store) -> None:
        with flows.turn("f1") as first, other.turn("f1") as second:
            assert (first, second) == (True, False)
        with other.turn("f1") as third:
            assert third

    def test_a_turn_can_be_waited_for(self, flows: Store, other: Store) -> None:
        held: list[bool] = []

        def hold(store: Store) -> None:
            with store.turn("f1", wait=True) as is_ours:
                held.append(is_ours)

        at_once([lambda: hold(flows), lambda: hold(other)])
        assert held == [True, True]

    def test_a_flow_that_is_not_there_has_no_turns(self, store: Store) -> None:
        with pytest.raises(NotFound), store.turn("f1"):
            pass

    def test_a_job_knows_the_flows_that_use_it(self, flows: Store, other: Store) -> None:
        assert flows.watchers(JOB) == []
        for name in ("f1", "f2", "f1"):
            flows.watch(JOB, name)
        assert other.watchers(JOB) == ["f1", "f2"]
        flows.unwatch(JOB, "f1")
        flows.unwatch(JOB, "f1")
        assert other.watchers(JOB) == ["f2"]

    def test_a_job_that_is_not_there_is_not_watched(self, store: Store) -> None:
        with pytest.raises(NotFound):
            store.watch("nobody", "f1")

    def test_a_deleted_job_has_no_watchers(self, flows: Store) -> None:
        flows.watch(JOB, "f1")
        flows.delete_job(JOB)
        flows.unwatch(JOB, "f1")
        assert flows.watchers(JOB) == []

    def test_a_variable_is_taken_by_one_flow(self, flows: Store, other: Store) -> None:
        add(flows, "a")
        assert flows.take(JOB, "a", "f1")
        assert not other.take(JOB, "a", "f2")
        assert other.taker(JOB, "a") == "f1"

    def test_of_two_that_take_a_variable_at_once_one_does(self, flows: Store, other: Store) -> None:
        add(flows, "a")
        outcomes = at_once([lambda: flows.take(JOB, "a", "f1"), lambda: other.take(JOB, "a", "f2")])
        assert sorted(map(str, outcomes)) == ["False", "True"]

    def test_a_taken_variable_is_let_go_by_its_taker_alone(self, flows: Store) -> None:
        add(flows, "a")
        flows.take(JOB, "a", "f1")
        flows.untake(JOB, "a", "f2")
        assert flows.taker(JOB, "a") == "f1"
        flows.untake(JOB, "a", "f1")
        assert flows.taker(JOB, "a") is None

    def test_a_variable_that_is_not_there_can_not_be_taken(self, flows: Store) -> None:
        with pytest.raises(NotFound):
            flows.take(JOB, "a", "f1")
