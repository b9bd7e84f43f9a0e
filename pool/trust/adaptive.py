"""Adaptive replication: BOINC's policy (sched/sched_send.cpp `set_trust`, validator.cpp `is_valid`)."""

from __future__ import annotations


def is_trusted(consecutive: int, trusted_after: int, draw: float) -> bool:
    """Whether a single answer of a volunteer is accepted that had so many confirmed in a row.

    `draw` is a random number from 0 to 1: one in `consecutive` is replicated all the same. Only replicated answers
    count as confirmed, so that trust grows more and more slowly.
    """
    return consecutive >= trusted_after and draw > 1 / consecutive
