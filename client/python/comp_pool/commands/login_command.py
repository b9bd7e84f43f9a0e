"""`comp-pool login`: the pool and the key that the other commands use."""

import argparse
import getpass
import sys

from comp_pool.commands.common import Session, Subparsers, UsageError, add_command, say
from comp_pool.errors import PoolError

EXAMPLES = """\
  comp-pool login https://pool.example/             asks for the key; --key KEY and standard input take it too
  comp-pool login                                   the pool on this computer, with the key in data/pool/secrets

What is stored, readable by you alone, is in ~/.config/comp-pool/config.json. A command takes the pool and the key from
--pool and --key, else from COMP_POOL_URL and COMP_POOL_KEY, else from there, else from data/pool in this directory.
"""
# A job that no pool has: whoever asks for it learns whether the key is known.
NO_JOB = "0"


def add(subparsers: Subparsers) -> None:
    """Add the command to the command line."""
    summary = "store a pool and its key for the other commands"
    parser = add_command(subparsers, "login", _login, summary, EXAMPLES)
    parser.add_argument(
        "url", metavar="URL", nargs="?", help="the pool (default: --pool, or the pool on this computer)"
    )


def _login(args: argparse.Namespace, session: Session) -> int:
    configuration = session.configuration
    session.url = configuration.url(args.url or args.pool)
    session.key = configuration.key(session.url, args.key) or _ask(session.url)
    _check(session)
    configuration.pool = session.url
    if session.key:
        configuration.keys[session.url] = session.key
    configuration.write()
    with_key = "with a key" if session.key else "without a key: it must be an open pool"
    say(f"{session.url} is your pool now, {with_key} ({configuration.path})")
    return 0


def _ask(url: str) -> str | None:
    prompt = f"Key for {url} (empty: none): "
    text = getpass.getpass(prompt) if sys.stdin.isatty() else sys.stdin.readline()
    return text.strip() or None


def _check(session: Session) -> None:
    session.client.root()
    try:
        session.client.job(NO_JOB)
    except PoolError as ex:
        if ex.status == 401:
            raise UsageError(f"{session.url} does not know this key") from ex
        if ex.status != 404:
            raise
