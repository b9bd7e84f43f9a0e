"""The command line `comp-pool`: `work`, and the server's commands where the server is installed too."""

import argparse
import importlib
import importlib.util
import sys
from collections.abc import Sequence

from comp_pool import __version__, work_command


def build_parser() -> argparse.ArgumentParser:
    """Return the parser with all commands."""
    parser = argparse.ArgumentParser(prog="comp-pool", description="A pool for volunteer computing.")
    parser.add_argument("--version", action="version", version=f"comp-pool {__version__}")
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    work_command.add(subparsers)
    _add_server_commands(subparsers)
    return parser


def _add_server_commands(subparsers: work_command.Subparsers) -> None:
    # By name: this package installs alone, and must not depend on the server.
    if importlib.util.find_spec("commands") is None:
        return
    try:
        importlib.import_module("commands").add_commands(subparsers)
    except Exception as ex:
        # A broken server must not disable `work`.
        sys.stderr.write(f"comp-pool: the server's commands are not available: {ex}\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return its exit status."""
    args = build_parser().parse_args(arguments)
    status: int = args.run(args)
    return status
