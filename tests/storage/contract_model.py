"""A model-based test: random operations on two stores with the same documents, compared with a model in memory."""

from __future__ import annotations

from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from storage.base import Counts, LeaseTerm, Store
from storage.errors import AlreadyExists, AlreadyFinished, LeaseLost, NotFound
from tests.storage.contract_base import BaseContract, OpenStore
from tests.storage.helpers import JOB, eventually, job, rejected_result, result, variable, withdrawal

NAMES = ["a", "b", "c", "d"]
LONG = 3600
MAX_ERRORS = 2
some_name = st.sampled_from(NAMES)
which_store = st.sampled_from([0, 1])


class Model:
    """The expected state of one job."""

    def __init__(self) -> None:
        self.data: dict[str, Any] = {}
        self.states: dict[str, str] = {}
        self.terms: dict[str, LeaseTerm] = {}
        self.outcomes: dict[str, Any] = {}
        self.accepted: list[str] = []
        self.errors: dict[str, list[str]] = {}
        self.rejected = 0

    def is_unfinished(self, name: str) -> bool:
        return self.states.get(name) in ("open", "leased", "failed")

    def identity(self, name: str) -> int | None:
        """That of the present lease."""
        term = self.terms.get(name)
        return None if term is None else term.identity

    def open(self, name: str) -> None:
        self.states[name] = "open"
        self.terms.pop(name, None)


