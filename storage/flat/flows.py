"""Flows: a directory each, whose documents are linked to their names once.

Its turn is a lock on that directory, which ends with the process that holds it.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress

from storage import ids
from storage.base import Document
from storage.errors import AlreadyExists, Damaged, NotFound
from storage.flat import files, queue
from storage.flat.keys import FlatKeys
from storage.flat.paths import FlowPaths, shard

FLOWS_REMEMBERED = 32


class FlatFlows(FlatKeys):
    def __init__(self, root: str | os.PathLike[str], fsync: bool = True) -> None:
        super().__init__(root, fsync)
        for directory in ("flows", "flow-claims", "flows-behind"):
            os.makedirs(f"{self._root}/{directory}", exist_ok=True)
        self._flows: dict[str, Document] = {}

    def _flow_paths(self, flow_id: str) -> FlowPaths:
        return FlowPaths(self._root, ids.check_id(flow_id, "flow"))

    def create_flow(self, flow_id: str, document: Document) -> None:
        paths = self._flow_paths(flow_id)
        self._create(paths, document, "flow.json", AlreadyExists("flow", flow_id))

    def flow(self, flow_id: str) -> Document:
        if flow_id not in self._flows:
            document = self._read_flow(self._flow_paths(flow_id))
            while len(self._flows) >= FLOWS_REMEMBERED:
                with suppress(KeyError, RuntimeError):  # Another thread was faster.
                    del self._flows[next(iter(self._flows))]
            self._flows[flow_id] = document
        return self._flows.get(flow_id) or self._read_flow(self._flow_paths(flow_id))

    def _read_flow(self, paths: FlowPaths) -> Document:
        try:
            return files.read(paths.flow)
        except FileNotFoundError as ex:
            raise NotFound("flow", paths.flow_id) from ex

    def flow_ids(self, before: str | None, limit: int) -> list[str]:
        names = (name for name in reversed(self._flow_names()) if before is None or name < before)
        found = (name for name in names if os.path.exists(self._flow_paths(name).flow))
        return [name for name, _ in zip(found, range(limit), strict=False)]

    def _flow_names(self) -> list[str]:
        return list(filter(ids.is_id, files.names(f"{self._root}/flows")))

    def running_flows(self) -> list[str]:
        return list(filter(self.is_running, self._flow_names()))

    def is_running(self, flow_id: str) -> bool:
        paths = self._flow_paths(flow_id)
        return os.path.exists(paths.running) and os.path.exists(paths.flow)

    def stop_flow(self, flow_id: str) -> None:
        files.remove(self._flow_paths(flow_id).running)

    @contextmanager
    def claiming(self, claim: str) -> Iterator[None]:
        shard_of_claims = os.path.dirname(self._claim_path(claim))
        files.make_directory(shard_of_claims)
        with _lock(shard_of_claims, wait=True):
            yield

    def claimed_flow(self, claim: str) -> str | None:
        try:
            return str(files.read(self._claim_path(claim))["flow"])
        except FileNotFoundError:
            return None

    def claim_flow(self, claim: str, flow_id: str) -> None:
        self._link_once(self._claim_path(claim), {"flow": flow_id})

    def _claim_path(self, claim: str) -> str:
        return f"{self._root}/flow-claims/{shard(ids.check_id(claim, 'claim'))}/{claim}.json"

    def keep(self, flow_id: str, name: str, document: Document) -> Document:
        paths = self._flow_paths(flow_id)
        directory = paths.root
        for part in name.split("/")[:-1]:
            directory = f"{directory}/{part}"
            try:
                files.make_directory(directory)
            except FileNotFoundError as ex:
                raise NotFound("flow", flow_id) from ex
        return self._link_once(paths.kept(name), document)

    def _link_once(self, path: str, document: Document) -> Document:
        temporary = self._files.temporary(document)
        try:
            if not files.link(temporary, path):
                return files.read(path)
            self._sync_or_undo(path)
        finally:
            files.remove(temporary)
        return document

    def kept(self, flow_id: str, name: str) -> Document | None:
        try:
            return files.read(self._flow_paths(flow_id).kept(name))
        except FileNotFoundError:
            return None

    def kept_in(self, flow_id: str, name: str) -> list[str]:
        names = files.names(f"{self._flow_paths(flow_id).root}/{name}")
        return [name.removesuffix(".json") for name in filter(files.is_document, names)]

    def tell(self, flow_id: str, news: Iterable[str]) -> None:
        paths = self._flow_paths(flow_id)
        try:
            for name in news:
                files.touch(f"{paths.news}/{ids.check_id(name, 'news')}")
        except FileNotFoundError as ex:
            raise NotFound("flow", flow_id) from ex

    def has_news(self, flow_id: str) -> bool:
        return not queue.is_empty(self._flow_paths(flow_id).news)

    def take_news(self, flow_id: str) -> list[str]:
        directory = self._flow_paths(flow_id).news
        names = filter(ids.is_id, files.names(directory))
        return [name for name in names if files.remove(f"{directory}/{name}")]

    def note_behind(self, flow_id: str) -> None:
        files.touch(f"{self._root}/flows-behind/{ids.check_id(flow_id, 'flow')}")

    def note_caught_up(self, flow_id: str) -> None:
        files.remove(f"{self._root}/flows-behind/{ids.check_id(flow_id, 'flow')}")

    def flows_behind(self) -> list[str]:
        return list(filter(ids.is_id, files.names(f"{self._root}/flows-behind")))

    @contextmanager
    def turn(self, flow_id: str, wait: bool = False) -> Iterator[bool]:
        paths = self._flow_paths(flow_id)
        if not os.path.isdir(paths.root):
            raise NotFound("flow", flow_id)
        with _lock(paths.root, wait) as is_ours:
            yield is_ours

    def watch(self, job_id: str, flow_id: str) -> None:
        files.touch(f"{self._job_paths(job_id).watchers}/{ids.check_id(flow_id, 'flow')}")

    def unwatch(self, job_id: str, flow_id: str) -> None:
        watchers = self._paths(job_id).watchers
        files.remove(f"{watchers}/{ids.check_id(flow_id, 'flow')}")
        with suppress(OSError):  # Other flows use it still.
            os.rmdir(watchers)

    def watchers(self, job_id: str) -> list[str]:
        return list(filter(ids.is_id, files.names(self._paths(job_id).watchers)))

    def take(self, job_id: str, variable_id: str, flow_id: str) -> bool:
        paths = self._variable_paths(job_id, variable_id)
        if self.taker(job_id, variable_id) is not None:
            return False
        taken = paths.taken(variable_id)
        for directory in (paths.taken_shards, os.path.dirname(taken)):
            files.make_directory(directory)
        claim = {"flow": flow_id, "by": os.path.basename(self._files.workspace())}
        return bool(self._link_once(taken, claim)["flow"] == flow_id)

    def taker(self, job_id: str, variable_id: str) -> str | None:
        try:
            return str(files.read(self._paths(job_id).taken(ids.check_variable_id(variable_id)))["flow"])
        except FileNotFoundError:
            return None

    def taken(self, job_id: str) -> Iterator[tuple[str, Document]]:
        """Every variable of a job that is taken, and the `flow` that has it; those beyond reading are nobody's."""
        shards = self._paths(job_id).taken_shards
        for directory in files.names(shards):
            for name in filter(files.is_document, files.names(f"{shards}/{directory}")):
                with suppress(Damaged, FileNotFoundError):
                    yield name.removesuffix(".json"), files.read(f"{shards}/{directory}/{name}")

    def _let_go(self) -> None:
        """Gives back what dead processes took for flows that they did not come to store."""
        for job_id in self.job_ids():
            for variable_id, claim in self.taken(job_id):
                is_alive = os.path.exists(f"{self._root}/tmp/{claim.get('by')}")
                if not is_alive and not os.path.exists(self._flow_paths(str(claim.get("flow"))).flow):
                    files.remove(self._paths(job_id).taken(variable_id))

    def untake(self, job_id: str, variable_id: str, flow_id: str) -> None:
        if self.taker(job_id, variable_id) == flow_id:
            files.remove(self._paths(job_id).taken(variable_id))


@contextmanager
def _lock(directory: str, wait: bool) -> Iterator[bool]:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield _is_locked(descriptor, wait)
    finally:
        # A child that is being started holds the descriptor for a moment, too: closing it would not be enough.
        fcntl.flock(descriptor, fcntl.LOCK_UN)
        os.close(descriptor)


def _is_locked(descriptor: int, wait: bool) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        return False
    return True
