"""Turns in the sandbox: which of the calls that wait runs next, and which are refused at once.

What counts is time, not the number of calls. Parties, and the jobs of a party, get equal shares of it: the next call is
one whose party and job have used least, so that a cheap call passes the queue of a costly job. How long a call will
take is known from earlier calls of its function.
"""

from __future__ import annotations

import threading
from collections import OrderedDict, defaultdict
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple

from storage.clock import Clock

# A call that is expected to take longer is slow.
SLOW_SECONDS = 0.05
# Who must expect to wait longer occupies one of the few threads that may.
LONG_WAIT_SECONDS = 0.2
UNKNOWN_SECONDS = 0.005
MAX_KNOWN = 10_000


class SandboxBusy(Exception):
    """The call would have to wait too long: retry after `retry_seconds`."""

    def __init__(self, retry_seconds: float = 2.0) -> None:
        super().__init__()
        self.retry_seconds = retry_seconds


@dataclass(frozen=True)
class Share:
    """The party for which a call is made: the owner of a key, or the anonymous posters behind one address prefix.

    `subject` is the party's job or flow. Calls in the background (conditions of flows) and those of anonymous posters
    leave two places free, however many parties they are.
    """

    name: str = ""
    subject: str = ""
    is_anonymous: bool = False
    is_background: bool = False

    @property
    def is_secondary(self) -> bool:
        return self.is_anonymous or self.is_background


class Load(NamedTuple):
    """Calls that run in so many `places`, and that wait; those made so far, and their processor time."""

    places: int
    running: int
    waiting: int
    calls: int
    seconds: float


@dataclass(eq=False)
class Turn:
    share: Share
    expected: float
    # Whether the function has been called before.
    is_known: bool
    # When a child began to run it: its start may take longer than a call.
    started: float = 0.0
    # Released when the turn begins: of all waiting threads only this one wakes up.
    begins: threading.Lock = field(default_factory=threading.Lock)

    @property
    def may_be_slow(self) -> bool:
        return self.expected > SLOW_SECONDS or not self.is_known


class Turns:
    """`places` calls run at once, of which one party may use all but one, and one job all but two.

    One place is for fast calls alone. A call waits up to `queue_seconds`, and is refused at once if it must expect to
    wait longer, or if `max_long_waits` calls wait for long already: their threads serve nobody else.
    """

    def __init__(self, places: int, max_long_waits: int, queue_seconds: float, clock: Clock) -> None:
        self._places, self._max_long_waits, self._queue_seconds = places, max_long_waits, queue_seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._running: list[Turn] = []
        self._waiting: list[Turn] = []
        self._long_waits = 0
        self._calls, self._seconds = 0, 0.0
        self._used = Used()
        self._durations = Durations()

    def is_busy(self) -> bool:
        return len(self._running) >= self._places

    def load(self) -> Load:
        with self._lock:
            return Load(self._places, len(self._running), len(self._waiting), self._calls, round(self._seconds, 3))

    def is_alone(self, turn: Turn) -> bool:
        """Whether no other call runs or waits."""
        return not self._waiting and self._running == [turn]

    def expected(self, function: Hashable) -> float:
        """The expected processor time of a call, in seconds."""
        return self._durations.get(function)

    def note(self, function: Hashable, seconds: float) -> None:
        """A call of this function took that processor time."""
        with self._lock:
            self._durations.note(function, seconds)
            self._calls, self._seconds = self._calls + 1, self._seconds + seconds

    @contextmanager
    def turn(self, share: Share, function: Hashable, calls: int = 1) -> Iterator[Turn]:
        """Waits for a place, and holds it. Raises SandboxBusy."""
        turn = Turn(share, self._durations.get(function) * calls, function in self._durations)
        self._enter(turn)
        entered = self._clock.monotonic()
        try:
            yield turn
        finally:
            self._leave(turn, self._clock.monotonic() - entered)

    def _enter(self, turn: Turn) -> None:
        with self._lock:
            # Of those that wait, none has a place now: none is passed.
            if self._has_place(turn):
                self._begin(turn)
                return
            is_long = self._require_bearable(turn)
            self._long_waits += is_long
            self._waiting.append(turn)
            turn.begins.acquire()
        began = turn.begins.acquire(timeout=self._queue_seconds)
        with self._lock:
            self._long_waits -= is_long
            # It may have begun between the timeout and here.
            if not began and turn in self._waiting:
                self._waiting.remove(turn)
                self._forget_idle(turn.share)
                raise SandboxBusy

    def _leave(self, turn: Turn, seconds: float) -> None:
        with self._lock:
            self._running.remove(turn)
            self._used.add(turn.share, seconds)
            self._forget_idle(turn.share)
            self._begin_waiting()

    def _begin(self, turn: Turn) -> None:
        self._running.append(turn)
        self._used.begin(turn.share)

    def _begin_waiting(self) -> None:
        while possible := [turn for turn in self._waiting if self._has_place(turn)]:
            # The first of those that have used least: `min` keeps the order of arrival.
            turn = min(possible, key=lambda turn: self._used.of(turn.share))
            self._waiting.remove(turn)
            self._begin(turn)
            turn.begins.release()

    def _has_place(self, turn: Turn) -> bool:
        # One place stays free for other parties, and another for other jobs of the same party: slow functions slow down
        # their own job, and many such jobs their own party.
        of_party, of_job = max(1, self._places - 1), max(1, self._places - 2)
        shares = [running.share for running in self._running]
        party = [share for share in shares if share.name == turn.share.name]
        # The first call of a party gets the benefit of the doubt.
        is_fast = not turn.may_be_slow or not (turn.is_known or party)
        return (
            len(shares) < self._places
            and len(party) < of_party
            and sum(share.subject == turn.share.subject for share in party) < of_job
            and not (turn.share.is_secondary and sum(share.is_secondary for share in shares) >= of_job)
            and (is_fast or sum(running.may_be_slow for running in self._running) < of_party)
        )

    def _require_bearable(self, turn: Turn) -> bool:
        """Whether the turn must expect a long wait. Raises SandboxBusy."""
        wait = self._expected_wait(turn)
        is_long = wait > LONG_WAIT_SECONDS
        if wait > self._queue_seconds or (is_long and self._long_waits >= self._max_long_waits):
            raise SandboxBusy(max(wait, 1.0))
        return is_long

    def _expected_wait(self, turn: Turn) -> float:
        """By the calls before it that it can't pass: those of its job, its party, and as much of each other party."""
        share, of_party = turn.share, max(1, self._places - 1)
        job, party, secondary = 0.0, 0.0, 0.0
        others: defaultdict[str, float] = defaultdict(float)
        for other in (*self._running, *self._waiting):
            left = self._left(other)
            if other.share.name != share.name:
                others[other.share.name] += left
            else:
                party += left
                job += left if other.share.subject == share.subject else 0.0
            secondary += left if share.is_secondary and other.share.is_secondary else 0.0
        fair = party + sum(min(left, party + turn.expected) for left in others.values())
        return max(job, secondary, party / of_party, fair / self._places)

    def _left(self, turn: Turn) -> float:
        elapsed = self._clock.monotonic() - turn.started if turn.started else 0.0
        # A call that takes much longer than expected will take as long again, as far as anyone knows.
        is_late = elapsed > max(LONG_WAIT_SECONDS, turn.expected)
        return elapsed if is_late else max(0.0, turn.expected - elapsed)

    def _forget_idle(self, share: Share) -> None:
        """What has no calls any more is not remembered, however many parties and jobs there are."""
        subjects = {turn.share.subject for turn in (*self._running, *self._waiting) if turn.share.name == share.name}
        self._used.keep(share, is_party_active=bool(subjects), is_job_active=share.subject in subjects)


