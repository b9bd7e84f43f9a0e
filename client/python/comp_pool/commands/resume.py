"""What an earlier run has written, by its job log or its result files, and what is left."""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass

from comp_pool.commands.common import UsageError
from comp_pool.errors import PoolError
from comp_pool.links import Document
from comp_pool.mapping.items import Item, attempt_of, base_of, to_line
from comp_pool.mapping.joblog import Logged, read_log
from comp_pool.mapping.result_files import ResultFiles
from comp_pool.owner import Owner


@dataclass
class Resumed:
    """`written`: the variables that are left out; `failed`: those that are computed again, None for all items."""

    is_continued: bool = False
    written: frozenset[str] = frozenset()
    failed: list[Logged] | None = None
    files: ResultFiles | None = None
    reads_files: bool = False

    def is_written(self, item: Item) -> bool:
        """Return whether an item is left out. It is known by its value, not by its number alone."""
        return base_of(item.variable) in self.written or (
            self.reads_files and self.files is not None and self.files.has(item)
        )

    def items(self, client: Owner, job: Document | None) -> Iterator[Item] | None:
        """Return the failed items, read from the pool; None where the items are those of the input."""
        if self.failed is None or job is None:
            return None
        return (_read(client, job, logged) for logged in self.failed)


def read_resumed(args: argparse.Namespace) -> Resumed:
    """Return what the options say; raise UsageError."""
    is_continued = args.resume or args.resume_failed or args.retry_failed
    if args.resume and args.joblog is None and args.results is None:
        raise UsageError("--resume: needs --joblog or --results, which say what is done")
    if args.retry_failed and (args.joblog is None or args.local):
        raise UsageError("--retry-failed: needs --joblog, and a pool; --resume-failed reads the items from the input")
    logged = read_log(args.joblog) if is_continued and args.joblog is not None else []
    files = ResultFiles(args.results) if args.results is not None and not args.dry_run else None
    if args.retry_failed:
        return Resumed(True, failed=[one for one in logged if not one.is_done], files=files)
    written = frozenset(base_of(one.variable) for one in logged if one.is_done or args.resume)
    return Resumed(is_continued, written, files=files, reads_files=is_continued)


def _read(client: Owner, job: Document, logged: Logged) -> Item:
    try:
        value = client.variable(job, logged.variable).data
    except PoolError as ex:
        return Item(logged.seq, "", error=f"{logged.variable}: {ex}", variable=logged.variable)
    return Item(logged.seq, to_line(value), value, variable=logged.variable, attempt=attempt_of(logged.variable))
