"""The queue of a job: one marker per unfinished variable; its directory is the variable's state.

A marker is a further name of the variable's document, whose content nobody reads here. Where one was lost, and in a
pool of an earlier version, it is an empty file.

Names that are no ids, and files in the place of directories, belong to other programs (`.DS_Store`, an editor's
backup) and are skipped.
"""

from __future__ import annotations

import itertools
import os
import random
from collections.abc import Callable, Iterator
from contextlib import suppress

from storage import ids
from storage.flat import files
from storage.flat.paths import JobPaths, shard

MARKERS_READ = 256


def deadlines(paths: JobPaths) -> list[int]:
    """The deadlines of all leases, ascending; some may have no lease left."""
    return sorted(int(name) for name in files.names(paths.deadlines) if name.isdecimal())


def deadline_of(paths: JobPaths, variable_id: str) -> int | None:
    """The deadline of a variable's lease, past ones included."""
    found = (deadline for deadline in deadlines(paths) if files.exists(paths.leased(variable_id, deadline)))
    return next(found, None)


def is_queued(paths: JobPaths, variable_id: str) -> bool:
    markers = (paths.open(variable_id), paths.failed(variable_id), paths.held_marker(variable_id))
    return any(map(files.exists, markers)) or deadline_of(paths, variable_id) is not None


def move(paths: JobPaths, variable_id: str, source: str, target: str) -> bool:
    """Moves a marker; False if it is gone, or the variable is finished.

    The process that finishes a variable removes its marker afterwards, and can miss one that is being moved: hence
    this check after the move.
    """
    return move_marker(source, target) and not drop_if_finished(paths, variable_id, target)


def move_marker(source: str, target: str) -> bool:
    """Moves a marker over another one, if there is one; False if it is gone.

    A copy of a pool that was running may have two markers of a variable that are names of one file: a rename would do
    nothing. (The source is looked at first: if the only marker is being moved meanwhile, it is gone.)
    """
    is_copied = source != target and files.same(source, target)
    return files.remove(source) if is_copied else files.move(source, target)


