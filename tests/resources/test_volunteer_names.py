"""Names and teams of volunteers: who may have which, what the operator forbids, and how a record is deleted."""

from __future__ import annotations

from typing import Any

import pytest

from pool.reasons import MAX_LENGTH
from resources.volunteer import CHANGES_BURST
from tests.conftest import PoolApp
from tests.resources.helpers import problem
from tests.resources.volunteering import ANNA, BEN, CARLA, board, change, compute, names, wait_for_noon


def record(pool: PoolApp, who: dict[str, str]) -> dict[str, Any]:
    return dict(pool.get("/volunteer", headers=who).json)


def ban(pool: PoolApp, status: int = 201, reason: str = "rude", **subject: str) -> dict[str, Any]:
    response = pool.post_json("/names/bans", {**subject, "reason": reason}, headers=pool.owner, status=status)
    return dict(response.json)


def test_a_name_is_hidden_until_its_volunteer_wants_it_shown(pool: PoolApp) -> None:
    compute(pool, ANNA)
    assert record(pool, ANNA)["shown"] is False
    change(pool, ANNA, name="  Anna \u0041\u030a ", team="Blue")
    assert board(pool) == []
    change(pool, ANNA, shown=True)
    assert names(pool) == ["Anna \u00c5"]
    change(pool, ANNA, shown=False)
    assert board(pool) == []


def test_a_field_that_is_not_sent_stays(pool: PoolApp) -> None:
    change(pool, ANNA, name="Anna", team="Blue", shown=True)
    changed = change(pool, ANNA, team=None)
    assert (changed["name"], changed["team"], changed["shown"]) == ("Anna", None, True)


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"name": 5}, "name"),
        ({"team": "\u202eeulb"}, "team"),
        ({"name": "Example pool"}, "pool"),
        ({"name": "Operator"}, "name"),
        ({"shown": "yes"}, "shown"),
        ({"email": "x"}, "email"),
    ],
)
def test_other_fields_and_values_are_refused(make_pool: Any, fields: dict[str, Any], named: str) -> None:
    pool = make_pool(name="Example pool")
    assert named in change(pool, ANNA, 422, **fields)["detail"]


def test_who_gives_no_id_has_no_name(pool: PoolApp) -> None:
    problem(pool.patch_json("/volunteer", {"name": "Anna"}, status=400), 400, "Volunteer")
    problem(pool.delete("/volunteer", status=400), 400, "Volunteer")


def test_nobody_is_shown_under_a_name_that_looks_like_anothers(pool: PoolApp) -> None:
    change(pool, ANNA, name="Anna", shown=True)
    for look_alike in ("ANNA", "Änna", "A n-n_a", "\u0410\u043f\u043f\u0430"):
        assert "another volunteer" in change(pool, BEN, 409, name=look_alike, shown=True)["detail"]
    assert change(pool, BEN, name="Anna")["shown"] is False
    change(pool, ANNA, shown=False)
    assert change(pool, BEN, shown=True)["shown"] is True


def test_a_team_may_have_any_number_of_members(pool: PoolApp) -> None:
    for who in (ANNA, BEN):
        compute(pool, who)
        change(pool, who, team="Blue", shown=True)
    assert [row["volunteers"] for row in board(pool, "by=teams")] == [2]


def test_an_address_has_a_limit_on_changes(pool: PoolApp) -> None:
    for _ in range(CHANGES_BURST):
        change(pool, ANNA, team="Blue")
    assert "too many" in change(pool, BEN, 429, team="Blue")["detail"]
    change(pool, BEN, at=2, team="Blue")


# Moderation


def test_the_operator_sees_names_the_newest_first(pool: PoolApp) -> None:
    change(pool, ANNA, name="Anna", shown=True)
    pool.clock.advance(1)
    change(pool, BEN, name="Ben", team="Blue", shown=True)
    change(pool, CARLA, name="Carla")
    listed = pool.get("/names", headers=pool.owner).json["_embedded"]["items"]
    assert [(item["name"], item["team"]) for item in listed] == [("Ben", "Blue"), ("Anna", None)]


@pytest.mark.parametrize("path", ["/names", "/names/bans", "/names/bans/one"])
def test_nobody_else_does(pool: PoolApp, path: str) -> None:
    request = {"/names": pool.get, "/names/bans": pool.post}.get(path, pool.delete)
    problem(request(path, status=401), 401, "key")
    other = {"Authorization": f"Bearer {pool.pool.keys.add('somebody')}"}
    problem(request(path, headers=other, status=403), 403, "")


def test_a_forbidden_text_is_gone_from_names_and_teams(pool: PoolApp) -> None:
    compute(pool, ANNA)
    compute(pool, BEN)
    change(pool, ANNA, name="Rude word", shown=True)
    change(pool, BEN, name="Ben", team="RUDE WORD", shown=True)
    ban(pool, text="rude word", reason="be kind")
    assert sorted((row["name"] or "", row["team"]) for row in board(pool)) == [("", None), ("Ben", None)]
    assert record(pool, ANNA)["removed"] == "be kind"
    assert "be kind" in change(pool, CARLA, 422, team="Rude-Word")["detail"]
    assert change(pool, ANNA, name="Anna")["removed"] is None


