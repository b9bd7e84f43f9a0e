"""The policies in the pool itself, without HTTP: store, leases, holding and auditor, against simulated volunteers.

Units are really leased, held, computed again in the sandbox and accepted; only the volunteers and the clock are made
up. Each person has an address, which stays when it comes back under a new id.
"""

from __future__ import annotations

import contextlib
import io
import random
import tempfile
import time
from argparse import Namespace
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app import Pool
from bench.trust_simulation import Crowd, Outcome
from config import Config
from pool.errors import PoolError
from pool.keys import Caller
from pool.peers import Peer
from pool.results import Posted
from pool.scheduling import Volunteer
from pool.variables import Leased
from storage.clock import ManualClock
from storage.errors import StorageError

JOB, LIE = "job", -1
AUDIT: dict[str, Any] = {"policy": "audit"}
QUORUM: dict[str, Any] = {"policy": "quorum", "most": 12}
# Places from which volunteers come: of 60,000 units, 2,000 ids compute 30 each.
PLACES, TABLE = 300, 150
POLICIES: dict[str, dict[str, Any]] = {
    "`audit` 1 of 20": AUDIT,
    "`quorum` 2": QUORUM,
    "`quorum` 3": {**QUORUM, "quorum": 3},
    "`adaptive`": {"policy": "adaptive", "most": 12},
}
CROWDS = {
    "honest": Crowd(volunteers=TABLE),
    "always, alone": Crowd(0.1, colludes=False, volunteers=TABLE),
    "always, colluding": Crowd(0.1, volunteers=TABLE),
    "always, new ids after 10": Crowd(0.1, lifetime=10, volunteers=TABLE),
    "the same, choosing units": Crowd(0.1, lifetime=10, volunteers=TABLE, chooses=True),
    "at random": Crowd(0.1, 0.5, volunteers=TABLE),
    "after 5 accepted": Crowd(0.1, honest_first=5, volunteers=TABLE),
    "one in ten": Crowd(0.1, 0.1, volunteers=TABLE),
    "40 % always, new ids": Crowd(0.4, lifetime=10, volunteers=TABLE),
}
# What the policies are to reach: computations per answer, and wrong answers.
GOALS = (
    ("honest", AUDIT, Crowd(volunteers=PLACES, lifetime=30), 1.08, 0.0),
    ("10 % always, colluding, new ids after 30", AUDIT, Crowd(0.1, volunteers=PLACES, lifetime=30), 1.25, 0.0),
    ("10 % lie in one of ten", QUORUM, Crowd(0.1, 0.1, volunteers=PLACES, lifetime=30), 2.1, 1e-3),
)
# Of the simulated clock, for a unit of one volunteer; and how often the auditor looks.
UNIT_SECONDS, SWEEP_UNITS = 10.0, 100


@dataclass
class Person:
    address: int
    lies: bool
    name: int
    computed: int = 0
    gave_back: int = 0

    @property
    def peer(self) -> Peer:
        return Peer(f"{self.address:012x}", f"{self.name:016x}")


