"""Blocks: what can be blocked, whom a block hits, and when it is effective."""

from __future__ import annotations

import ipaddress
import json
from pathlib import Path

import pytest

from pool.blocks import RELOAD_SECONDS, Blocks
from pool.errors import Blocked, Invalid
from pool.peers import Peer
from pool.reasons import MAX_LENGTH
from storage.base import Document, Store
from storage.clock import ManualClock

VOLUNTEER, KEY = "0123456789abcdef", "5f3c" * 10


@pytest.fixture
def blocks(store: Store) -> Blocks:
    return Blocks(store)


def peer(address: str = "", volunteer: str = "") -> Peer:
    return Peer("a" * 12, volunteer, address=ipaddress.ip_address(address) if address else None)


def is_blocked(blocks: Blocks, peer: Peer, key: str | None = None) -> bool:
    try:
        blocks.require_not_blocked(peer, key)
    except Blocked:
        return True
    return False


@pytest.mark.parametrize(
    ("target", "usual"),
    [
        ("192.0.2.1", "192.0.2.1/32"),
        (" 192.0.2.1/24 ", "192.0.2.0/24"),
        ("2001:DB8::1/64", "2001:db8::/64"),
        ("2001:db8::1", "2001:db8::1/128"),
        ("::ffff:192.0.2.1", "192.0.2.1/32"),
        ("::FFFF:C000:200/120", "192.0.2.0/24"),
        ("::/0", "::/0"),
        (VOLUNTEER.upper(), VOLUNTEER),
        ("key:5F3C", "key:5f3c"),
        (f"key:{KEY}", f"key:{KEY}"),
    ],
)
def test_a_target_has_a_usual_form(blocks: Blocks, target: str, usual: str) -> None:
    assert blocks.add(target, "why") == usual
    assert [name for name, _ in blocks.all()] == [usual]
    assert blocks.remove(target)
    assert blocks.all() == []


@pytest.mark.parametrize(
    "target",
    ["", "somebody", "192.0.2", "192.0.2.0/33", "key:", "key:5f3", "key:xyz1", VOLUNTEER[:-1], "a" * 17, "::/x"],
)
def test_anything_else_is_refused(blocks: Blocks, target: str) -> None:
    with pytest.raises(Invalid, match="target: must be a network"):
        blocks.add(target, "why")
    assert blocks.all() == []


@pytest.mark.parametrize("reason", ["", "  ", "x" * (MAX_LENGTH + 1)])
def test_a_block_needs_a_reason(blocks: Blocks, reason: str) -> None:
    with pytest.raises(Invalid, match="reason: must have 1 to 500 characters"):
        blocks.add("192.0.2.1", reason)


@pytest.mark.parametrize(
    ("target", "sender", "key", "hit"),
    [
        ("192.0.2.0/24", peer("192.0.2.7"), None, True),
        ("192.0.2.0/24", peer("192.0.3.7"), None, False),
        ("192.0.2.0/24", peer("2001:db8::1"), None, False),
        ("2001:db8::/48", peer("2001:db8:0:9::1"), None, True),
        ("0.0.0.0/0", peer(), None, False),  # A Unix socket has no address.
        (VOLUNTEER, peer("192.0.2.7", VOLUNTEER), None, True),
        (VOLUNTEER, peer("192.0.2.7", "f" * 16), None, False),
        (VOLUNTEER, peer("192.0.2.7"), None, False),
        ("key:5f3c", peer("192.0.2.7"), KEY, True),
        ("key:5f3d", peer("192.0.2.7"), KEY, False),
        ("key:5f3c", peer("192.0.2.7"), None, False),
    ],
)
def test_a_block_hits_its_target_alone(blocks: Blocks, target: str, sender: Peer, key: str | None, hit: bool) -> None:
    blocks.add(target, "why")
    assert is_blocked(blocks, sender, key) is hit


def test_whoever_is_blocked_reads_the_reason(blocks: Blocks) -> None:
    blocks.add("192.0.2.7", " too many wrong results ")
    with pytest.raises(Blocked, match=r"by the operator of this pool: too many wrong results$"):
        blocks.require_not_blocked(peer("192.0.2.7"), None)


def test_a_block_by_another_process_is_effective_within_seconds(
    blocks: Blocks, store: Store, clock: ManualClock
) -> None:
    assert not is_blocked(blocks, peer("192.0.2.7"))
    Blocks(store).add("192.0.2.7", "why")
    clock.advance(RELOAD_SECONDS)
    assert is_blocked(blocks, peer("192.0.2.7"))
    Blocks(store).remove("192.0.2.7")
    clock.advance(RELOAD_SECONDS)
    assert not is_blocked(blocks, peer("192.0.2.7"))


def test_blocks_are_not_read_for_each_request(blocks: Blocks, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    blocks.require_not_blocked(peer("192.0.2.7"), None)
    monkeypatch.setattr(store, "blocks", None)
    blocks.require_not_blocked(peer("192.0.2.7"), None)


def test_a_block_that_does_not_exist_is_not_removed(blocks: Blocks) -> None:
    assert not blocks.remove("192.0.2.7")


def test_a_new_block_replaces_the_reason(blocks: Blocks) -> None:
    blocks.add("192.0.2.7", "first")
    blocks.add("192.0.2.7/32", "second")
    assert [block["reason"] for _, block in blocks.all()] == ["second"]


@pytest.mark.parametrize(
    "document",
    [{}, {"target": "192.0.2.1/32"}, {"target": "everybody", "reason": "why"}, {"target": 5, "reason": "why"}],
)
def test_a_document_written_by_hand_fails_no_request(blocks: Blocks, tmp_path: Path, document: Document) -> None:
    blocks.add(VOLUNTEER, "why")
    (tmp_path / "store" / "blocks" / "by-hand.json").write_text(json.dumps(document))
    assert not is_blocked(blocks, peer("192.0.2.1"))
    assert is_blocked(blocks, peer("192.0.2.1", VOLUNTEER))


def test_blocks_that_can_not_be_read_stay_as_they_were(
    blocks: Blocks, tmp_path: Path, clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    blocks.add("192.0.2.1", "why")
    assert is_blocked(blocks, peer("192.0.2.1"))
    (tmp_path / "store" / "blocks" / "directory.json").mkdir()
    clock.advance(RELOAD_SECONDS)
    assert is_blocked(blocks, peer("192.0.2.1"))
    assert not is_blocked(blocks, peer("192.0.2.2"))
    assert len(caplog.records) == 1