class StoreMachine(RuleBasedStateMachine):
    stores: tuple[Store, Store]

    def __init__(self) -> None:
        super().__init__()
        for job_id in self.stores[0].jobs.ids():
            self.stores[0].jobs.delete(job_id)
        self.stores[0].jobs.create(JOB, job())
        self.model = Model()

    @rule(which=which_store, names=st.lists(some_name, min_size=1, unique=True), data=st.sampled_from([1, 2]))
    def add(self, which: int, names: list[str], data: int) -> None:
        documents = {name: variable(name, {"x": data}) for name in names}
        if any(self.model.data.get(name, data) != data for name in names):
            with pytest.raises(AlreadyExists):
                self.stores[which].variables.add(JOB, documents)
            return
        new = [name for name in names if name not in self.model.data]
        assert self.stores[which].variables.add(JOB, documents) == new
        for name in new:
            self.model.data[name], self.model.errors[name] = data, []
            self.model.open(name)

    @rule(which=which_store)
    def lease(self, which: int) -> None:
        lease = self.stores[which].leases.lease(JOB, LONG)
        open_names = {name for name, state in self.model.states.items() if state == "open"}
        if lease is None:
            assert not open_names
            return
        assert lease.variable_id in open_names
        self.model.states[lease.variable_id], self.model.terms[lease.variable_id] = "leased", lease.term

    @rule(which=which_store, name=some_name)
    def lease_variable(self, which: int, name: str) -> None:
        lease = self.stores[which].leases.lease_variable(JOB, name, LONG)
        assert (lease is not None) == (self.model.states.get(name) == "open")
        if lease is not None:
            self.model.states[name], self.model.terms[name] = "leased", lease.term

    @rule(which=which_store, name=some_name, seconds=st.sampled_from([60, LONG, 2 * LONG]))
    def extend(self, which: int, name: str, seconds: float) -> None:
        term = self.model.terms.get(name)
        if term is None:
            with pytest.raises(LeaseLost):
                self.stores[which].leases.extend(JOB, name, 12345, seconds)
        else:
            self.model.terms[name] = self.stores[which].leases.extend(JOB, name, term.identity, seconds)
            assert self.model.terms[name].identity >= term.identity

    @rule(which=which_store, name=some_name)
    def give_back(self, which: int, name: str) -> None:
        term = self.model.terms.get(name)
        if term is None:
            with pytest.raises(LeaseLost):
                self.stores[which].leases.give_back(JOB, name, 12345)
        else:
            self.stores[which].leases.give_back(JOB, name, term.identity)
            self.model.open(name)

    @rule(which=which_store, name=some_name, leased=st.booleans())
    def accept(self, which: int, name: str, leased: bool) -> None:
        document = result(name)
        identity = self.model.identity(name) if leased else None
        if self._finish(name, document, lambda: self.stores[which].results.accept(JOB, name, document, identity)):
            self.model.states[name] = "done"
            self.model.accepted.append(name)

    @rule(which=which_store, name=some_name)
    def withdraw(self, which: int, name: str) -> None:
        document = withdrawal(name)
        if self._finish(name, document, lambda: self.stores[which].results.withdraw(JOB, name, document)):
            self.model.states[name] = "withdrawn"

    def _finish(self, name: str, document: Any, act: Any) -> bool:
        if name not in self.model.data:
            with pytest.raises(NotFound):
                act()
        elif not self.model.is_unfinished(name):
            with pytest.raises(AlreadyFinished) as caught:
                act()
            assert caught.value.outcome == self.model.outcomes[name]
        else:
            act()
            self.model.outcomes[name] = document
            self.model.terms.pop(name, None)
            return True
        return False

    @rule(which=which_store, name=some_name, leased=st.booleans())
    def reject(self, which: int, name: str, leased: bool) -> None:
        if not self.model.is_unfinished(name):
            return
        document, identity = rejected_result(name), self.model.identity(name) if leased else None
        failed = self.stores[which].results.reject(JOB, name, document, MAX_ERRORS, identity)
        if self.model.states[name] != "failed":
            self.model.rejected += 1
            self.model.errors[name].append(document["id"])
        if len(self.model.errors[name]) >= MAX_ERRORS:
            self.model.states[name] = "failed"
            self.model.terms.pop(name, None)
        elif identity is not None:
            self.model.open(name)
        assert failed == (self.model.states[name] == "failed")

    @precondition(lambda self: "failed" in self.model.states.values())
    @rule(which=which_store, name=some_name)
    def release(self, which: int, name: str) -> None:
        if name not in self.model.data:
            return
        assert self.stores[which].results.release(JOB, name) == (self.model.states[name] == "failed")
        if self.model.states[name] == "failed":
            self.model.errors[name] = []
            self.model.open(name)

    @precondition(lambda self: "done" in self.model.states.values())
    @rule(which=which_store)
    def delete_and_create_again(self, which: int) -> None:
        self.stores[which].jobs.delete(JOB)
        self.stores[1 - which].jobs.create(JOB, job())
        self.model = Model()

    @rule(which=which_store)
    def close(self, which: int) -> None:
        self.stores[which].close()

    @rule(which=which_store)
    def check(self, which: int) -> None:
        # A thread removes the files of deleted jobs meanwhile.
        eventually(lambda: not list(self.stores[which].maintenance.check(False)))

    @invariant()
    def both_stores_agree_with_the_model(self) -> None:
        for store in self.stores:
            for name in self.model.data:
                assert store.variables.state(JOB, name) == self.model.states[name]
                assert store.results.outcome(JOB, name) == self.model.outcomes.get(name)
                assert [document["id"] for document in store.results.rejected(JOB, name)] == self.model.errors[name]
            deadlines = [term.deadline for term in self.model.terms.values()]
            assert store.leases.next_deadline(JOB) == min(deadlines, default=None)
            self._compare_counts(store.counts.get(JOB))
            self._compare_pages(store)

    def _compare_pages(self, store: Store) -> None:
        assert [item["variable"] for item in store.variables.page(JOB, None, 99).items] == list(self.model.data)
        assert [item["variable"] for item in store.results.page(JOB, None, 99).items] == self.model.accepted
        in_order = [name for name in self.model.data if self.model.states[name] == "done"]
        assert [item["variable"] for item in store.results.page_in_input_order(JOB, None, 99).items] == in_order

    def _compare_counts(self, counts: Counts) -> None:
        states = list(self.model.states.values())
        assert counts.posted == len(states)
        assert counts.rejected == self.model.rejected
        assert (counts.open, counts.leased, counts.accepted, counts.failed, counts.withdrawn) == tuple(
            states.count(state) for state in ("open", "leased", "done", "failed", "withdrawn")
        )


class ModelContract(BaseContract):
    def test_two_stores_agree_with_the_model_after_random_operations(self, open_store: OpenStore) -> None:
        machine = type("Machine", (StoreMachine,), {"stores": (open_store(), open_store())})
        limits = settings(
            max_examples=100,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        )
        run_state_machine_as_test(machine, settings=limits)
