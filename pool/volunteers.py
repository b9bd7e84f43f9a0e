"""Volunteers as a whole, whatever part of the pool remembers them: they are forgotten, or join another one."""

from __future__ import annotations

from pool.leaderboard import Leaderboard
from pool.profiles import Profile, Profiles
from pool.standing import Standing


class Volunteers:
    def __init__(self, standing: Standing, profiles: Profiles, leaderboard: Leaderboard) -> None:
        self._standing, self._profiles, self._leaderboard = standing, profiles, leaderboard

    def require_may_join(self, volunteer: str) -> None:
        """Raises Forbidden: under another id, units would get around what the operator has forbidden."""
        self._profiles.require_permitted(volunteer)

    def forget(self, volunteer: str, into: str | None = None) -> None:
        """Deletes a volunteer's record, name and credit, which goes to another one that it has joined, if it has."""
        # Ids cost nothing: those of nobody must not have the leaderboard made anew.
        if self._is_known(volunteer):
            # Before the name: when that goes, the leaderboard is made anew.
            self._standing.forget(volunteer, into)
            self._profiles.forget(volunteer)

    def _is_known(self, volunteer: str) -> bool:
        if self._standing.knows(volunteer) or self._profiles.of(volunteer) != Profile():
            return True
        # Credit is kept for longer than the record.
        return volunteer in self._leaderboard.ranking("all").credit
