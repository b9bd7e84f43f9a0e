"""What a job's validator says, read strictly: a validator that answers nothing clear accepts nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

MAX_REASON = 2000


@dataclass(frozen=True)
class Verdict:
    """`replacement` holds the result to store instead, where the validator gives one."""

    valid: bool
    reason: str = ""
    replacement: tuple[Any] | None = None


def verdict_of(answer: Any) -> Verdict:
    """Reads `true`, `false` or `{valid, result?, reason?}`."""
    if isinstance(answer, bool):
        return Verdict(answer, "" if answer else "it returned false")
    if isinstance(answer, dict) and isinstance(answer.get("valid"), bool):
        reason = answer.get("reason")
        text = reason[:MAX_REASON] if isinstance(reason, str) else "it returned {valid: false}"
        return Verdict(answer["valid"], text, (answer["result"],) if "result" in answer else None)
    return Verdict(False, "it returned neither true, false nor {valid: true or false, …}")
