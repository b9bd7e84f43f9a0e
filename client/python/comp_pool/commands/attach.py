"""`comp-pool map --attach`: the results of a run that was left, in the order of its items."""

import argparse
import sys
from collections.abc import Iterator
from urllib.parse import urldefrag

from comp_pool.commands.common import Session, UsageError, complain
from comp_pool.errors import PoolError
from comp_pool.links import Document
from comp_pool.mapping.items import Ids, Item, Outcome, to_line
from comp_pool.mapping.output import Output
from comp_pool.mapping.pool_backend import read_entry
from comp_pool.mapping.stream import is_stuck, pages
from comp_pool.owner import Owner

MANY = 101


def attach(args: argparse.Namespace, session: Session) -> int:
    """Write the results until all of its items are finished; return the exit status of the run."""
    address, run_name = urldefrag(args.attach)
    if args.job is not None:
        raise UsageError("--attach: takes no other job")
    job, ids = session.job(address), Ids(run_name or args.run_name)
    output, failed = Output(sys.stdout, tag=args.tag, raw=args.raw), 0
    for outcome in _outcomes(session.client, job, "accepted" if args.unordered else "input"):
        seq = ids.seq(outcome.variable)
        if seq is None:
            continue
        if not outcome.is_done:
            failed += 1
            complain(f"item {seq} {outcome.state}: {outcome.reason}")
        output.write(Item(seq, _text(session.client, job, outcome) if args.tag else ""), outcome)
        output.flush()
    return min(failed, MANY)


def _text(client: Owner, job: Document, outcome: Outcome) -> str:
    try:
        value = client.variable(job, outcome.variable).data
    except PoolError:
        return ""
    return value if isinstance(value, str) else to_line(value)


def _outcomes(client: Owner, job: Document, order: str) -> Iterator[Outcome]:
    for page in pages(client, job, complain, order=order):
        yield from (read_entry(entry.content) for entry in page.items() if not is_stuck(entry))
