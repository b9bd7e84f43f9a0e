"""`comp-pool work`: compute for a pool until interrupted."""

import argparse
import contextlib
import signal
import sys
import time
from collections.abc import Iterator
from typing import TypeAlias

from comp_pool.abilities import Abilities, find_abilities
from comp_pool.client import Client
from comp_pool.confinement import can_forbid_system_calls
from comp_pool.crew import Options
from comp_pool.display import LiveTable, PlainLog, on_terminal, printable, summary
from comp_pool.errors import MissingLink, PoolError, Unreachable
from comp_pool.events import Event, Listener, Totals
from comp_pool.identity import VALID, volunteer_id
from comp_pool.transport import Patience
from comp_pool.volunteer import Volunteer
from comp_pool.worker import MEBIBYTE

DESCRIPTION = """
Compute for the pool at URL: take variables of its jobs, run the jobs' JavaScript on them in confined child
processes, post the results. Ctrl-C ends after the units at hand, a second Ctrl-C at once.
"""

UNFILTERED = "this system can't filter system calls: jobs are confined by V8 alone; work only for pools that you trust"

Subparsers: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def add(subparsers: Subparsers) -> None:
    """Add the command to the command line."""
    parser = subparsers.add_parser("work", help="compute for a pool", description=DESCRIPTION)
    option = parser.add_argument
    option("url", metavar="URL", type=_address, help="the pool's root, such as https://pool.example/")
    option("--workers", type=_count, default=1, metavar="N", help="compute N units at a time (default 1)")
    option("--owner", action="append", default=[], metavar="NAME", help="only jobs of this owner; may be repeated")
    option("--job", metavar="ID", help="only this job")
    option("--scheduler", metavar="ID", help="let this scheduler of the pool choose the jobs")
    option("--units", type=_count, metavar="N", help="end after N units")
    option("--idle-exit", type=_seconds, metavar="SECONDS", help="end after so long with nothing to do")
    option("--memory", type=_count, default=512, metavar="MB", help="memory for each worker's job (default 512)")
    option("--grace", type=_seconds, default=10.0, metavar="S", help="finish units this long after Ctrl-C (default 10)")
    option(
        "--unit-limit", type=_seconds, default=3600.0, metavar="S", help="give up units after S seconds (default 3600)"
    )
    option("--quiet", action="store_true", help="say nothing but the sums at the end")
    option("--volunteer-id", type=_volunteer, metavar="ID", help="who computes (default: an id that is kept)")
    parser.set_defaults(run=run)


def _count(text: str) -> int:
    count = int(text)
    if count < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return count


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 <= seconds < float("inf"):
        raise argparse.ArgumentTypeError("must be 0 or more")
    return seconds


def _address(text: str) -> str:
    if not text.startswith(("http://", "https://")):
        raise argparse.ArgumentTypeError("must begin with http:// or https://")
    return text


def _volunteer(text: str) -> str:
    if not VALID.fullmatch(text):
        raise argparse.ArgumentTypeError("must be 16 to 128 of A-Z a-z 0-9 _ -")
    return text


def run(args: argparse.Namespace) -> int:
    """Work as the arguments say; return the exit status."""
    # The volunteer itself waits between attempts, so that it can be interrupted.
    once = Patience(attempts=1)
    identity = args.volunteer_id or volunteer_id()
    with Client(args.url, volunteer=identity, patience=once) as client:
        abilities = find_abilities(args.memory * MEBIBYTE)
        mistake = _mistake(client, args, abilities)
        if mistake is not None:
            sys.stderr.write(f"comp-pool: {printable(mistake)}\n")
            return 1
        if not can_forbid_system_calls():
            sys.stderr.write(f"comp-pool: {UNFILTERED}\n")
        started = time.monotonic()
        totals = _work(client, _options(args, abilities), args.quiet)
    sys.stdout.write(summary(totals, time.monotonic() - started) + "\n")
    return 0


def _mistake(client: Client, args: argparse.Namespace, abilities: Abilities) -> str | None:
    """Return what is wrong with the address or with a name; a pool that is only away is no mistake."""
    try:
        if args.job is not None:
            missing = abilities.missing(client.job(args.job))
            return f"the job {args.job} requires {'; '.join(missing)}" if missing else None
        client.schedule(owners=args.owner, scheduler=args.scheduler)
    except Unreachable:
        return None
    except (PoolError, MissingLink) as ex:
        away = isinstance(ex, PoolError) and (ex.status >= 500 or ex.status == 429)
        return None if away else str(ex)
    except ValueError as ex:
        return f"not an address: {ex}"
    return None


def _options(args: argparse.Namespace, abilities: Abilities) -> Options:
    return Options(
        workers=args.workers,
        owners=tuple(args.owner),
        job=args.job,
        scheduler=args.scheduler,
        units=args.units,
        idle_exit=args.idle_exit,
        memory_bytes=args.memory * MEBIBYTE,
        grace=args.grace,
        unit_seconds=args.unit_limit,
        abilities=abilities,
    )


def _work(client: Client, options: Options, quiet: bool) -> Totals:
    shown: list[Listener] = []

    def listener(event: Event) -> None:
        for listen in shown:
            listen(event)

    volunteer = Volunteer(client, options, listener)
    with _display(volunteer, options, quiet) as listen, _interrupts(volunteer):
        shown.extend([listen] if listen is not None else [])
        return volunteer.run()


@contextlib.contextmanager
def _display(volunteer: Volunteer, options: Options, quiet: bool) -> Iterator[Listener | None]:
    if quiet:
        yield None
    elif on_terminal():
        with LiveTable(lambda: volunteer.totals, options.workers) as table:
            yield table
    else:
        yield PlainLog(sys.stdout)


@contextlib.contextmanager
def _interrupts(volunteer: Volunteer) -> Iterator[None]:
    signals = (signal.SIGINT, signal.SIGTERM)
    former = [signal.signal(number, lambda *_: volunteer.interrupt()) for number in signals]
    try:
        yield
    finally:
        for number, handler in zip(signals, former, strict=True):
            signal.signal(number, handler)
