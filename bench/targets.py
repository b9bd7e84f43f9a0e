"""The goals for the speed of leases and results, beside what was measured."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Figures = dict[str, Any]
MANY = "100000"


@dataclass(frozen=True)
class Target:
    name: str
    goal: str
    limit: float
    measured: Callable[[Figures], float]
    is_at_least: bool = True

    def is_met(self, value: float) -> bool:
        return value >= self.limit if self.is_at_least else value <= self.limit


def _to_bare(name: str) -> Callable[[Figures], float]:
    return lambda figures: figures["cycle"][MANY]["to_bare"][name]


def _per_second(name: str) -> Callable[[Figures], float]:
    return lambda figures: figures["cycle"][MANY]["per_second"][name]


def _slowest_cycle(figures: Figures) -> float:
    rates = figures["cycle"][MANY]["per_second"]
    return float(min(rate for name, rate in rates.items() if name.startswith("cycle, validated")))


TARGETS = (
    Target("lease / bare Falcon", "at least 0.65", 0.65, _to_bare("lease")),
    Target("result without validator, durable / bare Falcon", "at least 0.4", 0.4, _to_bare("result")),
    Target("result with validator, durable / bare Falcon", "at least 0.3", 0.3, _to_bare("validated result")),
    Target("cycles a second, validated and durable, 8 to 64 connections", "at least 1400", 1400, _slowest_cycle),
    Target(
        "units a second in batches, validated and durable", "at least 8000", 8000, _per_second("batches, validated")
    ),
    Target(
        "units a second of `comp-pool work --workers 2`",
        "at least 3000",
        3000,
        lambda figures: figures["work"]["plain"]["per_second"],
    ),
    Target(
        "browser: time in the job at 20 ms a unit, one worker",
        "at least 0.95",
        0.95,
        lambda figures: figures["browser"]["0.02 s"]["1"],
    ),
    Target(
        "MB of a server process at 10^6 variables",
        "at most 60",
        60,
        lambda figures: figures["cycle"]["1000000"]["server_megabytes"],
        is_at_least=False,
    ),
)


def compare(figures: Figures) -> list[Figures]:
    """The targets that the figures measure: fewer where a size was left out."""
    found = []
    for target in TARGETS:
        try:
            value = target.measured(figures)
        except KeyError:
            continue
        found.append({"name": target.name, "goal": target.goal, "measured": value, "is_met": target.is_met(value)})
    return found
