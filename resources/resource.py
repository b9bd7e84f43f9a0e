"""The base class of all resources."""

from __future__ import annotations


class Resource:
    """Handles HEAD as GET. A subclass whose GET changes state (leases a variable) defines `on_head` itself."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if "on_get" in cls.__dict__ and "on_head" not in cls.__dict__:
            cls.on_head = cls.on_get  # type: ignore[attr-defined]
