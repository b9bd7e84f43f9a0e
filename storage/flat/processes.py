"""What the processes of a pool say of themselves: one file each in `processes/`, with the name of its workspace."""

from __future__ import annotations

import os
from contextlib import suppress

from storage.base import Document
from storage.errors import Damaged
from storage.flat import files
from storage.flat.disk_errors import translated
from storage.flat.tree import Tree
from storage.process_store import ProcessStore

_SUFFIX = ".json"


class FlatProcesses(ProcessStore):
    def __init__(self, tree: Tree) -> None:
        self._tree, self._directory = tree, f"{tree.root}/processes"

    @translated
    def put(self, document: Document) -> None:
        files.make_directory(self._directory)
        self._tree.writer.replace(f"{self._directory}/{self._own_name()}{_SUFFIX}", document, sync=False)

    @translated
    def others(self) -> list[Document]:
        found, own = [], self._own_name()
        for name in filter(files.is_document, files.names(self._directory)):
            process, path = name.removesuffix(_SUFFIX), f"{self._directory}/{name}"
            if process == own:
                continue
            if not self._tree.writer.workspaces.exists(process):
                files.remove(path)
                continue
            with suppress(FileNotFoundError, Damaged):
                found.append(files.read(path))
        return found

    def _own_name(self) -> str:
        return os.path.basename(self._tree.writer.workspace())
