"""Rewriting a journal: without surplus lines, with missing ones at its end.

The lines of shards that differ are sorted into files of groups of shards, so that no more than one group is in the
memory. It is done beside a running pool too: transactions that are being done are passed over, and lines that come
meanwhile are kept; the journal is locked for these alone.
"""

from __future__ import annotations

import heapq
import json
import os
import shutil
from array import array
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import BinaryIO

from storage.base import Document
from storage.flat import events, files, journal
from storage.flat.check.scan import is_document_of, path_of_document, temporaries
from storage.flat.paths import JobPaths, shard
from storage.flat.tree import Tree

# Events of documents that are in the memory at a time.
GROUP = 20_000
# Each group has a file open while lines are sorted into them.
MAX_GROUPS = 64
# The events that a shard's documents imply, and its variables with a marker of failure.
Implied = Callable[[str], tuple[Iterable[Document], set[str]]]


class Rewriting:
    def __init__(self, tree: Tree, paths: JobPaths, path: str, implied: Implied) -> None:
        self._tree, self._paths, self._path, self._implied = tree, paths, path, implied
        self._directory = f"{tree.writer.workspace()}/check"

    def run(self, shards: Collection[str], sizes: dict[str, int]) -> None:
        os.makedirs(self._directory, exist_ok=True)
        try:
            groups = [_Group(names, f"{self._directory}/{number}") for number, names in _groups(shards, sizes)]
            end = self._sort_lines(groups)
            surplus: array[int] = array("q")
            for group in groups:
                surplus.extend(self._compare(group))
            self._write(groups, sorted(surplus), end)
        finally:
            shutil.rmtree(self._directory, ignore_errors=True)

    def _sort_lines(self, groups: list[_Group]) -> int:
        """Copies the lines of each group into its file, with the offsets at which they end; returns the last one."""
        of_shard = {name: group for group in groups for name in group.shards}
        end = 0
        with ExitStack() as stack:
            streams = {group.path: stack.enter_context(open(group.path, "wb")) for group in groups}
            for line, offset in journal.read(self._path, 0):
                end = offset
                key = events.key_of(line)
                group = of_shard.get(shard(key[1]))
                if group is not None and (key[0] in events.IMPLIED or events.failed_change(line)):
                    streams[group.path].write(files.encode({"end": offset, "line": line}))
        return end

    def _compare(self, group: _Group) -> Iterator[int]:
        """Yields the offsets at which surplus lines end; leaves missing lines in the group's file."""
        missing: dict[events.Key, Document] = {}
        expected: Counter[events.Key] = Counter()
        for name in group.shards:
            implied, failed = self._implied(name)
            group.failed |= failed
            for event in implied:
                missing[events.key_of(event)] = event
                expected[events.key_of(event)] += 1
        for record, _ in journal.read(group.path, 0):
            line = record["line"]
            key, change = events.key_of(line), events.failed_change(line)
            is_surplus = key[0] in events.IMPLIED and not expected[key]
            # Its document may have been stored after the scan.
            if is_surplus and (key in missing or not is_document_of(self._paths, line)):
                yield record["end"]
                continue
            expected[key] -= key[0] in events.IMPLIED
            if change:
                group.balance[key[1]] += change
        left = [event for key, event in missing.items() for _ in range(max(0, expected[key]))]
        _store_sorted(group.path, left)

    def _write(self, groups: list[_Group], surplus: list[int], end: int) -> None:
        rewritten = f"{self._directory}/journal"
        self._copy(rewritten, surplus, end)
        # After the scan of the documents: whatever is not being done by now has its lines in the journal.
        inodes, variables = temporaries(self._tree.root)
        # What is left is as short as what came meanwhile: this holds up the job's results.
        with self._tree.writer.locked_journal(self._path), open(rewritten, "ab") as stream:
            later = _Later(self._path, end)
            later.copy(stream)
            for event in heapq.merge(*(_stored(group.path) for group in groups), key=_order):
                if events.key_of(event) not in later.keys and not self._is_being_done(event, inodes):
                    stream.write(files.encode(event))
            at = self._tree.clock.now_text()
            for group in groups:
                for event in self._balancing(group, later, variables, at):
                    stream.write(files.encode(event))
            stream.flush()
            # Written beside it: a kill in the middle leaves the old journal.
            os.replace(rewritten, self._path)

    def _copy(self, target: str, surplus: list[int], end: int) -> None:
        """Copies the whole lines up to an offset, without surplus ones and those that are no events."""
        skipped = set(surplus)
        with open(target, "wb") as stream:
            for line, offset in journal.read(self._path, 0):
                if offset > end:
                    break
                if offset not in skipped:
                    stream.write(files.encode(line))

    def _is_being_done(self, event: Document, inodes: set[int]) -> bool:
        path = path_of_document(self._paths, event)
        try:
            return path is None or os.stat(path).st_ino in inodes
        except FileNotFoundError:
            return True

    def _balancing(self, group: _Group, later: _Later, variables: set[str], at: str) -> Iterator[Document]:
        """What is missing for failures minus releases to agree with the markers."""
        for name in sorted((group.failed | set(group.balance)) - variables):
            is_failed = os.path.exists(self._paths.failed(name)) and not os.path.exists(self._paths.outcome(name))
            yield from events.balancing(at, name, is_failed, group.balance[name] + later.balance[name])


@dataclass
class _Group:
    """Some shards; `path` is the file of their lines, and then of the missing ones."""

    shards: list[str]
    path: str
    failed: set[str] = field(default_factory=set)
    balance: Counter[str] = field(default_factory=Counter)


class _Later:
    """The lines that came into the journal behind an offset."""

    def __init__(self, path: str, offset: int) -> None:
        self._lines = [line for line, _ in journal.read(path, offset)]
        self.keys = {events.key_of(line) for line in self._lines}
        self.balance: Counter[str] = Counter()
        for line in self._lines:
            self.balance[str(line.get("variable"))] += events.failed_change(line)

    def copy(self, stream: BinaryIO) -> None:
        stream.writelines(map(files.encode, self._lines))


def _groups(shards: Collection[str], sizes: dict[str, int]) -> Iterator[tuple[int, list[str]]]:
    """Groups of shards, numbered, of about so many events each; larger ones where there would be too many."""
    size = max(GROUP, sum(sizes.get(name, 0) for name in shards) // MAX_GROUPS)
    group: list[str] = []
    number = filled = 0
    for name in sorted(shards):
        if group and filled + sizes.get(name, 0) > size:
            yield number, group
            group, filled, number = [], 0, number + 1
        group.append(name)
        filled += sizes.get(name, 0)
    if group:
        yield number, group


def _order(event: Document) -> tuple[str, str]:
    return str(event["at"]), str(event["variable"])


def _store_sorted(path: str, lines: list[Document]) -> None:
    with open(path, "wb") as stream:
        stream.writelines(map(files.encode, sorted(lines, key=_order)))


def _stored(path: str) -> Iterator[Document]:
    with open(path, "rb") as stream:
        yield from map(json.loads, stream)
