"""Journal events: every line of a job's two journals is made here, and nowhere else.

`variables.ndjson` has one line per posted variable: ``{"variable", "at"}``. `events.ndjson` has lines with an `event`:
`accepted`, `withdrawn`, `rejected`, `failure` (each implied by a document), `failed`, `released` (a change of the
variable's marker), `report` and `resumed` (recorded in the journal alone). A finished variable's line has its former
state in `was`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container
from typing import Any

from storage.base import Document
from storage.flat import journal
from storage.flat.paths import JobPaths

Key = tuple[str, str, str]
# The events that documents imply; a repair leaves lines of other kinds unchanged.
IMPLIED = ("None", "accepted", "withdrawn", "rejected", "failure")
# Characters of the message, stack and console output of an error in its line.
MAX_MESSAGE, MAX_DETAIL = 300, 1000


def key_of(event: Document) -> Key:
    """The key by which two lines are the same event."""
    # The result distinguishes several rejections of one variable.
    return str(event.get("event")), str(event.get("variable")), str(event.get("result"))


def posted(document: Document) -> Document:
    return {"variable": document["id"], "at": document["created"]}


def outcome(document: Document, was: str | None = None) -> Document:
    """The event of an outcome. `was` is the variable's former state, where it is known."""
    if "withdrawn" in document:
        event = {"event": "withdrawn", "at": document["withdrawn"], "variable": document["variable"]}
    else:
        event = {"event": "accepted", **_of_result(document), "run_seconds": document.get("run_seconds")}
    return event | {"was": was}


def error(document: Document) -> Document:
    """The event of a rejected result, or of a failure reported by a volunteer."""
    failure = document.get("failure")
    if "thrown_back" in document:
        return {"event": "rejected", **_of_result(document), "function": "settings.trust", "kind": "thrown-back"} | {
            "message": document["rejected"][:MAX_MESSAGE]
        }
    event = {"event": "rejected" if failure is None else "failure", **_of_result(document)}
    if failure is None:
        told = {"function": "validate_result", "kind": "rejected", "message": document.get("rejected", "")}
    else:
        told = {"function": "execute_function", "kind": failure["kind"], "message": failure["message"]}
        told |= {"stack": failure.get("stack", "")[:MAX_DETAIL], "engine": document.get("engine", "")}
    told |= {"console": document.get("console", "")[:MAX_DETAIL], "party": document.get("party")}
    # Errors are grouped by message: one without it is seen too.
    return {**event, **told, "message": (told["message"] or told["kind"])[:MAX_MESSAGE]}


def _of_result(document: Document) -> Document:
    event = {"at": document["created"], "variable": document["variable"], "result": document["id"]}
    # Who is anonymous, or wrote the document in a test, has none.
    return event | {"volunteer": document["volunteer"]} if document.get("volunteer") else event


def failed(at: str, variable_id: str, result_id: str | None = None) -> Document:
    of_result = {} if result_id is None else {"result": result_id}
    return {"event": "failed", "at": at, "variable": variable_id, **of_result}


def released(at: str, variable_id: str) -> Document:
    return {"event": "released", "at": at, "variable": variable_id}


def resumed(at: str) -> Document:
    return {"event": "resumed", "at": at}


def report(at: str, **facts: Any) -> Document:
    return {"event": "report", "at": at, **facts}


def failed_change(event: Document) -> int:
    """By how much an event changes the number of failed variables: 1, 0 or -1."""
    # A failed variable that gets a result is no longer failed, though nobody released it.
    kind = event.get("event")
    return (kind == "failed") - (kind == "released" or event.get("was") == "failed")


def balancing(at: str, variable_id: str, is_failed: bool, balance: int) -> list[Document]:
    """The events missing for a variable whose journal has `balance` more failures than releases."""
    event = failed(at, variable_id) if is_failed > balance else released(at, variable_id)
    return [event] * abs(is_failed - balance)


class RecordedEvents:
    """The events of some variables in both journals of a job, so that recovery appends only the missing ones."""

    def __init__(self, paths: JobPaths, variable_ids: Container[Any]) -> None:
        self._keys: set[Key] = set()
        self.failed: Counter[str] = Counter()
        for path in (paths.variables_journal, paths.events_journal):
            for event, _ in journal.read(path, 0):
                if event.get("variable") in variable_ids:
                    self.add(event)

    def __contains__(self, event: Document) -> bool:
        return key_of(event) in self._keys

    def add(self, event: Document) -> None:
        self._keys.add(key_of(event))
        self.failed[str(event.get("variable"))] += failed_change(event)
