"""The view of a flow: its tree with the state and steps of each entry, in terms of ids."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cached_property

from pool.flows.blocked import BLOCKING_STATES, BlockedSteps, step_failure
from pool.flows.check import CONDITIONS
from pool.flows.steps import StepId, index_of, last_iteration, path_of, variable_of_step
from storage.base import Document, Store
from storage.clock import Clock
from storage.errors import NotFound

# A long iteration has a thousand steps; the others are in their job's listing.
STEPS_SHOWN = 10
BLOCKED_SHOWN = 100
STATES = ("waiting", "running", "done", "skipped", "failed", "cancelled")


class FlowView:
    """`outcome` is None while the flow runs."""

    def __init__(
        self, store: Store, flow: Document, outcome: Document | None, to_owner: bool, wait_days: float = 7
    ) -> None:
        self._store, self._flow, self._outcome, self._to_owner = store, flow, outcome, to_owner
        self._blocked_steps = BlockedSteps(store, flow["id"], wait_days)

    def summary(self) -> Document:
        finished = self._outcome["at"] if self._outcome else None
        return {
            "id": self._flow["id"],
            "name": self._flow["name"],
            "owner": self._flow["owner"],
            "state": self._outcome["state"] if self._outcome else "running",
            "created": self._flow["created"],
            "finished": finished,
            "seconds": seconds_between(self._flow["created"], finished),
        }

    def whole(self) -> Document:
        """The summary, the result or failure, and `levels` (the root's first) of entries with their steps.

        Of a running flow also `blocked`, if it waits for failed variables.
        """
        levels = [self._level(number) for number in range(len(self._flow["levels"]))]
        states = Counter(entry["state"] for level in levels for entry in level)
        entries = {"total": states.total(), **{state: states[state] for state in STATES}}
        return {**self.summary(), "entries": entries, **self._ending(), **self._blocked(levels), "levels": levels}

    def _blocked(self, levels: Sequence[Sequence[Document]]) -> Document:
        """The failed steps for which a running flow waits, and until when."""
        if self._outcome is not None:
            return {}
        entries = [entry for level in levels for entry in level if _is_blocked(entry)][:BLOCKED_SHOWN]
        since = self._blocked_steps.since() if entries else {}
        return {"blocked": [self._blocked_entry(entry, since) for entry in entries]} if entries else {}

    def _blocked_entry(self, entry: Document, since: Mapping[str, str]) -> Document:
        variable_id = entry["steps"][-1]["variable"]
        reason, private = step_failure(self._store, entry["job"], variable_id)
        # One that the engine has not yet looked at has been blocked for a moment.
        began = since.get(self._signal(entry), self._store.clock.now_text())
        return {
            **{name: entry[name] for name in ("path", "job")},
            "variable": variable_id,
            "reason": reason,
            "since": began,
            "until": self._blocked_steps.until(began),
            **(private if self._to_owner else {}),
        }

    def _signal(self, entry: Document) -> str:
        level, index = index_of(entry["path"])
        return StepId(self._flow["id"], level, index, entry["steps"][-1]["iteration"]).signal

    def _ending(self) -> Document:
        if self._outcome is None or self._outcome["state"] == "cancelled":
            return {}
        if self._outcome["state"] == "done":
            merged = self._store.flows.read(self._flow["id"], "0/merged") or {}
            return {"result": merged["result"]} if merged else {}
        # Console output and rejections may contain anything a volunteer sent.
        private = {name: text for name, text in self._outcome["for_owner"].items() if text and self._to_owner}
        return {"failure": {"path": self._outcome["path"], "reason": self._outcome["reason"], **private}}

    def _level(self, number: int) -> list[Document]:
        flow_id, entries = self._flow["id"], self._flow["levels"][number]
        started = self._store.flows.read(flow_id, f"{number}/started")
        finished = set(self._store.flows.names(flow_id, f"{number}/settled"))
        views = []
        for index, entry in enumerate(entries):
            document = self._store.flows.read(flow_id, f"{number}/settled/{index}") if str(index) in finished else None
            views.append(EntryView(self._store, StepId(flow_id, number, index, 1), entry, started, document))
        return [view.shown(self._state(view), self._to_owner) for view in views]

    def _state(self, view: EntryView) -> str:
        """The state of an entry; in a flow that has ended nothing runs."""
        if self._outcome is None:
            return view.state
        if self._outcome.get("path") == view.path:
            return "failed"
        return "cancelled" if view.state in ("waiting", "running") else view.state


class EntryView:
    """`first` is the id of its first step; `started` the start of its level, `finished` its own end, or None."""

    def __init__(
        self, store: Store, first: StepId, entry: Document, started: Document | None, finished: Document | None
    ) -> None:
        self._store, self._first, self._entry = store, first, entry
        self._started, self._finished = started, finished
        self.path = path_of(first.level, first.index)

    @cached_property
    def state(self) -> str:
        if self._started is None:
            return "waiting"
        if self._first.index in self._started["skipped"]:
            return "skipped"
        return "done" if self._finished else "running"

    def shown(self, state: str, to_owner: bool) -> Document:
        started = self._started["at"] if self._started else None
        finished = self._finished["at"] if self._finished else started if state == "skipped" else None
        steps = self._steps()
        return {
            "path": self.path,
            **{name: self._entry[name] for name in ("job", "variable", "taken") if name in self._entry},
            "conditions": [name for name in CONDITIONS if name in self._entry],
            **{name: self._entry[name] for name in CONDITIONS if to_owner and name in self._entry},
            "state": state,
            "iterations": self._iterations(steps),
            "started": started,
            "finished": finished,
            "seconds": seconds_between(started, finished),
            "steps": steps,
        }

    def _iterations(self, steps: Sequence[Document]) -> int:
        """The number of results so far."""
        if self._finished:
            return int(self._finished["iterations"])
        return max((step["iteration"] for step in steps if step["state"] == "done"), default=0)

    def _steps(self) -> list[Document]:
        """The latest steps; none if the job was deleted."""
        if self.state in ("waiting", "skipped"):
            return []
        try:
            last = self._last_iteration()
            return [self._step(number) for number in range(max(1, last - STEPS_SHOWN + 1), last + 1)]
        except NotFound:
            return []

    def _last_iteration(self) -> int:
        if self._finished:
            return int(self._finished["iterations"])
        return last_iteration(self._store, self._entry, self._first)

    def _variable_id(self, iteration: int) -> str:
        return variable_of_step(self._entry, self._first.at(iteration))

    def _step(self, iteration: int) -> Document:
        variable_id = self._variable_id(iteration)
        return {"variable": variable_id, "iteration": iteration, **self._progress(variable_id, iteration)}

    def _progress(self, variable_id: str, iteration: int) -> Document:
        started = self._started["at"] if self._started and iteration == 1 else self._created(variable_id)
        # The finished entry's document has the facts: one read less per entry of a large flow.
        if self._finished and iteration == self._finished["iterations"]:
            facts = {name: self._finished[name] for name in ("result", "finished", "run_seconds")}
            return {"state": "done", "started": started, **facts}
        state = self._store.variables.state(self._entry["job"], variable_id)
        has_outcome = state in ("done", "withdrawn")
        outcome = (self._store.results.outcome(self._entry["job"], variable_id) if has_outcome else None) or {}
        return {
            "result": outcome.get("id"),
            "state": state,
            "started": started,
            "finished": outcome.get("created") or outcome.get("withdrawn"),
            "run_seconds": outcome.get("run_seconds"),
        }

    def _created(self, variable_id: str) -> str:
        return str(self._store.variables.get(self._entry["job"], variable_id)["created"])


def _is_blocked(entry: Document) -> bool:
    steps = entry["steps"]
    return entry["state"] == "running" and bool(steps) and steps[-1]["state"] in BLOCKING_STATES


def seconds_between(started: str | None, finished: str | None) -> float | None:
    if started is None or finished is None:
        return None
    return round((Clock.moment_of(finished) - Clock.moment_of(started)).total_seconds(), 3)