def identity_of(marker: str, status: os.stat_result | None = None) -> int:
    """The identity of a marker's last lease, or a number without a lease. Raises FileNotFoundError.

    It is the deadline of the lease, or the marker's modification time in milliseconds where that is later.
    """
    # The number of a shard is smaller than any time.
    directory = marker.rsplit("/", 2)[1]
    status = status or os.stat(marker)
    return max(int(directory) if directory.isdecimal() else 0, status.st_mtime_ns // 1_000_000)


def keep_identity(marker: str, identity: int) -> None:
    """Keeps it in the marker, wherever that is moved, as its modification time. Raises FileNotFoundError."""
    os.utime(marker, ns=(identity * 1_000_000,) * 2)


def marker_of_lease(paths: JobPaths, variable_id: str, identity: int) -> str | None:
    """The marker of the lease with this identity; None if it is not the present lease of its variable."""
    # Nearly every lease has its identity as its deadline; for others the deadlines are searched.
    is_usual = files.exists(paths.leased(variable_id, identity))
    deadline = identity if is_usual else deadline_of(paths, variable_id)
    if deadline is None:
        return None
    marker = paths.leased(variable_id, deadline)
    with suppress(FileNotFoundError):
        return marker if identity_of(marker) == identity else None
    return None


def move_lease(paths: JobPaths, variable_id: str, source: str, target: str, identity: int) -> bool:
    """Moves the marker of a lease, which keeps its identity; False as `move`."""
    with suppress(FileNotFoundError):
        keep_identity(source, identity)
    is_moved = move(paths, variable_id, source, target)
    with suppress(OSError):  # Not empty: other leases have this deadline.
        os.rmdir(os.path.dirname(source))
    return is_moved


def end_lease(paths: JobPaths, variable_id: str, identity: int) -> bool:
    """Opens a leased variable again; False if this is not its present lease, or it is finished.

    The marker keeps the identity, so that no later lease gets the same: else the token of the ended lease could end or
    extend the next one.
    """
    marker = marker_of_lease(paths, variable_id, identity)
    return marker is not None and move_lease(paths, variable_id, marker, paths.open(variable_id), identity)


def shorten_leases(paths: JobPaths, after: int, deadline: int) -> None:
    """Gives this deadline to all leases that would end later than `after`."""
    for late in itertools.takewhile(lambda found: found > after, reversed(deadlines(paths))):
        for variable_id in filter(ids.is_id, files.names(f"{paths.deadlines}/{late}")):
            marker = paths.leased(variable_id, late)
            with suppress(FileNotFoundError):  # Ended meanwhile.
                move_lease(paths, variable_id, marker, paths.leased(variable_id, deadline), identity_of(marker))


def error_ids(paths: JobPaths, variable_id: str) -> list[str]:
    """The ids of a variable's errors since it was posted or released, oldest first."""
    directory = paths.rejected(variable_id)
    # Most variables have none: a look-up without an exception.
    names = files.names(directory) if files.exists(directory) else ()
    return [name.removesuffix(".json") for name in names if files.is_document(name)]


def errors_reader(paths: JobPaths, count: int) -> Callable[[str], list[str]]:
    """`error_ids` for so many variables."""
    has_shard = shard_filter(paths.rejected_shards, count)
    return lambda variable_id: error_ids(paths, variable_id) if has_shard(variable_id) else []


def shard_filter(shards: str, count: int) -> Callable[[str], bool]:
    """Tells of so many ids whether their shards are in a directory of shards that is mostly empty.

    To list it takes as long as two or three looks: for a single id, any shard may be there.
    """
    if count == 1:
        return lambda _id: True
    names = frozenset(files.names(shards))
    return lambda identifier: shard(identifier) in names


def drop_if_finished(paths: JobPaths, variable_id: str, marker: str) -> bool:
    return files.exists(paths.outcome(variable_id)) and (files.remove(marker) or True)


def drop(paths: JobPaths, variable_id: str, identity: int | None = None, may_have_failed: bool = True) -> str | None:
    """Removes the markers of a variable; returns its state by them, None without a marker."""
    failed = paths.failed(variable_id)
    # Looked up first: an unlink that finds nothing costs several times as much, and few variables have failed.
    was_failed = may_have_failed and files.exists(failed) and files.remove(failed)
    # The usual case first, where a lease has its identity as its deadline: one unlink instead of a search.
    if identity is not None and files.remove(paths.leased(variable_id, identity)):
        return "failed" if was_failed else "leased"
    was = drop_unfailed(paths, variable_id)
    return "failed" if was_failed else was


def drop_unfailed(paths: JobPaths, variable_id: str) -> str | None:
    if files.remove(paths.open(variable_id)):
        return "open"
    markers = (paths.leased(variable_id, deadline) for deadline in deadlines(paths))
    if any(files.remove(marker) for marker in markers):
        return "leased"
    return "held" if files.remove(paths.held_marker(variable_id)) else None


def hold(paths: JobPaths, variable_id: str, identity: int | None) -> None:
    """Marks a variable as held, and ends its lease, whoever has it by now. The marker keeps the lease's identity."""
    held = paths.held_marker(variable_id)
    with suppress(FileNotFoundError):
        lease = marker_of_lease(paths, variable_id, identity) if identity is not None else None
        marker = lease or _marker_of_unfailed(paths, variable_id)
        if marker is not None and move_lease(paths, variable_id, marker, held, identity_of(marker)):
            return
    files.touch(held)
    drop_if_finished(paths, variable_id, held)


def held_ids(paths: JobPaths, variable_id: str) -> list[str]:
    """The ids of a variable's held results, oldest first."""
    return [name.removesuffix(".json") for name in files.names(paths.held(variable_id)) if files.is_document(name)]


def _marker_of_unfailed(paths: JobPaths, variable_id: str) -> str | None:
    if files.exists(paths.open(variable_id)):
        return paths.open(variable_id)
    deadline = deadline_of(paths, variable_id)
    return None if deadline is None else paths.leased(variable_id, deadline)


def reopen(paths: JobPaths, variable_id: str) -> bool:
    """Opens a held variable; False if it is not held, or finished."""
    return move(paths, variable_id, paths.held_marker(variable_id), paths.open(variable_id))


def sample(paths: JobPaths, count: int, now: int) -> list[str]:
    """Up to `count` markers in random order: of leases that have expired `now`, and from a few random shards.

    It reads few directories, whatever the size of the job. Raises FileNotFoundError if there is no queue.
    """
    # Expired leases come first: their volunteers are lost, and the last units of a job delay its completion.
    found = list(itertools.islice(_expired(paths, now), count))
    # At most 256 names, however large the job.
    shards = os.listdir(paths.open_shards)
    # One after the other: mostly the first ones suffice, and to shuffle all takes as long as to read one.
    while shards and len(found) < count:
        shard_name = shards.pop(random.randrange(len(shards)))  # noqa: S311
        found += _sample_directory(f"{paths.open_shards}/{shard_name}", count)
    random.shuffle(found)
    return found[:count]


def _expired(paths: JobPaths, now: int) -> Iterator[str]:
    for deadline in deadlines(paths):
        if deadline > now:
            return
        yield from _sample_directory(f"{paths.deadlines}/{deadline}", MARKERS_READ)


def _sample_directory(directory: str, count: int) -> list[str]:
    """A random choice from the first markers of a directory, which is removed if it has none."""
    try:
        with os.scandir(directory) as entries:
            markers = [entry.path for entry in itertools.islice(filter(_is_marker, entries), MARKERS_READ)]
    except (FileNotFoundError, NotADirectoryError):
        return []
    if not markers:
        with suppress(OSError):  # Filled, or removed by another process, meanwhile.
            os.rmdir(directory)
    return random.sample(markers, min(count, len(markers)))


def _is_marker(entry: os.DirEntry[str]) -> bool:
    return ids.is_id(entry.name) and entry.is_file(follow_symlinks=False)


def is_empty(directory: str) -> bool:
    try:
        with os.scandir(directory) as entries:
            return not any(map(_is_marker, entries))
    except (FileNotFoundError, NotADirectoryError):
        return True
