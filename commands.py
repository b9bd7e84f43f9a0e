"""The server's commands of `comp-pool`: serve, check, key, block, names and approve.

`pool`, `storage` and gunicorn are imported by the commands that need them: `comp-pool work` loads this module too, and
starts faster without them.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from config import REVIEW, Config, InvalidSetting
from progress_line import ProgressLine

if TYPE_CHECKING:
    from app import Pool
    from pool.blocks import Blocks
    from pool.keys import Keys
    from storage.base import CheckProgress
    from storage.flat import FlatStore
    from storage.poster_store import Usage

Subparsers: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
Command = Callable[[argparse.Namespace, Config], int]


def add_commands(subparsers: Subparsers) -> None:
    add_serve(subparsers)
    add_check(subparsers)
    add_key(subparsers)
    add_block(subparsers)
    add_names(subparsers)
    add_approve(subparsers)


def add_serve(subparsers: Subparsers) -> None:
    settings = f"Settings (environment variables):\n{Config.help_text()}"
    _add(subparsers, "serve", _serve, "serve the pool (gunicorn)", settings)


def add_check(subparsers: Subparsers) -> None:
    parser = _add(subparsers, "check", _check, "check queue, journals and counts against the documents; advance flows")
    parser.add_argument("--repair", action="store_true", help="repair disagreements; the pool must be stopped")
    parser.add_argument("--progress", action="store_true", help="show how far it is, as on a terminal")


def add_key(subparsers: Subparsers) -> None:
    parser = _add(
        subparsers, "key", lambda *_: _print_help(parser), "create, list, rotate and revoke keys of owners and auditors"
    )
    actions = parser.add_subparsers()
    add = _add(actions, "add", _add_key, "create a key and print it, only this once")
    add.add_argument("owner", help="the owner's name")
    add.add_argument(
        "--role",
        default="owner",
        help="owner (default), or auditor: its results decide on held ones, and it posts no jobs",
    )
    for what in ("jobs", "variables", "bytes"):
        help_text = f"how many {what} may be stored with the key at a time (default: no limit)"
        add.add_argument(f"--quota-{what}", type=int, metavar="N", help=help_text)
    _add(actions, "list", _list_keys, "list keys: digest, date, owner, role, and of a quota what is used")
    digest_help = "the digest as listed, or its first characters (at least 4)"
    revoke = _add(actions, "revoke", _revoke_key, "revoke a key")
    revoke.add_argument("digest", help=digest_help)
    rotate = _add(actions, "rotate", _rotate_key, "replace a key by a new one, which owns the same, and print it")
    rotate.add_argument("digest", help=digest_help)


def add_approve(subparsers: Subparsers) -> None:
    parser = _add(subparsers, "approve", _approve, "let volunteers compute a job that waits for the operator")
    parser.add_argument("job", nargs="?", help="the job's id (default: list those that wait: date, id, name)")


def add_block(subparsers: Subparsers) -> None:
    parser = _add(subparsers, "block", lambda *_: _print_help(parser), "block keys, networks and volunteers")
    actions = parser.add_subparsers()
    target = "a network (192.0.2.0/24), a volunteer (the 16 hex digits shown with its results) or key:<digest>"
    add = _add(actions, "add", _add_block, "block a target, effective within seconds")
    add.add_argument("target", help=target)
    add.add_argument("reason", help="what whoever is blocked is shown")
    _add(actions, "list", _list_blocks, "list blocks")
    remove = _add(actions, "remove", _remove_block, "remove a block")
    remove.add_argument("target", help=target)


def add_names(subparsers: Subparsers) -> None:
    summary = "list and forbid the names that volunteers and teams are shown under"
    parser = _add(subparsers, "names", lambda *_: _print_help(parser), summary)
    actions = parser.add_subparsers()
    _add(
        actions,
        "list",
        _list_names,
        "list the names that are shown: mark, name, team; and what is forbidden, by its id",
    )
    forbid = _add(actions, "forbid", _forbid_name, "forbid a name, for volunteers and teams; it is gone at once")
    forbid.add_argument("text", help="the name; with --mark, the mark beside it")
    forbid.add_argument("reason", help="what whoever bears it is shown")
    forbid.add_argument("--mark", action="store_true", help="forbid the volunteer with this mark any name")
    permit = _add(actions, "permit", _permit_name, "permit again what was forbidden")
    permit.add_argument("id", help="the id as listed")


def _add(
    subparsers: Subparsers, name: str, command: Command, summary: str, epilog: str = ""
) -> argparse.ArgumentParser:
    parser = subparsers.add_parser(
        name,
        help=summary,
        description=f"{summary[0].upper()}{summary[1:]}.",
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(run=lambda arguments: _run(command, arguments))
    return parser


def _print_help(parser: argparse.ArgumentParser) -> int:
    parser.print_help()
    return 2


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

    # Before gunicorn puts the working directory first on the path: `data/` there is the pool's, and no package.
    import server  # noqa: F401

    # Opened once here, an unusable directory is reported in one line and not as a traceback of gunicorn's.
    _store(config).close()
    sys.argv = ["comp-pool", "-c", "python:server"]
    WSGIApplication("comp-pool serve").run()
    return 0


def _check(arguments: argparse.Namespace, config: Config) -> int:
    """Exit status: 0 if everything agrees or was repaired, else 1."""
    pool = _existing_pool(config)
    found = 0
    is_shown = arguments.progress or sys.stderr.isatty()
    tell = ProgressLine(sys.stderr) if is_shown else _tell_nothing
    for finding in pool.store.maintenance.check(arguments.repair, tell):
        found += 1
        state = "done" if arguments.repair else "not done"
        print(f"{finding.where or 'pool'}: {finding.problem}; {finding.remedy}: {state}")
    for flow_id in pool.flows.resume(seconds=math.inf):
        print(f"flow {flow_id}: advanced")
    pool.flows.finish()
    while pool.flows.advance_pending():
        pool.flows.finish()
    print(f"{found} disagreement{'' if found == 1 else 's'}" + (" repaired" if arguments.repair and found else ""))
    pool.close()
    return 1 if found and not arguments.repair else 0


def _tell_nothing(_progress: CheckProgress) -> None:
    pass


def _add_key(arguments: argparse.Namespace, config: Config) -> int:
    from pool.quotas import Quota

    quota = Quota(arguments.quota_jobs, arguments.quota_variables, arguments.quota_bytes)
    print(_keys(config).add(arguments.owner, arguments.role, quota))
    return 0


def _rotate_key(arguments: argparse.Namespace, config: Config) -> int:
    print(_keys(config).rotate(arguments.digest))
    return 0


def _list_keys(_arguments: argparse.Namespace, config: Config) -> int:
    from pool.keys import Keys, identity_of

    _require_pool(config)
    store = _store(config)
    for digest, key in Keys(store, is_open=bool(config.open)).all():
        role = f"  ({key['role']})" if "role" in key else ""
        made = "  (made by its holder)" if "maker" in key else ""
        used = store.quotas.of(identity_of(digest, key)) if "quota" in key else None
        quota = f"  [{_shares(key['quota'], used)}]" if used is not None else ""
        print(f"{digest[:12]}  {key['created']}  {key['owner']}{role}{made}{quota}")
    return 0


def _shares(quota: dict[str, int], used: Usage) -> str:
    counts = {"jobs": used.jobs, "variables": used.variables, "bytes": used.size}
    return ", ".join(f"{counts[what]} of {limit} {what}" for what, limit in quota.items())


def _revoke_key(arguments: argparse.Namespace, config: Config) -> int:
    owner = _keys(config).revoke(arguments.digest)
    print(f"revoked the key of {owner}")
    return 0


def _add_block(arguments: argparse.Namespace, config: Config) -> int:
    print(f"blocked {_blocks(config).add(arguments.target, arguments.reason)}")
    return 0


def _list_blocks(_arguments: argparse.Namespace, config: Config) -> int:
    for target, block in _blocks(config).all():
        print(f"{target}  {block['created']}  {block['reason']}")
    return 0


def _remove_block(arguments: argparse.Namespace, config: Config) -> int:
    if not _blocks(config).remove(arguments.target):
        raise InvalidSetting(f"there is no block of {arguments.target}")
    print(f"removed the block of {arguments.target}")
    return 0


def _blocks(config: Config) -> Blocks:
    from pool.blocks import Blocks

    _require_pool(config)
    return Blocks(_store(config))


def _list_names(_arguments: argparse.Namespace, config: Config) -> int:
    pool = _existing_pool(config)
    for volunteer, profile in pool.profiles.shown().items():
        print(f"{pool.leaderboard.mark(volunteer)}  {profile.name!r}  {profile.team!r}")
    for ban_id, ban in pool.profiles.bans().items():
        subject = repr(ban.text) if ban.volunteer is None else f"mark {pool.leaderboard.mark(ban.volunteer)}"
        print(f"forbidden {ban_id}  {subject}  {ban.reason!r}")
    return 0


def _forbid_name(arguments: argparse.Namespace, config: Config) -> int:
    pool = _existing_pool(config)
    volunteer = pool.leaderboard.volunteer_of(arguments.text) if arguments.mark else None
    if arguments.mark and volunteer is None:
        raise InvalidSetting(f"nobody is shown with the mark {arguments.text!r}")
    print(f"forbidden {pool.profiles.ban(arguments.reason, arguments.text, volunteer)}")
    return 0


def _permit_name(arguments: argparse.Namespace, config: Config) -> int:
    if not _existing_pool(config).profiles.unban(arguments.id):
        raise InvalidSetting(f"nothing is forbidden under the id {arguments.id!r}")
    print(f"permitted {arguments.id}")
    return 0


def _approve(arguments: argparse.Namespace, config: Config) -> int:
    pool = _existing_pool(config)
    if arguments.job is None:
        for job in pool.store.jobs.get_many(pool.store.jobs.ids()):
            if job["state"] == REVIEW:
                print(f"{job['created']}  {job['id']}  {job['name']!r}")
    else:
        print(f"approved {pool.jobs.approve(arguments.job)['id']}")
    return 0


def _require_pool(config: Config) -> None:
    if not (config.data / "jobs").is_dir():
        raise InvalidSetting(f"COMP_POOL_DATA: there is no pool in {config.data.absolute()}; start one there first")


def _existing_pool(config: Config) -> Pool:
    from app import Pool

    _require_pool(config)
    return Pool(config)


def _store(config: Config) -> FlatStore:
    from storage.flat import FlatStore

    return FlatStore(config.data, fsync=config.fsync)


def _keys(config: Config) -> Keys:
    from pool.keys import Keys

    _require_pool(config)
    return Keys(_store(config), is_open=bool(config.open))
