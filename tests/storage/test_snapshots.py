"""Snapshots keep links and times; a recording has each state once, also that in the middle of a write."""

from __future__ import annotations

import os
from pathlib import Path

from tests.storage.snapshots import record, take_snapshot


def make_tree(root: Path) -> None:
    (root / "a" / "b").mkdir(parents=True)
    (root / "a" / "document").write_text("{}")
    os.link(root / "a" / "document", root / "a" / "b" / "link")
    (root / "marker").touch()
    os.utime(root / "marker", ns=(5, 5))


def test_a_restored_snapshot_has_the_links_and_times_of_files(tmp_path: Path) -> None:
    make_tree(tmp_path / "root")
    snapshot = take_snapshot(tmp_path / "root")
    copy = snapshot.restore(tmp_path / "copy")
    assert os.path.samefile(copy / "a" / "document", copy / "a" / "b" / "link")
    assert not os.path.samefile(copy / "a" / "document", tmp_path / "root" / "a" / "document")
    assert os.stat(copy / "marker").st_mtime_ns == 5
    assert take_snapshot(copy) == snapshot


def test_snapshots_that_differ_in_a_link_or_a_time_are_different(tmp_path: Path) -> None:
    make_tree(tmp_path)
    linked = take_snapshot(tmp_path)
    (tmp_path / "a" / "b" / "link").unlink()
    (tmp_path / "a" / "b" / "link").write_text("{}")
    unlinked = take_snapshot(tmp_path)
    os.utime(tmp_path / "marker", ns=(6, 6))
    assert len({linked, unlinked, take_snapshot(tmp_path)}) == 3


def test_a_recording_has_each_state_before_a_call_and_in_the_middle_of_a_write(tmp_path: Path) -> None:
    def write_and_rename() -> None:
        descriptor = os.open(tmp_path / "x", os.O_CREAT | os.O_WRONLY)
        os.write(descriptor, b"1234")
        os.close(descriptor)
        os.close(os.open(tmp_path / "x", os.O_RDONLY))
        os.rename(tmp_path / "x", tmp_path / "y")

    recording = record(tmp_path, write_and_rename)
    states = [[(file.names, file.content) for file in state.files] for state in (*recording.killed, recording.done)]
    assert states == [[], [(("x",), b"")], [(("x",), b"12")], [(("x",), b"1234")], [(("y",), b"1234")]]
