"""Results as CSV (RFC 4180): one row each, streamed."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from resources.representation import encoded
from storage.base import Document

MEDIA_TYPE = "text/csv"
_COLUMNS = ("variable", "id", "created", "run_seconds", "result")


def rows(pages: Iterable[list[Document]]) -> Iterator[bytes]:
    """The header row, then the results of each page, which it empties: a slow reader holds no documents."""
    yield _row(_COLUMNS)
    for page in pages:
        while page:
            yield _result_row(page.pop(0))


def _result_row(result: Document) -> bytes:
    return _row([_cell(result[column]) for column in _COLUMNS])


def _cell(value: Any) -> str:
    """Text as it is; any other value as JSON."""
    return value if isinstance(value, str) else encoded(value).decode()


def _row(cells: Sequence[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerow(cells)
    return text.getvalue().encode()
