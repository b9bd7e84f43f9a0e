"""One process of a queue from PyPI: `python -m bench.peer_worker QUEUE DIRECTORY fill|work COUNT`.

Run by `bench.peers`. It needs nothing of the pool: its interpreter has the peers' packages alone. `work` takes so many
tasks, and stores the result of each; the queue is then as durable as its own settings make it.
"""

import sys
from pathlib import Path
from typing import Any


def double(number: int) -> int:
    return number * 2


class Huey:
    def __init__(self, storage: Any) -> None:
        self._huey = storage
        self._double = self._huey.task()(double)

    def fill(self, count: int) -> None:
        for number in range(count):
            self._double(number)

    def work(self, count: int) -> None:
        for _ in range(count):
            self._huey.execute(self._huey.dequeue())


class PersistQueue:
    def __init__(self, directory: Path) -> None:
        import persistqueue

        self._tasks = persistqueue.SQLiteAckQueue(str(directory / "tasks"), multithreading=True, auto_commit=True)
        self._results = persistqueue.SQLiteQueue(str(directory / "results"), multithreading=True, auto_commit=True)

    def fill(self, count: int) -> None:
        for number in range(count):
            self._tasks.put(number)

    def work(self, count: int) -> None:
        for _ in range(count):
            number = self._tasks.get()
            self._results.put((number, double(number)))
            self._tasks.ack(number)


class Rq:
    def __init__(self, directory: Path) -> None:
        import redis
        import rq

        self._connection = redis.Redis(unix_socket_path=str(directory / "redis.sock"))
        self._queue, self._worker = rq.Queue(connection=self._connection), rq.SimpleWorker

    def fill(self, count: int) -> None:
        for number in range(count):
            self._queue.enqueue("bench.peer_worker.double", number)

    def work(self, count: int) -> None:
        worker = self._worker([self._queue], connection=self._connection)
        worker.log.setLevel("ERROR")
        worker.work(burst=True, max_jobs=count, logging_level="ERROR")


def queue(name: str, directory: Path) -> Any:
    if name == "persist-queue":
        return PersistQueue(directory)
    if name == "rq":
        return Rq(directory)
    import huey

    if name == "huey on files":
        return Huey(huey.FileHuey(path=str(directory / "huey")))
    return Huey(huey.SqliteHuey(filename=str(directory / "huey.db"), fsync=True))


if __name__ == "__main__":
    _, chosen, path, action, number_of_tasks = sys.argv
    getattr(queue(chosen, Path(path)), action)(int(number_of_tasks))
