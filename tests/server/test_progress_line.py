"""The line that shows how far a check is."""

from __future__ import annotations

import io

import pytest

from progress_line import ProgressLine, text_of
from storage.base import CheckProgress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Time:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def told(stream: io.StringIO, *progress: tuple[float, float]) -> str:
    """What is written of a check that is so far at these times."""
    clock = Time()
    line = ProgressLine(stream, clock)
    for clock.now, fraction in progress:
        line(CheckProgress("job", int(fraction), 1, int(fraction * 1000), fraction))
    return stream.getvalue()


@pytest.mark.parametrize(
    ("progress", "text"),
    [
        (CheckProgress("", 0, 3, 0, 0.0), "checked 0 of 3 jobs"),
        (
            CheckProgress("a", 1, 3, 50_000, 0.25),
            "checked 1 of 3 jobs: 50,000 documents, 5,000 a second, 25%, about 30 s left",
        ),
    ],
)
def test_the_text_has_a_rate_and_the_time_that_is_left(progress: CheckProgress, text: str) -> None:
    assert text_of(progress, 10) == text


def test_the_first_line_comes_at_once_then_one_a_second_and_the_last() -> None:
    lines = told(io.StringIO(), (0, 0.0), (0.5, 0.1), (1.0, 0.2), (1.5, 0.3), (1.6, 1.0)).splitlines()
    assert [line.split(": ")[-1].split(", ")[-2:][0] for line in lines] == ["checked 0 of 1 jobs", "20%", "100%"]


def test_on_a_terminal_each_line_is_written_over_the_last() -> None:
    written = told(Terminal(), (0, 0.0), (1, 0.5), (2, 1.0))
    assert written.count("\r\033[K") == 3
    assert written.count("\n") == 1
