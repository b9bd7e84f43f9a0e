"""Random trees: levels from the root to the leaf, each an array of entries."""

from __future__ import annotations

from dataclasses import dataclass

import hypothesis.strategies as st

from storage.base import Document
from tests.flows.functions import FAILING_IFS, FAILING_JOBS, FAILING_WHILES, IFS, JOBS, WHILES

# The data of variables that entries name, by number. The last one is finished before the flow is posted.
NAMED: list[Document] = [{"x": 4}, {"x": 3, "y": 1}, {"q": 5}]
FINISHED_BEFORE = len(NAMED) - 1


@dataclass(frozen=True)
class Node:
    """One entry. `named` is the index of its variable in `NAMED`."""

    job: str
    named: int | None = None
    if_: str | None = None
    while_: str | None = None


Tree = list[list[Node]]
_VALID = st.builds(
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
_ANY = st.one_of(_VALID, _VALID, _VALID, _FAILING)


def _trees(node: st.SearchStrategy[Node]) -> st.SearchStrategy[Tree]:
    return st.lists(st.lists(node, min_size=1, max_size=4), min_size=1, max_size=4)


trees = st.one_of(_trees(_VALID), _trees(_ANY))


def variable_of(node: Node, name: str) -> str:
    """The path of the variable that an entry names. `name` is the unique name of the tree in the pool."""
    return f"/jobs/{node.job}/variables/{name}-{node.named}"


def document(tree: Tree, name: str) -> Document:
    """The tree as the document of a flow."""
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
