"""Trust: wrong results accepted and computations per answer, by policy and by what liars do (docs/trust.md).

`python -m bench trust` prints the tables as Markdown, and draws `docs/trust.svg`.
"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Iterable
from math import comb, e
from operator import eq
from pathlib import Path
from random import Random

from bench.trust_plot import lines
from bench.trust_simulation import Crowd, Simulation
from pool.trust.agreement import Answer, decide
from pool.trust.policy import Policy

DOCS = Path(__file__).parents[1] / "docs"
MANY = 12
POLICIES = {
    "`none`": Policy("none"),
    "`quorum` 2": Policy("quorum", quorum=2, most=MANY),
    "`quorum` 3": Policy("quorum", quorum=3, most=MANY),
    "`adaptive`": Policy("adaptive", quorum=2, most=MANY),
    "BOINC's, for comparison": Policy("adaptive", quorum=2, most=MANY),
    "`audit` 1 of 20": Policy("audit"),
    "`audit` 2 of 20": Policy("audit", checks=2),
    "`audit` 41 of 820": Policy("audit", every=820, checks=41),
}
# As BOINC has it: nobody is doubted for what was proved at its address.
WITHOUT_DOUBT = ("BOINC's, for comparison",)
# Long-lived volunteers stay for 200 units each, and are fewer; of those that leave after 30 units there are thousands.
LONG, SHORT = 300, 2000
CROWDS = {
    "honest": Crowd(volunteers=LONG),
    "honest, 30 units each": Crowd(volunteers=SHORT, lifetime=30),
    "always, alone": Crowd(0.1, colludes=False, volunteers=LONG),
    "always, colluding": Crowd(0.1, volunteers=LONG),
    "always, new ids": Crowd(0.1, volunteers=SHORT, lifetime=30),
    "at random": Crowd(0.1, 0.5, volunteers=LONG),
    "after 20 accepted": Crowd(0.1, honest_first=20, volunteers=LONG),
    "one in ten": Crowd(0.1, 0.1, volunteers=LONG),
    "one in ten, the same units": Crowd(0.1, 0.1, coordinated=True, volunteers=LONG),
    "one in ten, new ids": Crowd(0.1, 0.1, volunteers=SHORT, lifetime=30),
    "honest, 2,000 units each": Crowd(volunteers=30),
    "one in ten, 2,000 units each": Crowd(0.1, 0.1, volunteers=30),
}
SHARES = (0.0, 0.01, 0.05, 0.1, 0.2, 0.4)
CHECKS = (1, 2, 5, 10, 20, 41, 100)


def run(options: Namespace) -> None:
    units = options.trust_units
    table("10 % lie", CROWDS, units)
    leaving = {f"{share:.0%} lie": Crowd(share, volunteers=SHORT, lifetime=30) for share in SHARES}
    table("always, colluding, new ids", leaving, units)
    worst_case(units)
    literature(units)


def table(title: str, crowds: dict[str, Crowd], units: int) -> None:
    """Computations per answer, and the share of accepted results that are wrong."""
    show([title, *crowds])
    show(["---"] * (len(crowds) + 1))
    for name, policy in POLICIES.items():
        doubts = name not in WITHOUT_DOUBT
        found = [Simulation(policy, crowd, units, doubts).run() for crowd in crowds.values()]
        show([name, *(f"{outcome.per_answer:.2f} : {_error(outcome.wrong, outcome.error)}" for outcome in found)])


def worst_case(units: int) -> None:
    """The error with the rate of lies that is worst for `k` checks of a batch, beside Sarmenta's bound."""
    share, measured, bound = 0.1, [], []
    show(["checks of a batch", "worst rate of lies", "wrong", "bound f/(1-f)/(k e)"])
    show(["---"] * 4)
    for checks in CHECKS:
        rate = 1 / (checks + 1)
        # One of twenty, as always: the larger the batch, the more checks.
        policy = Policy("audit", every=20 * checks, checks=checks)
        outcome = Simulation(policy, Crowd(share, rate, volunteers=100), 10 * units).run()
        measured.append(outcome.error)
        bound.append(share / (1 - share) / (checks * e))
        show([str(checks), f"{rate:.3f}", f"{outcome.error:.1e}", f"{bound[-1]:.1e}"])
    names = {"measured, at the worst rate": measured, "f / (1 - f) / (k e)": bound}
    title = "Wrong results of all accepted, 10 % liars, by checks of each batch"
    (DOCS / "trust.svg").write_text(lines(title, "checks (k)", CHECKS, names))


def literature(units: int) -> None:
    """m-first voting with colluding liars, f = 0.35 (Sarmenta 2001): the votes that an error needs."""
    show(["m-first voting, f = 0.35", "votes", "by the formula", "simulated"])
    show(["---"] * 4)
    for most in (0.05, 0.01, 0.001):
        votes = next(m for m in range(1, 100) if _m_first(m, 0.35) <= most)
        show([f"error at most {most}", str(votes), f"{_m_first(votes, 0.35):.1e}", f"{_voted(votes, 0.35, units):.1e}"])


def _m_first(votes: int, share: float) -> float:
    counts = range(votes, 2 * votes)
    return sum(comb(2 * votes - 1, j) * share**j * (1 - share) ** (2 * votes - 1 - j) for j in counts)


def _voted(votes: int, share: float, units: int) -> float:
    """By the pool's own decision: the answers of one unit come until it accepts one."""
    generator = Random(votes)
    wrong = sum(_winner(votes, lambda: generator.random() < share) for _ in range(units // 10))
    return wrong / (units // 10)


def _winner(votes: int, lies: Callable[[], bool]) -> bool:
    answers: list[Answer] = []
    while True:
        name = str(len(answers))
        answers.append(Answer(name, name, name, lies()))
        if len(answers) >= votes and (decision := decide(answers, eq, votes, 2 * votes)).kind == "accept":
            return bool(decision.agreed[0].value)


def _error(wrong: int, error: float) -> str:
    return f"{error:.1e}" if wrong else "0"


def show(cells: Iterable[str]) -> None:
    print(f"| {' | '.join(cells)} |", flush=True)
