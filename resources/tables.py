"""Tables of pages: what they show is text; `client/web/tables.js` has times in the visitor's time zone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from resources.markup import Markup, tag
from resources.page_texts import PageLanguage

# An en dash.
NONE = "\u2013"


class Column(NamedTuple):
    """`key` is that of its heading's text; `kind` is a class of its cells."""

    key: str
    kind: str | None = None


def table(columns: Sequence[Column], rows: Iterable[Sequence[str]], label: str, language: PageLanguage) -> Markup:
    """A table named by the element `label`."""
    heads = [tag("th", language.text(key), scope="col", class_=kind, data_text=key) for key, kind in columns]
    head, body = tag("thead", tag("tr", *heads)), tag("tbody", *(_row(columns, row) for row in rows))
    content = tag("table", head, body, aria_labelledby=label)
    # It has the focus to be scrolled by keyboard.
    return tag("div", content, class_="table-area", role="group", aria_labelledby=label, tabindex=0)


def _row(columns: Sequence[Column], cells: Sequence[str]) -> Markup:
    return tag("tr", *(tag("td", cell, class_=column.kind) for column, cell in zip(columns, cells, strict=True)))


def link(href: str, text: str) -> Markup:
    return tag("a", text, href=href, dir="auto")


def time(moment: str) -> Markup:
    return tag("time", time_text(moment), datetime=moment)


def time_text(moment: str) -> str:
    """A time of a document, readable in each language."""
    return f"{moment[:19].replace('T', ' ')} UTC"


def duration(seconds: float | None, language: PageLanguage) -> Markup:
    if seconds is None:
        return Markup(NONE)
    return tag("data", language.run_time(seconds), value=seconds, class_="duration")


def badge(state: str, language: PageLanguage) -> Markup:
    key = f"state.{state}"
    return tag("span", language.text(key), class_="badge", data_state=state, data_text=key)


def mark(text: str | None) -> Markup:
    """What a volunteer is called in a job."""
    return tag("span", text, class_="mark", data_mark=text) if text else Markup(NONE)


def preview(text: str | None) -> Markup:
    """The beginning of a result as JSON."""
    return tag("code", "…" if text is None else text, class_="preview", dir="auto")
