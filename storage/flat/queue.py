"""The queue of one job: an empty marker per unfinished variable, whose place tells the variable's state.

Names that are no ids, and files where directories should be, are other programs' (`.DS_Store`, an editor's backup):
they are passed over.
"""

from __future__ import annotations

import itertools
import os
import random
from collections.abc import Iterator
from contextlib import suppress

from storage import ids
from storage.flat import files
from storage.flat.paths import JobPaths

LOOKED_AT = 256


def deadlines(paths: JobPaths) -> list[int]:
    """Every deadline that leases have now, in order; some may have no lease left."""
    return sorted(int(name) for name in files.names(paths.deadlines) if name.isdecimal())


def lease_of(paths: JobPaths, variable_id: str) -> int | None:
    """The deadline of a variable's lease, past ones included."""
    due = (due for due in deadlines(paths) if os.path.exists(paths.leased(variable_id, due)))
    return next(due, None)


def is_queued(paths: JobPaths, variable_id: str) -> bool:
    places = (paths.open(variable_id), paths.failed(variable_id))
    return any(map(os.path.exists, places)) or lease_of(paths, variable_id) is not None


def requeue(paths: JobPaths, variable_id: str, source: str, target: str) -> bool:
    """Moves a marker; False where it was gone, or the variable is finished.

    Who finishes a variable looks for its marker afterwards, and may miss one on the move: so the mover looks, too.
    """
    return files.move(source, target) and not drop_if_finished(paths, variable_id, target)


def end_lease(paths: JobPaths, variable_id: str, deadline: int) -> bool:
    """Opens a leased variable again; False where that lease is not its present one, or it is finished.

    The marker keeps the deadline as its time of change, so that no later lease gets the same: else the holder of the
    ended one could end or put off the next one's, too.
    """
    source = paths.leased(variable_id, deadline)
    with suppress(FileNotFoundError):
        os.utime(source, ns=(deadline * 1_000_000,) * 2)
    ended = requeue(paths, variable_id, source, paths.open(variable_id))
    with suppress(OSError):  # Others have leases until then.
        os.rmdir(os.path.dirname(source))
    return ended


def former_deadline(marker: str) -> int:
    """The last deadline that a marker keeps, or something before now. Raises FileNotFoundError."""
    return os.stat(marker).st_mtime_ns // 1_000_000


def drop_if_finished(paths: JobPaths, variable_id: str, marker: str) -> bool:
    return os.path.exists(paths.outcome(variable_id)) and (files.remove(marker) or True)


def drop(paths: JobPaths, variable_id: str, deadline: int | None = None) -> str | None:
    """Takes a variable out of the queue; returns the state that its marker told, if it had one."""
    was_failed = files.remove(paths.failed(variable_id))
    if deadline is not None and files.remove(paths.leased(variable_id, deadline)):
        return "failed" if was_failed else "leased"
    was = drop_unfailed(paths, variable_id)
    return "failed" if was_failed else was


def drop_unfailed(paths: JobPaths, variable_id: str) -> str | None:
    if files.remove(paths.open(variable_id)):
        return "open"
    places = (paths.leased(variable_id, due) for due in deadlines(paths))
    return "leased" if any(files.remove(place) for place in places) else None


def scan(paths: JobPaths, count: int) -> list[str]:
    """Up to `count` markers in random order: of leases that have run out, and of a few shards drawn at random.

    Raises FileNotFoundError where there is no queue.
    """
    found = list(itertools.islice(_run_out(paths), count))
    shards = os.listdir(paths.open_shards)
    random.shuffle(shards)
    for shard in shards:
        if len(found) >= count:
            break
        found += some_of(f"{paths.open_shards}/{shard}", count)
    random.shuffle(found)
    return found[:count]


def _run_out(paths: JobPaths) -> Iterator[str]:
    for deadline in deadlines(paths):
        if deadline > ids.now_milliseconds():
            return
        yield from some_of(f"{paths.deadlines}/{deadline}", LOOKED_AT)


def some_of(directory: str, count: int) -> list[str]:
    """A random choice from the first markers of a directory, which is removed where it has none."""
    try:
        with os.scandir(directory) as entries:
            markers = [entry.path for entry in itertools.islice(filter(_is_marker, entries), LOOKED_AT)]
    except (FileNotFoundError, NotADirectoryError):
        return []
    if not markers:
        with suppress(OSError):  # Filled again, or removed by another, in between.
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
