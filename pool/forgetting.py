"""What the activity of volunteers forgets, in memory and when the log is compacted: it must not grow with free ids."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

from pool.activity import Activity, JobRecord, Record
from pool.credit import DAY
from storage.base import Document

# Records of each kind that are kept: whoever computes under a new id each time must not fill the memory.
RECORDS_KEPT = 20_000
# So many are looked at in one step, which a request does not notice.
STEP = 500
Key = TypeVar("Key")
Value = TypeVar("Value")


def forget(activity: Activity, now: int) -> Iterator[None]:
    """Drops what was long ago, and of too many records the oldest, in small steps."""
    for records in (activity.volunteers, activity.prefixes):
        yield from _drop(records, lambda record: not record.held and record.is_forgotten(now))
        _keep(records, _rank, lambda record: not record.held)
        yield
    yield from _drop(activity.parties, lambda job: now - job.last >= DAY)
    _keep(activity.parties, _last)
    yield
    _keep(activity.confirmed, int)
    activity.lost.keep_newest(RECORDS_KEPT)
    yield
    yield from activity.credit.forget_days(now)


def _rank(record: Record) -> tuple[bool, int]:
    return record.is_proven, record.last


def _last(job: JobRecord) -> int:
    return job.last


def _drop(records: dict[Key, Value], is_old: Callable[[Value], bool]) -> Iterator[None]:
    names = list(records)
    for first in range(0, len(names), STEP):
        for name in names[first : first + STEP]:
            # Events are applied between two steps.
            if name in records and is_old(records[name]):
                del records[name]
        yield


def _keep(
    records: dict[Key, Value], rank: Callable[[Value], Any], may_drop: Callable[[Value], bool] = lambda _: True
) -> None:
    excess = max(0, len(records) - RECORDS_KEPT)
    for name, record in heapq.nsmallest(excess, list(records.items()), key=lambda item: rank(item[1])):
        if may_drop(record):
            del records[name]


def condense(events: Iterable[Document]) -> Iterator[Document]:
    """Fewer events that add up to the same, as of the last one."""
    activity = Activity()
    activity.add(events)
    return summary(activity, activity.latest)


def summary(activity: Activity, now: int) -> Iterator[Document]:
    """Events that add up to what is not forgotten."""
    for _ in forget(activity, now):
        pass
    for kind, records in (("volunteer", activity.volunteers), ("prefix", activity.prefixes)):
        for name, record in records.items():
            values: dict[str, Any] = {**vars(record), "proven": sorted(record.proven), "held": 0}
            yield {"event": "record", "of": kind, "name": name, "values": values}
    for (job, party), counted in activity.parties.items():
        yield {"event": "party", "job": job, "party": party, "values": vars(counted)}
    for (job, name), count in activity.confirmed.items():
        yield {"event": "confirmations", "job": job, "volunteer": name, "count": count}
    for (job, variable), lost in activity.lost.newest(RECORDS_KEPT):
        yield {"event": "lost", "job": job, "variable": variable, "values": vars(lost)}
    yield from activity.credit.summary(now)
    for lease_id, lease in activity.leases.items():
        yield {"event": "leased", "lease": lease_id, "at": now, **vars(lease)}
