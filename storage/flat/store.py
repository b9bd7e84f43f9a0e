"""The flat store, whole: its operations, with the system's errors turned into the store's at this one edge."""

from __future__ import annotations

import errno
import functools
import inspect
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, TypeVar

from storage.errors import NotFound, StorageError, StorageFull
from storage.flat.check import FlatCheck

_FULL = {errno.ENOSPC, errno.EDQUOT}
StoreType = TypeVar("StoreType", bound=type)


def _translated(operation: Callable[..., Any]) -> Callable[..., Any]:
    of_a_job = "job_id" in inspect.signature(operation).parameters

    @functools.wraps(operation)
    def translating(store: FlatStore, *args: Any, **kwargs: Any) -> Any:
        try:
            return operation(store, *args, **kwargs)
        except OSError as ex:
            if of_a_job and isinstance(ex, FileNotFoundError):  # It was deleted in the middle of the call.
                raise NotFound("job", args[0] if args else kwargs["job_id"]) from ex
            raise _storage_error(ex) from ex

    @functools.wraps(operation)
    def generating(store: FlatStore, *args: Any, **kwargs: Any) -> Iterator[Any]:
        try:
            yield from operation(store, *args, **kwargs)
        except OSError as ex:
            raise _storage_error(ex) from ex

    @functools.wraps(operation)
    @contextmanager
    def entering(store: FlatStore, *args: Any, **kwargs: Any) -> Iterator[Any]:
        with ExitStack() as stack:
            try:
                value = stack.enter_context(operation(store, *args, **kwargs))
            except OSError as ex:
                raise _storage_error(ex) from ex
            yield value

    if inspect.isgeneratorfunction(inspect.unwrap(operation)):
        return generating if inspect.isgeneratorfunction(operation) else entering
    return translating


def _storage_error(ex: OSError) -> StorageError:
    if ex.errno in _FULL:
        return StorageFull("no room is left on the pool's disk")
    return StorageError(f"the pool's disk: {ex.strerror}")


def _translate_errors(store: StoreType) -> StoreType:
    for name, operation in inspect.getmembers(store, inspect.isfunction):
        if not name.startswith("_"):
            setattr(store, name, _translated(operation))
    return store


@_translate_errors
class FlatStore(FlatCheck):
    """A store in a directory of its own: see the package for its layout."""
