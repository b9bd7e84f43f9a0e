"""Standard output of a run: a line for each result, and nothing else."""

import json
from typing import TextIO

from comp_pool.mapping.items import Item, Outcome


class Output:
    """Writes results. `tag`: each after its input and a tab; `raw`: texts without quotes."""

    def __init__(self, stream: TextIO, *, tag: bool = False, raw: bool = False) -> None:
        self._stream, self._tag, self._raw = stream, tag, raw

    def write(self, item: Item, outcome: Outcome) -> None:
        """Write the line of a result. Raises OSError."""
        if not outcome.is_done:
            return
        prefix = f"{item.text}\t" if self._tag else ""
        self._stream.write(f"{prefix}{self._shown(outcome.text or 'null')}\n")

    def _shown(self, text: str) -> str:
        return str(json.loads(text)) if self._raw and text.startswith('"') else text

    def flush(self) -> None:
        """Let whoever reads it have all lines. Raises OSError."""
        self._stream.flush()
