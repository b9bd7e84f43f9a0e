"""Tables of pages: what they show is text; `client/web/tables.js` has times in the visitor's language."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from resources.markup import Markup, tag

# An en dash.
NONE = "\u2013"
BADGES = {
    "open": "open",
    "leased": "being computed",
    "stuck": "stuck",
    "held": "held",
    "done": "done",
    "failed": "failed",
    "withdrawn": "withdrawn",
    "paused": "paused",
    "review": "in review",
    "running": "running",
    "cancelled": "cancelled",
}


class Column(NamedTuple):
    """`key` is that of its heading's text, `title` the heading in English."""

    key: str
    title: str
    kind: str = ""


def table(columns: Sequence[Column], rows: Iterable[Sequence[str]], label: str) -> Markup:
    """A table named by the element `label`; its columns have their kinds as classes."""
    heads = [
        tag("th", column.title, scope="col", class_=column.kind or None, data_text=column.key) for column in columns
    ]
    head, body = tag("thead", tag("tr", *heads)), tag("tbody", *(_row(columns, row) for row in rows))
    content = tag("table", head, body, aria_labelledby=label)
    # It has the focus to be scrolled by keyboard.
    return tag("div", content, class_="table-area", role="region", aria_labelledby=label, tabindex=0)


def _row(columns: Sequence[Column], cells: Sequence[str]) -> Markup:
    return tag(
        "tr", *(tag("td", cell, class_=column.kind or None) for column, cell in zip(columns, cells, strict=True))
    )


def link(href: str, text: str) -> Markup:
    return tag("a", text, href=href, dir="auto")


def time(moment: str) -> Markup:
    """A time of a document, readable as it is."""
    return tag("time", f"{moment[:19].replace('T', ' ')} UTC", datetime=moment)


def duration(seconds: float | None) -> Markup:
    if seconds is None:
        return Markup(NONE)
    return tag("data", seconds_text(seconds), value=seconds, class_="duration")


def seconds_text(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.3g} s"
    minutes, hours = round(seconds / 60), round(seconds / 3600)
    return f"{minutes} min" if minutes < 120 else f"{hours} h" if hours < 48 else f"{round(hours / 24):,} days"


def badge(state: str) -> Markup:
    return tag("span", BADGES.get(state, state), class_="badge", data_state=state, data_text=f"state.{state}")


def mark(text: str | None) -> Markup:
    """What a volunteer is called in a job."""
    return tag("span", text, class_="mark", data_mark=text) if text else Markup(NONE)


def preview(text: str | None) -> Markup:
    """The beginning of a result as JSON."""
    return tag("code", "…" if text is None else text, class_="preview", dir="auto")


def note(key: str, text: str) -> Markup:
    return tag("p", text, class_="help", data_text=key)
