"""How a document is shown: one renderer for both styles of links, with an ETag where it is worth one."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

import falcon

from resources.links import Link, Links

JSON, HAL = "application/json", "application/hal+json"
Document = Mapping[str, Any]


def encoded(document: Any) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def style_of(req: falcon.Request) -> str:
    """HAL where the request prefers it; whatever else it asks for, JSON."""
    return req.client_prefers([JSON, HAL]) or JSON


def linked(links: Links, document: Document, style: str, items: Sequence[tuple[Links, Document]] | None = None) -> Any:
    """The document with its links (and the items of a collection with theirs) in a style."""
    shown: dict[str, Any] = {"_links": {rel: _link(link, style) for rel, link in links.items()}, **document}
    if items is not None:
        shown["_embedded"] = {"items": [linked(item_links, item, style) for item_links, item in items]}
    return shown


def _link(link: Link, style: str) -> Any:
    if style != HAL:
        return link.href
    return {"href": link.href, "templated": True} if link.templated else {"href": link.href}


def respond(
    req: falcon.Request,
    resp: falcon.Response,
    links: Links,
    document: Document,
    items: Sequence[tuple[Links, Document]] | None = None,
    cache: str = "no-cache",
) -> None:
    """Answers with a document. `cache` is the Cache-Control header."""
    style = style_of(req)
    resp.content_type = style
    resp.data = encoded(linked(links, document, style, items)) + b"\n"
    resp.cache_control = [cache]
    resp.append_header("Vary", "Accept, Authorization")


def answer_nothing(resp: falcon.Response, retry_after: int) -> None:
    """Answers that there is nothing to do now, and in how many seconds to ask again."""
    resp.status = falcon.HTTP_204
    resp.retry_after = retry_after
    resp.cache_control = ["no-store"]


def tag(resp: falcon.Response) -> str:
    """The entity tag of what is to be answered."""
    return hashlib.sha256(resp.data or b"").hexdigest()[:20]


def answer_conditionally(req: falcon.Request, resp: falcon.Response, current: str | None = None) -> None:
    """Adds the ETag (`current`, where it is known), and answers 304 where the request shows that it has just this."""
    current = current or tag(resp)
    resp.etag = current
    if matches(req.if_none_match, current):
        resp.status = falcon.HTTP_304
        resp.content_type, resp.data = None, None


def matches(tags: Sequence[Any] | None, current: str) -> bool:
    return any(candidate in ("*", current) for candidate in tags or ())
