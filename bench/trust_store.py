"""The policies in the pool itself, without HTTP: store, leases, holding and auditor, against simulated volunteers.

Units are really leased, held, computed again in the sandbox and accepted; only the volunteers and the clock are made
up. Each person has an address, which stays when it comes back under a new id.
"""

from __future__ import annotations

import random
import tempfile
from argparse import Namespace
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
from storage.clock import ManualClock
from storage.errors import StorageError

JOB, LIE = "job", -1
POLICIES: dict[str, dict[str, Any]] = {
    "`audit` 1 of 20": {"policy": "audit"},
    "`quorum` 2": {"policy": "quorum", "most": 12},
    "`adaptive` (BOINC)": {"policy": "adaptive", "most": 12},
}
CROWDS = {
    "honest": Crowd(volunteers=50),
    "always, colluding": Crowd(0.1, volunteers=50),
    "always, new ids after 30 units": Crowd(0.1, lifetime=30, volunteers=50),
    "one in ten": Crowd(0.1, 0.1, volunteers=50),
}
# Of the simulated clock, from unit to unit of all volunteers together; and how often the auditor looks.
UNIT_SECONDS, SWEEP_UNITS = 0.05, 40


@dataclass
class Person:
    address: int
    lies: bool
    name: int
    computed: int = 0

    @property
    def peer(self) -> Peer:
        return Peer(f"{self.address:012x}", f"{self.name:016x}")


class Run:
    def __init__(self, root: Path, trust: dict[str, Any], crowd: Crowd, units: int) -> None:
        self._crowd, self._random, self._clock = crowd, random.Random(1), ManualClock()
        self._pool = Pool(Config(data=root / "pool", fsync=False, demo=False), clock=self._clock)
        self._pool.open()
        operator = self._pool.keys.operator()
        self._post(trust, operator, units)
        size = crowd.volunteers
        self._people = [Person(number, number < crowd.share * size, number) for number in range(size)]
        self._names = size
        self.outcome = Outcome()

    def _post(self, trust: dict[str, Any], operator: Caller, units: int) -> None:
        job = {"name": JOB, "execute_function": "(variable) => ({result: variable.x * 2})"}
        self._pool.jobs.post({**job, "settings": {"trust": trust}}, operator)
        self._pool.variables.put_many(JOB, {f"v{number:06}": {"x": number} for number in range(units)}, operator)

    def run(self) -> Outcome:
        idle = turns = 0
        while idle < 40 * len(self._people):
            turns += 1
            is_busy = self._compute(self._random.choice(self._people))
            idle = 0 if is_busy else idle + 1
            self._clock.advance(UNIT_SECONDS if is_busy else 1.0)
            if turns % SWEEP_UNITS == 0:
                self._pool.auditor.sweep()
                if self._pool.store.counts.get(JOB).unfinished == 0:
                    break
        self._count()
        self._pool.close()
        return self.outcome

    def _compute(self, person: Person) -> bool:
        try:
            leased = self._pool.variables.lease(JOB, Volunteer(person.peer))
            if leased is None:
                return False
            lies = person.lies and self._random.random() < self._crowd.rate
            value = LIE if lies else leased.document["data"]["x"] * 2
            self._pool.results.post(JOB, leased.variable_id, Posted(value, leased.token, peer=person.peer))
        except (PoolError, StorageError):
            return False
        self.outcome.computations += 1
        person.computed += 1
        if self._crowd.lifetime and person.computed % self._crowd.lifetime == 0:
            self._names += 1
            person.name = self._names
        return True

    def _count(self) -> None:
        store = self._pool.store
        cursor: str | None = None
        while True:
            page = store.results.page(JOB, cursor, 1000)
            self.outcome.accepted += len(page.items)
            self.outcome.wrong += sum(item["result"] == LIE for item in page.items)
            cursor = page.next
            if cursor is None:
                break
        self.outcome.computations += self._pool.computing.computed


def run(options: Namespace) -> None:
    print(f"| in the pool itself, {options.trust_store_units} units | {' | '.join(CROWDS)} |")
    print("|---" * (len(CROWDS) + 1) + "|")
    for name, trust in POLICIES.items():
        cells = []
        for crowd in CROWDS.values():
            with tempfile.TemporaryDirectory(dir="/dev/shm") as directory:
                outcome = Run(Path(directory), trust, crowd, options.trust_store_units).run()
            left = options.trust_store_units - outcome.accepted
            cells.append(f"{outcome.per_answer:.2f} : {outcome.error:.1e}" + f" ({left} left)" * bool(left))
        print(f"| {name} | {' | '.join(cells)} |", flush=True)
