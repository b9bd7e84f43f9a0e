"""Blocked steps: a failed variable stops its entry, not the flow, until it is released or the flow has waited too long.

The flow's document `blocked` maps the signal of each blocked step to the time since when: ``{"steps": {"1.0.2": …}}``.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from storage.base import Document, Store
from storage.clock import Clock
from storage.errors import StorageError
from storage.flow_store import BlockedFlows

BLOCKED = "blocked"
# States of a variable in which its flow waits for its owner. A stuck one may still get a result.
BLOCKING_STATES = ("failed", "stuck")


class BlockedSteps:
    """The blocked steps of a flow, which fails after `wait_days`. Only the holder of the flow's lock calls `record`."""

    def __init__(self, store: Store, flow_id: str, wait_days: float) -> None:
        self._store, self._flow_id, self._wait = store, flow_id, timedelta(days=wait_days)

    def since(self) -> dict[str, str]:
        """The blocked steps by signal, each with the time since when."""
        document = self._store.flows.read(self._flow_id, BLOCKED)
        return dict(document["steps"]) if document else {}

    def record(self, looked_at: Mapping[str, bool], is_complete: bool) -> dict[str, str]:
        """Returns what `since` does from now on.

        `looked_at` says of steps whether they are blocked now; `is_complete`: there are no others.
        """
        known = self.since()
        kept = {} if is_complete else {signal: since for signal, since in known.items() if signal not in looked_at}
        now = self._store.clock.now_text()
        found = kept | {signal: known.get(signal, now) for signal, is_blocked in looked_at.items() if is_blocked}
        # A clock that was set back must not make the wait longer by as much.
        steps = {signal: min(since, now) for signal, since in found.items()}
        if steps:
            # Before the document: a crash in between is harmless, and this reference is what the deadline is found by.
            self._store.flows.add_reference(BlockedFlows(), self._flow_id)
        if steps != known:
            self._store.flows.replace(self._flow_id, BLOCKED, {"steps": steps})
        if known and not steps:
            self._store.flows.remove_reference(BlockedFlows(), self._flow_id)
        return steps

    def overdue(self, steps: Mapping[str, str]) -> list[str]:
        """The signals of the steps for which the flow has waited too long."""
        now = self._store.clock.now_datetime()
        return [signal for signal, since in steps.items() if Clock.moment_of(since) + self._wait <= now]

    def until(self, since: str) -> str:
        """When the flow fails, for a step that is blocked since this time."""
        return Clock.text_of(Clock.moment_of(since) + self._wait)


def overdue_flows(store: Store, wait_days: float) -> list[str]:
    """The flows with a step for which they have waited too long, or of which the time is yet to come."""
    found = []
    for flow_id in store.flows.references(BlockedFlows()):
        try:
            blocked = BlockedSteps(store, flow_id, wait_days)
            steps = blocked.since()
            if blocked.overdue(steps) or max(steps.values(), default="") > store.clock.now_text():
                found.append(flow_id)
        except StorageError:  # Its documents are damaged or gone: `comp-pool check` reports them.
            continue
    return found


def step_failure(store: Store, job_id: str, variable_id: str) -> tuple[str, Document]:
    """Why a step is blocked, and what only the owner may see."""
    error_ids = store.results.rejected_ids(job_id, variable_id)
    answers = [] if error_ids else store.held.of(job_id, variable_id)
    if answers:
        return f"variable {variable_id!r} of job {job_id!r} has failed: {len(answers)} answers, and too few agree", {}
    last = store.results.rejected(job_id, variable_id, error_ids[-1:])
    state = "is stuck" if store.variables.state(job_id, variable_id) == "stuck" else "has failed"
    count = f"{len(error_ids)} error{'' if len(error_ids) == 1 else 's'}"
    facts = {"last_refusal": _text_of(last[0])} if last else {}
    return f"variable {variable_id!r} of job {job_id!r} {state} after {count}", facts


def _text_of(error: Document) -> str:
    """The reason of a rejected result, or the message of a volunteer's report."""
    return str(error["rejected"] if "rejected" in error else error["failure"]["message"])
