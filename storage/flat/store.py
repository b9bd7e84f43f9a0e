"""The flat store, whole: its operations, with the system's errors turned into the store's at this one edge."""

from __future__ import annotations

import errno
import functools
import inspect
from collections.abc import Callable
from typing import Any, TypeVar

from storage.errors import StorageError, StorageFull
from storage.flat.check import FlatCheck

_FULL = {errno.ENOSPC, errno.EDQUOT}
StoreType = TypeVar("StoreType", bound=type)


def _translated(operation: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(operation)
    def translating(*args: Any, **kwargs: Any) -> Any:
        try:
            return operation(*args, **kwargs)
        except OSError as ex:
            if ex.errno in _FULL:
                raise StorageFull("no room is left on the pool's disk") from ex
            raise StorageError(f"the pool's disk: {ex.strerror}") from ex

    return translating


def _translate_errors(store: StoreType) -> StoreType:
    for name, operation in inspect.getmembers(store, inspect.isfunction):
        if not name.startswith("_") and not inspect.isgeneratorfunction(operation):
            setattr(store, name, _translated(operation))
    return store


@_translate_errors
class FlatStore(FlatCheck):
    """A store in a directory of its own: see the package for its layout."""
