"""`comp-pool map`: lines in, lines out, computed by a pool."""

import argparse
import contextlib
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from comp_pool.commands import inputs
from comp_pool.commands.attach import attach
from comp_pool.commands.common import (
    INTERRUPTED,
    Session,
    Subparsers,
    UsageError,
    add_command,
    complain,
    count,
    end_of_pipe,
    say,
    seconds,
)
from comp_pool.commands.job_source import find_or_post, source_of
from comp_pool.commands.resume import Resumed, read_resumed
from comp_pool.commands.screen import shown_on
from comp_pool.identity import volunteer_id
from comp_pool.links import Document
from comp_pool.mapping.backend import Backend
from comp_pool.mapping.bar import Screen
from comp_pool.mapping.board import Board
from comp_pool.mapping.credit import Credit
from comp_pool.mapping.halt import Halt
from comp_pool.mapping.inbox import Inbox, Notice
from comp_pool.mapping.items import RUN_NAME, Ids, Item, to_line
from comp_pool.mapping.joblog import JobLog
from comp_pool.mapping.lender import Lender
from comp_pool.mapping.local_backend import UNIT_SECONDS, Limits, LocalBackend
from comp_pool.mapping.output import Output
from comp_pool.mapping.pool_backend import PoolBackend
from comp_pool.mapping.run import Plan, Record, Run, Totals
from comp_pool.mapping.source import Source, is_file

USAGE = 255
MANY = 101
DEFAULT_RUN = "map"
# After the first Ctrl-C, for a second one.
SECOND_CHANCE = 2.0

EXAMPLES = """\
  seq 100 | comp-pool map square.js                     one line for each line, in order
  comp-pool map square.js ::: 3 4 5                     items as arguments
  comp-pool map --csv -a cities.csv --tag distance.js   a CSV file with a header: one object for each row
  comp-pool map --local square.js ::: 3                 without a pool, in the same sandbox
  seq 1000 | comp-pool map --workers 2 square.js        this computer helps the pool
  comp-pool map --joblog log --resume-failed -a in f.js what an earlier run has left

exit status: 0; 1 to 100: so many items failed; 101: more; 255: wrong usage, no pool, or refused; 130: Ctrl-C
"""


def add(subparsers: Subparsers) -> None:
    """Add the command to the command line."""
    summary = "map each line of an input to the result of a function"
    parser = add_command(subparsers, "map", run, summary, EXAMPLES, failure=USAGE)
    option = parser.add_argument
    option(
        "job", metavar="FILE.js|JOB", nargs="?", help="the function, such as x => x * x, or a job of the pool by its id"
    )
    option("items", metavar="ITEM", nargs="*", help="items, or ::: and items (default: lines of standard input)")
    inputs.add_options(parser)
    option("-u", "--unordered", action="store_true", help="results as they come (default: in the order of the items)")
    option("--tag", action="store_true", help="begin each line with its item and a tab")
    option("--raw", action="store_true", help="texts without quotes")
    option("--quiet", action="store_true", help="no bar and no hints; failed items are still named")
    option("--bar", action=argparse.BooleanOptionalAction, help="a bar on standard error (default: on a terminal)")
    option("--joblog", metavar="FILE", type=Path, help="log each item, in the nine columns of GNU parallel")
    option("--results", metavar="DIR", type=Path, help="files for each item: DIR/NUMBER/variable.json, result.json")
    option("--run", dest="run_name", metavar="NAME", default=DEFAULT_RUN, help="name of the run (default: map)")
    _add_resuming(parser)
    option(
        "--halt", type=_halt, default=Halt(), metavar="WHEN", help="now|soon,fail|success|done=N|N%% (default: never)"
    )
    option("--timeout", type=seconds, metavar="SECONDS", help="length of a lease; with --local, time limit of an item")
    option("--retries", type=count, metavar="N", help="errors after which an item fails (default: 5; with --local: 1)")
    option("--ahead", type=count, default=10_000, metavar="N", help="items read ahead of the output (default: 10000)")
    option(
        "--workers", type=count, metavar="N", help="processes on this computer (default: none; with --local: 1 a core)"
    )
    option("--local", action="store_true", help="no pool: compute here, in the sandbox of volunteers")
    option("--dry-run", action="store_true", help="only print what would be posted")
    option("--detach", action="store_true", help="post all items, print how to attach, and end")
    option("--attach", metavar="URI", help="write the results of a run that was left")


def _add_resuming(parser: argparse.ArgumentParser) -> None:
    option = parser.add_argument
    option("--resume", action="store_true", help="leave out items that the job log or the result files have")
    option("--resume-failed", action="store_true", help="the same, and compute failed ones again")
    option(
        "--retry-failed", action="store_true", help="compute those items again that failed in the job log, no others"
    )


def _halt(text: str) -> Halt:
    try:
        return Halt.parse(text)
    except ValueError as ex:
        raise argparse.ArgumentTypeError(str(ex)) from ex


