"""`comp-pool results`: the results of a job as NDJSON or CSV, from a cursor on, and as they come."""

import argparse
import csv
import io
import sys
from typing import Any

from comp_pool.commands.common import Session, Subparsers, add_command, complain
from comp_pool.mapping.items import to_line
from comp_pool.mapping.stream import is_stuck, pages

EXAMPLES = """\
  comp-pool results squares                       NDJSON: variable, result, cursor …
  comp-pool results squares --csv > squares.csv
  comp-pool results squares --values --order input
  comp-pool results squares --follow              until the job is finished
  comp-pool results squares --cursor 4711         those after the line with this cursor
"""
COLUMNS = ("variable", "id", "created", "run_seconds", "result")
FIELDS = ("variable", "state", "id", "created", "volunteer", "run_seconds", "result", "reason", "message", "cursor")


def add(subparsers: Subparsers) -> None:
    """Add the command to the command line."""
    parser = add_command(subparsers, "results", _results, "write the results of a job", EXAMPLES)
    option = parser.add_argument
    option("job", metavar="JOB")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--csv", action="store_true", help="as CSV, with a header")
    form.add_argument("--values", action="store_true", help="the results alone, one line of JSON each")
    option("--order", choices=("accepted", "input"), default="accepted", help="of acceptance (default) or of posting")
    option("--follow", action="store_true", help="wait for further results, until the job is finished")
    option("--errors", action="store_true", help="failed and withdrawn variables as well (not with --csv, --values)")
    option("--cursor", metavar="CURSOR", help="begin after the entry with this cursor")


def _results(args: argparse.Namespace, session: Session) -> int:
    shows_errors = args.errors and not (args.csv or args.values)
    if args.csv:
        sys.stdout.write(_row(COLUMNS))
    options = {"cursor": args.cursor, "order": args.order, "follows": args.follow}
    for page in pages(session.client, session.job(args.job), complain, **options):
        for entry in page.items():
            if "result" in entry.content or (shows_errors and not is_stuck(entry)):
                sys.stdout.write(_line(args, entry.data))
        sys.stdout.flush()
    return 0


def _line(args: argparse.Namespace, entry: dict[str, Any]) -> str:
    if args.csv:
        return _row([_cell(entry.get(column)) for column in COLUMNS])
    if args.values:
        return f"{to_line(entry['result'])}\n"
    return f"{to_line({name: entry[name] for name in FIELDS if name in entry})}\n"


def _cell(value: Any) -> str:
    """Return text as it is; any other value as JSON."""
    return value if isinstance(value, str) else to_line(value)


def _row(cells: Any) -> str:
    text = io.StringIO()
    csv.writer(text).writerow(cells)
    return text.getvalue()