def test_a_volunteer_can_be_forbidden_to_have_a_name(pool: PoolApp) -> None:
    compute(pool, ANNA)
    change(pool, ANNA, name="Rude word", shown=True)
    ban(pool, mark=board(pool)[0]["mark"], reason="again and again")
    assert board(pool) == []
    assert record(pool, ANNA)["removed"] == "again and again"
    assert "again and again" in change(pool, ANNA, 403, name="Anna")["detail"]
    change(pool, BEN, name="Rude word", shown=True)


def test_who_is_forbidden_a_name_takes_no_units_to_another_id(pool: PoolApp) -> None:
    compute(pool, ANNA)
    change(pool, ANNA, name="Rude word", shown=True)
    ban(pool, mark=board(pool)[0]["mark"], reason="again and again")
    code = {"code": pool.post("/volunteer/codes", headers=BEN, status=201).json["code"]}
    problem(pool.post_json("/volunteer/join", code, headers=ANNA, status=403), 403, "again and again")
    change(pool, BEN, name="Rude word", shown=True)
    assert board(pool) == []
    # The code was not used up.
    pool.post_json("/volunteer/join", code, status=200)


def test_a_ban_can_be_lifted(pool: PoolApp) -> None:
    location = f"/names/bans/{ban(pool, text='Blue')['id']}"
    change(pool, ANNA, 422, team="Blue")
    assert [known["text"] for known in pool.get("/names", headers=pool.owner).json["bans"]] == ["Blue"]
    pool.delete(location, headers=pool.owner, status=204)
    change(pool, ANNA, team="Blue")
    pool.delete(location, headers=pool.owner, status=404)


@pytest.mark.parametrize(
    ("subject", "reason", "status"),
    [
        ({}, "x", 422),
        ({"text": "x", "mark": "y"}, "x", 422),
        ({"text": "x"}, " ", 422),
        ({"text": "x"}, "x" * (MAX_LENGTH + 1), 422),
        ({"mark": "y"}, "x", 404),
    ],
)
def test_a_ban_needs_a_subject_and_a_reason(pool: PoolApp, subject: dict[str, str], reason: str, status: int) -> None:
    ban(pool, status, reason, **subject)


# Deletion


def test_a_deleted_record_is_gone_everywhere(pool: PoolApp) -> None:
    compute(pool, ANNA, 2)
    change(pool, ANNA, name="Anna of the board", team="Team of hers", shown=True)
    assert board(pool)
    pool.delete("/volunteer", headers=ANNA, status=204)
    assert pool.get("/leaderboard").json["_embedded"]["items"] == []
    assert pool.get("/leaderboard").json["hidden"]["units"] == 0
    found = record(pool, ANNA)
    assert (found["accepted"], found["since"], found["name"], found["team"]) == (0, None, None, None)
    assert found["credit"]["all"] == {"units": 0, "run_seconds": 0, "place": None}
    on_disk = "".join(path.read_text() for path in pool.data.glob("*.ndjson"))
    assert "Anna of the board" not in on_disk
    assert "Team of hers" not in on_disk


def test_deleting_twice_is_no_error_and_concerns_nobody_else(pool: PoolApp) -> None:
    for who in (ANNA, BEN):
        compute(pool, who)
        change(pool, who, shown=True)
    for _ in range(2):
        pool.delete("/volunteer", headers=ANNA, status=204)
    assert len(board(pool)) == 1
    compute(pool, ANNA)
    assert record(pool, ANNA)["accepted"] == 1


def test_credit_is_counted_by_period_with_the_place(pool: PoolApp) -> None:
    wait_for_noon(pool)
    compute(pool, ANNA, 3, seconds=1.5)
    change(pool, ANNA, shown=True)
    compute(pool, BEN, 2)
    pool.clock.advance(11)
    assert record(pool, BEN)["credit"]["day"] == {"units": 2, "run_seconds": 4, "place": 2}
    pool.clock.advance(24 * 3600)
    credit = record(pool, BEN)["credit"]
    assert (credit["day"]["units"], credit["day"]["place"], credit["week"]["units"]) == (0, None, 2)


def test_a_blocked_volunteer_names_itself_no_more_and_can_be_forgotten(pool: PoolApp) -> None:
    compute(pool, ANNA)
    pool.pool.blocks.add(record(pool, ANNA)["id"], "no thanks")
    pool.clock.advance(6)
    assert "no thanks" in change(pool, ANNA, 403, name="Anna")["detail"]
    problem(pool.post("/volunteer/codes", headers=ANNA, status=403), 403, "no thanks")
    pool.delete("/volunteer", headers=ANNA, status=204)
