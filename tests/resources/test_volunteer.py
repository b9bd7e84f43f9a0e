"""`/volunteer`: a volunteer's own record."""

from __future__ import annotations

from tests.conftest import PoolApp, address

MINE, OTHER = {"Volunteer": "an-unguessable-id-of-mine"}, {"Volunteer": "another-unguessable-id"}
JOB = "/jobs/example-job"


def compute(pool: PoolApp, value: int, status: int, headers: dict[str, str], at: int) -> None:
    link = pool.get(f"{JOB}/variables", headers=headers, extra_environ=address(at)).json["_links"]["post_result"]
    pool.post_json(link, value, headers=headers, extra_environ=address(at), status=status)


def test_a_volunteer_reads_its_own_record(pool: PoolApp) -> None:
    pool.post_job(validate_result="(variable, result) => result === undefined || result === 2")
    for name in ("one", "two"):
        pool.post_variable(JOB, name, x=1)
    compute(pool, 2, 201, MINE, 1)
    compute(pool, 3, 422, MINE, 1)
    record = pool.get("/volunteer", headers=MINE, extra_environ=address(2)).json
    assert (record["accepted"], record["refused"], record["confirmed"], record["expired"]) == (1, 1, 0, 0)
    assert record["since"].endswith("Z")
    assert len(record["id"]) == 16


def test_nobody_reads_anothers_record(pool: PoolApp) -> None:
    pool.post_job()
    pool.post_variable(JOB, "one", x=1)
    compute(pool, 2, 201, MINE, 1)
    for headers in (OTHER, {}):
        record = pool.get("/volunteer", headers=headers, extra_environ=address(1)).json
        assert (record["accepted"], record["since"]) == (0, None)


def test_a_confirmed_result_is_in_the_record(pool: PoolApp) -> None:
    pool.post_job(settings={"trust": {"policy": "quorum"}})
    pool.post_variable(JOB, "one", x=1)
    compute(pool, 2, 201, MINE, 1)
    compute(pool, 2, 201, OTHER, 2)
    assert pool.get("/volunteer", headers=MINE).json["confirmed"] == 1
