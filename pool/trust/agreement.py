"""Agreement: answers of different volunteers are grouped, and the first group that is large enough wins."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Agree = Callable[[Any, Any], bool]
# So many volunteers more must agree where each of them was proved to lie lately, however often.
MOST_DOUBT = 2


@dataclass(frozen=True)
class Answer:
    """One volunteer's result for a variable; `volunteer` is its name, `at` in milliseconds of the epoch.

    `party` is what its lies are counted by: its address prefix, or its name in a trusted network.
    """

    result_id: str
    volunteer: str
    prefix: str
    value: Any
    at: int = 0
    party: str = ""


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


def no_doubt(_: Answer) -> int:
    return 0


def decide(
    answers: Sequence[Answer], agree: Agree, quorum: int, most: int, doubt: Callable[[Answer], int] = no_doubt
) -> Decision:
    """Accepts the first `quorum` different volunteers that agree; parks what `most` answers have not decided.

    `doubt` is how often the party of an answer was proved to lie lately. Where that is true of all that agree, as many
    more must as of the least doubtful one: liars who agree with each other soon need others.
    """
    for group in groups(answers, agree):
        needed = min(quorum + min(min(map(doubt, group)), MOST_DOUBT), most)
        if len({answer.volunteer for answer in group}) >= needed:
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
