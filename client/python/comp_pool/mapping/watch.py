"""What a user should know while no result comes: errors, a paused job, a pool without volunteers."""

from collections.abc import Iterator
from typing import Any

from comp_pool.links import Document
from comp_pool.owner import Owner

# Looks in a row without a leased variable, before the hint that nobody computes: an open page looks for work every ten
# seconds.
LOOKS = 4


class Watch:
    """Looks at the progress of a job, and remembers what it has shown. `progress` is that from before the run."""

    def __init__(self, client: Owner, job: Document, progress: dict[str, Any], is_lending: bool) -> None:
        self._client, self._job, self._is_lending = client, job, is_lending
        self._shown: set[str] = set()
        self._idle_looks = 0
        self._former = {group["id"]: group["count"] for group in _groups(progress)}

    def look(self) -> Iterator[str]:
        """Yield lines that were not shown before."""
        progress = self._client.progress(self._job)
        for group in _groups(progress):
            count = group["count"] - self._former.get(group["id"], 0)
            if count > 0:
                yield from self._once(group["id"], self._error(group, count))
        if progress.get("state") == "review":
            yield from self._once("review", "the operator of this pool looks at the job before volunteers get it")
        elif progress.get("state") == "paused":
            reason = progress.get("paused", {}).get("reason", "") if isinstance(progress.get("paused"), dict) else ""
            yield from self._once("paused", f"the job is paused{': ' if reason else ''}{reason}; {self._resume}")
        elif self._is_idle(progress):
            yield from self._once("idle", f"no volunteer computes: {self._hint}")

    @property
    def _hint(self) -> str:
        return f"open {self._client.root().address} in a browser, or run this command with --workers 2"

    @property
    def _name(self) -> str:
        return str(self._job.content.get("id", ""))

    @property
    def _resume(self) -> str:
        return f"comp-pool resume {self._name} lets it go on"

    def _error(self, group: dict[str, Any], count: int) -> str:
        errors = "1 error" if count == 1 else f"{count} errors"
        return (
            f"{errors} so far, none of them final: {group.get('kind')}: {group.get('message')} "
            f"(variable {group.get('variable')}; comp-pool errors {self._name} shows all). "
            "One computer alone does not make an item fail; with --retries 1 the first error does"
        )

    def _is_idle(self, progress: dict[str, Any]) -> bool:
        variables = progress.get("variables", {})
        is_idle = variables.get("open", 0) > 0 and variables.get("leased", 0) == 0 and not self._is_lending
        self._idle_looks = self._idle_looks + 1 if is_idle else 0
        return self._idle_looks >= LOOKS

    def _once(self, key: str, text: str) -> Iterator[str]:
        if key not in self._shown:
            self._shown.add(key)
            yield text


def _groups(progress: dict[str, Any]) -> list[dict[str, Any]]:
    groups = progress.get("errors")
    return [group for group in groups if isinstance(group, dict)] if isinstance(groups, list) else []
