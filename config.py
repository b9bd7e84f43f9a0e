"""The settings of a pool, each with type, default and help text. No other module reads the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, TypeVar

PREFIX = "COMP_POOL_"
MEGABYTE = 1 << 20
Value = TypeVar("Value", bool, int, str, Path)


class InvalidSetting(ValueError):
    """An environment variable is invalid; the message begins with its name."""


REVIEW = "review"


def _option(default: Value, help_text: str, words: tuple[str, ...] = ()) -> Value:
    """`words` are values of a flag beside 0 and 1."""
    option: Value = field(default=default, metadata={"help": help_text, "words": words})
    return option


@dataclass(frozen=True)
class Config:
    """The settings of a pool. Each field is read from the environment variable COMP_POOL_<FIELD>."""

    data: Path = _option(Path("data/pool"), "directory of the pool's documents")
    name: str = _option("comp-pool", "name of the pool on its pages")
    open: bool | str = _option(
        False, "1: anyone may post jobs, without a key; review: they are served once the operator agrees", (REVIEW,)
    )
    open_jobs: int = _option(20, "jobs of one address without a key, in an open pool")
    open_variables: int = _option(100_000, "variables of one address without a key, in an open pool")
    open_bytes: int = _option(100_000_000, "bytes stored for one address without a key, in an open pool")
    open_total_jobs: int = _option(1000, "jobs posted without a key, in an open pool")
    open_total_bytes: int = _option(2_000_000_000, "bytes stored for all without a key, in an open pool")
    open_days: int = _option(7, "days after which a job posted without a key, and without results, gives way")
    self_keys: int = _option(0, "keys that one address may make for itself (POST /keys); 0: the operator makes keys")
    self_key_jobs: int = _option(10, "jobs of such a key")
    self_key_variables: int = _option(20_000, "variables of such a key")
    self_key_bytes: int = _option(20_000_000, "bytes stored for such a key")
    bind: str = _option("127.0.0.1:7070", "address and port to listen on")
    proxies: str = _option("", "addresses or networks of trusted proxies, whose X-Forwarded-For is read")
    trusted: str = _option("", "networks whose volunteers are known, such as a school's: each counts by itself")
    workers: int = _option(0, "server processes; 0: one per core")
    threads: int = _option(8, "threads per process, in which requests are served")
    connections: int = _option(10_000, "connections per process; beyond it the longest idle ones are closed")
    silence: int = _option(10, "seconds that a request or a response may stall, in sum, before its connection closes")
    min_rate: int = _option(1000, "minimum rate of requests and responses after that, in bytes per second")
    transfer_memory: int = _option(64 * MEGABYTE, "bytes of requests and responses under way, per process")
    hosts: str = _option("", "host names of the pool, where it listens on a loopback or private address")
    requests: int = _option(50, "requests per second of one address without a key; accepted results permit more")
    demo: bool = _option(True, "1: load the demo jobs and flows at the first start")
    scheduler: str = _option("random", "default job scheduler: random, short-first, owners or one of your own")
    script_ms: int = _option(250, "processor time of one call of a job's function on the server, in milliseconds")
    audit_ms: int = _option(10_000, "processor time of one unit that the server computes itself, in milliseconds")
    script_memory: int = _option(512 * MEGABYTE, "memory limit of a sandbox process, in bytes")
    max_document: int = _option(MEGABYTE, "maximum size of a job, variable or result, in bytes")
    max_bulk: int = _option(16 * MEGABYTE, "maximum size of a request with many variables, in bytes")
    flow_depth: int = _option(32, "maximum number of levels of a flow")
    flow_breadth: int = _option(1000, "maximum number of entries in one level of a flow")
    flow_entries: int = _option(5000, "maximum number of entries of a flow in total")
    flow_iterations: int = _option(1000, "maximum iterations of one flow entry")
    wait_days: int = _option(7, "days that a flow waits for a failed variable before it fails")
    fsync: bool = _option(True, "0: respond before documents are synced to the disk (for tests)")

    @classmethod
    def from_environ(cls, environ: Mapping[str, str] = os.environ) -> Config:
        """Raises InvalidSetting."""
        options = {option.name: option for option in fields(cls)}
        # An empty variable counts as unset: it is how a compose file or shell script leaves one out.
        given = {name: environ[PREFIX + name.upper()] for name in options if environ.get(PREFIX + name.upper())}
        values: dict[str, Any] = {
            name: _parsed(name, text, options[name].default, options[name].metadata["words"])
            for name, text in given.items()
        }
        return cls(**values)

    @classmethod
    def help_text(cls) -> str:
        """One line per setting."""
        lines = [f"  {PREFIX + option.name.upper():<30}{option.metadata['help']}" for option in fields(cls)]
        defaults = [f" (default {_as_text(option.default)})" for option in fields(cls)]
        return "\n".join(line + default for line, default in zip(lines, defaults, strict=True))


def _as_text(value: object) -> str:
    return str(int(value)) if isinstance(value, bool) else str(value) or "none"


def _parsed(name: str, text: str, default: object, words: tuple[str, ...]) -> bool | int | str | Path:
    variable = PREFIX + name.upper()
    if text in words:
        return text
    # Before int, since a bool is one in Python.
    if isinstance(default, bool):
        if text not in ("0", "1"):
            raise InvalidSetting(f"{variable} must be {' or '.join(('0', '1', *words))}, not {text!r}")
        return text == "1"
    if isinstance(default, int):
        if not text.isdecimal():
            raise InvalidSetting(f"{variable} must be a whole number, not {text!r}")
        # Zero means "none" or "automatic" only where the default is zero.
        if int(text) == 0 and default > 0:
            raise InvalidSetting(f"{variable} must be at least 1")
        return int(text)
    return Path(text) if isinstance(default, Path) else text
