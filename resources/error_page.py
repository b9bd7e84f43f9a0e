"""The page of an error, for people: what has happened, in their language, and the way home."""

from __future__ import annotations

import functools
import io
import sys
from collections.abc import Mapping

import falcon

from resources import csp, csv
from resources.links import LinkBuilder
from resources.pages import TopPage
from resources.representation import HAL, JSON, NDJSON, PROBLEM, is_html_preferred
from resources.texts import Language, language_of

# Statuses with texts of their own; the others have those of their class.
_EXPLAINED = (401, 403, 404, 410, 429, 503, 507)
# What programs accept: the error's own type, and those of what they would have got without it.
_FOR_PROGRAMS = (PROBLEM, JSON, HAL, NDJSON, csv.MEDIA_TYPE)


class ErrorPage(TopPage):
    policy = csp.STATIC_PAGE
    cache = "no-store"

    def __init__(self, name: str) -> None:
        super().__init__("error/page.html", name)

    def respond_with(self, req: falcon.Request, resp: falcon.Response, ex: falcon.HTTPError, detail: str) -> None:
        """`detail` is the problem's own: English, and it may quote what was sent."""
        resp.data = self.page_of(LinkBuilder(req), language_of(req), ex, detail)
        resp.set_headers(self.headers())

    def page_of(self, build: LinkBuilder, language: Language, ex: falcon.HTTPError, detail: str) -> bytes:
        key = _key(ex.status_code)
        parts = {
            "title": language.text(key),
            "explanation": f"{language.text(f'{key}-help')} {_retry(ex, language)}",
            "status": str(ex.status_code),
            "detail": detail,
        }
        return self.render(build, language, "", parts)


def is_error_page_preferred(accept: str) -> bool:
    """By the header Accept: whether an error is to be a page."""
    return is_html_preferred(accept, _FOR_PROGRAMS)


class BusyPage:
    """The page for requests that never reach the application, since it is busy.

    It is made once for each language and time to wait: whoever overloads the pool cannot make it render pages.
    """

    def __init__(self, name: str) -> None:
        self._page = ErrorPage(name)
        self._made = functools.lru_cache(maxsize=64)(self._make)

    def page_for(self, headers: Mapping[str, str], mount: str, problem: falcon.HTTPError) -> bytes | None:
        """None if the request, of which these are the headers by their upper-case names, does not prefer HTML."""
        if not is_error_page_preferred(headers.get("ACCEPT", "*/*")):
            return None
        language = language_of(_request(mount, headers.get("ACCEPT-LANGUAGE", "")))
        retry = dict(problem.headers or {}).get("Retry-After", "")
        return self._made(language.code, mount, retry, problem.status_code, problem.description or "")

    def _make(self, code: str, mount: str, retry: str, status: int, detail: str) -> bytes:
        problem = falcon.HTTPError(status, headers={"Retry-After": retry} if retry else None)
        return self._page.page_of(LinkBuilder(_request(mount)), Language(code), problem, detail)


def _request(mount: str, languages: str = "") -> falcon.Request:
    environ = {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": mount,
        "PATH_INFO": "/",
        "HTTP_ACCEPT_LANGUAGE": languages,
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": sys.stderr,
    }
    return falcon.Request(environ)


def _key(status: int) -> str:
    if status in _EXPLAINED:
        return f"error-{status}"
    return "error-server" if status >= 500 else "error-request"


def _retry(ex: falcon.HTTPError, language: Language) -> str:
    seconds = dict(ex.headers or {}).get("Retry-After")
    return language.text("error-retry", seconds=seconds) if seconds else ""
