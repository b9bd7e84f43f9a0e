"""The command line `comp-pool`: `work`, and the commands of other installed packages."""

import argparse
import importlib.metadata
import sys
from collections.abc import Sequence

from comp_pool import __version__, work_command

# An entry point of this group is a function that adds a subparser, with its function as the default of `run`.
PLUGINS = "comp_pool.commands"


def build_parser() -> argparse.ArgumentParser:
    """Return the parser with all installed commands."""
    parser = argparse.ArgumentParser(prog="comp-pool", description="A pool for volunteer computing.")
    parser.add_argument("--version", action="version", version=f"comp-pool {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    work_command.add(commands)
    for plugin in sorted(importlib.metadata.entry_points(group=PLUGINS), key=lambda plugin: plugin.name):
        _add_plugin(plugin, commands)
    return parser


def _add_plugin(plugin: importlib.metadata.EntryPoint, commands: work_command.Subparsers) -> None:
    try:
        plugin.load()(commands)
    except Exception as ex:
        # A broken package must not disable the other commands.
        sys.stderr.write(f"comp-pool: the command {plugin.name!r} is not available: {ex}\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return its exit status."""
    args = build_parser().parse_args(arguments)
    status: int = args.run(args)
    return status
