"""Profiles: the display names and teams of volunteers who want to be shown, and what the operator has forbidden.

The state that the events of the store's log of profiles add up to: the same in every process, since they are in one
order. Of two volunteers who choose the same name at once, the first in the log is shown under it.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace

from pool import reasons
from pool.display_names import checked, skeleton
from pool.errors import Conflict, Forbidden, Invalid
from storage.base import Document, Store

# Profiles that are stored; beyond these, the oldest of volunteers without an accepted unit are dropped.
PROFILES_KEPT = 20_000
_REMOVING = ("forgotten", "ban")


@dataclass(frozen=True)
class Profile:
    """`at` is when it was changed, in milliseconds of the epoch; `removed`: why the operator has removed a name."""

    name: str | None = None
    team: str | None = None
    shown: bool = False
    at: int = 0
    removed: str | None = None


@dataclass(frozen=True)
class Ban:
    """What the operator has forbidden: a text, for all, or any name of one volunteer."""

    reason: str
    at: int
    text: str | None = None
    volunteer: str | None = None


class State:
    def __init__(self) -> None:
        self.profiles: dict[str, Profile] = {}
        self.bans: dict[str, Ban] = {}
        # The volunteers shown under names, by skeleton.
        self._shown: dict[str, str] = {}

    def add(self, events: Iterable[Document]) -> None:
        for event in events:
            with suppress(AttributeError, KeyError, TypeError, ValueError):  # A line written by hand.
                self.apply(event)

    def apply(self, event: Document) -> None:
        getattr(self, f"_on_{event['event']}")(event)

    def _on_profile(self, event: Document) -> None:
        volunteer = event["volunteer"]
        self._drop(volunteer)
        values = {field: event[field] for field in ("name", "team", "shown", "at")}
        profile = self._permitted(volunteer, Profile(**values, removed=event.get("removed")))
        self.profiles[volunteer] = profile
        if profile.shown and profile.name is not None:
            self._shown[skeleton(profile.name)] = volunteer

    def _permitted(self, volunteer: str, profile: Profile) -> Profile:
        """The profile without what was forbidden, or taken by another, since it was checked."""
        if self.bans:
            profile = self._unbanned(volunteer, profile)
        is_taken = profile.shown and profile.name is not None and self.is_taken(profile.name, volunteer)
        return replace(profile, shown=False) if is_taken else profile

    def _unbanned(self, volunteer: str, profile: Profile) -> Profile:
        ban = self.bans.get(ban_of(volunteer))
        if ban is not None:
            return replace(profile, name=None, team=None, shown=False, removed=ban.reason)
        ban = self._ban_of_text(profile.name)
        if ban is not None:
            profile = replace(profile, name=None, removed=ban.reason)
        ban = self._ban_of_text(profile.team)
        return profile if ban is None else replace(profile, team=None, removed=ban.reason)

    def _ban_of_text(self, text: str | None) -> Ban | None:
        return None if text is None else self.bans.get(ban_of(text=text))

    def is_taken(self, name: str, volunteer: str) -> bool:
        """Whether another volunteer is shown under this name, or one that looks like it."""
        return self._shown.get(skeleton(name), volunteer) != volunteer

    def _on_forgotten(self, event: Document) -> None:
        self._drop(event["volunteer"])

    def _drop(self, volunteer: str) -> None:
        former = self.profiles.pop(volunteer, None)
        if former is not None and former.name is not None and self._shown.get(skeleton(former.name)) == volunteer:
            del self._shown[skeleton(former.name)]

    def _on_ban(self, event: Document) -> None:
        ban = Ban(event["reason"], event["at"], event.get("text"), event.get("volunteer"))
        self.bans[ban_of(ban.volunteer, ban.text)] = ban
        # All that it hits are looked at again.
        for volunteer, profile in list(self.profiles.items()):
            if self._permitted(volunteer, profile) != profile:
                self._on_profile({"volunteer": volunteer, **asdict(profile)})

    def _on_unban(self, event: Document) -> None:
        self.bans.pop(event["ban"], None)

    def drop_excess(self, credited: Container[str]) -> None:
        """Drops the oldest of those without an accepted unit, beyond what is kept."""
        excess = len(self.profiles) - PROFILES_KEPT
        if excess > 0:
            ranked = sorted(self.profiles.items(), key=lambda item: (item[0] in credited, item[1].at))
            for volunteer, _ in ranked[:excess]:
                self._drop(volunteer)

    def summary(self, credited: Container[str]) -> Iterator[Document]:
        for ban in self.bans.values():
            yield {"event": "ban", **asdict(ban)}
        self.drop_excess(credited)
        # In the order in which they were made, so that each has its name again.
        for volunteer, profile in sorted(self.profiles.items(), key=lambda item: item[1].at):
            # Not `asdict`, which takes twenty times as long.
            yield {"event": "profile", "volunteer": volunteer, **vars(profile)}


def ban_of(volunteer: str | None = None, text: str | None = None) -> str:
    """The id of the ban of a volunteer, or of a text."""
    subject = f"volunteer {volunteer}" if volunteer is not None else f"text {skeleton(text or '')}"
    return hashlib.sha256(subject.encode()).hexdigest()[:16]


class Profiles:
    """`credited` returns the volunteers who have accepted units. Safe for many threads."""

    def __init__(self, store: Store, pool_name: str, credited: Callable[[], Container[str]]) -> None:
        self._store, self._clock = store, store.clock
        self._pool_name, self._credited = skeleton(pool_name), credited
        self._state = State()
        self._lock = threading.RLock()
        # Change with the state, and with what must not be shown any more: what is derived from it is made anew.
        self.version = self.removals = 0
        self._shown: tuple[int, dict[str, Profile]] = (-1, {})

    def of(self, volunteer: str) -> Profile:
        with self._lock:
            return self._current().profiles.get(volunteer, Profile())

    def shown(self) -> Mapping[str, Profile]:
        """The profiles that are shown, by volunteer: a copy, made anew when they change."""
        with self._lock:
            profiles, (version, shown) = self._current().profiles, self._shown
            if version != self.version:
                shown = {name: profile for name, profile in profiles.items() if profile.shown}
                self._shown = self.version, shown
            return shown

    def bans(self) -> Mapping[str, Ban]:
        with self._lock:
            return dict(self._current().bans)

    def change(self, volunteer: str, fields: Document) -> Profile:
        """Changes the given ones of `name`, `team` and `shown`. Raises Invalid, Conflict, Forbidden."""
        with self._lock:
            self.require_permitted(volunteer)
            known = self.of(volunteer)
            wanted = replace(known, **self._checked(fields), at=self._clock.now_milliseconds(), removed=None)
            self._require_free(wanted, volunteer)
            self._append({"event": "profile", "volunteer": volunteer, **asdict(wanted)})
            changed = self.of(volunteer)
            # Another process was faster.
            self._require_free(replace(wanted, shown=wanted.shown and not changed.shown), volunteer)
            return changed

    def require_permitted(self, volunteer: str) -> None:
        """Raises Forbidden for a volunteer whom the operator has forbidden any name."""
        ban = self.bans().get(ban_of(volunteer))
        if ban is not None:
            raise Forbidden(f"the operator of this pool has forbidden you to show a name: {ban.reason}")

    def _checked(self, fields: Document) -> Document:
        checked_fields: Document = {}
        for field, value in fields.items():
            if field not in ("name", "team", "shown"):
                raise Invalid(field, "is not a field of a volunteer: name, team, shown")
            if field == "shown":
                if not isinstance(value, bool):
                    raise Invalid(field, "must be true or false")
                checked_fields[field] = value
            else:
                checked_fields[field] = None if value in (None, "") else self._name(value, field)
        return checked_fields

    def _name(self, value: object, field: str) -> str:
        name = checked(value, field)
        if skeleton(name) == self._pool_name:
            raise Invalid(field, "is the name of this pool, or looks like it")
        ban = self._state.bans.get(ban_of(text=name))
        if ban is not None:
            raise Invalid(field, f"the operator of this pool has forbidden it: {ban.reason}")
        return name

    def _require_free(self, wanted: Profile, volunteer: str) -> None:
        if wanted.shown and wanted.name is not None and self._current().is_taken(wanted.name, volunteer):
            raise Conflict("name: another volunteer is shown under it, or under one that looks like it")

    def forget(self, volunteer: str) -> None:
        """Deletes a volunteer's profile, from the disk as well."""
        event = {"event": "forgotten", "volunteer": volunteer}
        with self._lock:
            # An event in any case: every process makes the leaderboard anew, without the volunteer's credit.
            (self._rewrite if volunteer in self._current().profiles else self._append)(event)

    def ban(self, reason: object, text: object = None, volunteer: str | None = None) -> str:
        """Forbids a text as name and team, or a volunteer to have either. Returns the id of the ban. Raises Invalid."""
        reason = reasons.checked(reason)
        subject = {"volunteer": volunteer} if volunteer is not None else {"text": checked(text, "text")}
        event = {"event": "ban", "reason": reason, "at": self._clock.now_milliseconds(), **subject}
        with self._lock:
            self._rewrite(event)
        return ban_of(volunteer, subject.get("text"))

    def unban(self, ban: str) -> bool:
        """False if there is no such ban."""
        with self._lock:
            is_known = ban in self._current().bans
            if is_known:
                self._append({"event": "unban", "ban": ban})
            return is_known

    # What follows is called under the lock.

    def _append(self, event: Document) -> None:
        self._store.profiles.append([event])
        self._store.profiles.compact(self._condense)

    def _rewrite(self, event: Document) -> None:
        self._store.profiles.append([event])
        self._store.profiles.rewrite(self._condense)

    def _condense(self, events: Iterable[Document]) -> Iterator[Document]:
        """Not under the lock: of a state of its own."""
        state = State()
        state.add(events)
        return state.summary(self._credited())

    def _current(self) -> State:
        self._add(*self._store.profiles.read())
        return self._state

    def _add(self, is_new: bool, events: list[Document]) -> None:
        if is_new:
            self._state = State()
        self._state.add(events)
        # Not with each one more: it takes a while.
        if len(self._state.profiles) > PROFILES_KEPT * 5 // 4:
            self._state.drop_excess(self._credited())
        self.version += bool(is_new or events)
        # Other events may have been before the first of a new log.
        self.removals += is_new or any(event.get("event") in _REMOVING for event in events)
