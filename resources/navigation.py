"""The links to the pool's sections, alike on every page: in its header, and on the front page below all else."""

from __future__ import annotations

from resources.links import LinkBuilder
from resources.markup import Markup, tag
from resources.texts import Language


def sections(build: LinkBuilder, language: Language, here: str) -> Markup:
    """`here` is the address of the page that has the links."""
    links = build.root()
    hrefs = {
        "jobs": links["jobs"],
        "flows": links["flows"],
        "board": links["leaderboard"],
        "status": links["status"],
        "post": links["post_form"],
        "operator": build.uri("operator"),
    }
    shown = [tag("a", language.text(key), href=href, aria_current=current(href == here)) for key, href in hrefs.items()]
    return tag("nav", *shown, class_="sections", aria_label=language.text("sections"))


def current(is_current: bool) -> str | None:
    return "page" if is_current else None
