"""`comp-pool try`: a job on this computer, in the sandbox of volunteers, with all that it prints."""

import argparse
import json
import time
from pathlib import Path

from comp_pool.commands import inputs
from comp_pool.commands.common import Session, Subparsers, add_command, count, say, seconds
from comp_pool.deadline import Deadline
from comp_pool.errors import JobError
from comp_pool.executor import MEBIBYTE, Computed, Executor, Unit
from comp_pool.mapping.items import Item, to_line
from comp_pool.mapping.source import Source, is_file, read_source
from comp_pool.seeds import unit_seed

EXAMPLES = """\
  comp-pool try square.js ::: 3 '{"x": 4}'       what the function returns and prints, and what the validator says
  head -3 input | comp-pool try square.js
  comp-pool try squares ::: 3                    the function of a job of the pool
"""
# Both functions as one: the validator gets what the first one has returned.
VALIDATE = """(judge => (both) => {{
  const said = judge(both.variable, both.result, {{ job: {{}}, seed: both.seed }});
  return {{ result: said === true || said === false ? {{ valid: said }} : said ?? null }};
}})({source})"""


def add(subparsers: Subparsers) -> None:
    """Add the command to the command line."""
    parser = add_command(
        subparsers, "try", _try, "compute items on this computer, in the sandbox of volunteers", EXAMPLES
    )
    option = parser.add_argument
    option("job", metavar="FILE.js|JOB")
    option("items", metavar="ITEM", nargs="*", help="items, or ::: and items (default: lines of standard input)")
    inputs.add_options(parser)
    option("--timeout", type=seconds, default=60.0, metavar="SECONDS", help="time limit of an item (default: 60)")
    option("--memory", type=count, default=512, metavar="MB", help="memory limit (default: 512)")


def _try(args: argparse.Namespace, session: Session) -> int:
    source, failed = _source(args.job, session), 0
    with Executor(memory_bytes=args.memory * MEBIBYTE) as executor, Executor() as judge:
        for item in inputs.read_items(args, args.items):
            failed += not _try_one(source, item, executor, judge, args.timeout)
    return min(failed, 101)


def _source(name: str, session: Session) -> Source:
    if is_file(name):
        return read_source(Path(name))
    job = session.job(name).content
    return Source(str(job["id"]), {key: job[key] for key in ("execute_function", "validate_result") if key in job})


def _try_one(source: Source, item: Item, executor: Executor, judge: Executor, limit: float) -> bool:
    started = time.monotonic()
    shown = item.text if len(item.text) <= 60 else f"{item.text[:59]}…"
    try:
        if item.error:
            raise JobError("input", item.error)
        computed = executor.compute(_unit(source, item), Deadline(limit))
    except JobError as ex:
        say(f"{shown}: {ex.kind}: {ex.message} ({time.monotonic() - started:.3f} s)")
        _show_printed(ex.console, ex.stack)
        return False
    say(f"{shown}: {computed.result} ({computed.seconds:.3f} s)")
    _show_printed(computed.console)
    return _is_valid(source, item, computed, judge)


def _unit(source: Source, item: Item) -> Unit:
    return Unit(
        source.name, source.functions["execute_function"], item.value, seed=unit_seed(source.name, str(item.seq))
    )


def _is_valid(source: Source, item: Item, computed: Computed, judge: Executor) -> bool:
    """Let the validator judge, where there is one: here, while the pool has an engine and a time limit of its own."""
    if "validate_result" not in source.functions:
        return True
    both = {
        "variable": item.value,
        "result": json.loads(computed.result),
        "seed": unit_seed(source.name, str(item.seq)),
    }
    code = VALIDATE.format(source=source.functions["validate_result"])
    try:
        verdict = json.loads(judge.compute(Unit("validate_result", code, both), Deadline(10.0)).result)
    except JobError as ex:
        say(f"    validate_result: {ex.kind}: {ex.message}")
        return False
    is_valid = isinstance(verdict, dict) and verdict.get("valid") is True
    say(f"    validate_result: {'accepted' if is_valid else f'rejected: {to_line(verdict)}'}")
    return is_valid


def _show_printed(console: str, stack: str = "") -> None:
    for name, text in (("console", console), ("stack", stack)):
        for line in text.strip().splitlines()[:20]:
            say(f"    {name}: {line}")
