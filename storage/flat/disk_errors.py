"""Translates errors of the operating system into the store's."""

from __future__ import annotations

import errno
import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Concatenate, ParamSpec, TypeVar

from storage.errors import NotFound, StorageError, StorageFull

_FULL = {errno.ENOSPC, errno.EDQUOT}
Part = TypeVar("Part")
Arguments = ParamSpec("Arguments")
Value = TypeVar("Value")


@contextmanager
def translated_errors() -> Iterator[None]:
    try:
        yield
    except OSError as ex:
        raise _storage_error(ex) from ex


def translated(operation: Callable[Arguments, Value]) -> Callable[Arguments, Value]:
    @functools.wraps(operation)
    def translating(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Value:
        try:
            return operation(*args, **kwargs)
        except OSError as ex:
            raise _storage_error(ex) from ex

    return translating


def translated_for_job(
    operation: Callable[Concatenate[Part, str, Arguments], Value],
) -> Callable[Concatenate[Part, str, Arguments], Value]:
    """For an operation whose first argument is a job's id: a missing file means that the job was deleted meanwhile."""

    @functools.wraps(operation)
    def translating(part: Part, job_id: str, /, *args: Arguments.args, **kwargs: Arguments.kwargs) -> Value:
        try:
            return operation(part, job_id, *args, **kwargs)
        except FileNotFoundError as ex:
            raise NotFound("job", job_id) from ex
        except OSError as ex:
            raise _storage_error(ex) from ex

    return translating


def _storage_error(ex: OSError) -> StorageError:
    if ex.errno in _FULL:
        return StorageFull("the pool's disk is full")
    return StorageError(f"disk error: {ex.strerror}")
