"""The command line `comp-pool`: `work`, and the commands that other installed packages bring along."""

import argparse
import importlib.metadata
import sys
from collections.abc import Sequence

from comp_pool import __version__, work_command

# Each entry point of this group loads to a function that adds its subparser and sets its default `run`.
PLUGINS = "comp_pool.commands"


def parser() -> argparse.ArgumentParser:
    """Return the parser, with every command that is installed."""
    made = argparse.ArgumentParser(prog="comp-pool", description="A pool for volunteer computing.")
    made.add_argument("--version", action="version", version=f"comp-pool {__version__}")
    commands = made.add_subparsers(title="commands", metavar="COMMAND", required=True)
    work_command.add(commands)
    for plugin in sorted(importlib.metadata.entry_points(group=PLUGINS), key=lambda found: found.name):
        _add(plugin, commands)
    return made


def _add(plugin: importlib.metadata.EntryPoint, commands: work_command.Subparsers) -> None:
    try:
        plugin.load()(commands)
    except Exception as ex:
        # One broken package must not take the other commands away.
        sys.stderr.write(f"comp-pool: the command {plugin.name!r} is not available: {ex}\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return its exit status."""
    args = parser().parse_args(arguments)
    status: int = args.run(args)
    return status
