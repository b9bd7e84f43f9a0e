"""The server's part of the `comp-pool` command line."""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Callable
from typing import Any

from config import Config, InvalidSetting

Subparsers = Any
Command = Callable[[argparse.Namespace, Config], int]


def add_commands(subparsers: Subparsers) -> None:
    add_serve(subparsers)
    add_check(subparsers)
    add_key(subparsers)


def add_serve(subparsers: Subparsers) -> None:
    _add(subparsers, "serve", _serve, "serve the pool (gunicorn)", "The environment:\n" + Config.described())


def add_check(subparsers: Subparsers) -> None:
    parser = _add(subparsers, "check", _check, "compare markers, journals and counts with the documents; advance flows")
    parser.add_argument("--repair", action="store_true", help="repair what disagrees; the pool must be stopped")


def add_key(subparsers: Subparsers) -> None:
    parser = _add(subparsers, "key", lambda *_: parser.print_help() or 2, "make, list and revoke keys of owners")
    actions = parser.add_subparsers()
    new = _add(actions, "add", _add_key, "make a key and print it, once")
    new.add_argument("owner", help="the owner's name")
    _add(actions, "list", _list_keys, "list keys by digest")
    revoked = _add(actions, "revoke", _revoke_key, "revoke a key")
    revoked.add_argument("digest", help="the digest as listed, or its first characters")


def _add(subparsers: Subparsers, name: str, command: Command, summary: str, epilog: str = "") -> Any:
    parser = subparsers.add_parser(
        name,
        help=summary,
        description=f"{summary[0].upper()}{summary[1:]}.",
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(run=lambda arguments: _run(command, arguments))
    return parser


def _run(command: Command, arguments: argparse.Namespace) -> int:
    from pool.errors import PoolError
    from storage.errors import StorageError

    try:
        return command(arguments, Config.from_environ())
    except (InvalidSetting, PoolError, StorageError, OSError) as ex:
        print(f"comp-pool: {ex}", file=sys.stderr)
        return 2


def _serve(_arguments: argparse.Namespace, config: Config) -> int:
    from gunicorn.app.wsgiapp import WSGIApplication

    # Now, before gunicorn puts the working directory first on the path: `data/` there is the pool's, and no package.
    import server  # noqa: F401

    _store(config).close()  # An unusable directory is reported here in one line, not as gunicorn's traceback.
    sys.argv = ["comp-pool", "-c", "python:server"]
    WSGIApplication("comp-pool serve").run()
    return 0


def _check(arguments: argparse.Namespace, config: Config) -> int:
    """Exit status: 0 if everything agrees or was repaired, else 1."""
    pool = _existing_pool(config)
    found = 0
    for finding in pool.store.maintenance.check(arguments.repair):
        found += 1
        done = "done" if arguments.repair else "not done"
        print(f"{finding.where or 'pool'}: {finding.problem}; {finding.remedy}: {done}")
    for flow_id in pool.flows.resume(seconds=math.inf):
        print(f"flow {flow_id}: had work left; advanced")
    while pool.flows.advance_pending():
        pass
    print(f"{found} disagreement{'' if found == 1 else 's'}" + (" repaired" if arguments.repair and found else ""))
    pool.close()
    return 1 if found and not arguments.repair else 0


def _add_key(arguments: argparse.Namespace, config: Config) -> int:
    print(_keys(config).add(arguments.owner))
    return 0


def _list_keys(_arguments: argparse.Namespace, config: Config) -> int:
    for digest, key in _keys(config).all():
        print(f"{digest[:12]}  {key['created']}  {key['owner']}")
    return 0


def _revoke_key(arguments: argparse.Namespace, config: Config) -> int:
    owner = _keys(config).revoke(arguments.digest)
    print(f"revoked the key of {owner}")
    return 0


def _require_pool(config: Config) -> None:
    if not (config.data / "jobs").is_dir():
        raise InvalidSetting(f"COMP_POOL_DATA: there is no pool in {config.data.absolute()}; start one there first")


def _existing_pool(config: Config) -> Any:
    from app import Pool

    _require_pool(config)
    return Pool(config)


def _store(config: Config) -> Any:
    from storage.flat import FlatStore

    return FlatStore(config.data, fsync=config.fsync)


def _keys(config: Config) -> Any:
    from pool.keys import Keys

    _require_pool(config)
    return Keys(_store(config), is_open=config.open)
