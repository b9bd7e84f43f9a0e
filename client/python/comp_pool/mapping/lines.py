"""The lines of an input, read lazily: nothing is read that is not needed yet."""

import csv
import os
from collections.abc import Callable, Iterable, Iterator

from comp_pool.mapping.items import Item
from comp_pool.mapping.values import InvalidLine, read_auto

CHUNK = 1 << 16
# A pool takes a variable of a megabyte by default.
MAX_LINE = 32 << 20


class InvalidInput(Exception):
    """An input that can't be read on."""


def read_lines(descriptor: int, end: bytes = b"\n") -> Iterator[bytes]:
    """Yield the lines of a file, without their ends, as soon as each is complete.

    By its descriptor: a thread that waits in a buffered file would keep the process from ending.
    """
    rest = bytearray()
    while chunk := os.read(descriptor, CHUNK):
        *complete, tail = chunk.split(end)
        if complete:
            yield bytes(rest) + complete[0]
            yield from complete[1:]
            rest.clear()
        rest += tail
        if len(rest) > MAX_LINE:
            raise InvalidInput(f"a line is longer than {MAX_LINE >> 20} MB")
    if rest:
        yield bytes(rest)


def items_of(lines: Iterable[bytes], value_of: Callable[[str], object]) -> Iterator[Item]:
    """Yield an item for each line."""
    for seq, line in enumerate(lines, start=1):
        yield _item(seq, line, value_of)


def _item(seq: int, line: bytes, value_of: Callable[[str], object]) -> Item:
    try:
        text = line.decode().removesuffix("\r")
        return Item(seq, text, value_of(text))
    except UnicodeDecodeError:
        return Item(seq, line.decode(errors="replace"), error="not UTF-8")
    except InvalidLine as ex:
        return Item(seq, text, error=str(ex))


def csv_items(lines: Iterable[bytes], value_of: Callable[[str], object] = read_auto) -> Iterator[Item]:
    """Yield an object for each row of a CSV file, with the names of its first row."""
    try:
        # With their ends: a quoted cell may have several lines.
        rows = csv.reader(
            line.decode("utf-8-sig" if number == 0 else "utf-8") + "\n" for number, line in enumerate(lines)
        )
        header = next(rows, [])
        for seq, row in enumerate(filter(None, rows), start=1):
            yield _row(seq, header, row, value_of)
    except (csv.Error, UnicodeDecodeError) as ex:
        raise InvalidInput(f"not CSV: {ex}") from ex


def _row(seq: int, header: list[str], row: list[str], value_of: Callable[[str], object]) -> Item:
    text = ",".join(row)
    if len(row) != len(header):
        return Item(seq, text, error=f"{len(row)} cells in place of {len(header)}")
    return Item(seq, text, {name: value_of(cell) for name, cell in zip(header, row, strict=True)})
