"""The page of an error, for people: what has happened, in their language, and the way home."""

from __future__ import annotations

import falcon

from resources import csp
from resources.links import LinkBuilder
from resources.pages import TopPage
from resources.texts import Language, language_of

# Statuses with texts of their own; the others have those of their class.
_EXPLAINED = (401, 403, 404, 410, 429, 503, 507)


class ErrorPage(TopPage):
    policy = csp.STATIC_PAGE

    def __init__(self, name: str) -> None:
        super().__init__("error/page.html", name)

    def respond_with(self, req: falcon.Request, resp: falcon.Response, ex: falcon.HTTPError, detail: str) -> None:
        """`detail` is the problem's own: English, and it may quote what was sent."""
        language, key = language_of(req), _key(ex.status_code)
        parts = {
            "title": language.text(key),
            "explanation": f"{language.text(f'{key}-help')} {_retry(ex, language)}",
            "status": str(ex.status_code),
            "detail": detail,
        }
        self.send(req, resp, self.render(LinkBuilder(req), language, req.path, parts))
        resp.cache_control = ["no-store"]


def _key(status: int) -> str:
    if status in _EXPLAINED:
        return f"error-{status}"
    return "error-server" if status >= 500 else "error-request"


def _retry(ex: falcon.HTTPError, language: Language) -> str:
    seconds = dict(ex.headers or {}).get("Retry-After")
    return language.text("error-retry", seconds=seconds) if seconds else ""