class VirtualTime:
    """The seconds that each has used. Who comes is as far as whoever began last: not ahead of those that wait."""

    def __init__(self) -> None:
        self._used: dict[str, float] = {}
        self._now = 0.0

    def of(self, name: str) -> float:
        return self._used.get(name, self._now)

    def begin(self, name: str) -> None:
        self._now = max(self._now, self.of(name))

    def add(self, name: str, seconds: float) -> None:
        self._used[name] = self.of(name) + seconds

    def forget(self, name: str) -> None:
        self._used.pop(name, None)


class Used:
    """The time that parties have used, and their jobs."""

    def __init__(self) -> None:
        self._parties = VirtualTime()
        self._jobs: defaultdict[str, VirtualTime] = defaultdict(VirtualTime)

    def of(self, share: Share) -> tuple[float, float]:
        return self._parties.of(share.name), self._jobs[share.name].of(share.subject)

    def begin(self, share: Share) -> None:
        self._parties.begin(share.name)
        self._jobs[share.name].begin(share.subject)

    def add(self, share: Share, seconds: float) -> None:
        self._parties.add(share.name, seconds)
        self._jobs[share.name].add(share.subject, seconds)

    def keep(self, share: Share, is_party_active: bool, is_job_active: bool) -> None:
        if not is_job_active:
            self._jobs[share.name].forget(share.subject)
        if not is_party_active:
            self._parties.forget(share.name)
            self._jobs.pop(share.name, None)


class Durations:
    """Moving averages of the durations of functions, for those called last."""

    def __init__(self) -> None:
        self._seconds: OrderedDict[Hashable, float] = OrderedDict()

    def __contains__(self, function: Hashable) -> bool:
        return function in self._seconds

    def get(self, function: Hashable) -> float:
        return self._seconds.get(function, UNKNOWN_SECONDS)

    def note(self, function: Hashable, seconds: float) -> None:
        self._seconds[function] = 0.7 * self.get(function) + 0.3 * seconds
        self._seconds.move_to_end(function)
        if len(self._seconds) > MAX_KNOWN:
            self._seconds.popitem(last=False)
