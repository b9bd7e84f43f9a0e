"""Request rates: what one address may request at once and for good, and what accepted results return."""

from __future__ import annotations

import pytest

from pool.errors import LimitReached
from pool.rates import BURST, PREFIXES_KEPT, REQUESTS_PER_RESULT, Rates
from storage.clock import ManualClock

HERE, THERE = "a" * 12, "b" * 12


@pytest.fixture
def rates(clock: ManualClock) -> Rates:
    """A request per second."""
    return Rates(clock, 1)


def served(rates: Rates, requests: int, prefix: str = HERE) -> int:
    """How many of the requests are served."""
    number = 0
    for _ in range(requests):
        try:
            rates.take(prefix)
        except LimitReached:
            continue
        number += 1
    return number


def test_so_many_requests_are_served_at_once(rates: Rates) -> None:
    assert served(rates, BURST + 5) == BURST


def test_then_a_request_is_served_at_its_interval(rates: Rates, clock: ManualClock) -> None:
    served(rates, BURST)
    clock.advance(3)
    assert served(rates, 5) == 3


def test_a_refused_request_says_when_the_next_is_served(rates: Rates, clock: ManualClock) -> None:
    served(rates, BURST)
    clock.advance(0.75)
    with pytest.raises(LimitReached, match="too many requests from this address") as caught:
        rates.take(HERE)
    assert caught.value.retry_seconds == pytest.approx(0.25, abs=0.01)


def test_a_rest_earns_no_more_than_the_burst(rates: Rates, clock: ManualClock) -> None:
    served(rates, 5)
    clock.advance(24 * 3600)
    assert served(rates, BURST + 5) == BURST


def test_an_accepted_result_returns_its_requests(rates: Rates) -> None:
    served(rates, BURST)
    rates.credit(HERE)
    assert served(rates, REQUESTS_PER_RESULT + 5) == REQUESTS_PER_RESULT


def test_accepted_results_earn_no_more_than_the_burst(rates: Rates) -> None:
    for _ in range(5):
        rates.credit(HERE)
    assert served(rates, BURST + 5) == BURST


def test_whoever_posts_results_is_never_limited(rates: Rates) -> None:
    for _ in range(BURST):
        assert served(rates, REQUESTS_PER_RESULT) == REQUESTS_PER_RESULT
        rates.credit(HERE)


def test_each_address_has_a_limit_of_its_own(rates: Rates) -> None:
    served(rates, BURST)
    assert served(rates, 5, THERE) == 5


def test_addresses_cost_a_bounded_amount_of_memory(rates: Rates) -> None:
    for number in range(PREFIXES_KEPT + 50):
        rates.take(f"{number:012}")
    assert len(rates._buckets) == PREFIXES_KEPT
