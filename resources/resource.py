"""What every resource shares."""

from __future__ import annotations

from typing import Any


class Resource:
    """A resource answers HEAD wherever it answers GET. One whose GET changes something defines on_head itself."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "on_get" in cls.__dict__ and "on_head" not in cls.__dict__:
            cls.on_head = cls.on_get  # type: ignore[attr-defined]
