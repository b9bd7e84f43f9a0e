"""`comp-pool work`: compute for a pool until interrupted."""

import argparse
import contextlib
import re
import signal
import sys
import time
from collections.abc import Iterator

from comp_pool.capabilities import Capabilities, detect_capabilities
from comp_pool.client import Client
from comp_pool.commands.common import Subparsers, count
from comp_pool.configuration import Configuration
from comp_pool.confinement import can_forbid_system_calls
from comp_pool.display import LiveTable, PlainLog, format_totals, is_terminal, printable
from comp_pool.errors import REQUEST_ERRORS, Excluded, Unreachable
from comp_pool.events import Event, Listener, Totals
from comp_pool.executor import MEBIBYTE
from comp_pool.identity import VALID_ID, adopt, volunteer_id
from comp_pool.options import Options
from comp_pool.retry_policy import Retries, is_unavailable
from comp_pool.volunteer import Volunteer

DESCRIPTION = """
Compute for the pool at URL: lease variables of its jobs, run the jobs' JavaScript on them in sandboxed child processes,
post the results. Ctrl-C finishes the units in progress, a second Ctrl-C gives them back at once.
"""

NO_SECCOMP = "no system call filter on this system: V8 alone confines the jobs; work only for pools that you trust"


def add(subparsers: Subparsers) -> None:
    """Add the command to the command line."""
    parser = subparsers.add_parser("work", help="compute for a pool", description=DESCRIPTION)
    option = parser.add_argument
    option("url", metavar="URL", type=_url, help="the pool's root, such as https://pool.example/")
    option("--workers", type=count, default=1, metavar="N", help="units computed in parallel (default 1)")
    option("--owner", action="append", default=[], metavar="NAME", help="only jobs of this owner; repeatable")
    option("--job", metavar="ID", help="only this job")
    option("--scheduler", metavar="ID", help="the pool's scheduler that selects jobs (default: the pool's choice)")
    option("--units", type=count, metavar="N", help="exit after N units")
    option("--idle-exit", type=_seconds, metavar="SECONDS", help="exit after this time without work")
    option("--memory", type=count, default=512, metavar="MB", help="memory limit of each worker's job (default 512)")
    option("--grace", type=_seconds, default=10.0, metavar="SECONDS", help="time limit after Ctrl-C (default 10)")
    option("--unit-limit", type=_seconds, default=3600.0, metavar="SECONDS", help="time limit of a unit (default 3600)")
    option("--digest", type=_digest, metavar="SHA256", help="compute the --job only while its function has this digest")
    option("--audit", action="store_true", help="compute what is to be audited of the --job, with a key that decides")
    option("--key", metavar="KEY", help="the key for --audit (default: COMP_POOL_KEY, comp-pool login)")
    option("--quiet", action="store_true", help="print only the totals at the end")
    option("--volunteer-id", type=_volunteer_id, metavar="ID", help="the volunteer's id (default: a stored random id)")
    option("--join", metavar="CODE", help="become the volunteer whose other device shows this code, and stay it")
    parser.set_defaults(run=run)


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 <= seconds < float("inf"):
        raise argparse.ArgumentTypeError("must be 0 or more")
    return seconds


def _digest(text: str) -> str:
    if not re.fullmatch(r"(sha256:)?[0-9a-f]{64}", text):
        raise argparse.ArgumentTypeError("must be the digest of a job: sha256: and 64 hexadecimal digits")
    return f"sha256:{text.removeprefix('sha256:')}"


def _url(text: str) -> str:
    if not text.startswith(("http://", "https://")):
        raise argparse.ArgumentTypeError("must begin with http:// or https://")
    return text


def _volunteer_id(text: str) -> str:
    if not VALID_ID.fullmatch(text):
        raise argparse.ArgumentTypeError("must be 16 to 128 characters: A-Z a-z 0-9 _ -")
    return text


