"""Rendering of documents in both media types (JSON and HAL), and conditional responses (ETag)."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any

import falcon

from resources.links import Links, Template
from storage.documents import json_encoder

JSON, HAL = "application/json", "application/hal+json"
NDJSON, PROBLEM = "application/x-ndjson", "application/problem+json"
Fields = Mapping[str, Any]
Items = Sequence[tuple[Links, Fields]]
_encode = json_encoder()


def encoded(value: Any) -> bytes:
    return _encode(value).encode()


def media_type_of(req: falcon.Request) -> str:
    """HAL only if the request prefers it. JSON for everything else, even a type that the pool does not serve: a
    volunteer with an odd Accept header gets its work and no 406."""
    return _media_type_for(req.accept)


@functools.lru_cache(maxsize=256)
def _media_type_for(accept: str) -> str:
    # Cached, since a volunteer sends the same header with each request.
    try:
        return falcon.mediatypes.best_match((JSON, HAL), accept) or JSON
    except ValueError:
        return JSON


def prefers_html(req: falcon.Request) -> bool:
    """HTML only if the request prefers it; JSON for `*/*` and without Accept, as scripts and `fetch` send it."""
    return is_html_preferred(req.accept)


@functools.lru_cache(maxsize=256)
def is_html_preferred(accept: str, others: tuple[str, ...] = (JSON, HAL)) -> bool:
    """By the header Accept: whether HTML is preferred to all `others`."""
    try:
        return falcon.mediatypes.best_match((*others, falcon.MEDIA_HTML), accept) == falcon.MEDIA_HTML
    except ValueError:
        return False


def with_links(links: Links, fields: Fields, media_type: str, items: Items | None = None) -> dict[str, Any]:
    """The fields with links, and with the items of a collection, each with its own links."""
    document: dict[str, Any] = {"_links": _hal_links(links) if media_type == HAL else links, **fields}
    if items is not None:
        embedded = [with_links(item_links, item, media_type) for item_links, item in items]
        document["_embedded"] = {"items": embedded}
    return document


def _hal_links(links: Links) -> dict[str, dict[str, str | bool]]:
    return {
        rel: {"href": link, "templated": True} if isinstance(link, Template) else {"href": link}
        for rel, link in links.items()
    }


def respond(
    req: falcon.Request,
    resp: falcon.Response,
    links: Links,
    fields: Fields,
    items: Items | None = None,
    cache: str = "no-cache",
) -> None:
    """Responds with a document; `cache` is its Cache-Control header."""
    media_type = media_type_of(req)
    resp.content_type = media_type
    resp.data = encoded(with_links(links, fields, media_type, items)) + b"\n"
    resp.cache_control = [cache]
    # Authorization: the owner's representation has more fields.
    resp.append_header("Vary", "Accept, Authorization")


def respond_no_content(resp: falcon.Response, retry_after: int) -> None:
    """Responds that there is no work now, and after how many seconds to try again."""
    resp.status = falcon.HTTP_204
    resp.retry_after = retry_after
    resp.cache_control = ["no-store"]


def entity_tag(body: bytes | None) -> str:
    """The entity tag of a response's body."""
    return hashlib.sha256(body or b"").hexdigest()[:20]


def respond_conditionally(req: falcon.Request, resp: falcon.Response, etag: str | None = None) -> None:
    """Adds the entity tag, computed unless given; 304 without a body if it matches If-None-Match."""
    etag = etag or entity_tag(resp.data)
    resp.etag = etag
    if matches(req.if_none_match, etag):
        resp.status = falcon.HTTP_304
        resp.content_type, resp.data = None, None


class Rendered:
    """Bodies of responses with their entity tags, rendered once for all who ask, until what they show is made anew.

    `kept`: how many, by whatever distinguishes them.
    """

    def __init__(self, kept: int) -> None:
        self._kept = kept
        self._known: dict[Hashable, tuple[object, bytes, str]] = {}

    def body(self, key: Hashable, source: object, render: Callable[[], bytes]) -> tuple[bytes, str]:
        """The body with this key that shows `source`, a value that is never changed."""
        known = self._known.get(key)
        if known is None or known[0] is not source:
            data = render()
            known = source, data, entity_tag(data)
            if len(self._known) >= self._kept:
                self._known.clear()
            self._known[key] = known
        return known[1], known[2]

    def respond(
        self,
        req: falcon.Request,
        resp: falcon.Response,
        key: Hashable,
        source: object,
        render: Callable[[str], Mapping[str, Any]],
    ) -> None:
        """Responds with a document, which `render` makes for a media type; pages at its URI are in many languages."""
        media_type = media_type_of(req)
        resp.content_type = media_type
        resp.data, etag = self.body((key, media_type), source, lambda: encoded(render(media_type)) + b"\n")
        resp.cache_control = ["no-cache"]
        resp.append_header("Vary", "Accept, Accept-Language")
        respond_conditionally(req, resp, etag)


def matches(conditions: Sequence[str] | None, etag: str) -> bool:
    """Whether a tag matches one in If-Match or If-None-Match, where "*" stands for any."""
    return any(condition in ("*", etag) for condition in conditions or ())