def run(args: argparse.Namespace, session: Session) -> int:
    """Map the items; return the exit status."""
    if args.attach is not None:
        return attach(args, session)
    if args.job is None:
        raise UsageError("name a FILE.js or a job of the pool: comp-pool map square.js")
    if RUN_NAME.fullmatch(args.run_name) is None:
        raise UsageError("--run: a name has 1 to 50 of a-z 0-9 . _ -, the first a letter or digit")
    source = source_of(args.job, timeout=args.timeout, retries=args.retries) if is_file(args.job) else None
    if args.local and source is None:
        raise UsageError("--local: needs a FILE.js; a pool's job is computed by the pool")
    resumed = read_resumed(args)
    if args.dry_run:
        return _dry_run(args, source, resumed)
    with shown_on(args) as screen:
        return _map(args, session, source, resumed, screen)


def _dry_run(args: argparse.Namespace, source: Source | None, resumed: Resumed) -> int:
    complain(f"job: {source.job()['name'] if source else args.job}; nothing is posted")
    for item in inputs.read_items(args, args.items):
        item.name(args.run_name)
        if item.error:
            complain(f"item {item.seq}: {item.error}")
        elif not resumed.is_written(item):
            sys.stdout.write(to_line({"id": item.variable, "variable": item.value}) + "\n")
    return 0


def _map(args: argparse.Namespace, session: Session, source: Source | None, resumed: Resumed, screen: Screen) -> int:
    inbox, credit = Inbox(), Credit(sys.maxsize if args.detach else args.ahead)
    job = None if args.local else find_or_post(session, source) if source else session.job(args.job)
    items = resumed.items(session.client, job) or inputs.read_items(args, args.items)
    backend = _backend(args, session, source, job, inbox)
    with contextlib.closing(backend), _records(args, resumed) as records:
        plan = Plan(args.run_name, args.halt, resumed.is_written, records)
        board = Board(not args.unordered, backend.can_fetch, Ids(args.run_name).seq)
        output = Output(sys.stdout, tag=args.tag, raw=args.raw)
        mapping = Run(plan, backend, inbox, board, credit, output, screen)
        if args.detach and job is not None:
            return _detach(mapping, items, job, args.run_name)
        try:
            return _status(mapping.run(items), args.halt, mapping, backend)
        except BrokenPipeError:
            # Nobody wants the rest.
            backend.withdraw(mapping.open)
            return end_of_pipe()
        except KeyboardInterrupt:
            return _interrupted(mapping, backend, job, args.run_name)


def _backend(
    args: argparse.Namespace, session: Session, source: Source | None, job: Document | None, inbox: Inbox
) -> Backend:
    if job is None:
        assert source is not None  # noqa: S101
        workers = args.workers or os.cpu_count() or 1
        limits = Limits(args.timeout or UNIT_SECONDS, args.retries or 1)
        return LocalBackend(source.job()["name"], source.functions["execute_function"], inbox, workers, limits)
    releases = args.resume_failed or args.retry_failed
    lender = None
    if args.workers:
        job_id = str(job.content["id"])
        lender = Lender(session.url, volunteer_id(), job_id, args.workers, lambda text: inbox.put(Notice(text)))
    return PoolBackend(session.client, job, inbox, lender, releases=releases)


@contextlib.contextmanager
def _records(args: argparse.Namespace, resumed: Resumed) -> Iterator[list[Record]]:
    with contextlib.ExitStack() as stack:
        records: list[Record] = [resumed.files] if resumed.files else []
        if args.joblog is not None:
            records.append(stack.enter_context(contextlib.closing(JobLog(args.joblog, resumed.is_continued))))
        yield records


def _status(totals: Totals, halt: Halt, mapping: Run, backend: Backend) -> int:
    if mapping.open:
        backend.withdraw(mapping.open)
    if halt.is_percentage and totals.failed:
        return max(1, min(100, totals.failed * 100 // max(1, totals.read)))
    return min(totals.failed, MANY)


def _detach(mapping: Run, items: Iterator[Item], job: Document, run_name: str) -> int:
    totals = mapping.post(items)
    say(f"{job.link('self')}#{run_name}")
    return min(totals.failed, MANY)


def _interrupted(mapping: Run, backend: Backend, job: Document | None, run_name: str) -> int:
    """Say how to go on; withdraw what is open after a second Ctrl-C."""
    if job is None:
        return INTERRUPTED
    complain(
        f"{len(mapping.open)} items are computed on. The same command again goes on, and "
        f"comp-pool map --attach {job.link('self')}#{run_name} writes their results. "
        f"Ctrl-C within {SECOND_CHANCE:.0f} s withdraws them"
    )
    try:
        time.sleep(SECOND_CHANCE)
    except KeyboardInterrupt:
        complain("withdrawing")
        backend.withdraw(mapping.open)
    return INTERRUPTED
