"""The standing of volunteers: how many leases each may hold, how that grows and falls, and the log behind it."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pool import forgetting, lease_limits, standing
from pool.activity import (
    BREAK_SECONDS,
    FIRST_LEASES,
    NEW_LEASES,
    PROVEN_LEASES,
    PROVEN_RESULTS,
    SHARE_RESULTS,
    Activity,
    Record,
)
from pool.errors import LimitReached
from pool.forgetting import summary
from pool.lease_limits import (
    ERRORS_IN_A_ROW,
    ERRORS_OF_PREFIX,
    EXPIRED_PER_PREFIX,
    EXPIRED_PER_VOLUNTEER,
    FIRST_WAIT,
    LONGEST_WAIT,
    PREFIX_LEASES,
    PREFIX_LEASES_PER_PROVEN,
    SHARE_AT_LEAST,
    JobFacts,
)
from pool.peers import Peer
from pool.standing import FREE_ERRORS, Earned, Standing
from storage.base import Document, Store
from storage.clock import ManualClock
from storage.errors import StorageFull
from storage.flat import FlatStore
from storage.flat.activity import FlatActivity

HERE = "a" * 12
ME = Peer(HERE, "1" * 16)
JOB: Document = {"uid": "job", "key": "5f3c", "validate_result": "() => true"}
LEASED: Document = {
    **{"event": "leased", "lease": "5f3c", "job": "job", "variable": "one"},
    **{"volunteer": ME.volunteer, "prefix": HERE},
}
SECONDS = 300  # Of a lease.
_numbers = itertools.count()


def facts(uid: str = "job", unfinished: int = 10**6, run_seconds: float | None = None) -> JobFacts:
    return JobFacts(uid, lambda: unfinished, lambda: run_seconds)


def volunteer(number: int, prefix: str = HERE) -> Peer:
    return Peer(prefix, f"{number:016x}")


class Driver:
    """Leases and results of volunteers, as the pool records them."""

    def __init__(self, store: Store, clock: ManualClock) -> None:
        self.store, self.clock = store, clock
        self.standing = Standing(store)

    def lease(self, peer: Peer = ME, job: JobFacts | None = None) -> str:
        """The id of a new lease. Raises LimitReached."""
        job = job or facts()
        self.standing.allowed_leases(job, peer)
        lease_id = f"{next(_numbers):016x}"
        self.standing.leased(job.uid, peer, [(lease_id, lease_id, self.clock.now_milliseconds() + SECONDS * 1000)])
        return lease_id

    def lease_all(self, peer: Peer = ME, job: JobFacts | None = None, at_most: int = 5000) -> list[str]:
        """Leases until a limit is reached."""
        leases: list[str] = []
        try:
            while len(leases) < at_most:
                leases.append(self.lease(peer, job))
        except LimitReached:
            pass
        return leases

    def accept(self, lease_id: str, peer: Peer = ME, job: Document = JOB) -> None:
        self.standing.accepted(job, [Earned(lease_id, peer, [peer.prefix], 2.0)])

    def compute(self, results: int, peer: Peer = ME, job: Document = JOB) -> None:
        for _ in range(results):
            self.accept(self.lease(peer, facts(job["uid"])), peer, job)

    def fail(self, peer: Peer = ME, lease_id: str | None = None, uid: str = "job") -> None:
        self.standing.failed(lease_id, uid, peer, [peer.prefix])

    def limit(self, peer: Peer = ME, job: JobFacts | None = None) -> int:
        """How many leases the peer may hold. It gives them back."""
        leases = self.lease_all(peer, job)
        for lease_id in leases:
            self.standing.ended(lease_id)
        return len(leases)

    def expire(self, leases: int, peer: Peer = ME) -> None:
        """Lets so many leases expire, whatever the limits."""
        until = self.clock.now_milliseconds()
        for _ in range(leases):
            self.standing.leased("job", peer, [(f"{next(_numbers):016x}", "one", until)])
        self.clock.advance(0.01)

    def refusal(self, peer: Peer = ME, job: JobFacts | None = None) -> LimitReached:
        with pytest.raises(LimitReached) as caught:
            self.standing.allowed_leases(job or facts(), peer)
        return caught.value


@pytest.fixture
def driver(store: Store, clock: ManualClock) -> Driver:
    return Driver(store, clock)


@pytest.fixture
def other(driver: Driver, tmp_path: Path, clock: ManualClock) -> Iterator[Driver]:
    """Another process."""
    store = FlatStore(tmp_path / "store", fsync=False, clock=clock)
    yield Driver(store, clock)
    store.close()


# A volunteer's own limit


@pytest.mark.parametrize(
    ("results", "limit"),
    [(0, FIRST_LEASES), (1, 8), (2, 16), (3, NEW_LEASES), (9, NEW_LEASES), (10, 64), (11, 128), (14, PROVEN_LEASES)],
)
def test_the_limit_doubles_with_each_accepted_result(
    driver: Driver, results: int, limit: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease_limits, "PREFIX_LEASES", 5000)
    driver.compute(results)
    assert driver.limit() == limit


def test_a_refusal_names_the_limit_and_what_raises_it(driver: Driver) -> None:
    driver.lease_all()
    refusal = driver.refusal()
    assert str(refusal) == "this volunteer holds 4 leases (at most 4 for now): each accepted result raises that"
    assert refusal.retry_seconds > 0


def test_a_lease_that_ended_is_held_no_more(driver: Driver, clock: ManualClock) -> None:
    given_back, accepted, failed, _ = driver.lease_all()
    driver.standing.ended(given_back)
    assert len(driver.lease_all()) == 1
    driver.fail(ME, failed)
    assert driver.lease_all() == []
    driver.accept(accepted)
    assert len(driver.lease_all()) == 2


def test_all_jobs_together_have_one_limit(driver: Driver) -> None:
    driver.lease_all(job=facts("one"))
    assert driver.lease_all(job=facts("two")) == []


def test_each_volunteer_has_a_limit_of_its_own(driver: Driver) -> None:
    driver.lease_all()
    assert len(driver.lease_all(volunteer(2))) == FIRST_LEASES


def test_all_without_an_id_at_one_address_are_one_volunteer(driver: Driver) -> None:
    assert len(driver.lease_all(Peer(HERE))) == FIRST_LEASES
    assert driver.lease_all(Peer(HERE)) == []
    assert len(driver.lease_all(Peer("b" * 12))) == FIRST_LEASES


@pytest.mark.parametrize(("errors", "limit"), [(1, 2), (2, 2), (4, 2)])
def test_an_error_halves_the_limit(driver: Driver, errors: int, limit: int) -> None:
    for _ in range(errors):
        driver.fail()
    assert driver.limit() == limit


@pytest.mark.parametrize(("expired", "limit"), [(1, 3), (3, 1), (9, 1)])
def test_an_expired_lease_takes_one_off_the_limit(driver: Driver, expired: int, limit: int) -> None:
    driver.expire(expired)
    assert driver.limit() == limit


def test_an_extended_lease_is_held_until_its_new_deadline(driver: Driver, clock: ManualClock) -> None:
    leases = driver.lease_all()
    driver.standing.extended(leases[0], "job", leases[0], ME, clock.now_milliseconds() + 10 * SECONDS * 1000)
    clock.advance(SECONDS + 1)
    # The three that expired took the limit down to one, which the extended lease is.
    assert driver.lease_all() == []
    clock.advance(10 * SECONDS)
    assert len(driver.lease_all()) == 1


def test_whoever_loses_many_leases_gets_one_at_a_time_for_an_hour(driver: Driver, clock: ManualClock) -> None:
    driver.compute(14)
    driver.expire(EXPIRED_PER_VOLUNTEER)
    assert driver.limit() > 1
    driver.expire(1)
    assert driver.limit() == 1
    clock.advance(3601)
    assert driver.limit() > 1


def test_a_result_that_comes_late_is_no_lost_lease(driver: Driver, clock: ManualClock) -> None:
    driver.compute(14)
    leases = driver.lease_all(at_most=EXPIRED_PER_VOLUNTEER + 1)
    # As after a clock that was set forth.
    clock.advance(SECONDS + 1)
    assert driver.limit() == 1
    driver.accept(leases[0])
    assert driver.limit() > 1


def test_a_late_result_of_a_job_without_a_key_makes_up_for_nothing(driver: Driver, clock: ManualClock) -> None:
    driver.compute(14)
    leases = driver.lease_all(at_most=EXPIRED_PER_VOLUNTEER + 1)
    clock.advance(SECONDS + 1)
    driver.accept(leases[0], job={**JOB, "key": None})
    assert driver.limit() == 1


@pytest.mark.parametrize(("results", "run_seconds", "limit"), [(0, 3600, 2), (0, 10**6, 1), (0, 1, 4), (10, 10800, 16)])
def test_leased_time_is_limited(driver: Driver, results: int, run_seconds: float, limit: int) -> None:
    driver.compute(results)
    assert driver.limit(job=facts(run_seconds=run_seconds)) == limit


def test_a_trusted_volunteer_has_the_highest_limit_at_once(driver: Driver) -> None:
    assert driver.limit(replace(ME, is_trusted=True), facts(run_seconds=10**6, unfinished=1)) == PROVEN_LEASES


def test_results_of_a_job_posted_without_a_key_earn_nothing(driver: Driver) -> None:
    driver.compute(PROVEN_RESULTS, job={**JOB, "key": None})
    assert driver.limit() == FIRST_LEASES
    assert not driver.standing.is_proven(ME)


def test_results_that_no_validator_has_judged_prove_nobody(driver: Driver) -> None:
    driver.compute(PROVEN_RESULTS, job={"uid": "job", "key": "5f3c"})
    assert driver.limit() == NEW_LEASES
    assert not driver.standing.is_proven(ME)


@pytest.mark.parametrize(("results", "is_proven"), [(0, False), (PROVEN_RESULTS - 1, False), (PROVEN_RESULTS, True)])
def test_a_volunteer_is_proven_by_its_results(driver: Driver, results: int, is_proven: bool) -> None:
    driver.compute(results)
    assert driver.standing.is_proven(ME) is is_proven


def test_nobody_without_an_id_is_proven(driver: Driver) -> None:
    driver.compute(PROVEN_RESULTS, Peer(HERE))
    assert not driver.standing.is_proven(Peer(HERE))


# Limits of an address and of a job


def test_an_address_has_a_limit(driver: Driver) -> None:
    leased = [lease for number in range(100) for lease in driver.lease_all(volunteer(number))]
    assert len(leased) == PREFIX_LEASES
    assert "this address holds 128 leases" in str(driver.refusal(volunteer(100)))
    assert len(driver.lease_all(volunteer(100, "b" * 12))) == FIRST_LEASES


def test_proven_volunteers_raise_the_limit_of_their_address(driver: Driver) -> None:
    driver.compute(PROVEN_RESULTS)
    leased = [lease for number in range(100) for lease in driver.lease_all(volunteer(number))]
    assert len(leased) == PREFIX_LEASES + PREFIX_LEASES_PER_PROVEN


@pytest.mark.parametrize(("proven", "limit"), [(0, 1), (1, PREFIX_LEASES_PER_PROVEN)])
def test_an_address_that_loses_many_leases_gets_few_for_an_hour(
    driver: Driver, clock: ManualClock, proven: int, limit: int
) -> None:
    for number in range(proven):
        driver.compute(PROVEN_RESULTS, volunteer(number))
    for number in range(100, 100 + EXPIRED_PER_PREFIX + 1):
        driver.expire(1, volunteer(number))
    leased = [lease for number in range(200, 250) for lease in driver.lease_all(volunteer(number))]
    assert len(leased) == limit
    clock.advance(3601)
    assert driver.limit(volunteer(300)) > 1


@pytest.mark.parametrize(("unfinished", "held"), [(10, SHARE_AT_LEAST), (32, SHARE_AT_LEAST), (100, 25)])
def test_new_volunteers_hold_a_share_of_a_job_beyond_one_each(driver: Driver, unfinished: int, held: int) -> None:
    job = facts(unfinished=unfinished)
    peers = [volunteer(number, f"{number:012}") for number in range(30)]
    leased = [lease for peer in peers for lease in driver.lease_all(peer, job)]
    # Those who came after the share was used up hold one each.
    full = held // FIRST_LEASES
    assert len(leased) == held + (len(peers) - full - bool(held % FIRST_LEASES))
    assert "new volunteers together hold" in str(driver.refusal(peers[-1], job))
    assert len(driver.lease_all(peers[-1], facts("other"))) == FIRST_LEASES - 1


@pytest.mark.parametrize(("unfinished", "held"), [(10, SHARE_AT_LEAST), (100, 50)])
def test_those_of_one_address_hold_at_most_a_share(driver: Driver, unfinished: int, held: int) -> None:
    job = facts(unfinished=unfinished)
    leased = [lease for number in range(100) for lease in driver.lease_all(volunteer(number), job)]
    assert len(leased) == held
    assert "new volunteers of this address hold" in str(driver.refusal(volunteer(100), job))
    assert driver.lease(volunteer(100, "b" * 12), job)


def test_a_few_results_free_a_volunteer_from_the_share(driver: Driver) -> None:
    job = facts(unfinished=10)
    driver.compute(SHARE_RESULTS)
    for number in range(2, 10):
        driver.lease_all(volunteer(number), job)
    assert len(driver.lease_all(job=job)) == NEW_LEASES


# Errors


def test_whoever_only_fails_waits_longer_and_longer(driver: Driver, clock: ManualClock) -> None:
    for _ in range(ERRORS_IN_A_ROW - 1):
        driver.fail()
    assert driver.limit() == 2
    waits = []
    for _ in range(8):
        driver.fail()
        refusal = driver.refusal()
        waits.append(round(refusal.retry_seconds))
        clock.advance(refusal.retry_seconds)
        assert driver.limit() == 2
    assert waits == [FIRST_WAIT, 60, 120, 240, 480, LONGEST_WAIT, LONGEST_WAIT, LONGEST_WAIT]


def test_a_refusal_after_errors_says_why(driver: Driver) -> None:
    for _ in range(ERRORS_IN_A_ROW):
        driver.fail()
    assert str(driver.refusal()) == "this volunteer failed 5 times in a row in this job"


def test_a_wait_is_for_one_job(driver: Driver) -> None:
    for _ in range(ERRORS_IN_A_ROW):
        driver.fail()
    assert driver.lease(job=facts("other"))


def test_a_wait_is_for_one_volunteer(driver: Driver) -> None:
    for _ in range(ERRORS_IN_A_ROW):
        driver.fail()
    assert driver.lease(volunteer(2))


def test_an_accepted_result_ends_the_row_of_errors(driver: Driver) -> None:
    lease = driver.lease()
    for _ in range(ERRORS_IN_A_ROW):
        driver.fail()
    driver.accept(lease)
    assert driver.lease()


def test_new_ids_of_an_address_that_only_fails_wait_together(driver: Driver) -> None:
    proven = volunteer(99)
    driver.compute(PROVEN_RESULTS, proven)
    for number in range(ERRORS_OF_PREFIX):
        driver.fail(volunteer(number))
    assert "volunteers of this address failed 20 times in a row" in str(driver.refusal(volunteer(50)))
    assert driver.lease(proven)
    assert driver.lease(volunteer(50, "b" * 12))


@pytest.mark.parametrize("results", [0, 3])
def test_the_errors_of_a_party_count_up_to_a_limit_that_its_results_raise(driver: Driver, results: int) -> None:
    driver.compute(results)
    for _ in range(FREE_ERRORS + results):
        assert driver.standing.counts("job", HERE)
        driver.fail()
    assert not driver.standing.counts("job", HERE)
    assert driver.standing.counts("other", HERE)
    assert driver.standing.counts("job", "b" * 12)


def test_a_clock_that_is_set_back_makes_no_limit_last_longer(driver: Driver, clock: ManualClock) -> None:
    driver.expire(EXPIRED_PER_VOLUNTEER + 1)
    for _ in range(ERRORS_IN_A_ROW):
        driver.fail()
    clock.advance(-24 * 3600)
    driver.compute(1)
    assert driver.limit() == 2


# Extensions


@pytest.mark.parametrize(
    ("lease_seconds", "results", "longest"),
    [(60, 0, 3600), (300, 0, 3600), (1000, 0, 12_000), (300, PROVEN_RESULTS, 36_000), (1000, PROVEN_RESULTS, 120_000)],
)
def test_a_lease_is_extended_for_so_long(
    driver: Driver, clock: ManualClock, lease_seconds: int, results: int, longest: int
) -> None:
    driver.compute(results)
    started = clock.now_milliseconds()
    clock.advance(longest - 1)
    driver.standing.require_extension_allowed(started, lease_seconds, ME)
    clock.advance(2)
    with pytest.raises(LimitReached, match=f"extended for {longest} seconds"):
        driver.standing.require_extension_allowed(started, lease_seconds, ME)


def test_a_trusted_volunteer_extends_as_a_proven_one(driver: Driver, clock: ManualClock) -> None:
    started = clock.now_milliseconds()
    clock.advance(35_000)
    driver.standing.require_extension_allowed(started, 60, replace(ME, is_trusted=True))


@pytest.mark.parametrize(("since_it_expired", "is_new"), [(BREAK_SECONDS - 1, False), (BREAK_SECONDS, True)])
def test_an_expired_lease_that_is_extended_counts_as_leased_again(
    driver: Driver, clock: ManualClock, since_it_expired: int, is_new: bool
) -> None:
    began = clock.now_milliseconds()
    lease = driver.lease()
    clock.advance(SECONDS + since_it_expired)
    found = driver.standing.began(lease, "job", lease, ME)
    assert (found - began > 1000 * SECONDS) is is_new
    driver.standing.extended(lease, "job", lease, ME, clock.now_milliseconds() + 1000 * SECONDS)
    assert abs(driver.standing.began(lease, "job", lease, ME) - found) < 1000


# The log


def test_every_process_has_the_same_standing(driver: Driver, other: Driver) -> None:
    driver.compute(2)
    held = driver.lease_all()
    assert other.lease_all() == []
    other.accept(held[0])
    assert driver.limit() == NEW_LEASES - len(held) + 1


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"event": "unknown"},
        {"event": ["leased"]},
        LEASED | {"until": 10**15},
        LEASED | {"until": "", "at": 0},
        {"event": "accepted", "at": "yesterday"},
        {"event": "record", "of": "nobody", "name": "5f3c", "values": {}},
        {"event": "party", "job": "job", "party": HERE, "values": {"unknown": 1}},
    ],
)
def test_an_event_written_by_hand_is_passed_over(driver: Driver, event: Document) -> None:
    driver.compute(1)
    driver.store.activity.append([event])
    driver.compute(1)
    assert driver.limit() == 16


def test_a_late_result_is_judged_alike_by_a_process_that_read_the_log_before(
    driver: Driver, other: Driver, clock: ManualClock
) -> None:
    lease = driver.lease()
    clock.advance(SECONDS + 1)
    assert other.limit(volunteer(2)) == FIRST_LEASES  # It reads the log, and sees that the lease has expired.
    driver.accept(lease)
    assert driver.limit() == other.limit() == 2 * (FIRST_LEASES - 1)


def test_a_lease_seems_held_while_the_log_is_read_anew(
    driver: Driver, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    lease, seemed_held, add = driver.lease(), [], Activity.add
    driver.standing.refresh()

    def look_and_add(activity: Activity, events: list[Document]) -> None:
        seemed_held.append(driver.standing.seemed_held(lease))
        add(activity, events)

    monkeypatch.setattr(Activity, "add", look_and_add)
    assert isinstance(store, FlatStore)
    store.activity = FlatActivity(store._tree)
    driver.standing.refresh()
    assert seemed_held == [True]


def test_threads_that_compact_the_log_and_read_it_do_not_wait_for_each_other(store: Store, clock: ManualClock) -> None:
    assert isinstance(store, FlatStore)
    store.activity = FlatActivity(store._tree, max_bytes=1)
    driver = Driver(store, clock)

    def work(number: int) -> None:
        for _ in range(200):
            driver.standing.ended(driver.lease(volunteer(number)))

    threads = [threading.Thread(target=work, args=(number,), daemon=True) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert not any(thread.is_alive() for thread in threads)


def test_requests_under_new_ids_cost_no_memory(driver: Driver, tmp_path: Path) -> None:
    driver.lease_all()
    before = (tmp_path / "store" / "activity.ndjson").stat().st_size
    for number in range(1000):
        peer = volunteer(number)
        driver.standing.is_proven(peer)
        driver.standing.counts("job", peer.volunteer)
        driver.standing.allowed_leases(facts(f"job-{number}"), peer)
    known = driver.standing._current()
    assert (len(known.volunteers), len(known.prefixes), len(known.parties)) == (1, 1, 0)
    assert (len(known.held_in), len(known.held_by), len(known.leases)) == (1, 1, FIRST_LEASES)
    assert (tmp_path / "store" / "activity.ndjson").stat().st_size == before


def test_ids_that_leased_and_gave_back_are_forgotten_by_a_compaction(driver: Driver, clock: ManualClock) -> None:
    for number in range(100):
        driver.standing.ended(driver.lease(volunteer(number, f"{number:012}")))
    driver.compute(1)
    compacted = compact(driver.standing._current(), clock.now_milliseconds())
    assert (list(compacted.volunteers), list(compacted.prefixes)) == ([ME.volunteer], [HERE])


def test_a_compaction_keeps_so_many_ids_at_most_the_proven_and_the_latest(
    driver: Driver, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forgetting, "RECORDS_KEPT", 10)
    driver.compute(PROVEN_RESULTS)
    for number in range(100, 130):
        driver.compute(1, volunteer(number))
        driver.fail(volunteer(number))
        clock.advance(0.001)
    compacted = compact(driver.standing._current(), clock.now_milliseconds())
    assert set(compacted.volunteers) == {ME.volunteer, *(volunteer(number).volunteer for number in range(121, 130))}
    assert len(compacted.parties) == 10
    assert ("job", HERE) in compacted.parties


def test_who_holds_a_lease_is_not_forgotten(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forgetting, "RECORDS_KEPT", 1)
    lease = driver.lease(volunteer(1))
    for number in range(2, 6):
        driver.compute(1, volunteer(number))
    state = driver.standing._current()
    assert not any(forgetting.forget(state, state.latest))
    assert set(state.volunteers) == {volunteer(1).volunteer}
    driver.standing.ended(lease)
    assert driver.standing._current().volunteers[volunteer(1).volunteer].held == 0


def test_a_result_under_a_new_id_leaves_no_record_of_the_id_in_its_job(driver: Driver) -> None:
    driver.compute(1)
    assert list(driver.standing._current().parties) == [("job", HERE)]


@pytest.mark.parametrize(("results", "days", "is_known"), [(1, 29, True), (1, 31, False), (0, 0, True), (0, 2, False)])
def test_a_compaction_forgets_what_was_long_ago(
    driver: Driver, clock: ManualClock, results: int, days: int, is_known: bool
) -> None:
    driver.compute(results)
    driver.fail()
    clock.advance(days * 24 * 3600)
    compacted = compact(driver.standing._current(), clock.now_milliseconds())
    assert (ME.volunteer in compacted.volunteers) is is_known


def test_a_process_forgets_ids_that_only_leased_without_a_compaction(
    driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(standing, "FORGOTTEN_AFTER", 100)
    monkeypatch.setattr(forgetting, "STEP", 10)
    driver.compute(1)
    held = driver.lease(volunteer(0))
    for number in range(1, 300):
        driver.standing.ended(driver.lease(volunteer(number, f"{number:012}")))
    assert len(driver.standing._current().volunteers) < 200
    assert {ME.volunteer, volunteer(0).volunteer} < set(driver.standing._current().volunteers)
    assert driver.standing.holds(held)


def compact(activity: Activity, now: int) -> Activity:
    compacted = Activity()
    compacted.add(event for event in summary(activity, now) if event is not None)
    return compacted


def state_of(activity: Activity) -> dict[str, Any]:
    """All that limits depend on, without records that say no more than none."""
    fresh = asdict(Record())
    records = {
        kind: {name: known for name, record in found.items() if (known := asdict(record) | {"last": 0}) != fresh}
        for kind, found in (("volunteers", activity.volunteers), ("prefixes", activity.prefixes))
    }
    counters = {"held_in": dict(activity.held_in), "held_by": dict(activity.held_by)}
    return {
        **records,
        **counters,
        "parties": dict(activity.parties),
        "leases": activity.leases,
        "lost": dict(activity.lost.newest(1000)),
    }


EARNED = {"earns": True, "is_judged": True}
KINDS = ("leased", "leased", "extended", "ended", "accepted", "accepted", "error", "wait")


@st.composite
def logs(draw: st.DrawFn) -> list[Document]:
    """Events of five volunteers at three addresses in two jobs, in order of time."""
    now, leases = 1_417_511_349_000, [""]
    events: list[Document] = []
    for kind in draw(st.lists(st.sampled_from(KINDS), max_size=60)):
        now += draw(st.sampled_from([1, 1000, 100_000]))
        who, lease = draw(st.integers(0, 4)), draw(st.sampled_from(leases))
        facts = {"job": draw(st.sampled_from(["job", "other"])), "volunteer": f"v{who}", "prefix": f"p{who // 2}"}
        variable = {"variable": draw(st.sampled_from(["one", "two"]))}
        parties, until = [f"p{who // 2}", f"v{who}"], now + SECONDS * 1000
        added: dict[str, list[Document]] = {
            "leased": [{"event": kind, "at": now, "lease": f"l{len(leases)}", **variable, **facts, "until": until}],
            "extended": [{"event": kind, "at": now, "lease": lease, "until": until}],
            "ended": [{"event": kind, "at": now, "lease": lease}],
            "accepted": [{"event": kind, "at": now, "lease": lease, **facts, "parties": parties, **EARNED}],
            "error": [{"event": kind, "at": now, "lease": lease or None, **facts, "parties": parties}],
            "wait": [],
        }
        events += added[kind]
        leases += [f"l{len(leases)}"] if kind == "leased" else []
        now += SECONDS * 1000 if kind == "wait" else 0
    return events


def replayed(events: Sequence[Document], activity: Activity | None = None) -> Activity:
    activity = activity or Activity()
    for event in events:
        activity.apply(event)
    return activity


@given(events=logs(), data=st.data())
@settings(deadline=None)
def test_a_compacted_log_adds_up_to_the_same(events: list[Document], data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(events)))
    first = replayed(events[:cut])
    compacted = compact(first, events[cut - 1]["at"] if cut else 0)
    assert state_of(replayed(events[cut:], compacted)) == state_of(replayed(events))


@given(events=logs(), data=st.data())
@settings(deadline=None)
def test_the_same_log_read_at_other_times_adds_up_to_the_same(events: list[Document], data: st.DataObject) -> None:
    often = Activity()
    for event, later in itertools.zip_longest(events, events[1:]):
        often.apply(event)
        if later is not None and data.draw(st.booleans()):
            often.expire(later["at"] - 1)
    assert state_of(often) == state_of(replayed(events))


def test_an_error_does_not_raise_a_limit_that_expired_leases_have_lowered(driver: Driver) -> None:
    driver.expire(3)
    driver.fail()
    assert driver.limit() == 1


def test_a_full_disk_does_not_refuse_what_is_stored_already(
    driver: Driver, store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_event: Document) -> None:
        raise StorageFull("no space left")

    lease_id = driver.lease()
    monkeypatch.setattr(store.activity, "append", fail)
    driver.accept(lease_id)
    assert "is not recorded: no space left" in caplog.text
