"""`comp-pool post` and `replace`: a job, from a file of JavaScript or a JSON document."""

import argparse
import json
from pathlib import Path
from typing import Any

from comp_pool.commands.common import Session, Subparsers, UsageError, add_command, count, say, seconds
from comp_pool.commands.job_source import source_of
from comp_pool.mapping.source import FUNCTIONS, read_source

EXAMPLES = """\
  comp-pool post square.js                          a function, or a module with execute_function, validate_result …
  comp-pool post square.js --name Squares --retries 3
  comp-pool post job.json                           all fields of a job, as POST /jobs takes them
"""
REPLACE_EXAMPLES = (
    "  comp-pool replace squares square.js               what is not computed yet moves to the new version"
)


def add(subparsers: Subparsers) -> None:
    """Add the commands to the command line."""
    parser = add_command(subparsers, "post", _post, "post a job, and print its id", EXAMPLES)
    _add_options(parser)
    summary = "post a new version of a job: its open variables move there, its results stay"
    parser = add_command(subparsers, "replace", _replace, summary, REPLACE_EXAMPLES)
    parser.add_argument("job", metavar="JOB")
    _add_options(parser)


def _add_options(parser: argparse.ArgumentParser) -> None:
    option = parser.add_argument
    option("file", metavar="FILE.js|FILE.json")
    option("--name", help="the name (default: the file's, with a digest of its content)")
    option("--validate", metavar="FILE.js", help="the function validate_result, from a file of its own")
    option("--timeout", type=seconds, metavar="SECONDS", help="length of a lease (default: 300)")
    option("--retries", type=count, metavar="N", help="errors after which a variable fails (default: 5)")
    option("--paused", action="store_true", help="don't serve it yet")


def _post(args: argparse.Namespace, session: Session) -> int:
    say(str(session.post_job(_job(args)).content["id"]))
    return 0


def _replace(args: argparse.Namespace, session: Session) -> int:
    old = session.job(args.job)
    say(str(session.post_job({**_job(args), "replaces": old.content["id"]}).content["id"]))
    return 0


def _job(args: argparse.Namespace) -> dict[str, Any]:
    job = _document(args.file) if args.file.endswith(".json") else _of_source(args)
    if args.validate is not None:
        job["validate_result"] = _validator(args.validate)
    return {**job, **({"name": args.name} if args.name else {}), **({"state": "paused"} if args.paused else {})}


def _of_source(args: argparse.Namespace) -> dict[str, Any]:
    return source_of(args.file, timeout=args.timeout, retries=args.retries).job()


def _document(file: str) -> dict[str, Any]:
    try:
        job = json.loads(Path(file).read_text(encoding="utf-8"))
    except ValueError as ex:
        raise UsageError(f"{file}: not JSON: {ex}") from ex
    if not isinstance(job, dict):
        raise UsageError(f"{file}: a job is a JSON object; its functions are {', '.join(FUNCTIONS)}")
    return job


def _validator(file: str) -> str:
    functions = read_source(Path(file)).functions
    return functions.get("validate_result", functions["execute_function"])
