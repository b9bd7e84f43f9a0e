"""The log of a run, with the nine columns of GNU parallel: a line for each item, appended when it is written."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from comp_pool.mapping.items import Item, Outcome

COLUMNS = ("Seq", "Host", "Starttime", "JobRuntime", "Send", "Receive", "Exitval", "Signal", "Command")


@dataclass(frozen=True)
class Logged:
    """A line: the number of the item, the id of its variable, and whether it has a result."""

    seq: int
    variable: str
    is_done: bool


def read_log(path: Path) -> list[Logged]:
    """Return the lines of a log, the last of each item; none where there is no file. Raises OSError, ValueError."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []
    if lines and lines[0].split("\t") != list(COLUMNS):
        raise ValueError(f"{path}: no job log: its first line must be the names of the nine columns")
    # A line that was cut short by a crash is not there.
    rows = [cells for line in lines[1:] if len(cells := line.split("\t")) == len(COLUMNS) and cells[0].isdigit()]
    return list({int(cells[0]): Logged(int(cells[0]), cells[8], cells[6] == "0") for cells in rows}.values())


class JobLog:
    """Appends to a log."""

    def __init__(self, path: Path, is_continued: bool) -> None:
        self._file: TextIO = path.open("a+" if is_continued else "w", encoding="utf-8")
        if self._file.tell() == 0:
            self._write(COLUMNS)
        elif is_continued:
            self._end_line(path)

    def _end_line(self, path: Path) -> None:
        with path.open("rb") as file:
            file.seek(-1, 2)
            if file.read(1) != b"\n":
                self._file.write("\n")

    def write(self, item: Item, outcome: Outcome) -> None:
        """Append the line of an item."""
        received = len((outcome.text or "").encode("utf-8", "surrogatepass"))
        sent = len(item.text.encode("utf-8", "surrogatepass"))
        started = f"{math.floor(outcome.started * 1000) / 1000:.3f}"
        status = "0" if outcome.is_done else "1"
        cells = (outcome.host or ":", started, f"{outcome.seconds:.3f}", sent, received, status, 0, outcome.variable)
        self._write((item.seq, *cells))

    def _write(self, cells: tuple[object, ...]) -> None:
        self._file.write("\t".join(map(str, cells)) + "\n")
        # It is read after a crash of this command.
        self._file.flush()

    def close(self) -> None:
        """End the file."""
        self._file.close()
