"""Agreement: answers of different volunteers are grouped, and the first group that is large enough wins."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Agree = Callable[[Any, Any], bool]


@dataclass(frozen=True)
class Answer:
    """One volunteer's result for a variable; `volunteer` is its name, `at` in milliseconds of the epoch."""

    result_id: str
    volunteer: str
    prefix: str
    value: Any
    at: int = 0


@dataclass(frozen=True)
class Decision:
    """`accept` has the answers that agree, the first of them to be stored; `ask` and `park` have none."""

    kind: Literal["accept", "ask", "park"]
    agreed: Sequence[Answer] = ()


def groups(answers: Sequence[Answer], agree: Agree) -> list[list[Answer]]:
    """Answers by agreement with the first one of a group: `agree` may be tolerant, and need not be transitive."""
    found: list[list[Answer]] = []
    for answer in answers:
        for group in found:
            if agree(group[0].value, answer.value):
                group.append(answer)
                break
        else:
            found.append([answer])
    return found


def decide(answers: Sequence[Answer], agree: Agree, quorum: int, most: int) -> Decision:
    """Accepts the first `quorum` different volunteers that agree; parks what `most` answers have not decided."""
    for group in groups(answers, agree):
        if len({answer.volunteer for answer in group}) >= quorum:
            return Decision("accept", group)
    return Decision("park" if len(answers) >= most else "ask")


def is_independent(answers: Sequence[Answer], volunteer: str, prefix: str, now: int, same_address: float) -> bool:
    """Whether a volunteer may answer beside these: nobody does twice.

    An address prefix does so again only after `same_address` seconds without an answer from elsewhere: a pool whose
    volunteers are all in one house comes to an end too.
    """
    if any(answer.volunteer == volunteer for answer in answers):
        return False
    if all(answer.prefix != prefix for answer in answers):
        return True
    return now - max(answer.at for answer in answers) >= same_address * 1000
