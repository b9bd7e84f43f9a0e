"""The setting `trust`: which numbers each policy has, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from app import Pool
from pool import fields
from pool.errors import Invalid
from pool.keys import Caller
from pool.trust.policy import NONE, policy_of
from tests.pool.trust.helpers import JOB, post_job


@pytest.mark.parametrize("policy", fields.TRUST)
def test_the_defaults_of_a_policy_are_valid(policy: str) -> None:
    trust = {"policy": policy}
    assert fields.settings({"trust": trust})["trust"] == trust
    assert fields.settings({"trust": {**trust, **fields.trust_defaults(policy)}})


@pytest.mark.parametrize(
    ("trust", "field", "reason"),
    [
        ("audit", "settings.trust", "must be an object"),
        ({}, "settings.trust.policy", "must be one of none, validator, audit, quorum, adaptive"),
        ({"policy": "always"}, "settings.trust.policy", "must be one of"),
        ({"policy": ["audit"]}, "settings.trust.policy", "must be one of"),
        ({"policy": "audit", "quorum": 2}, "settings.trust.quorum", "unknown field"),
        ({"policy": "quorum", "quorum": 1}, "settings.trust.quorum", "must be from 2 to 10"),
        ({"policy": "quorum", "quorum": 2.5}, "settings.trust.quorum", "whole number"),
        ({"policy": "quorum", "quorum": 7}, "settings.trust.quorum", "must not be larger than most (6)"),
        ({"policy": "audit", "checks": 21}, "settings.trust.checks", "must not be larger than every (20)"),
        ({"policy": "audit", "idle_seconds": True}, "settings.trust.idle_seconds", "must be a number"),
        ({"policy": "adaptive", "trusted_after": 0}, "settings.trust.trusted_after", "must be from 1"),
    ],
)
def test_an_invalid_setting_is_refused_by_name(trust: Any, field: str, reason: str) -> None:
    with pytest.raises(Invalid) as caught:
        fields.settings({"trust": trust})
    assert caught.value.field == field
    assert reason in caught.value.reason


def test_numbers_that_are_not_given_have_defaults() -> None:
    policy = policy_of({"settings": {"trust": {"policy": "quorum", "quorum": 3}}})
    assert (policy.name, policy.quorum, policy.most, policy.holds) == ("quorum", 3, 6, True)


def test_a_job_without_the_setting_holds_nothing() -> None:
    assert policy_of({"settings": {}}) is NONE
    assert not NONE.holds


def test_the_policy_validator_needs_a_validator(parts: Pool, operator: Caller) -> None:
    with pytest.raises(Invalid, match="needs the function validate_result"):
        post_job(parts, operator, trust={"policy": "validator"})
    post_job(parts, operator, 0, trust={"policy": "validator"}, validate_result="() => true")


def test_a_patch_replaces_the_policy_with_its_numbers(parts: Pool, operator: Caller) -> None:
    post_job(parts, operator, 0, trust={"policy": "quorum", "quorum": 3})
    changed = parts.jobs.patch(JOB, {"settings": {"trust": {"policy": "audit"}}}, operator)
    assert changed["settings"]["trust"] == {"policy": "audit"}
    assert "trust" not in parts.jobs.patch(JOB, {"settings": {"trust": None}}, operator)["settings"]
