"""Mismatches, as the parts of the check report them; setting damaged files aside."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from storage.flat.tree import Tree


class Mismatch(NamedTuple):
    """A disagreement with the documents, the name of its remedy, and the repair itself."""

    problem: str
    remedy: str
    repair: Callable[[], object]


def set_aside(tree: Tree, path: str, problem: str, remedy: str = "set it aside") -> Mismatch:
    return Mismatch(problem, remedy, partial(_move_to_damaged, tree.root, path))


def _move_to_damaged(root: str, path: str) -> None:
    target = f"{root}/damaged/{os.path.relpath(path, root)}"
    os.makedirs(os.path.dirname(target), exist_ok=True)
    if os.path.lexists(target):
        target += f"@{secrets.token_hex(4)}"
    os.replace(path, target)
