"""Simulated volunteers, some of whom lie, against the modules of `pool.trust`: no store, no HTTP.

A computation is one by a volunteer or by the pool (an audit). A wrong result counts once it is accepted.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

from pool.trust.adaptive import is_trusted
from pool.trust.agreement import Answer, decide
from pool.trust.audits import HeldResult, closed_batches, draw
from pool.trust.policy import Policy

RIGHT = "right"


@dataclass(frozen=True)
class Crowd:
    """Volunteers of whom a `share` lies: each unit with probability `rate`, once the id has `honest_first` accepted.

    Colluding liars give the same wrong answer, and with `coordinated` in the same units. An id computes `lifetime`
    units (0: without end) before its owner comes under a new one; a liar does so at once when it is caught.
    """

    share: float = 0.0
    rate: float = 1.0
    colludes: bool = True
    coordinated: bool = False
    honest_first: int = 0
    lifetime: int = 0
    volunteers: int = 2000
    # In the pool itself alone: half of the liars look for what the others have answered.
    chooses: bool = False


@dataclass
class Identity:
    """An id, and the place (address) behind it, which stays."""

    name: int
    place: int
    lies: bool
    computed: int = 0
    accepted: int = 0
    consecutive: int = 0


@dataclass
class Outcome:
    accepted: int = 0
    wrong: int = 0
    computations: int = 0
    parked: int = 0

    @property
    def per_answer(self) -> float:
        return self.computations / max(1, self.accepted)

    @property
    def error(self) -> float:
        return self.wrong / max(1, self.accepted)


@dataclass
class Simulation:
    """`units` of a job under one policy. `doubts`: addresses that were proved to lie are doubted."""

    policy: Policy
    crowd: Crowd
    units: int
    doubts: bool = True
    seed: int = 1
    outcome: Outcome = field(default_factory=Outcome)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        self.ids = 0
        size = self.crowd.volunteers
        lies = [index < self.crowd.share * size for index in range(size)]
        self.random.shuffle(lies)
        self.people = [self._new(place, lies[place]) for place in range(size)]
        # How often each address was proved to lie.
        self.caught: Counter[str] = Counter()
        self.open = list(range(self.units))
        self.answers: defaultdict[int, list[Answer]] = defaultdict(list)
        self.wanted: list[int] = []
        self.held: defaultdict[int, dict[int, tuple[HeldResult, str]]] = defaultdict(dict)
        self.by_name: dict[int, Identity] = {person.name: person for person in self.people}

    def _new(self, place: int, lies: bool) -> Identity:
        self.ids += 1
        return Identity(self.ids, place, lies)

    def run(self) -> Outcome:
        step: Callable[[int], None] = self._audited if self.policy.name == "audit" else self._answered
        while self.open or self.wanted or (self.held and self._close_visits()):
            step(self.random.randrange(len(self.people)))
        return self.outcome

    def _value(self, person: Identity, unit: int) -> str:
        crowd = self.crowd
        may_lie = person.lies and person.accepted >= crowd.honest_first
        chance = random.Random(unit).random() if crowd.coordinated else self.random.random()
        if not (may_lie and chance < crowd.rate):
            return RIGHT
        return "wrong" if crowd.colludes else f"wrong {person.name}"

    def _compute(self, place: int, unit: int) -> tuple[Identity, str]:
        person = self.people[place]
        person.computed += 1
        self.outcome.computations += 1
        return person, self._value(person, unit)

    def _leave(self, place: int) -> None:
        """Whoever was at this place comes back under a new id."""
        old = self.people[place]
        del self.by_name[old.name]
        self.people[place] = self._new(place, old.lies)
        self.by_name[self.people[place].name] = self.people[place]

    def _accept(self, value: str) -> None:
        self.outcome.accepted += 1
        self.outcome.wrong += value != RIGHT

    # Replication

    def _answered(self, place: int) -> None:
        unit = self._unit_for(self.people[place])
        if unit is None:
            return
        person, value = self._compute(place, unit)
        answers = self.answers[unit]
        address = str(place)
        answers.append(Answer(str(len(answers)), str(person.name), address, value, party=address))
        if len(answers) == 1 and self._counts_alone(person):
            person.accepted += 1
            self._accept(value)
            del self.answers[unit]
        else:
            self._decide(unit)
        if self.crowd.lifetime and person.computed >= self.crowd.lifetime:
            self._leave(place)

    def _counts_alone(self, person: Identity) -> bool:
        if self.policy.name == "adaptive":
            if self.caught[str(person.place)]:
                return False
            return is_trusted(person.consecutive, self.policy.trusted_after, self.random.random())
        return self.policy.name == "none"

    def _unit_for(self, person: Identity) -> int | None:
        # As from the queue: units that want a replica are open units like all others.
        use_wanted = self.wanted and (not self.open or self.random.random() < 0.5)
        if not use_wanted:
            return self.open.pop() if self.open else None
        for _ in range(5):
            index = self.random.randrange(len(self.wanted))
            unit = self.wanted[index]
            if all(answer.prefix != str(person.place) for answer in self.answers[unit]):
                self.wanted[index] = self.wanted[-1]
                self.wanted.pop()
                return unit
        return self.open.pop() if self.open else None

    def _decide(self, unit: int) -> None:
        answers = self.answers[unit]
        decision = decide(answers, str.__eq__, self.policy.quorum, self.policy.most, self._doubt)
        if decision.kind == "ask":
            self.wanted.append(unit)
            return
        del self.answers[unit]
        if decision.kind == "park":
            self.outcome.parked += 1
            return
        self._accept(decision.agreed[0].value)
        agreed = {answer.volunteer for answer in decision.agreed}
        for answer in answers:
            self._note(int(answer.volunteer), answer.volunteer in agreed)
            self.caught[answer.party] += self.doubts and answer.volunteer not in agreed

    def _doubt(self, answer: Answer) -> int:
        return self.caught[answer.party]

    def _note(self, name: int, is_right: bool) -> None:
        person = self.by_name.get(name)
        if person is not None:
            person.accepted += is_right
            person.consecutive = person.consecutive + 1 if is_right else 0

    # Audits

    def _audited(self, place: int) -> None:
        if not self.open:
            return
        unit = self.open.pop()
        person, value = self._compute(place, unit)
        result = HeldResult(str(unit), str(unit), str(person.name), self.outcome.computations)
        self.held[place][unit] = result, value
        is_over = bool(self.crowd.lifetime) and person.computed >= self.crowd.lifetime
        if len(self.held[place]) == self.policy.every or is_over:
            self._close(place, is_over)
        if is_over and self.people[place] is person:
            self._leave(place)

    def _close_visits(self) -> bool:
        """The end of the job: everybody has left. Returns whether anything was decided."""
        for place in list(self.held):
            self._close(place, is_over=True)
        return True

    def _close(self, place: int, is_over: bool) -> None:
        held = self.held.pop(place)
        now = self.outcome.computations + (int(self.policy.idle_seconds * 1000) if is_over else 0)
        for batch in closed_batches([result for result, _ in held.values()], self.policy, now):
            drawn = draw(batch, self.policy.checks, self.random)
            self.outcome.computations += len(drawn)
            if all(held[int(result.result_id)][1] == RIGHT for result in drawn):
                self._release(place, [held[int(result.result_id)][1] for result in batch])
            else:
                self.open += [int(result.variable_id) for result in batch]
                self._leave(place)

    def _release(self, place: int, values: list[str]) -> None:
        self.people[place].accepted += len(values)
        for value in values:
            self._accept(value)
