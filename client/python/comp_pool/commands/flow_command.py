"""`comp-pool flow`: post, show, cancel and run flows again."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from comp_pool.commands.common import Session, Subparsers, UsageError, add_command, id_in, say
from comp_pool.errors import PoolError
from comp_pool.links import Document
from comp_pool.mapping.items import to_line

EXAMPLES = """\
  comp-pool flow                            all flows, newest first
  comp-pool flow post tree.json             a flow as POST /flows takes it; it starts at once
  comp-pool flow show FLOW                  its state, and that of each entry; --json: the document
  comp-pool flow cancel FLOW
  comp-pool flow run FLOW                   a new flow with the same tree
"""
ACTIONS = ("list", "post", "show", "cancel", "run")


def add(subparsers: Subparsers) -> None:
    """Add the command to the command line."""
    parser = add_command(subparsers, "flow", _flow, "list, post, show, cancel and run flows: trees of jobs", EXAMPLES)
    parser.add_argument("action", choices=ACTIONS, nargs="?", default="list")
    parser.add_argument("flow", metavar="FLOW|FILE.json", nargs="?")
    parser.add_argument("--json", action="store_true", help="with show: the whole document")


def _flow(args: argparse.Namespace, session: Session) -> int:
    if args.action == "list":
        for flow in session.client.flows():
            say(_line(flow.content))
        return 0
    if args.flow is None:
        raise UsageError(f"comp-pool flow {args.action}: name a {'file' if args.action == 'post' else 'flow'}")
    if args.action == "post":
        return _post(args, session)
    flow = _find(session, args.flow)
    return {"show": _show, "cancel": _cancel, "run": _run}[args.action](args, session, flow)


def _find(session: Session, name: str) -> Document:
    try:
        return session.client.flow(id_in(name))
    except PoolError as ex:
        if ex.status == 404:
            raise UsageError(f"the pool has no flow {id_in(name)!r}. comp-pool flow lists them.") from ex
        raise


def _post(args: argparse.Namespace, session: Session) -> int:
    try:
        flow = json.loads(Path(args.flow).read_text(encoding="utf-8"))
    except ValueError as ex:
        raise UsageError(f"{args.flow}: not JSON: {ex}") from ex
    say(_id(session.client.post_flow(flow)))
    return 0


def _id(flow: Document) -> str:
    return str(flow.content.get("id") or id_in(flow.link("self")))


def _show(args: argparse.Namespace, _session: Session, flow: Document) -> int:
    if args.json:
        sys.stdout.write(f"{to_line(flow.data)}\n")
        return 0
    say(_line(flow.content))
    for entry in _entries(flow.content):
        say(f"  {entry.get('path')}  {entry.get('state')}  {entry.get('job')}  {entry.get('iterations', 0)} results")
    for name in ("failure", "result"):
        if flow.content.get(name) is not None:
            say(f"{name}: {to_line(flow.content[name])}")
    return 0 if flow.content.get("state") != "failed" else 1


def _entries(level: dict[str, Any]) -> list[dict[str, Any]]:
    inner = level.get("dependent")
    return [*level.get("jobs", []), *(_entries(inner) if isinstance(inner, dict) else [])]


def _cancel(_args: argparse.Namespace, session: Session, flow: Document) -> int:
    session.client.delete(flow)
    say(f"{_id(flow)}: cancelled")
    return 0


def _run(_args: argparse.Namespace, session: Session, flow: Document) -> int:
    say(_id(session.client.run_flow_again(flow)))
    return 0


def _line(flow: dict[str, Any]) -> str:
    return f"{flow.get('state', ''):<9}  {flow.get('created', '')}  {flow.get('id')}  {flow.get('name') or ''}"
