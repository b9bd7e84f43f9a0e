"""Items of a run, their ids in the pool, and their outcomes."""

import hashlib
import json
import re
from dataclasses import dataclass
from typing import Any

RUN_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,49}")
DIGEST = 12
AGAIN = re.compile(rf"(-[0-9a-f]{{{DIGEST}}})-(\d{{1,9}})\Z")


@dataclass
class Item:
    """One input: its number from 1 on, its text as it was read, its value. `error`: why the text has no value.

    `variable` is the id of its variable. `attempt` is 2 or more for an item that was withdrawn and is posted again.
    `is_known`: it was posted before this command was started; `is_released`: it had failed, and is computed again.
    """

    seq: int
    text: str
    value: Any = None
    error: str = ""
    variable: str = ""
    attempt: int = 1
    is_known: bool = False
    is_released: bool = False

    def name(self, run: str) -> None:
        """Give the variable its id: by number and value, so that a changed line is another variable."""
        self.variable = f"{run}-{self.seq:06}-{digest_of(self.value)}"

    def name_again(self) -> None:
        """Give the item another variable: a withdrawn one stays withdrawn."""
        self.attempt += 1
        self.variable = f"{base_of(self.variable)}-{self.attempt}"

    def matches(self, variable_id: str) -> bool:
        """Return whether this is its variable, or one that an earlier run has named again: it is the item's, then."""
        if variable_id == self.variable:
            return True
        if base_of(variable_id) != base_of(self.variable) or attempt_of(variable_id) <= self.attempt:
            return False
        self.attempt, self.variable, self.is_known = attempt_of(variable_id), variable_id, True
        return True


def base_of(variable_id: str) -> str:
    """Return the first id that an item had: each further attempt has its number at the end."""
    return AGAIN.sub(r"\1", variable_id)


def attempt_of(variable_id: str) -> int:
    """Return the number of the attempt."""
    found = AGAIN.search(variable_id)
    return int(found[2]) if found else 1


@dataclass(frozen=True)
class Outcome:
    """What became of a variable. `text` is its result as JSON; None: it is stored in the pool, and not held here.

    `state` is `done`, `failed`, `withdrawn`, `stuck` or `refused` (by the pool, when it was posted); `reason` says why.
    Times are in seconds; `started` is that of the epoch. `host` is a hash of the volunteer.
    """

    variable: str
    state: str = "done"
    text: str | None = ""
    reason: str = ""
    console: str = ""
    host: str = ""
    started: float = 0.0
    seconds: float = 0.0

    @property
    def is_done(self) -> bool:
        """Whether there is a result."""
        return self.state == "done"


def digest_of(value: Any) -> str:
    """Return the first digits of a digest of a JSON value."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:DIGEST]


def to_line(value: Any) -> str:
    """Return a value as one line of JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


class Ids:
    """Reads the ids of one run."""

    def __init__(self, run: str) -> None:
        self._form = re.compile(rf"{re.escape(run)}-(\d{{6,18}})-[0-9a-f]{{{DIGEST}}}(?:-\d+)?")

    def seq(self, variable_id: str) -> int | None:
        """Return the number of the item with this id, None for a variable that is not of the run."""
        found = self._form.fullmatch(variable_id)
        return int(found[1]) if found else None
