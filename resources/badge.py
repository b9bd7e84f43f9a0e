"""`/badge.svg`: the units that the pool, or one of its jobs, has done, as a picture for other pages."""

from __future__ import annotations

import falcon

from pool.jobs import Jobs
from pool.pool_status import PoolStatus
from resources.markup import Markup, joined, tag
from resources.representation import respond_conditionally
from resources.resource import Resource
from resources.texts import language_of
from storage.base import Store

SECONDS = 300
MAX_LABEL = 40
# Of a character, which the picture is stretched to, whatever font there is.
WIDTH, PADDING, HEIGHT = 6.4, 8, 20


class Badge(Resource):
    def __init__(self, status: PoolStatus, jobs: Jobs, store: Store, name: str) -> None:
        self._status, self._jobs, self._store, self._name = status, jobs, store, name

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        language = language_of(req)
        label, units = self._figures(req.get_param("job") or None)
        text = language.text("badge", units=language.number(units))
        resp.content_type, resp.data = "image/svg+xml", _picture(_cut(label), text).encode()
        # Many pages may show it: a proxy needs it once in a while.
        resp.cache_control = ["public", f"max-age={SECONDS}"]
        resp.append_header("Vary", "Accept-Language")
        respond_conditionally(req, resp)

    def _figures(self, job_id: str | None) -> tuple[str, int]:
        """Raises NotFound."""
        if job_id is None:
            return self._name, int(self._status.figures().pool["results"])
        return str(self._jobs.get(job_id)["name"]), self._store.counts.get(job_id).accepted


def _cut(label: str) -> str:
    text = "".join(character for character in label if character.isprintable())
    return text if len(text) <= MAX_LABEL else f"{text[: MAX_LABEL - 1]}…"


def _picture(label: str, text: str) -> Markup:
    """As attributes alone: a style would need the permission of the policy."""
    left, right = (round(WIDTH * max(1, len(part))) + 2 * PADDING for part in (label, text))
    font = {"fill": "#ffffff", "font_family": "Verdana, DejaVu Sans, sans-serif", "font_size": 11}
    content = joined(
        tag("title", f"{label}: {text}"),
        tag("clipPath", tag("rect", width=left + right, height=HEIGHT, rx=4), id="corners"),
        tag("rect", width=left + right, height=HEIGHT, fill="#3a4a48", clip_path="url(#corners)"),
        tag("rect", x=left, width=right, height=HEIGHT, fill="#0b6b67", clip_path="url(#corners)"),
        tag("text", label, x=PADDING, y=14, textLength=left - 2 * PADDING, **font),
        tag("text", text, x=left + PADDING, y=14, textLength=right - 2 * PADDING, **font),
    )
    attributes = {"width": left + right, "height": HEIGHT, "role": "img", "aria_label": f"{label}: {text}"}
    return tag("svg", content, xmlns="http://www.w3.org/2000/svg", **attributes)
