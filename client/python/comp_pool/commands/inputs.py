"""The items of a command: arguments, files, standard input."""

import argparse
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from comp_pool.commands.common import UsageError, complain
from comp_pool.mapping.items import Item
from comp_pool.mapping.lines import csv_items, items_of, read_lines
from comp_pool.mapping.values import FORMS

SEPARATOR = ":::"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that say what the items are."""
    option = parser.add_argument
    option("-a", "--arg-file", metavar="FILE", help="read the items from a file (default: standard input)")
    option(
        "--input",
        choices=(*FORMS, "csv"),
        default="auto",
        help="what a line is: auto (default): JSON object, list, number, else text; json; text; csv with a header",
    )
    option("--csv", action="store_const", const="csv", dest="input", help="the same as --input csv")
    option("-0", "--null", action="store_true", help="items end with NUL, not with a line")


def read_items(args: argparse.Namespace, items: list[str]) -> Iterator[Item]:
    """Return the items, read as they are needed; raise UsageError, OSError."""
    if SEPARATOR in items:
        items.remove(SEPARATOR)
        if args.arg_file is not None:
            raise UsageError(f"give items either after {SEPARATOR} or by -a FILE")
    elif not items:
        lines = read_lines(_open(args.arg_file), b"\0" if args.null else b"\n")
        return csv_items(lines) if args.input == "csv" else items_of(lines, FORMS[args.input])
    given = (item.encode("utf-8", "surrogateescape") for item in items)
    return csv_items(given) if args.input == "csv" else items_of(given, FORMS[args.input])


def _open(name: str | None) -> int:
    if name not in (None, "-"):
        return os.open(Path(name or ""), os.O_RDONLY | os.O_CLOEXEC)
    if sys.stdin.isatty():
        complain("items are read from this terminal, one per line; Ctrl-D ends them")
    return sys.stdin.fileno()