class Run:
    def __init__(self, root: Path, trust: dict[str, Any], crowd: Crowd, units: int) -> None:
        self._crowd, self._random, self._clock = crowd, random.Random(1), ManualClock()
        self._pool = Pool(Config(data=root / "pool", fsync=False, demo=False), clock=self._clock)
        # Its key is of no use to anybody.
        with contextlib.redirect_stdout(io.StringIO()):
            self._pool.open()
        operator = self._pool.keys.operator()
        self._post(trust, operator, units)
        size = crowd.volunteers
        self._people = [Person(number, number < crowd.share * size, number) for number in range(size)]
        self._names = size
        # What liars have lied in, for their accomplices.
        self._lied: set[str] = set()
        self.outcome = Outcome()

    def _post(self, trust: dict[str, Any], operator: Caller, units: int) -> None:
        job = {"name": JOB, "execute_function": "(variable) => ({result: variable.x * 2})"}
        self._pool.jobs.post({**job, "settings": {"trust": trust}}, operator)
        self._pool.variables.put_many(JOB, {f"v{number:06}": {"x": number} for number in range(units)}, operator)

    def run(self) -> Outcome:
        recent: deque[bool] = deque([True], maxlen=4 * len(self._people))
        turns = 0
        while any(recent) or not self._is_done():
            turns += 1
            recent.append(self._compute(self._random.choice(self._people)))
            self._clock.advance(UNIT_SECONDS / len(self._people))
            if turns % SWEEP_UNITS == 0:
                self._pool.auditor.sweep()
                if self._is_done():
                    break
        self._count()
        self._pool.close()
        return self.outcome

    def _is_done(self) -> bool:
        return self._pool.store.counts.get(JOB).unfinished == 0

    def _compute(self, person: Person) -> bool:
        """Whether the person has computed a unit."""
        try:
            leased = self._pool.variables.lease(JOB, Volunteer(person.peer))
            if leased is None or self._is_unwanted(person, leased):
                return False
            result = Posted(self._value(person, leased), leased.token, peer=person.peer)
            self._pool.results.post(self._pool.results.job(JOB), leased.variable_id, result)
        except (PoolError, StorageError):
            return False
        self.outcome.computations += 1
        person.computed += 1
        if self._crowd.lifetime and person.computed % self._crowd.lifetime == 0:
            self._names += 1
            person.name = self._names
        return True

    def _is_unwanted(self, person: Person, leased: Leased) -> bool:
        """Half of the liars that choose give back what no accomplice has answered, and keep its token for later."""
        if not (self._crowd.chooses and person.lies and person.address % 2) or leased.variable_id in self._lied:
            return False
        self._pool.variables.give_back(JOB, leased.variable_id, leased.token)
        return True

    def _value(self, person: Person, leased: Leased) -> int:
        crowd = self._crowd
        if not person.lies or self._random.random() >= crowd.rate or self._accepted(person) < crowd.honest_first:
            return int(leased.document["data"]["x"] * 2)
        self._lied.add(leased.variable_id)
        return LIE if crowd.colludes else LIE - person.address

    def _accepted(self, person: Person) -> int:
        return int(self._pool.standing.record(person.peer)["accepted"]) if self._crowd.honest_first else 0

    def _count(self) -> None:
        store = self._pool.store
        cursor: str | None = None
        while True:
            page = store.results.page(JOB, cursor, 1000)
            self.outcome.accepted += len(page.items)
            self.outcome.wrong += sum(item["result"] < 0 for item in page.items)
            cursor = page.next
            if cursor is None:
                break
        self.outcome.parked = store.counts.get(JOB).failed
        self.outcome.computations += self._pool.computing.computed


def of(trust: dict[str, Any], crowd: Crowd, units: int) -> Outcome:
    with tempfile.TemporaryDirectory(dir="/dev/shm") as directory:
        return Run(Path(directory), trust, crowd, units).run()


def run(options: Namespace) -> None:
    goals(options.trust_units)
    table(options.trust_store_units)


def goals(units: int) -> None:
    title = f"in the pool itself, {units:,} units, volunteers of 30 units, {PLACES} at a time"
    print(f"| {title} | policy | per answer | goal | wrong | goal |")
    print("|---" * 6 + "|")
    for title, trust, crowd, most, error in GOALS:
        outcome = of(trust, crowd, units)
        left = units - outcome.accepted
        cells = [title, f"`{trust['policy']}`", f"{outcome.per_answer:.2f}", f"{most}", f"{outcome.wrong}"]
        print(f"| {' | '.join(cells)}{f' ({left} left)' * bool(left)} | {error:g} |", flush=True)


def table(units: int) -> None:
    print(f"| {units:,} units, {TABLE} volunteers | {' | '.join(CROWDS)} |")
    print("|---" * (len(CROWDS) + 1) + "|")
    for name, trust in POLICIES.items():
        started, cells = time.process_time(), []
        for crowd in CROWDS.values():
            outcome = of(trust, crowd, units)
            left = units - outcome.accepted
            cells.append(f"{outcome.per_answer:.2f} : {outcome.wrong}" + f" ({left} left)" * bool(left))
        print(f"| {name} | {' | '.join(cells)} |", flush=True)
        print(f"  {time.process_time() - started:.0f} s of processor time", flush=True)
