"""Flows as they are posted."""

from __future__ import annotations

from typing import Any

Document = dict[str, Any]


def tree(*levels: list[Document], **fields: Any) -> Document:
    """A flow with these levels of entries, the root's first."""
    flow: Document = {}
    for jobs in reversed(levels):
        flow = {"jobs": jobs, "dependent": flow} if flow else {"jobs": jobs}
    return {**fields, **flow}