def run(args: argparse.Namespace) -> int:
    """Compute with the given options; return the exit status."""
    # One attempt: the volunteer has retries of its own, which an interrupt can end.
    retries = Retries(attempts=1)
    if args.join is not None:
        error = _join(args.url, args.join)
        if error is not None:
            sys.stderr.write(f"comp-pool: {printable(error)}\n")
            return 1
    volunteer = args.volunteer_id or volunteer_id()
    key = Configuration.read().key(args.url, args.key) if args.audit else None
    missing = _missing_option(args, key)
    if missing is not None:
        sys.stderr.write(f"comp-pool: {missing}\n")
        return 1
    pins = {"audits": args.audit, "digest": args.digest}
    with Client(args.url, volunteer=volunteer, retries=retries, key=key, **pins) as client:
        capabilities = detect_capabilities(args.memory * MEBIBYTE)
        error = _usage_error(client, args, capabilities)
        if error is not None:
            sys.stderr.write(f"comp-pool: {printable(error)}\n")
            return 1
        if not can_forbid_system_calls():
            sys.stderr.write(f"comp-pool: {NO_SECCOMP}\n")
        started = time.monotonic()
        totals, failure = _work(client, _options(args, capabilities), args.quiet)
    sys.stdout.write(format_totals(totals, time.monotonic() - started) + "\n")
    if failure is not None:
        sys.stderr.write(f"comp-pool: {printable(str(failure))}\n")
    return 0 if failure is None else 1


def _join(url: str, code: str) -> str | None:
    """Take the id of another device from now on; return why that failed."""
    try:
        with Client(url, volunteer=volunteer_id()) as client:
            adopt(client.join(code))
    except (*REQUEST_ERRORS, OSError, ValueError) as ex:
        return str(ex)
    return None


def _missing_option(args: argparse.Namespace, key: str | None) -> str | None:
    if args.audit and (args.job is None or key is None):
        return "--audit needs --job, and the key of its owner or of an auditor"
    return "--digest needs --job" if args.digest is not None and args.job is None else None


def _usage_error(client: Client, args: argparse.Namespace, capabilities: Capabilities) -> str | None:
    """Return the error in the URL or in a name; None without one, or where the pool is unavailable."""
    try:
        if args.job is not None:
            unmet = capabilities.unmet_requirements(client.job(args.job))
            return f"the job {args.job} requires {'; '.join(unmet)}" if unmet else None
        client.scheduled_job(owners=args.owner, scheduler=args.scheduler)
    except REQUEST_ERRORS as ex:
        return None if is_unavailable(ex) else str(ex)
    except ValueError as ex:
        return f"invalid URL: {ex}"
    return None


def _options(args: argparse.Namespace, capabilities: Capabilities) -> Options:
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
        capabilities=capabilities,
    )


def _work(client: Client, options: Options, quiet: bool) -> tuple[Totals, Exception | None]:
    """Return the totals, and the error of a pool that does not serve this client, or was never reached."""
    # The display needs the volunteer's totals, and the volunteer a listener: the list breaks the cycle.
    displays: list[Listener] = []

    def listener(event: Event) -> None:
        for display in displays:
            display(event)

    volunteer = Volunteer(client, options, listener)
    with _display(volunteer, options, quiet) as display, _interrupts(volunteer):
        displays.extend([display] if display is not None else [])
        try:
            return volunteer.run(), None
        except (Excluded, Unreachable) as ex:
            return volunteer.totals, ex


@contextlib.contextmanager
def _display(volunteer: Volunteer, options: Options, quiet: bool) -> Iterator[Listener | None]:
    if quiet:
        yield None
    elif is_terminal():
        with LiveTable(lambda: volunteer.totals, options.workers) as table:
            yield table
    else:
        with PlainLog(sys.stdout) as log:
            yield log


@contextlib.contextmanager
def _interrupts(volunteer: Volunteer) -> Iterator[None]:
    signals = (signal.SIGINT, signal.SIGTERM)
    handlers = [signal.signal(number, lambda *_: volunteer.interrupt()) for number in signals]
    try:
        yield
    finally:
        for number, handler in zip(signals, handlers, strict=True):
            signal.signal(number, handler)
