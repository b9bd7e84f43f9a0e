"""`comp-pool work --join`: the native volunteer becomes that of another device, at a real pool."""

from __future__ import annotations

from pathlib import Path

import pytest
from comp_pool import cli, identity
from comp_pool.client import Client

from tests.serving import Server

PHONE = "the-id-of-a-telephone"


def test_it_computes_as_the_other_device_from_then_on(
    server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    job = server.post("/jobs", {"name": "Job", "execute_function": "() => ({result: 1})"})["_links"]["self"]
    for number in range(2):
        server.post(f"{job}/variables", {"x": number})
    with Client(server.url, volunteer=PHONE) as phone:
        record = phone.follow(phone.root(), "volunteer")
        code = phone._transport.send("POST", record.link("post_code")).document["code"]
        assert cli.main(["work", server.url, "--join", code, "--units", "1", "--quiet"]) == 0
        assert cli.main(["work", server.url, "--units", "1", "--quiet"]) == 0
        assert phone.follow(phone.root(), "volunteer").content["accepted"] == 2
    assert (tmp_path / "comp-pool" / "volunteer").read_text().strip() == PHONE


def test_a_wrong_code_is_an_error_and_changes_nothing(
    server: Server,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    before = identity.volunteer_id()
    assert cli.main(["work", server.url, "--join", "22222-22222"]) == 1
    assert "code: is wrong" in capsys.readouterr().err
    assert identity.volunteer_id() == before
