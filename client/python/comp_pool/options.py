"""The options of a volunteer."""

from dataclasses import dataclass

from comp_pool.capabilities import Capabilities
from comp_pool.executor import MEBIBYTE


@dataclass(frozen=True)
class Options:
    """How a volunteer works.

    `job` is the only job, by id; without it `scheduler` (None: the pool's default) selects jobs of these `owners`
    (none: all). `units` limits the number of units. In seconds: `idle_exit` ends a volunteer without work, `grace` is
    the time to finish units after an interrupt, `unit_seconds` the time limit of a unit, lease extensions included.
    `capabilities` are detected where they are not given.
    """

    workers: int = 1
    owners: tuple[str, ...] = ()
    job: str | None = None
    scheduler: str | None = None
    units: int | None = None
    idle_exit: float | None = None
    memory_bytes: int = 512 * MEBIBYTE
    result_bytes: int = MEBIBYTE
    grace: float = 10.0
    unit_seconds: float = 3600.0
    capabilities: Capabilities | None = None
