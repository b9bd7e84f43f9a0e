"""Pages that the server makes whole, and that need no JavaScript: the leaderboard and the status of the pool."""

from __future__ import annotations

import re

import falcon

import client
from resources import csp
from resources.links import LinkBuilder
from resources.markup import Markup, escaped, joined, tag
from resources.navigation import current, sections
from resources.representation import respond_conditionally
from resources.texts import Language

_PLACEHOLDER = re.compile(r"\{([a-z]+)\}")
# The sections that are such pages, with their names among the links of the root.
_LINKS = {"board": "leaderboard", "status": "status"}


class ServerPage:
    """One of these sections, in the frame that they share."""

    def __init__(self, name: str, section: str) -> None:
        self._template = (client.WEB / "board" / "page.html").read_text(encoding="utf-8")
        self._name, self._section = name, section

    def render(self, build: LinkBuilder, content: Markup, language: Language) -> bytes:
        values = {
            "language": language.code,
            "prefix": build.prefix,
            "name": self._name,
            "title": language.text(self._section),
            "skip": language.text("skip"),
            "sections": sections(build, language, build.root()[_LINKS[self._section]].href),
            "content": content,
        }
        return _PLACEHOLDER.sub(lambda found: escaped(values[found[1]]), self._template).encode()

    @staticmethod
    def respond(req: falcon.Request, resp: falcon.Response, data: bytes, etag: str) -> None:
        resp.content_type, resp.data = falcon.MEDIA_HTML, data
        resp.cache_control = ["no-cache"]
        resp.append_header("Vary", "Accept, Accept-Language")
        resp.set_header("Content-Security-Policy", csp.page())
        resp.set_header("Referrer-Policy", "no-referrer")
        resp.set_header("Cross-Origin-Opener-Policy", "same-origin")
        respond_conditionally(req, resp, etag)


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
