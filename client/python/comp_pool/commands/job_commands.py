"""Commands on one job: pause, resume, delete, release, errors, progress."""

import argparse
import sys
import time
from typing import Any

from comp_pool.commands.common import Session, Subparsers, UsageError, add_command, complain, count, say
from comp_pool.display import printable
from comp_pool.errors import PoolError
from comp_pool.links import Document
from comp_pool.mapping.items import to_line
from comp_pool.parallel import call_each

WATCH_SECONDS = 2.0


def add(subparsers: Subparsers) -> None:
    """Add the commands to the command line."""
    add_command(
        subparsers, "jobs", _jobs, "list the pool's jobs: state, date, id, name", "  comp-pool jobs"
    ).add_argument("--review", action="store_true", help="only those that wait for the operator")
    for name, state, summary in (
        ("pause", "paused", "serve a job no more"),
        ("resume", "open", "serve a paused job again"),
    ):
        parser = add_command(subparsers, name, _set_state, summary, f"  comp-pool {name} squares")
        parser.add_argument("job", metavar="JOB")
        parser.set_defaults(state=state)
    _add_delete(subparsers)
    _add_release(subparsers)
    _add_progress(subparsers)
    errors = "show why the functions of a job failed, the most frequent error first"
    add_command(subparsers, "errors", _errors, errors, "  comp-pool errors squares").add_argument("job", metavar="JOB")


def _add_delete(subparsers: Subparsers) -> None:
    summary = "delete a job with its variables and results"
    parser = add_command(
        subparsers, "delete", _delete, summary, "  comp-pool delete squares\n  comp-pool delete squares --yes"
    )
    parser.add_argument("job", metavar="JOB")
    parser.add_argument("--yes", action="store_true", help="don't ask")


def _add_release(subparsers: Subparsers) -> None:
    examples = "  comp-pool release squares map-000007-0f1e2d3c4b5a\n  comp-pool release squares --all"
    parser = add_command(subparsers, "release", _release, "let failed variables be computed again", examples)
    parser.add_argument("job", metavar="JOB")
    parser.add_argument("variables", metavar="VARIABLE", nargs="*")
    parser.add_argument("--all", action="store_true", help="all failed variables of the job")


def _add_progress(subparsers: Subparsers) -> None:
    examples = "  comp-pool progress squares\n  comp-pool progress squares --watch\n  comp-pool progress squares --json"
    parser = add_command(
        subparsers, "progress", _progress, "show the counts, the rate and the time left of a job", examples
    )
    parser.add_argument("job", metavar="JOB")
    parser.add_argument("--watch", action="store_true", help="again and again, until the job is complete")
    parser.add_argument("--json", action="store_true", help="as JSON")
    parser.add_argument(
        "--interval", type=count, default=WATCH_SECONDS, metavar="SECONDS", help="of --watch (default 2)"
    )


def _jobs(args: argparse.Namespace, session: Session) -> int:
    for job in session.client.jobs():
        content = job.content
        if content.get("state") == "review" or not args.review:
            dates = f"{content.get('state', ''):<6}  {content.get('created', '')}"
            say(f"{dates}  {content.get('id')}  {content.get('name')!r}")
    return 0


def _set_state(args: argparse.Namespace, session: Session) -> int:
    job = session.job(args.job)
    session.client.patch_job(job, {"state": args.state})
    say(f"{job.content['id']}: {args.state}")
    return 0


def _delete(args: argparse.Namespace, session: Session) -> int:
    job = session.job(args.job)
    if not args.yes and not _is_agreed(job, session):
        complain("nothing is deleted")
        return 1
    session.client.delete(job)
    say(f"{job.content['id']}: deleted")
    return 0


def _is_agreed(job: Document, session: Session) -> bool:
    if not sys.stdin.isatty():
        raise UsageError("delete asks on a terminal; without one, give --yes")
    done = session.client.progress(job)["variables"]["done"]
    sys.stderr.write(f"Delete the job {printable(str(job.content['id']))} and its {done} results? [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _release(args: argparse.Namespace, session: Session) -> int:
    job = session.job(args.job)
    if bool(args.variables) == args.all:
        raise UsageError("name variables, or give --all")
    names = args.variables or _failed(session, job)
    released: list[str] = []

    def release(name: str) -> None:
        try:
            session.client.release(job, name)
            released.append(name)
        except PoolError as ex:
            complain(f"{name}: {ex.detail or ex}")

    call_each(release, names)
    say(f"{len(released)} of {len(names)} released")
    return 0 if len(released) == len(names) else 1


def _failed(session: Session, job: Document) -> list[str]:
    items = (item.content for item in session.client.variables(job))
    return [str(item["id"]) for item in items if item.get("state") == "failed"]


def _progress(args: argparse.Namespace, session: Session) -> int:
    job = session.job(args.job)
    while True:
        progress = session.client.progress(job)
        sys.stdout.write(f"{to_line(progress) if args.json else _progress_line(progress)}\n")
        sys.stdout.flush()
        if not args.watch or progress.get("complete"):
            return 0
        time.sleep(args.interval)


def _progress_line(progress: dict[str, Any]) -> str:
    variables = progress["variables"]
    counts = [f"{variables['done']} of {variables['total']} done"]
    counts += [f"{variables[name]} {name}" for name in ("open", "leased", "failed", "withdrawn") if variables[name]]
    counts += [f"{progress['stuck']} stuck"] if progress.get("stuck") else []
    counts += [f"{progress['results_per_minute']:g} a minute"]
    left = progress.get("eta_seconds")
    counts += [f"about {left} s left"] if left is not None else []
    return ", ".join([*counts, *([str(progress["state"])] if progress["state"] != "open" else [])])


def _errors(args: argparse.Namespace, session: Session) -> int:
    errors = session.client.errors(session.job(args.job))
    for group in errors.items():
        content = group.content
        say(f"{content.get('count')} x {content.get('function')}: {content.get('kind')}: {content.get('message')}")
        engine = content.get("engine") or "on the server"
        say(f"    last: {content.get('last')}, variable {content.get('variable')}, {engine}")
        for name in ("stack", "console"):
            for line in str(content.get(name) or "").strip().splitlines()[:10]:
                say(f"    {name}: {line}")
    stuck = errors.content.get("stuck") or []
    if stuck:
        say(f"{len(stuck)} stuck variables: only one address has computed them")
    return 0
