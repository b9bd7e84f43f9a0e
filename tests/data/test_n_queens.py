"""The demo job n-queens, compared with known totals."""

import itertools

import pytest

from tests.data.demo import execute, job_of, results_of

pytestmark = pytest.mark.xdist_group("n-queens")


@pytest.mark.parametrize(("size", "total"), [(8, 92), (12, 14_200)])
def test_solutions_add_up_to_the_known_totals(size, total):
    job = job_of("n-queens")
    counts = [results_of("n-queens")[key]["count"] for key, value in job.variables.items() if value["size"] == size]
    assert sum(counts) == total


@pytest.mark.parametrize(("size", "total"), [(8, 92), (12, 14_200)])
def test_the_totals_in_the_metadata_are_the_known_totals(size, total):
    assert job_of("n-queens").document["metadata"]["totals"][str(size)] == total


def test_variables_are_all_placements_without_attacks():
    placements = [(value["size"], *value["rows"]) for value in job_of("n-queens").variables.values()]
    pairs = [(12, *rows) for rows in itertools.product(range(12), repeat=2) if abs(rows[0] - rows[1]) > 1]
    assert placements == [*((8, row) for row in range(8)), *pairs]


def test_mirrored_placements_have_the_same_number_of_solutions():
    variables, results = job_of("n-queens").variables.values(), results_of("n-queens").values()
    counts = {
        (value["size"], *value["rows"]): result["count"] for value, result in zip(variables, results, strict=True)
    }
    assert counts == {(size, *(size - 1 - row for row in rows)): count for (size, *rows), count in counts.items()}


@pytest.mark.parametrize(("size", "total"), list(enumerate([1, 0, 0, 2, 10, 4, 40, 92], start=1)))
def test_small_boards_have_the_known_numbers_of_solutions(size, total):
    assert execute(job_of("n-queens"), [{"size": size, "rows": []}]) == [{"count": total}]
