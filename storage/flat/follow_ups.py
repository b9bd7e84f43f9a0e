"""Follow-ups: the changes of marker and journal for a decided variable, made once the decision is durable."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from storage.flat import files


class FollowUps:
    """Remembers the temporaries of follow-ups that failed (full disk), for recovery to retry in this process."""

    def __init__(self) -> None:
        self._failed: list[str] = []

    def run(self, temporaries: Sequence[str], follow_up: Callable[[], object]) -> None:
        """Runs a follow-up and removes its temporaries. An error of the disk leaves the decisions valid."""
        try:
            follow_up()
        # The caller gets no error: its result is stored and durable.
        except OSError:
            self._failed += temporaries
        else:
            for temporary in temporaries:
                files.remove(temporary)

    def retry(self, complete: Callable[[list[str]], None]) -> None:
        """Passes the failed temporaries to `complete`, and keeps them if that raises OSError."""
        failed, self._failed = self._failed, []
        try:
            complete(failed)
        except OSError:
            self._failed += failed
            raise
        for temporary in failed:
            files.remove(temporary)
