"""What the journals say of variables, and the lines that documents ask for: so that recovery notes nothing twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container
from typing import Any

from storage import ids
from storage.base import Document
from storage.flat import journal
from storage.flat.paths import JobPaths

Fact = tuple[str, str, str]


def fact(line: Document) -> Fact:
    """What tells one event from another."""
    return str(line.get("event")), str(line.get("variable")), str(line.get("result"))


class Noted:
    def __init__(self, paths: JobPaths, variables: Container[Any]) -> None:
        self.facts: set[Fact] = set()
        self.failed: Counter[str] = Counter()
        for path in (paths.variables_journal, paths.events_journal):
            for line, _ in journal.read(path, 0):
                if line.get("variable") in variables:
                    self.add(line)

    def add(self, line: Document) -> None:
        self.facts.add(fact(line))
        self.failed[str(line.get("variable"))] += journal.failed_by(line)


def posted_line(document: Document) -> Document:
    return {"variable": document["id"], "at": document["created"]}


def outcome_line(document: Document) -> Document:
    if "withdrawn" in document:
        return {"event": "withdrawn", "at": document["withdrawn"], "variable": document["variable"]}
    return {"event": "accepted", **_result(document), "run_seconds": document.get("run_seconds")}


def rejected_line(document: Document) -> Document:
    return {"event": "rejected", **_result(document)}


def _result(document: Document) -> Document:
    return {"at": document["created"], "variable": document["variable"], "result": document["id"]}


def balancing_lines(variable_id: str, is_failed: bool, noted: int) -> list[Document]:
    """The events that are wanting where a variable failed `noted` times more often than it was released."""
    event = "failed" if is_failed > noted else "released"
    line = {"event": event, "at": ids.now_text(), "variable": variable_id}
    return [line] * abs(is_failed - noted)
