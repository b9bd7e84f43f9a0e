"""Pages that the server makes whole, and that need no JavaScript: the leaderboard and the status of the pool."""

from __future__ import annotations

from resources.links import LinkBuilder
from resources.markup import Markup, joined, tag
from resources.navigation import current
from resources.pages import TopPage
from resources.texts import Language


class ServerPage(TopPage):
    """One of these sections, at its path, in the frame that they share."""

    def __init__(self, name: str, section: str, path: str) -> None:
        super().__init__("board/page.html", name)
        self._section, self._path = section, path

    def render_content(self, build: LinkBuilder, content: Markup, language: Language) -> bytes:
        return self.render(build, language, self._path, {"title": language.text(self._section), "content": content})


def choice(label: str, links: list[tuple[str, str, bool]]) -> Markup:
    """Links of which one is chosen: their texts and addresses, and whether it is this one."""
    shown = [tag("a", tag("bdi", text), href=href, aria_current=current(chosen)) for text, href, chosen in links]
    return tag("nav", *shown, class_="choice-links", aria_label=label)


def table(heads: list[tuple[str, bool]], rows: list[Markup], label: str, **attributes: str) -> Markup:
    """`heads` are texts, each with whether numbers are below it."""
    head = tag("tr", *(tag("th", text, scope="col", class_="number" if numbers else None) for text, numbers in heads))
    shown = tag("table", joined(tag("thead", head), tag("tbody", *rows)), aria_label=label, **attributes)
    # On a phone a table is wider than the page: its frame is scrolled, by the keyboard too.
    return tag("div", shown, class_="table-frame", role="region", tabindex="0", aria_label=label)
