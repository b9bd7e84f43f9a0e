"""`--results DIR`: for each item `DIR/<number>/{variable.json,result.json,console}`."""

from pathlib import Path

from comp_pool.mapping.items import Item, Outcome, to_line

VARIABLE, RESULT, CONSOLE = "variable.json", "result.json", "console"


class ResultFiles:
    """Writes the files of a run."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._directory = directory

    def write(self, item: Item, outcome: Outcome) -> None:
        """Write the files of an item, its result last."""
        directory = self._directory / str(item.seq)
        directory.mkdir(exist_ok=True)
        console = outcome.console if outcome.is_done else f"{outcome.reason}\n{outcome.console}"
        (directory / VARIABLE).write_text(to_line(item.value) + "\n", encoding="utf-8")
        if console.strip():
            (directory / CONSOLE).write_text(console, encoding="utf-8")
        if outcome.is_done:
            temporary = directory / f"{RESULT}.part"
            temporary.write_text(f"{outcome.text}\n", encoding="utf-8")
            # Whole, or not there: a run that is continued takes it for done.
            temporary.replace(directory / RESULT)

    def has(self, item: Item) -> bool:
        """Return whether an item has a result, of the same value."""
        directory = self._directory / str(item.seq)
        try:
            known = (directory / VARIABLE).read_text(encoding="utf-8")
        except OSError:
            return False
        return known == to_line(item.value) + "\n" and (directory / RESULT).exists()
