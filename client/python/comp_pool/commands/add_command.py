"""`comp-pool add`: variables of a job, from lines; a repetition adds what is missing."""

import argparse
import sys

from comp_pool.commands import inputs
from comp_pool.commands.common import Session, Subparsers, UsageError, add_command, say
from comp_pool.commands.screen import shown_on
from comp_pool.mapping.board import Board
from comp_pool.mapping.credit import Credit
from comp_pool.mapping.inbox import Inbox
from comp_pool.mapping.items import RUN_NAME, Ids
from comp_pool.mapping.output import Output
from comp_pool.mapping.pool_backend import PoolBackend
from comp_pool.mapping.run import Plan, Run

EXAMPLES = """\
  comp-pool add squares numbers.ndjson
  seq 1000 | comp-pool add squares
  comp-pool add squares --csv -a cities.csv

The same command again, after it was cut short, adds what is missing: the id of a variable is made of its line's number
and value. To add equal lines once more, give another --run.
"""


def add(subparsers: Subparsers) -> None:
    """Add the command to the command line."""
    parser = add_command(subparsers, "add", _add, "add variables to a job, a line each", EXAMPLES)
    parser.add_argument("job", metavar="JOB")
    parser.add_argument("file", metavar="FILE", nargs="?", help="the lines (default: standard input)")
    inputs.add_options(parser)
    parser.add_argument("--run", dest="run_name", metavar="NAME", default="add", help="begin of the ids (default: add)")
    parser.add_argument("--bar", action=argparse.BooleanOptionalAction, help="a bar (default: on a terminal)")
    parser.add_argument("--quiet", action="store_true", help="no bar")


def _add(args: argparse.Namespace, session: Session) -> int:
    if RUN_NAME.fullmatch(args.run_name) is None:
        raise UsageError("--run: a name has 1 to 50 of a-z 0-9 . _ -, the first a letter or digit")
    args.arg_file = args.file or args.arg_file
    job, inbox = session.job(args.job), Inbox()
    backend = PoolBackend(session.client, job, inbox)
    with shown_on(args) as screen:
        board, credit = Board(True, True, Ids(args.run_name).seq), Credit(sys.maxsize)
        run = Run(Plan(args.run_name), backend, inbox, board, credit, Output(sys.stdout), screen)
        totals = run.post(inputs.read_items(args, []))
    say(f"{totals.read - totals.failed} variables are in the job, {totals.new} of them new")
    return 0 if totals.failed == 0 else 1
