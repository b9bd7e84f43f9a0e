"""Operations on files and directories, each safe against other processes that do the same.

Directories that become empty are removed, and made again when needed, so each operation here handles a missing
directory.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from typing import Any

from storage import ids
from storage.documents import json_encoder
from storage.errors import Damaged

_encode, _encode_as_ascii = json_encoder(), json_encoder(ensure_ascii=True)
# Unlike `json.loads` of bytes it does not look for their encoding first, which takes as long as the rest.
_decode = json.JSONDecoder().decode


def encode(document: dict[str, Any]) -> bytes:
    try:
        return f"{_encode(document)}\n".encode()
    except UnicodeEncodeError:  # An unpaired surrogate, which JSON can escape and UTF-8 can't encode.
        return f"{_encode_as_ascii(document)}\n".encode()


def read(path: str) -> dict[str, Any]:
    """Raises FileNotFoundError; Damaged if the file is no JSON object."""
    return decode(content(path), path)


def content(path: str) -> bytes:
    """Raises FileNotFoundError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return _read_all(descriptor)
    finally:
        os.close(descriptor)


def is_readable(path: str) -> bool:
    try:
        read(path)
    except (OSError, Damaged):
        return False
    return True


def _read_all(descriptor: int) -> bytes:
    # One read for nearly every document: a second one, for its end, would cost as much.
    content = os.read(descriptor, 65536)
    if len(content) < 65536:
        return content
    rest = [content]
    while chunk := os.read(descriptor, 1 << 20):
        rest.append(chunk)
    return b"".join(rest)


def decode(content: bytes, path: str) -> dict[str, Any]:
    """Raises Damaged if the content, which is of this file, is no JSON object."""
    try:
        document = _decode(content.decode())
    except (ValueError, RecursionError) as ex:
        raise Damaged(path) from ex
    if not isinstance(document, dict):
        raise Damaged(path)
    return document


def write_all(descriptor: int, content: bytes) -> None:
    remaining = memoryview(content)
    while remaining:
        remaining = remaining[os.write(descriptor, remaining) :]


def write_all_at(descriptor: int, content: bytes, offset: int) -> None:
    remaining = memoryview(content)
    while remaining:
        written = os.pwrite(descriptor, remaining, offset)
        remaining, offset = remaining[written:], offset + written


def link(source: str, target: str) -> bool:
    """Links a document to its name, making the shard; False if the name is taken."""
    try:
        os.link(source, target)
    except FileExistsError:
        return False
    except FileNotFoundError:
        # The shard is missing, or the source is: then the job was deleted.
        if not make_directory(os.path.dirname(target)) and not exists(source):
            raise
        return link(source, target)
    return True


def touch(path: str, exclusive: bool = False) -> bool:
    """Makes an empty marker and its shard; False if it exists and `exclusive` is set."""
    flags = os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC | (os.O_EXCL if exclusive else 0)
    while True:
        try:
            os.close(os.open(path, flags, 0o644))
            return True
        except FileExistsError:
            return False
        except FileNotFoundError:
            # Empty shards are removed at any time: hence the loop. It ends with an error for a deleted job.
            make_directory(os.path.dirname(path))


def move(source: str, target: str) -> bool:
    """Renames, making the target's directory; False if the source is gone."""
    while True:
        try:
            os.rename(source, target)
            return True
        except FileNotFoundError:
            if not os.path.lexists(source):
                return False
            make_directory(os.path.dirname(target))


def remove(path: str) -> bool:
    try:
        os.unlink(path)
    # Another program may have put a file in the place of a shard.
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


def exists(path: str) -> bool:
    # `os.path.exists` raises and catches an exception where there is nothing, and takes three times as long.
    return os.access(path, os.F_OK)


def remove_all(directory: str) -> None:
    """Removes a directory of files, if it exists."""
    for name in names(directory):
        remove(f"{directory}/{name}")
    with suppress(OSError):  # It does not exist, or somebody has just put a file there.
        os.rmdir(directory)


def give_to_owner(descriptor: int, path: str) -> None:
    """As root, gives a file to whom another one belongs: a command must not make what the server can't open."""
    if os.geteuid() == 0:
        status = os.stat(path)
        os.fchown(descriptor, status.st_uid, status.st_gid)


def same(path: str, other: str) -> bool:
    """Whether both names exist and are links to one file."""
    try:
        return os.path.samefile(path, other)
    except FileNotFoundError:
        return False


def names(directory: str) -> list[str]:
    """The names in a directory, sorted; none if it does not exist."""
    try:
        # Sorted, so that listings and the cursors in them are stable.
        return sorted(os.listdir(directory))
    except (FileNotFoundError, NotADirectoryError):
        return []


def is_document(name: str) -> bool:
    """Whether a file's name is that of a document, unlike an editor's backup or a `.DS_Store`."""
    return name.endswith(".json") and ids.is_id(name.removesuffix(".json"))


def make_directory(path: str) -> bool:
    """Makes one level only, so that a job deleted meanwhile is not made again. False if the directory exists."""
    try:
        os.mkdir(path)
    except FileExistsError:
        return False
    return True
