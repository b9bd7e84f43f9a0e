"""What the activity of volunteers forgets, in memory and when the log is compacted: it must not grow with free ids."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

from pool.activity import Activity
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
        yield from _drop_excess(records, lambda record: (record.is_proven, record.last), lambda record: record.held)
    yield from _drop(activity.parties, lambda job: now - job.last >= DAY)
    yield from _drop_excess(activity.parties, lambda job: job.last)
    yield from _drop_excess(activity.confirmed, lambda count: count)
    activity.lost.keep_newest(RECORDS_KEPT)
    yield
    yield from activity.credit.forget_days(now)


def _drop(records: dict[Key, Value], is_old: Callable[[Value], bool]) -> Iterator[None]:
    names = list(records)
    for first in range(0, len(names), STEP):
        for name in names[first : first + STEP]:
            # Events are applied between two steps.
            if name in records and is_old(records[name]):
                del records[name]
        yield


def _drop_excess(
    records: dict[Key, Value], rank: Callable[[Value], Any], is_needed: Callable[[Value], Any] = lambda _: False
) -> Iterator[None]:
    """Drops those that rank lowest."""
    excess = len(records) - RECORDS_KEPT
    if excess <= 0:
        return
    highest = sorted(map(rank, list(records.values())))[excess - 1]

    def is_excess(record: Value) -> bool:
        nonlocal excess
        is_dropped = excess > 0 and not is_needed(record) and bool(rank(record) <= highest)
        excess -= is_dropped
        return is_dropped

    yield from _drop(records, is_excess)


def condense(events: Iterable[Document]) -> Iterator[Document | None]:
    """Fewer events that add up to the same, as of the last one."""
    activity = Activity()
    activity.add(events)
    return summary(activity, activity.latest)


def summary(activity: Activity, now: int) -> Iterator[Document | None]:
    """Events that add up to what is not forgotten, after a None for each step of forgetting."""
    yield from forget(activity, now)
    for kind, records in (("volunteer", activity.volunteers), ("prefix", activity.prefixes)):
        for name, record in records.items():
            values: dict[str, Any] = {**_values(record), "proven": sorted(record.proven), "held": 0}
            yield {"event": "record", "of": kind, "name": name, "values": values}
    for (job, party), counted in activity.parties.items():
        yield {"event": "party", "job": job, "party": party, "values": _values(counted)}
    for (job, name), count in activity.confirmed.items():
        yield {"event": "confirmations", "job": job, "volunteer": name, "count": count}
    for (job, variable), lost in activity.lost.newest(RECORDS_KEPT):
        yield {"event": "lost", "job": job, "variable": variable, "values": _values(lost)}
    yield from activity.credit.summary(now)
    for lease_id, lease in activity.leases.items():
        yield {"event": "leased", "lease": lease_id, "at": now, **lease._asdict()}


def _values(record: Any) -> dict[str, Any]:
    """The fields of a dataclass with slots."""
    return {name: getattr(record, name) for name in record.__slots__}
