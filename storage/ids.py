"""Ids: checked where they enter, refused rather than repaired, and made here where the pool chooses them.

An id is also a file's name, so its alphabet is safe on every file system: lower case only (some ignore case), no
separator, no dot first.
"""

from __future__ import annotations

import functools
import os
import random
import re
from datetime import datetime, timezone

from storage.clock import Clock
from storage.errors import InvalidId

MAX_LENGTH = 100
RULE = "1 to 100 of a-z, 0-9, '.', '_' and '-', the first of them a letter or a digit"
_ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}")
# `/variables/index` is a resource of its own.
_NOT_VARIABLES = frozenset({"index"})
# Of its own: whoever seeds the module's generator must not make two processes choose the same names.
_random = random.Random()  # noqa: S311
os.register_at_fork(after_in_child=_random.seed)
_TIME = re.compile(r"\d{20}")
# The id of an error: a timed id, the party, and two hashes of six digits each: of the lease, and of the error.
ERROR_ID = re.compile(r"(?P<timed>\d{20}-[0-9a-f]{6})(?:-(?P<party>[0-9a-f]{12}))?(?:-(?P<same>[0-9a-f]{12}))?")


def is_id(name: str) -> bool:
    return _ID.fullmatch(name) is not None


def check_id(identifier: str, kind: str) -> str:
    """Returns `identifier`; raises InvalidId, which names its `kind`, if it is no id."""
    if not is_id(identifier):
        raise InvalidId(kind, identifier, f"must be {RULE}")
    return identifier


def check_variable_id(identifier: str) -> str:
    if identifier in _NOT_VARIABLES:
        raise InvalidId("variable", identifier, f"{identifier!r} is reserved")
    return check_id(identifier, "variable")


def timed_id(clock: Clock) -> str:
    """An id that begins with the UTC time, to the microsecond, made unique: ``20141202090909123456-5f3c9a``."""
    second, microsecond = divmod(clock.now_microseconds(), 1_000_000)
    # Random digits too: two processes may make an id in the same microsecond.
    return f"{_digits_of(second)}{microsecond:06}-{random_digits(6)}"


@functools.lru_cache(maxsize=8)
def _digits_of(second: int) -> str:
    # Cached, since formatting a date takes several times as long as all the rest of an id.
    return f"{datetime.fromtimestamp(second, timezone.utc):%Y%m%d%H%M%S}"


def random_digits(count: int) -> str:
    """So many hexadecimal digits (an even number), for names that must differ, and need not be secret.

    Without a system call for each.
    """
    return _random.randbytes(count // 2).hex()


def time_of(identifier: str) -> int:
    """The time in a timed id, in milliseconds of the epoch; 0 for an id without one."""
    digits = _TIME.match(identifier)
    try:
        moment = datetime.strptime(digits[0] if digits else "", "%Y%m%d%H%M%S%f")
    except ValueError:
        return 0
    return int(moment.replace(tzinfo=timezone.utc).timestamp() * 1000)


def party_of_error(identifier: str) -> str:
    """The party of an error. One of an earlier version has none: it is a party of its own."""
    parts = ERROR_ID.fullmatch(identifier)
    return (parts["party"] if parts else None) or identifier
