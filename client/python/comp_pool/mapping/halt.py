"""When a run ends early: `--halt now|soon,fail|success|done=N|N%`, as GNU parallel has it."""

import re
from dataclasses import dataclass

FORM = re.compile(r"(now|soon),(fail|success|done)=([0-9]+)(%?)")
# A percentage of fewer items says little.
MIN_ITEMS = 3


@dataclass(frozen=True)
class Halt:
    """`when` is "now": withdraw what is not finished; "soon": read no more."""

    when: str = "never"
    kind: str = "fail"
    limit: int = 0
    is_percentage: bool = False

    @classmethod
    def parse(cls, text: str) -> "Halt":
        """Raise ValueError for any other text."""
        if text == "never":
            return cls()
        parts = FORM.fullmatch(text)
        if parts is None or int(parts[3]) < 1:
            raise ValueError("must be never, or now or soon, then fail=N, success=N or done=N, such as now,fail=1")
        return cls(parts[1], parts[2], int(parts[3]), bool(parts[4]))

    def is_reached(self, succeeded: int, failed: int, read: int) -> bool:
        """Return whether to halt after so many items; `read` are those that have been read."""
        if self.when == "never":
            return False
        count = {"fail": failed, "success": succeeded, "done": succeeded + failed}[self.kind]
        if self.is_percentage:
            return succeeded + failed >= MIN_ITEMS and count * 100 >= self.limit * read
        return count >= self.limit
