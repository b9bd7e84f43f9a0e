"""`comp-pool completion`: a script with which a shell completes commands and options."""

import argparse
import sys
from collections.abc import Callable

from comp_pool.commands.common import Subparsers

SHELLS = ("bash", "zsh", "fish")
EPILOG = """examples:
  comp-pool completion bash > ~/.local/share/bash-completion/completions/comp-pool
  comp-pool completion zsh > ~/.zfunc/_comp-pool          (with fpath+=~/.zfunc before compinit in ~/.zshrc)
  comp-pool completion fish > ~/.config/fish/completions/comp-pool.fish
"""


def add(subparsers: Subparsers, build_parser: Callable[[], argparse.ArgumentParser]) -> None:
    """Add the command to the command line."""
    summary = "print a completion script for a shell"
    parser = subparsers.add_parser(
        "completion",
        help=summary,
        description=f"{summary[0].upper()}{summary[1:]}.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("shell", choices=SHELLS)
    parser.set_defaults(run=lambda args: _write(args.shell, build_parser()))


def _write(shell: str, parser: argparse.ArgumentParser) -> int:
    # Slow to load.
    import shtab

    sys.stdout.write(shtab.complete(parser, shell) + "\n")
    return 0
