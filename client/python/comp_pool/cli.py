"""The command line `comp-pool`: a table of commands, and the server's where the server is installed too."""

import argparse
import importlib
import importlib.util
import sys
from collections.abc import Sequence

from comp_pool import __version__, work_command
from comp_pool.commands import (
    add_command,
    completion_command,
    flow_command,
    job_commands,
    login_command,
    map_command,
    post_command,
    results_command,
    try_command,
)
from comp_pool.commands.common import Subparsers

COMMANDS = (
    work_command,
    map_command,
    post_command,
    add_command,
    results_command,
    job_commands,
    try_command,
    flow_command,
    login_command,
)

# Arguments that a command may have at its end: any number, or one.
LISTS, OPTIONAL = ("items", "variables"), ("file", "flow")


def build_parser() -> argparse.ArgumentParser:
    """Return the parser with all commands."""
    parser = argparse.ArgumentParser(prog="comp-pool", description="A pool for volunteer computing.")
    parser.add_argument("--version", action="version", version=f"comp-pool {__version__}")
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in COMMANDS:
        command.add(subparsers)
    completion_command.add(subparsers, build_parser)
    _add_server_commands(subparsers)
    return parser


def _add_server_commands(subparsers: Subparsers) -> None:
    # By name: this package installs alone, and must not depend on the server.
    if importlib.util.find_spec("commands") is None:
        return
    try:
        importlib.import_module("commands").add_commands(subparsers)
    except Exception as ex:
        # A broken server must not disable the other commands.
        sys.stderr.write(f"comp-pool: the server's commands are not available: {ex}\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return its exit status."""
    args = parse(sys.argv[1:] if arguments is None else list(arguments))
    status: int = args.run(args)
    return status


def parse(arguments: list[str]) -> argparse.Namespace:
    """Return the parsed arguments; exit where they are wrong. What follows `:::` are items, whatever they look like."""
    before, items = _split(arguments)
    parser = build_parser()
    try:
        args, unknown = parser.parse_known_args(before)
        if unknown and not _place(args, unknown):
            hint = "; items that begin with - follow :::" if "items" in args else ""
            parser.error(f"unrecognized arguments: {' '.join(unknown)}{hint}")
    except SystemExit as ex:
        if ex.code and before[:1] == ["map"]:
            raise SystemExit(map_command.USAGE) from ex
        raise
    if "items" in args:
        args.items = [*args.items, *items]
    return args


def _place(args: argparse.Namespace, words: list[str]) -> bool:
    """Give a command the arguments that argparse takes for unknown, since an option is before them."""
    if any(word.startswith("-") for word in words):
        return False
    for name in LISTS:
        if name in args:
            setattr(args, name, [*getattr(args, name), *words])
            return True
    lacking = [name for name in OPTIONAL if name in args and getattr(args, name) is None]
    if len(words) != 1 or not lacking:
        return False
    setattr(args, lacking[0], words[0])
    return True


def _split(arguments: list[str]) -> tuple[list[str], list[str]]:
    if ":::" not in arguments:
        return arguments, []
    place = arguments.index(":::")
    return arguments[:place], arguments[place:]
