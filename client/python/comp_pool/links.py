"""JSON documents of a pool and their links: relative to the document's address, URI templates expanded."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from urllib.parse import quote, urlencode, urljoin

from comp_pool.errors import MissingLink

RESERVED = ("_links", "_embedded")
# An absolute path in which nothing is to be resolved, as those of pools are: the parts that `urljoin` changes, such as
# dot segments and empty ones, are not matched.
PLAIN_PATH = re.compile(r"(?:/[\w%~@:+-][\w%~@:+.-]*)+(?:\?[\w%~@:+.&=,-]+)?", re.ASCII)
EXPRESSION = re.compile(r"\{([/?&]?)(\w+\*?(?:,\w+\*?)*)\}")

Values = Mapping[str, str | Sequence[str]]


@dataclass
class Document:
    """A JSON object of a pool, with the address that it was read from, and its headers."""

    address: str
    content: dict[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)

    def has(self, name: str) -> bool:
        """Return whether the document has a link of this name."""
        return self.href(name) is not None

    def link(self, name: str, values: Values | None = None) -> str:
        """Return the absolute address of a link, its template expanded; raise MissingLink without it."""
        href = self.href(name)
        if href is None:
            raise MissingLink(name, self.address)
        try:
            return resolve(self.address, expand(href, values or {}) if "{" in href else href)
        except ValueError as ex:  # An invalid URL, such as "http://[".
            raise MissingLink(name, self.address) from ex

    @property
    def data(self) -> Any:
        """The content without the reserved fields of HAL; of a variable that is no object, its value."""
        embedded = self.content.get("_embedded")
        if isinstance(embedded, dict) and "variable" in embedded:
            return embedded["variable"]
        return {name: value for name, value in self.content.items() if name not in RESERVED}

    def embedded(self, name: str) -> Any:
        """Return an embedded resource, None without it."""
        embedded = self.content.get("_embedded")
        return embedded.get(name) if isinstance(embedded, dict) else None

    def items(self) -> "Iterator[Document]":
        """Iterate the items of one page of a collection."""
        items = self.embedded("items")
        for item in items if isinstance(items, list) else ():
            if isinstance(item, dict):
                yield Document(self.address, item, self.headers)

    def href(self, name: str) -> str | None:
        """Return a link as the pool has sent it, None without it."""
        links = self.content.get("_links")
        found = links.get(name) if isinstance(links, dict) else None
        # A plain link is a string, a HAL link an object.
        href = found.get("href") if isinstance(found, dict) else found
        return href if isinstance(href, str) else None


def resolve(base: str, reference: str) -> str:
    """Return what `urljoin` does; raise ValueError for an invalid URL. Takes a tenth of its time for a plain path."""
    return _origin_of(base) + reference if PLAIN_PATH.fullmatch(reference) else urljoin(base, reference)


@lru_cache(maxsize=256)
def _origin_of(address: str) -> str:
    return urljoin(address, "/")[:-1]


def expand(template: str, values: Values) -> str:
    """Expand a URI template, of the forms in RFC 6570 that pools use: `{name}`, `{/name}`, `{?name}`, `{?name*,other}`.

    Names without a value are left out.
    """
    return EXPRESSION.sub(lambda match: _expand_expression(match[1], match[2], values), template)


def _expand_expression(operator: str, names: str, values: Values) -> str:
    pairs = [(name, _as_list(values.get(name) or ())) for name in names.replace("*", "").split(",")]
    if operator in ("?", "&"):
        query = urlencode([(name, value) for name, several in pairs for value in several], quote_via=quote)
        return operator + query if query else ""
    parts = [",".join(quote(value, safe="") for value in several) for _, several in pairs if several]
    return operator + (operator or ",").join(parts) if parts else ""


def _as_list(value: str | Sequence[str]) -> list[str]:
    return [value] if isinstance(value, str) else list(value)
