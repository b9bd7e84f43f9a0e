"""The leaderboard: who has computed how much. Only those who want to be shown are on it, by name or by mark.

It is made anew at most every few seconds, however many look at it, and at once when somebody or a name must not be
shown any more. A *mark* stands for a volunteer in public: a keyed hash, so that nobody learns whose results are whose.
"""

from __future__ import annotations

import hmac
import threading
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TypeVar

from pool.credit import DAY, DAYS_KEPT, EARLIER, NOBODY, Credit
from pool.display_names import skeleton
from pool.profiles import Profile, Profiles
from pool.standing import Standing
from storage.base import Store

PERIODS = ("day", "week", "all")
REFRESH_SECONDS = 10.0
# After a name was chosen: whoever changes its name again and again must not have all made anew each time.
CHANGE_SECONDS = 1.0
# A ranking lasts longer where many are asked for: making them all takes a tenth of a process's time at most.
COST_FACTOR = 10.0
# By period and job. Their rows are no more than the sums of credit that are kept.
RANKINGS_KEPT = 300
MARK_DIGITS = 10


@dataclass(frozen=True, slots=True)
class Row:
    """`place`: one more than the number of those with more units."""

    mark: str
    name: str | None
    team: str | None
    units: int
    run_seconds: float
    place: int = 0


@dataclass(frozen=True)
class TeamRow:
    team: str
    volunteers: int
    units: int
    run_seconds: float
    place: int = 0


@dataclass(frozen=True)
class Ranking:
    """`hidden` is the sum of the `hidden_volunteers` who are not shown."""

    rows: tuple[Row, ...]
    hidden: Credit
    hidden_volunteers: int
    credit: Mapping[str, Credit] = field(default_factory=dict)

    def place(self, units: int) -> int | None:
        """The place of a volunteer with so many units among those who are shown."""
        return bisect_left(self._units, -units) + 1 if units else None

    @cached_property
    def units(self) -> int:
        """Of all, shown or not."""
        return self.hidden.units + sum(row.units for row in self.rows)

    @cached_property
    def _units(self) -> list[int]:
        return [-row.units for row in self.rows]

    @cached_property
    def _members(self) -> dict[str, list[Row]]:
        """By the skeletons of their teams."""
        members: defaultdict[str, list[Row]] = defaultdict(list)
        for row in self.rows:
            if row.team is not None:
                members[skeleton(row.team)].append(row)
        return dict(members)

    @cached_property
    def teams(self) -> tuple[TeamRow, ...]:
        """Each is the sum of its present members."""
        return _placed(
            TeamRow(rows[0].team or "", len(rows), sum(row.units for row in rows), sum(row.run_seconds for row in rows))
            for rows in self._members.values()
        )

    def of_team(self, team: str) -> tuple[Row, ...]:
        return _placed(self._members.get(skeleton(team), ()))


RowOrTeam = TypeVar("RowOrTeam", Row, TeamRow)


def _placed(rows: Iterable[RowOrTeam]) -> tuple[RowOrTeam, ...]:
    placed: list[RowOrTeam] = []
    for number, row in enumerate(sorted(rows, key=lambda row: (-row.units, -row.run_seconds)), start=1):
        is_equal = bool(placed) and placed[-1].units == row.units
        placed.append(replace(row, place=placed[-1].place if is_equal else number))
    return tuple(placed)


@dataclass(frozen=True)
class _Known:
    """A ranking, when it was made and how long that took, and of which versions of the profiles."""

    ranking: Ranking
    at: float
    seconds: float
    version: int
    removals: int

    def is_current(self, now: float, profiles: Profiles, least_age: float) -> bool:
        if self.removals != profiles.removals:
            return False
        lasts = REFRESH_SECONDS if self.version == profiles.version else CHANGE_SECONDS
        return now - self.at < max(lasts, least_age)


class Leaderboard:
    """Safe for many threads."""

    def __init__(self, store: Store, standing: Standing, profiles: Profiles, read_secret: Callable[[], str]) -> None:
        self._store, self._standing, self._profiles = store, standing, profiles
        self._read_secret = read_secret
        self._known: dict[tuple[str, str | None], _Known] = {}
        # What all known rankings last, whatever has changed.
        self._least_age = 0.0
        self._lock = threading.Lock()

    @cached_property
    def _secret(self) -> bytes:
        return self._read_secret().encode()

    def mark(self, volunteer: str) -> str:
        return hmac.digest(self._secret, volunteer.encode(), "sha256").hex()[:MARK_DIGITS]

    def volunteer_of(self, mark: str) -> str | None:
        """The volunteer of a mark that is shown."""
        return next((volunteer for volunteer in self._profiles.shown() if self.mark(volunteer) == mark), None)

    def ranking(self, period: str, job_id: str | None = None) -> Ranking:
        """Of a period of PERIODS, for one job or all. Raises NotFound."""
        job_uid = None if job_id is None else self._store.jobs.get(job_id)["uid"]
        now = self._store.clock.monotonic()
        with self._lock:
            # Learns of changes by any process.
            shown = self._profiles.shown()
            known = self._known.get((period, job_uid))
            if known is None or not known.is_current(now, self._profiles, self._least_age):
                made = self._make(period, job_uid, shown)
                seconds = self._store.clock.monotonic() - now
                known = _Known(made, now, seconds, self._profiles.version, self._profiles.removals)
                self._remember((period, job_uid), known)
            return known.ranking

    def _remember(self, key: tuple[str, str | None], made: _Known) -> None:
        self._known.pop(key, None)
        # Without those that nobody has asked for since they were outdated, long ago.
        oldest = made.at - 2 * max(REFRESH_SECONDS, self._least_age)
        self._known = {other: known for other, known in self._known.items() if known.at > oldest}
        self._known[key] = made
        # The one made first.
        if len(self._known) > RANKINGS_KEPT:
            del self._known[next(iter(self._known))]
        self._least_age = COST_FACTOR * sum(known.seconds for known in self._known.values())

    def _make(self, period: str, job_uid: str | None, shown: Mapping[str, Profile]) -> Ranking:
        credit = self._standing.credit(self._first_day(period), job_uid)
        rows: list[Row] = []
        hidden, hidden_volunteers = Credit(), 0
        # Only of those who have computed: of one job they are few.
        for volunteer, sums in credit.items():
            profile = shown.get(volunteer)
            if profile is not None:
                seconds = round(sums.run_seconds, 3)
                rows.append(Row(self.mark(volunteer), profile.name, profile.team, sums.units, seconds))
            else:
                hidden.add(sums)
                hidden_volunteers += volunteer != NOBODY
        # For places of those who are not shown: of all jobs only.
        return Ranking(_placed(rows), hidden, hidden_volunteers, credit if job_uid is None else {})

    def _first_day(self, period: str) -> int:
        today = self._store.clock.now_milliseconds() // DAY
        return {"day": today, "week": today - DAYS_KEPT + 1, "all": EARLIER}[period]

    def standing_of(self, volunteer: str) -> dict[str, dict[str, float | None]]:
        """A volunteer's units, run time and place, by period."""
        found = {}
        for period in PERIODS:
            ranking = self.ranking(period)
            sums = ranking.credit.get(volunteer, Credit())
            seconds = round(sums.run_seconds, 3)
            found[period] = {"units": sums.units, "run_seconds": seconds, "place": ranking.place(sums.units)}
        return found
