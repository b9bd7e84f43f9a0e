"""The check of a posted flow: the whole tree at once, so that one response names every problem."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from pool import fields
from pool.errors import Conflict, Forbidden, Invalid, InvalidFlow, UnknownKey
from pool.flows.steps import step_of
from pool.keys import Caller, Keys
from pool.sandbox import Sandbox
from pool.validation import require_function
from storage.base import Document, Store
from storage.errors import InvalidId, NotFound

CONDITIONS = ("if", "while")
MAX_FUNCTION = 1 << 20
COMPILING_SECONDS = 5.0
_ENTRY = ("job", "variable", *CONDITIONS)
_LEVEL = ("jobs", "dependent")

# Turns a URI into the segments of its path below the pool's root; None for a URI of another site.
Locate = Callable[[str], "tuple[str, ...] | None"]
Levels = list[list[Document]]


@dataclass(frozen=True)
class FlowLimits:
    """`depth` counts levels, `breadth` the entries of one level; `merged_bytes` limits its merged result, as JSON.

    `wait_days` is how long a flow waits for a failed variable.
    """

    depth: int = 32
    breadth: int = 1000
    entries: int = 5000
    iterations: int = 1000
    merged_bytes: int = 1 << 20
    wait_days: float = 7


class TreeCheck:
    """The check of one posted tree."""

    def __init__(
        self, store: Store, sandbox: Sandbox, keys: Keys, limits: FlowLimits, caller: Caller, locate: Locate
    ) -> None:
        self._store, self._sandbox, self._keys = store, sandbox, keys
        self._limits, self._caller, self._locate = limits, caller, locate
        self._problems: list[Invalid] = []
        self._deadline = self._store.clock.monotonic() + COMPILING_SECONDS
        self._compiled: dict[str, str | None] = {}

    def checked(self, posted: Any) -> tuple[str | None, Levels]:
        """The name, and the entries of each level (the root's first) with the ids of jobs and variables.

        Raises InvalidFlow, SandboxBusy.
        """
        # Problems are collected, not raised, so that one response lists all of them.
        levels = [self._level(prefix, level) for prefix, level in self._walk(posted)]
        self._passes(self._require_few_entries, "jobs", levels)
        name = posted.get("name") if isinstance(posted, dict) else None
        if name is not None:
            self._passes(fields.require_text, "name", name, fields.MAX_NAME)
        if self._problems:
            raise InvalidFlow(self._problems)
        return name, levels

    def _require_few_entries(self, path: str, levels: Levels) -> None:
        count = sum(map(len, levels))
        if count > self._limits.entries:
            raise Invalid(path, f"too many entries: {count} (at most {self._limits.entries})")

    def _walk(self, posted: Any) -> Iterator[tuple[str, Document]]:
        """Each level, with the prefix of the paths of its fields."""
        known: tuple[str, ...] = ("name", *_LEVEL)
        level, prefix = posted, ""
        # A loop, not recursion: the depth is the poster's.
        for _ in range(self._limits.depth):
            if not self._passes(fields.require_object, prefix.removesuffix(".") or "the body", level):
                return
            self._passes(fields.refuse_unknown, level, known, prefix)
            yield prefix, level
            if "dependent" not in level:
                return
            level, prefix, known = level["dependent"], f"{prefix}dependent.", _LEVEL
        reason = f"nested deeper than {self._limits.depth} levels (the limit)"
        self._problems.append(Invalid(prefix.removesuffix("."), reason))

    def _level(self, prefix: str, level: Document) -> list[Document]:
        path, entries = f"{prefix}jobs", level.get("jobs")
        if not self._passes(self._require_entries, path, entries):
            return []
        is_leaf = "dependent" not in level
        return [self._entry(f"{path}[{index}]", entry, is_leaf) for index, entry in enumerate(entries or ())]

    def _require_entries(self, path: str, entries: Any) -> None:
        if entries is None:
            raise Invalid(path, "is missing")
        if not isinstance(entries, list):
            raise Invalid(path, f"must be an array, not {fields.kind(entries)}")
        if not 1 <= len(entries) <= self._limits.breadth:
            raise Invalid(path, f"must have 1 to {self._limits.breadth} entries, not {len(entries)}")

    def _entry(self, path: str, entry: Any, is_leaf: bool) -> Document:
        """The entry as it is stored. `is_own`: the named variable itself is the first step, and not a copy of it."""
        checked: Document = {}
        if not self._passes(fields.require_object, path, entry):
            return checked
        self._passes(fields.refuse_unknown, entry, _ENTRY, f"{path}.")
        if self._passes(self._resolve_job, checked, f"{path}.job", entry) and "variable" in entry:
            self._passes(self._resolve_variable, checked, f"{path}.variable", entry["variable"], is_leaf)
        for name in CONDITIONS:
            if name in entry and self._passes(self._require_function, f"{path}.{name}", entry[name]):
                checked[name] = entry[name]
        return checked

    def _resolve_job(self, checked: Document, path: str, entry: Document) -> None:
        if "job" not in entry:
            raise Invalid(path, "is missing")
        segments = self._segments(path, entry["job"], ("jobs", None), "job")
        try:
            job = self._store.jobs.get(segments[1])
            # A flow adds variables to its jobs, for which the caller needs permission.
            self._keys.require_contributor(self._caller, job)
        except (NotFound, InvalidId, UnknownKey, Forbidden, Conflict) as ex:
            raise Invalid(path, str(ex)) from ex
        # The uid, since another job may have the name when the flow gets there.
        checked.update(job=job["id"], uid=job["uid"])

    def _resolve_variable(self, checked: Document, path: str, uri: Any, is_leaf: bool) -> None:
        segments = self._segments(path, uri, ("jobs", None, "variables", None), "variable")
        job_id, variable_id = segments[1], segments[3]
        if job_id != checked["job"]:
            raise Invalid(path, f"belongs to job {job_id!r}, not to {checked['job']!r}")
        try:
            state = self._store.variables.state(job_id, variable_id)
            outcome = self._store.results.outcome(job_id, variable_id) or {}
        except (NotFound, InvalidId) as ex:
            raise Invalid(path, str(ex)) from ex
        if state == "withdrawn" and "flow" not in outcome:
            raise Invalid(path, f"variable {variable_id!r} was withdrawn by its owner")
        if state == "failed" and is_leaf:
            raise Invalid(path, f"variable {variable_id!r} has failed: release it first")
        # A variable withdrawn by an ended flow is copied, and so is another flow's step: each gets an id of this flow.
        is_own = is_leaf and state != "withdrawn" and step_of(variable_id) is None
        checked.update(variable=variable_id, is_own=is_own)

    def _segments(self, path: str, uri: Any, form: tuple[str | None, ...], kind: str) -> tuple[str, ...]:
        """The segments of a URI, which must match `form`, where None matches any segment."""
        fields.require_text(path, uri)
        segments = self._locate(uri) or ()
        if len(segments) != len(form) or any(
            part not in (None, given) for part, given in zip(form, segments, strict=True)
        ):
            raise Invalid(
                path, f"{uri[:200]!r} is not the URI of a {kind} of this pool: use the `self` link of the {kind}"
            )
        return segments

    def _require_function(self, path: str, source: Any) -> None:
        """Compiles each function once, however many entries share it."""
        fields.require_text(path, source, MAX_FUNCTION)
        if source not in self._compiled:
            if self._store.clock.monotonic() > self._deadline:
                raise Invalid(path, f"not compiled: the functions before it took {COMPILING_SECONDS:g} s (the limit)")
            self._compiled[source] = self._compile(source)
        reason = self._compiled[source]
        if reason is not None:
            raise Invalid(path, reason)

    def _compile(self, source: str) -> str | None:
        try:
            require_function(self._sandbox, "", source, self._caller.share)
        except Invalid as ex:
            return ex.reason
        return None

    def _passes(self, check: Callable[..., object], *arguments: Any) -> bool:
        try:
            check(*arguments)
        except Invalid as ex:
            self._problems.append(ex)
            return False
        return True


def posted_form(levels: Levels) -> Document:
    """The tree as it was posted, with URIs as paths from the root."""
    form: Document = {}
    for level in reversed(levels):
        inner = {"dependent": form} if form else {}
        form = {"jobs": list(map(_posted_entry, level)), **inner}
    return form


def _posted_entry(entry: Document) -> Document:
    posted = {"job": f"/jobs/{entry['job']}"}
    if "variable" in entry and not entry.get("taken"):
        posted["variable"] = f"/jobs/{entry['job']}/variables/{entry['variable']}"
    return posted | {name: entry[name] for name in CONDITIONS if name in entry}


def segments_of(path: str) -> tuple[str, ...]:
    """The `Locate` of URIs made by `posted_form`."""
    return tuple(path.split("/")[1:])
