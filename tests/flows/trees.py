"""Random trees: levels from the root to the leaf, each an array of entries."""

from __future__ import annotations

from dataclasses import dataclass

import hypothesis.strategies as st

from storage.base import Document
from tests.flows.functions import FAILING_IFS, FAILING_JOBS, FAILING_WHILES, IFS, JOBS, WHILES

# What a variable holds that entries name, by its number; the last has its result before the flow is posted.
NAMED: list[Document] = [{"x": 4}, {"x": 3, "y": 1}, {"q": 5}]
ANSWERED_BEFORE = len(NAMED) - 1


@dataclass(frozen=True)
class Node:
    """One entry: `named` is the number of its variable among those of the job that have names."""

    job: str
    named: int | None = None
    if_: str | None = None
    while_: str | None = None


Tree = list[list[Node]]
_SOUND = st.builds(
    Node,
    job=st.sampled_from(list(JOBS)),
    named=st.sampled_from([None, None, *range(len(NAMED))]),
    if_=st.sampled_from([None, None, None, *IFS]),
    while_=st.sampled_from([None, None, None, None, *WHILES]),
)
_FAILING = st.one_of(
    st.builds(Node, job=st.sampled_from(list(FAILING_JOBS)), while_=st.sampled_from([None, *WHILES])),
    st.builds(Node, job=st.sampled_from(list(JOBS)), if_=st.sampled_from(list(FAILING_IFS))),
    st.builds(Node, job=st.sampled_from(list(JOBS)), while_=st.sampled_from(list(FAILING_WHILES))),
)
_ANY = st.one_of(_SOUND, _SOUND, _SOUND, _FAILING)


def _trees(node: st.SearchStrategy[Node]) -> st.SearchStrategy[Tree]:
    return st.lists(st.lists(node, min_size=1, max_size=4), min_size=1, max_size=4)


trees = st.one_of(_trees(_SOUND), _trees(_ANY))


def variable_of(node: Node, name: str) -> str:
    """The path of the variable that an entry names, in the pool where this tree goes by `name`."""
    return f"/jobs/{node.job}/variables/{name}-{node.named}"


def document(tree: Tree, name: str) -> Document:
    """The tree as a flow is posted."""
    flow: Document = {}
    for level in reversed(tree):
        flow = {"jobs": [_entry(node, name) for node in level], **({"dependent": flow} if flow else {})}
    return flow


def _entry(node: Node, name: str) -> Document:
    fields = {
        "job": f"/jobs/{node.job}",
        "variable": None if node.named is None else variable_of(node, name),
        "if": node.if_,
        "while": node.while_,
    }
    return {field: value for field, value in fields.items() if value is not None}
