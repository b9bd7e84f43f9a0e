"""Where a command shows how far it is."""

import argparse
import contextlib
import sys
from collections.abc import Iterator

from comp_pool.mapping.bar import Bar, Lines, Screen


@contextlib.contextmanager
def shown_on(args: argparse.Namespace) -> Iterator[Screen]:
    """Show a bar on a terminal, lines elsewhere."""
    has_bar = sys.stderr.isatty() and not args.quiet if args.bar is None else args.bar
    screen: Screen = Bar() if has_bar else Lines(is_quiet=args.quiet)
    try:
        yield screen
    finally:
        screen.close()
