"""Who computes a job at present."""

from __future__ import annotations

from pool.presence import ENOUGH, GRACE_SECONDS, Presence


def test_whoever_holds_a_lease_is_present_and_for_a_moment_after() -> None:
    present = Presence()
    present.came("job", "one")
    present.came("job", "one")
    present.left("job", "one", 1000)
    present.expire(1000 + 2 * GRACE_SECONDS * 1000)
    assert present.of("job") == {"one"}
    present.left("job", "one", 50_000)
    assert present.of("job") == {"one"}
    present.expire(50_000 + GRACE_SECONDS * 1000)
    assert present.of("job") == frozenset()


def test_of_a_job_that_many_compute_they_alone_count() -> None:
    present = Presence()
    present.came("other", "elsewhere")
    for number in range(ENOUGH - 1):
        present.came("job", f"p{number}")
    assert "elsewhere" in present.of("job")
    present.came("job", "last")
    assert present.of("job") == {*(f"p{number}" for number in range(ENOUGH - 1)), "last"}
