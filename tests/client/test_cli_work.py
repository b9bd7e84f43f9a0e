"""The command line: `comp-pool work`, its id, its display, its plug-ins; with signals in a process of its own."""

import argparse
import importlib.machinery
import importlib.util
import io
import re
import signal
import socket
import stat
import subprocess
import sys
import threading
import types
from pathlib import Path

import pytest
from comp_pool import __version__, cli, identity
from comp_pool.display import LiveTable, PlainLog, format_event, format_totals, printable
from comp_pool.events import Event, Totals
from fake_pool import FakePool
from rich.console import Console

DOUBLE = "(variable, context) => { context.result = variable.a * 2; }"
ENDLESS = "() => { for (;;); }"


@pytest.fixture(autouse=True)
def state_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))


def start(*arguments: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "comp_pool", *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def finish(process: "subprocess.Popen[str]") -> tuple[int, str]:
    out, _ = process.communicate(timeout=20)
    return process.returncode, out


def test_work_prints_a_line_for_each_unit_and_the_totals(pool: FakePool) -> None:
    pool.add_job("doubler", DOUBLE, [{"a": 1}, {"a": 2}])
    status, out = finish(start("work", pool.url, "--units", "2"))
    lines = out.splitlines()
    assert status == 0
    assert re.fullmatch(r"accepted doubler/0000 in \d+\.\d\d s", lines[0])
    assert lines[-1].startswith("2 accepted, 0 rejected, 0 late, 0 errors; 2 units in ")


def test_quiet_prints_the_totals_only(pool: FakePool, capsys: pytest.CaptureFixture[str]) -> None:
    pool.add_job("doubler", DOUBLE, [{"a": 1}])
    assert cli.main(["work", pool.url, "--units", "1", "--quiet"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_gives_the_unit_back_and_exits_with_0(pool: FakePool, number: signal.Signals) -> None:
    pool.add_job("endless", ENDLESS, [{"a": 1}])
    process = start("work", pool.url, "--grace", "0.1")
    assert pool.wait_for(lambda: bool(pool.received("GET", "variables$")))
    process.send_signal(number)
    status, out = finish(process)
    assert (status, pool.jobs["endless"].open) == (0, ["0000"])
    assert "1 returned" in out


def test_a_signal_gives_back_what_can_t_be_posted_and_counts_it(pool: FakePool) -> None:
    pool.add_job("doubler", DOUBLE, [{"a": 1}])
    for _ in range(9):
        pool.intercept("POST", "results$", 200, {"Content-Type": "text/html"}, "<h1>Log in</h1>")
    process = start("work", pool.url, "--grace", "0")
    assert pool.wait_for(lambda: len(pool.received("POST", "results$")) == 1)
    process.send_signal(signal.SIGTERM)
    status, out = finish(process)
    line = "returned doubler/0000: the result could not be posted: 200 not a response of the pool: text/html"
    assert (status, line in out.splitlines(), pool.jobs["doubler"].open) == (0, True, ["0000"])
    assert out.splitlines()[-1].startswith("0 accepted, 0 rejected, 0 late, 0 errors, 1 returned; ")


def test_a_signal_that_another_thread_receives_ends_it(pool: FakePool, capsys: pytest.CaptureFixture[str]) -> None:
    pool.add_job("endless", ENDLESS, [{"a": 1}])

    def receive() -> None:
        pool.wait_for(lambda: bool(pool.received("GET", "variables$")))
        signal.pthread_kill(threading.get_ident(), signal.SIGTERM)

    threading.Thread(target=receive).start()
    assert cli.main(["work", pool.url, "--grace", "0.1", "--unit-limit", "5", "--units", "1"]) == 0
    assert "1 returned" in capsys.readouterr().out


def test_an_unknown_job_is_an_error(pool: FakePool, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["work", pool.url, "--job", "nowhere"]) == 1
    assert "nowhere" in capsys.readouterr().err


def test_an_error_that_is_not_temporary_ends_it_at_the_start(
    pool: FakePool, capsys: pytest.CaptureFixture[str]
) -> None:
    pool.inject_fault("GET", "^/$", 501)
    assert cli.main(["work", pool.url]) == 1
    assert capsys.readouterr().err.startswith("comp-pool: 501 ")


def test_a_pool_that_is_unavailable_at_the_start_is_waited_for(pool: FakePool) -> None:
    pool.inject_fault("GET", "^/$", 502)
    pool.add_job("doubler", DOUBLE, [{"a": 1}])
    assert cli.main(["work", pool.url, "--units", "1"]) == 0
    assert len(pool.jobs["doubler"].results) == 1


def test_a_bad_certificate_ends_it_with_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with FakePool(scheme="https") as pool:
        assert cli.main(["work", pool.url]) == 1
    shown = capsys.readouterr()
    assert (shown.out, shown.err) == ("", "comp-pool: the pool's certificate is not valid: self-signed certificate\n")


def test_a_pool_that_was_never_reached_is_an_error_at_the_end_of_the_idle_time(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}/"
    assert cli.main(["work", url, "--idle-exit", "0.1", "--quiet"]) == 1
    assert capsys.readouterr().err.startswith("comp-pool: the pool was never reached: ")


def test_a_pool_without_work_is_none(pool: FakePool) -> None:
    assert cli.main(["work", pool.url, "--idle-exit", "0.1", "--quiet"]) == 0


def test_the_id_is_generated_once_and_sent(pool: FakePool, tmp_path: Path) -> None:
    pool.add_job("doubler", DOUBLE, [{"a": 1}, {"a": 2}])
    for _ in range(2):
        cli.main(["work", pool.url, "--units", "1"])
    stored = (tmp_path / "comp-pool" / "volunteer").read_text().strip()
    assert {request.headers["Volunteer"] for request in pool.requests} == {stored}


def test_a_given_id_is_sent_instead(pool: FakePool, tmp_path: Path) -> None:
    pool.add_job("doubler", DOUBLE, [{"a": 1}])
    cli.main(["work", pool.url, "--units", "1", "--volunteer-id", "i-am-somebody-else"])
    assert {request.headers["Volunteer"] for request in pool.requests} == {"i-am-somebody-else"}
    assert not (tmp_path / "comp-pool").exists()


def test_the_id_is_readable_by_its_user_alone(tmp_path: Path) -> None:
    identity.volunteer_id({"XDG_STATE_HOME": str(tmp_path)})
    assert stat.S_IMODE((tmp_path / "comp-pool" / "volunteer").stat().st_mode) == 0o600


def test_the_id_is_one_that_pools_accept(tmp_path: Path) -> None:
    assert re.fullmatch(r"[A-Za-z0-9_-]{16,128}", identity.volunteer_id({"XDG_STATE_HOME": str(tmp_path)}))


@pytest.mark.parametrize("invalid", [b"", b"short", b"\xff" * 20, b"not valid at all!"])
def test_an_invalid_id_is_replaced(tmp_path: Path, invalid: bytes) -> None:
    path = tmp_path / "comp-pool" / "volunteer"
    path.parent.mkdir()
    path.write_bytes(invalid)
    assert identity.volunteer_id({"XDG_STATE_HOME": str(tmp_path)}) == path.read_text().strip()


def test_without_a_writable_home_the_id_is_new_each_time(tmp_path: Path) -> None:
    (tmp_path / "comp-pool").write_text("in the way")
    environment = {"XDG_STATE_HOME": str(tmp_path)}
    assert identity.volunteer_id(environment) != identity.volunteer_id(environment)


def test_no_temporary_file_remains(tmp_path: Path) -> None:
    identity.volunteer_id({"XDG_STATE_HOME": str(tmp_path)})
    assert [found.name for found in (tmp_path / "comp-pool").iterdir()] == ["volunteer"]


def test_the_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(["--version"])
    assert (caught.value.code, capsys.readouterr().out) == (0, f"comp-pool {__version__}\n")


@pytest.mark.parametrize(
    "arguments", [["--workers", "0"], ["--units", "x"], ["--grace", "-1"], ["--volunteer-id", "a b"]]
)
def test_an_invalid_option_is_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(["work", "http://127.0.0.1/", *arguments])
    assert caught.value.code == 2
    assert arguments[0] in capsys.readouterr().err


def test_the_server_s_commands_are_there_where_it_is_installed() -> None:
    assert cli.build_parser().parse_args(["check", "--repair"]).repair is True


def test_without_the_server_work_is_the_only_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert isinstance(cli.build_parser().parse_args(["work", "http://127.0.0.1/"]), argparse.Namespace)
    with pytest.raises(SystemExit):
        cli.build_parser().parse_args(["check"])
    assert "invalid choice: 'check'" in capsys.readouterr().err


def test_a_broken_server_does_not_disable_work(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = types.ModuleType("commands")
    broken.__spec__ = importlib.machinery.ModuleSpec("commands", None)
    monkeypatch.setitem(sys.modules, "commands", broken)
    assert isinstance(cli.build_parser().parse_args(["work", "http://127.0.0.1/"]), argparse.Namespace)
    assert "the server's commands are not available: module 'commands' has no attribute" in capsys.readouterr().err


def test_a_message_has_no_control_characters() -> None:
    assert "\x1b" not in format_event(Event("error", 1, "job", "0000", message="\x1b[2J\x07\u202eboo\n"))


@pytest.mark.parametrize(
    ("console", "lines"),
    [
        ("", ["error job/0000: threw: 1"]),
        ("\n a = 1 \nb", ["error job/0000: threw: 1", "  console: a = 1"]),
        ("\x1b[2J", ["error job/0000: threw: 1", "  console:  [2J"]),
        ("x" * 9999, ["error job/0000: threw: 1", "  console: " + "x" * 290 + "…"]),
    ],
)
def test_a_failed_unit_is_shown_with_the_first_line_of_its_console(console: str, lines: list[str]) -> None:
    event = Event("error", 1, "job", "0000", message="threw: 1", console=console)
    assert format_event(event).splitlines() == lines


def test_a_wait_because_of_a_limit_has_its_reason() -> None:
    assert format_event(Event("limit", 1, seconds=45.0, message="at most 8 leases")) == (
        "waiting for 45 s: at most 8 leases"
    )


def test_a_long_message_is_cut() -> None:
    assert len(printable("x" * 10_000)) == 300


def test_each_extension_of_a_lease_is_logged() -> None:
    stream = io.StringIO()
    log = PlainLog(stream)
    for seconds in (150, 300):
        log(Event("extended", 1, "job", "0000", 300.0, f"the unit has run for {seconds} s"))
    assert stream.getvalue() == (
        "extended job/0000 for 300 s: the unit has run for 150 s\n"
        "extended job/0000 for 300 s: the unit has run for 300 s\n"
    )


def test_a_repeated_wait_is_logged_once() -> None:
    stream = io.StringIO()
    log = PlainLog(stream)
    for _ in range(3):
        log(Event("waiting", 1, seconds=5.0, message="the pool has no job"))
    assert stream.getvalue() == "waiting for 5 s: the pool has no job\n"


def test_of_the_units_that_are_accepted_in_a_second_only_the_first_ones_have_a_line_each() -> None:
    stream = io.StringIO()
    now = 0.0
    with PlainLog(stream, lambda: now) as log:
        for number in range(100):
            log(Event("accepted", 1, "job", f"{number:04}"))
        log(Event("rejected", 1, "job", "0100", message="wrong"))
        now = 1.0
        for number in range(101, 113):
            log(Event("accepted", 1, "job", f"{number:04}"))
    lines = stream.getvalue().splitlines()
    assert lines[9:13] == [
        "accepted job/0009 in 0.00 s",
        "rejected job/0100: wrong",
        "accepted 90 more of job",
        "accepted job/0101 in 0.00 s",
    ]
    assert lines[-1] == "accepted 2 more of job"


def test_the_totals_omit_unusual_outcomes_that_did_not_occur() -> None:
    totals = Totals()
    totals.add(Event("accepted", 1))
    totals.add(Event("refused", 1))
    assert (
        format_totals(totals, 30.0)
        == "1 accepted, 0 rejected, 0 late, 0 errors, 1 refused; 2 units in 30.0 s (4.0 a minute)"
    )


def test_the_live_table_shows_each_worker_and_its_errors() -> None:
    stream = io.StringIO()
    console = Console(file=stream, force_terminal=True, width=120)
    with LiveTable(Totals, 2, console) as table:
        table(Event("leased", 2, "prime-count", "0007"))
        table(Event("error", 1, "broken", "0001", message="threw: [bold]no luck"))
    shown = stream.getvalue()
    assert "prime-count" in shown
    assert "error broken/0001: threw: [bold]no luck" in shown


def test_the_row_of_a_unit_whose_lease_is_extended_shows_how_long_it_has_run() -> None:
    stream = io.StringIO()
    with LiveTable(Totals, 1, Console(file=stream, force_terminal=True, width=120)) as table:
        table(Event("leased", 1, "prime-count", "0007"))
        table(Event("extended", 1, "prime-count", "0007", 300.0, "the unit has run for 150 s"))
    assert "computing" in stream.getvalue()
    assert "extended" not in stream.getvalue()
