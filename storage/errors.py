"""Errors of a store, with the facts as attributes. A store raises no others."""

from __future__ import annotations

from typing import Any


class StorageError(Exception):
    """The store could not do what was asked; nothing was acknowledged."""


class StorageFull(StorageError):
    """No room is left, for bytes or for files."""


class InvalidId(StorageError):
    def __init__(self, kind: str, identifier: str, reason: str) -> None:
        super().__init__(f"{kind} id: {reason}")
        self.kind, self.identifier, self.reason = kind, identifier, reason


class InvalidCursor(StorageError):
    def __init__(self, cursor: str) -> None:
        super().__init__("cursor: not a cursor of this collection")
        self.cursor = cursor


class NotFound(StorageError):
    def __init__(self, kind: str, identifier: str) -> None:
        super().__init__(f"there is no {kind} {identifier!r}")
        self.kind, self.identifier = kind, identifier


class AlreadyExists(StorageError):
    def __init__(self, kind: str, identifier: str) -> None:
        super().__init__(f"{kind} {identifier!r} exists already")
        self.kind, self.identifier = kind, identifier


class AlreadyFinished(StorageError):
    """The variable's one outcome is decided; `outcome` is the document that decided it."""

    def __init__(self, variable_id: str, outcome: dict[str, Any]) -> None:
        super().__init__(f"variable {variable_id!r} is finished")
        self.variable_id, self.outcome = variable_id, outcome


class AlreadyHeld(StorageError):
    """The variable has a result that is held, and wants no other."""

    def __init__(self, variable_id: str) -> None:
        super().__init__(f"variable {variable_id!r} has a result that is held")
        self.variable_id = variable_id


class LeaseLost(StorageError):
    def __init__(self, variable_id: str) -> None:
        super().__init__(f"the lease of variable {variable_id!r} has ended")
        self.variable_id = variable_id


class Damaged(StorageError):
    """A document is there and cannot be read as one."""

    def __init__(self, path: str) -> None:
        super().__init__("a stored document is damaged: run `comp-pool check --repair`")
        self.path = path
